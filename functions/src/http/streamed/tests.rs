//! What a route that streams writes, and what is logged about it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use ::http::header::{CACHE_CONTROL, CONTENT_RANGE, CONTENT_TYPE, ETAG, VARY};
use serde_json::{Value, json};

use super::*;
use crate::clock::Clock;
use crate::http::{Answer, ApiError, Endpoint, Failure, Front, Incoming};
use crate::meter::Meter;

/// Gives what it was made with to the first request.
struct Once(Mutex<Option<Result<Answer, ApiError>>>);

impl Endpoint for Once {
    const FAILURE: Failure = Failure::StreamMedia;

    async fn handle(&self, _request: Incoming) -> Result<Answer, ApiError> {
        self.0.lock().unwrap().take().expect("one request")
    }
}

fn front(outcome: Result<Answer, ApiError>) -> Front<Once> {
    let origins = vec!["https://app.example".to_owned()];
    Front::new(
        Once(Mutex::new(Some(outcome))),
        origins,
        Clock::ahead_by(std::time::Duration::ZERO),
        Meter::start(None),
    )
}

fn request(method: &str) -> lambda_http::Request {
    let event = json!({
        "resource": "/stream_media/{message_id}",
        "path": "/stream_media/7",
        "httpMethod": method,
        "headers": {"Origin": "https://app.example"},
        "multiValueHeaders": {},
        "requestContext": {
            "httpMethod": method,
            "identity": {},
            "requestId": "r-1",
            "resourcePath": "/stream_media/{message_id}",
        },
        "body": null,
        "isBase64Encoded": false,
    });
    lambda_http::request::from_str(&event.to_string()).unwrap()
}

/// What a client gets.
struct Got {
    status: u16,
    headers: HeaderMap,
    cookies: Vec<String>,
    body: Vec<u8>,
}

impl Got {
    fn length(&self) -> Option<&str> {
        self.headers.get(CONTENT_LENGTH).map(|length| length.to_str().unwrap())
    }
}

async fn get(method: &str, outcome: Result<Answer, ApiError>) -> Got {
    let StreamResponse { metadata_prelude, stream } = front(outcome).stream(request(method)).await;
    let chunks: Vec<Bytes> = stream.map(|chunk| chunk.unwrap()).collect().await;
    assert!(chunks.iter().all(|chunk| !chunk.is_empty()), "an empty chunk ends a chunked body");
    Got {
        status: metadata_prelude.status_code.as_u16(),
        headers: metadata_prelude.headers,
        cookies: metadata_prelude.cookies,
        body: chunks.concat(),
    }
}

type Chunk = Result<&'static str, &'static str>;

fn chunks(of: &[Chunk]) -> impl Stream<Item = Result<Bytes, StreamFailed>> + Send + use<> {
    let of: VecDeque<Chunk> = of.iter().copied().collect();
    stream::iter(of).map(|chunk| chunk.map(Bytes::from).map_err(StreamFailed::because))
}

thread_local! {
    /// What was logged on this thread: each test has one of its own.
    static LOGGED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The lines of this thread. One subscriber serves all tests: with one each, a place that logs may be remembered as one
/// that nobody listens to, by whichever test came there without any.
struct Lines;

impl Lines {
    /// Begins anew.
    fn catch() {
        static SUBSCRIBED: std::sync::Once = std::sync::Once::new();
        SUBSCRIBED.call_once(|| {
            let subscriber =
                tracing_subscriber::fmt().json().flatten_event(true).with_writer(|| Self).finish();
            tracing::subscriber::set_global_default(subscriber).expect("no other test subscribes");
        });
        LOGGED.take();
    }

    /// Level, message and fields of each line, without those that depend on time.
    fn read() -> Vec<Value> {
        let text = LOGGED.with_borrow(|logged| String::from_utf8(logged.clone())).unwrap();
        let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for line in lines.iter_mut().filter_map(Value::as_object_mut) {
            assert_eq!(line.remove("span").unwrap()["request_id"], "r-1");
            assert!(line.remove("duration_ms").is_some_and(|duration| duration.is_u64()));
            for field in ["spans", "target", "timestamp"] {
                line.remove(field).unwrap();
            }
        }
        lines
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOGGED.with_borrow_mut(|logged| logged.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The line about the head, and that about the end.
fn two_lines(status: u16, end: Value) -> [Value; 2] {
    let head = json!({
        "level": "INFO",
        "message": "Answered",
        "method": "GET",
        "route": "/stream_media/{message_id}",
        "status": status,
    });
    [head, end]
}

#[tokio::test]
async fn a_stream_has_its_length_and_all_its_bytes_and_one_line_for_its_end() {
    Lines::catch();
    let answer = Answer::stream(StatusCode::PARTIAL_CONTENT, 7, chunks(&[Ok("on"), Ok(""), Ok("e two")]))
        .with(ETAG, "\"1\"")
        .with(CONTENT_TYPE, "video/mp4")
        .with(CACHE_CONTROL, "private");
    let got = get("GET", Ok(answer)).await;
    assert_eq!((got.status, got.length(), got.body.as_slice()), (206, Some("7"), &b"one two"[..]));
    assert_eq!(got.headers[ETAG], "\"1\"");
    assert_eq!(got.headers["content-type"], "video/mp4");
    assert_eq!(got.headers["cache-control"], "private");
    assert_eq!(got.headers["x-request-id"], "r-1");
    assert_eq!(got.headers["access-control-allow-origin"], "https://app.example");
    let end = json!({"level": "INFO", "message": "The answer is sent", "bytes_sent": 7, "bytes_total": 7});
    assert_eq!(Lines::read(), two_lines(206, end));
}

#[tokio::test]
async fn a_stream_that_fails_ends_short_of_its_length_without_a_word_in_the_body() {
    for (made, bytes_sent, cause) in [
        (&[Ok("one"), Err("no more"), Ok(" two")][..], 3, "no more"),
        (&[Err("none")], 0, "none"),
        (&[Ok("one")], 3, "3 bytes were made"),
    ] {
        Lines::catch();
        let got = get("GET", Ok(Answer::stream(StatusCode::OK, 7, chunks(made)))).await;
        assert_eq!((got.status, got.length(), got.body.len()), (200, Some("7"), bytes_sent), "{made:?}");
        let end = json!({
            "level": "ERROR",
            "message": "The answer broke off",
            "cause": cause,
            "bytes_sent": bytes_sent,
            "bytes_total": 7,
        });
        assert_eq!(Lines::read(), two_lines(200, end));
    }
}

#[tokio::test]
async fn a_panic_in_a_stream_ends_it_as_an_error_does() {
    Lines::catch();
    let made = chunks(&[Ok("one"), Ok("two")]).map(|chunk| {
        assert!(!chunk.as_ref().is_ok_and(|chunk| chunk == "two"));
        chunk
    });
    let got = get("GET", Ok(Answer::stream(StatusCode::OK, 6, made))).await;
    assert_eq!((got.length(), got.body.as_slice()), (Some("6"), &b"one"[..]));
    let end = Lines::read().pop().unwrap();
    assert_eq!((&end["message"], &end["cause"]), (&json!("The answer broke off"), &json!("panicked")));
}

#[tokio::test]
async fn more_than_was_announced_is_not_sent_and_is_an_error() {
    Lines::catch();
    let got = get("GET", Ok(Answer::stream(StatusCode::OK, 4, chunks(&[Ok("one"), Ok("two")])))).await;
    assert_eq!((got.length(), got.body.as_slice()), (Some("4"), &b"onet"[..]));
    let end = Lines::read().pop().unwrap();
    assert_eq!((&end["cause"], &end["bytes_sent"]), (&json!("6 bytes were made"), &json!(4)));
}

#[tokio::test]
async fn a_stream_whose_bytes_are_out_is_still_polled_to_its_end() {
    let is_put_back = Arc::new(AtomicBool::new(false));
    let put_back = {
        let is_put_back = Arc::clone(&is_put_back);
        stream::once(async move {
            tokio::task::yield_now().await;
            is_put_back.store(true, Ordering::Relaxed);
            Ok(Bytes::new())
        })
    };
    let made = chunks(&[Ok("one")]).chain(put_back);
    let got = get("GET", Ok(Answer::stream(StatusCode::OK, 3, made))).await;
    assert_eq!(got.body, b"one");
    assert!(is_put_back.load(Ordering::Relaxed));
}

#[tokio::test]
async fn a_stream_that_is_dropped_on_the_way_has_its_line_too() {
    Lines::catch();
    let answer = Answer::stream(StatusCode::OK, 6, chunks(&[Ok("one"), Ok("two")]));
    let mut streamed = front(Ok(answer)).stream(request("GET")).await;
    assert_eq!(streamed.stream.next().await, Some(Ok(Bytes::from("one"))));
    drop(streamed);
    let end = json!({
        "level": "ERROR",
        "message": "The answer broke off",
        "cause": "nobody took the rest",
        "bytes_sent": 3,
        "bytes_total": 6,
    });
    assert_eq!(Lines::read(), two_lines(200, end));
}

#[tokio::test]
async fn what_is_whole_has_its_length_and_no_line_of_its_own() {
    Lines::catch();
    let got = get("GET", Ok(Answer::bytes(StatusCode::OK, Bytes::from("\0\u{1}")))).await;
    assert_eq!((got.status, got.length(), got.body.as_slice()), (200, Some("2"), &b"\0\x01"[..]));
    let got = get("GET", Ok(Answer::bytes(StatusCode::OK, Bytes::new()))).await;
    assert_eq!((got.status, got.length(), got.body.as_slice()), (200, Some("0"), &b""[..]));
    let got = get("GET", Ok(Answer::json(StatusCode::OK, json!({"a": 1})))).await;
    assert_eq!((got.length(), got.body.as_slice()), (Some("7"), &b"{\"a\":1}"[..]));
    assert_eq!(got.headers[CONTENT_TYPE], "application/json");
    assert_eq!(Lines::read().len(), 3);
}

#[tokio::test]
async fn an_error_is_json_with_its_headers() {
    let got = get("GET", Err(ApiError::RangeNotSatisfiable { size: 9 })).await;
    assert_eq!((got.status, got.headers[CONTENT_RANGE].as_bytes()), (416, &b"bytes */9"[..]));
    assert_eq!(got.headers[CACHE_CONTROL], "no-store");
    let body: Value = serde_json::from_slice(&got.body).unwrap();
    assert_eq!(body, json!({"error": "The range is outside the file."}));
    assert_eq!(got.length(), Some(got.body.len().to_string().as_str()));
}

#[tokio::test]
async fn a_head_has_the_headers_of_the_get_and_no_body() {
    for answer in [
        || Ok(Answer::head(StatusCode::OK, 7)),
        || Ok(Answer::bytes(StatusCode::OK, Bytes::from("one two"))),
        || Ok(Answer::stream(StatusCode::OK, 7, chunks(&[Ok("one two")]))),
    ] {
        let got = get("HEAD", answer()).await;
        assert_eq!((got.status, got.length(), got.body.as_slice()), (200, Some("7"), &b""[..]));
    }
    let (of_get, of_head) =
        (get("GET", Err(ApiError::MediaNotFound)).await, get("HEAD", Err(ApiError::MediaNotFound)).await);
    assert_eq!((of_head.status, of_head.body.len()), (404, 0));
    assert_eq!(of_get.headers, of_head.headers);
}

#[tokio::test]
async fn statuses_that_never_have_a_body_have_none() {
    for status in [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED] {
        for answer in [Answer::empty(status), Answer::json(status, json!({}))] {
            let got = get("GET", Ok(answer)).await;
            assert_eq!((got.status, got.length(), got.body.len()), (status.as_u16(), None, 0));
        }
    }
    assert_eq!(get("GET", Ok(Answer::empty(StatusCode::OK))).await.length(), Some("0"));
}

#[tokio::test]
async fn a_header_is_given_once_and_cookies_apart() {
    let answer = Answer::empty(StatusCode::NOT_MODIFIED)
        .with(VARY, "Cookie")
        .with(SET_COOKIE, "a=1")
        .with(SET_COOKIE, "b=2; Secure");
    let got = get("GET", Ok(answer)).await;
    assert_eq!(got.cookies, ["a=1", "b=2; Secure"]);
    assert!(!got.headers.contains_key(SET_COOKIE));
    assert_eq!(got.headers.get_all(VARY).iter().collect::<Vec<_>>(), ["Cookie, Origin"]);
}

#[tokio::test]
async fn a_route_that_buffers_refuses_a_body_it_cannot_give() {
    for answer in [
        Answer::stream(StatusCode::OK, 3, chunks(&[Ok("one")])),
        Answer::bytes(StatusCode::OK, Bytes::from("one")),
        Answer::head(StatusCode::OK, 3),
    ] {
        let response = front(Ok(answer)).answer(request("GET")).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(body, json!({"error": "Failed to stream media.", "details": "Request id: r-1"}));
    }
    let response = front(Ok(Answer::json(StatusCode::OK, json!([])))).answer(request("GET")).await;
    assert_eq!((response.status(), response.body().as_ref()), (StatusCode::OK, &b"[]"[..]));
}

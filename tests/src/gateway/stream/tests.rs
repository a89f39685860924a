//! Streamed answers, from what the function writes to what the client reads.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::StatusCode;
use http_body_util::BodyExt as _;
use proptest::prelude::*;
use serde_json::json;
use tokio::sync::mpsc;
use tower::ServiceExt as _;

use super::super::testing::{Chunk, FakeLambda, FakeStream, Got, request, send};
use super::*;

const PRELUDE: &str = r#"{"statusCode":200,"headers":{"content-type":"video/mp4"}}"#;

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

/// A prelude, its delimiter, and a body.
fn written(prelude: &str, body: &str) -> String {
    format!("{prelude}\0\0\0\0\0\0\0\0{body}")
}

fn writing(chunks: Vec<Chunk>) -> FakeStream {
    FakeStream::new(stream::iter(chunks))
}

async fn got(method: &str, text: &str) -> Got {
    send(writing(vec![Ok(bytes(text))]).router(), request(method, "/stream")).await
}

/// What a client reads before the answer breaks off.
async fn before_the_break(body: Body) -> Vec<u8> {
    let mut frames = body.into_data_stream();
    let mut read = Vec::new();
    while let Some(frame) = frames.next().await {
        match frame {
            Ok(data) => read.extend_from_slice(&data),
            Err(error) => {
                assert!(error.to_string().contains("incomplete"), "{error}");
                return read;
            }
        }
    }
    panic!("the answer looks whole")
}

#[tokio::test]
async fn what_follows_the_delimiter_is_the_body_as_it_is() {
    let prelude = r#"{"statusCode":206,"headers":{"content-type":"video/mp4","server":"mine"},"cookies":["a=1","b=2"]}"#;
    let got = got("GET", &written(prelude, "\0\u{1}body")).await;
    assert_eq!((got.status, got.body), (StatusCode::PARTIAL_CONTENT, Bytes::from_static(b"\0\x01body")));
    assert_eq!(got.headers["content-type"], "video/mp4");
    assert_eq!(got.headers["x-amzn-remapped-server"], "mine");
    assert_eq!(got.headers.get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
    assert!(got.headers.contains_key("x-amzn-requestid") && got.headers.contains_key("x-amz-apigw-id"));
    assert!(!got.headers.contains_key("content-length"));
}

#[tokio::test]
async fn chunks_reach_the_client_before_the_next_ones_are_written() {
    let (write, mut chunks) = mpsc::channel::<Chunk>(1);
    let function = FakeStream::new(stream::poll_fn(move |context| chunks.poll_recv(context)));
    write.send(Ok(bytes(&written(PRELUDE, "")))).await.unwrap();
    let answer = function.router().oneshot(request("GET", "/stream")).await.unwrap();
    let mut body = answer.into_body();
    for text in ["first", "second"] {
        write.send(Ok(bytes(text))).await.unwrap();
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), text);
    }
    drop(write);
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn a_prelude_that_is_none_is_502() {
    let large = format!(r#"{{"statusCode":200,"headers":{{"x":"{}"}}}}"#, "x".repeat(MAX_PRELUDE));
    for text in [
        String::new(),
        PRELUDE.to_owned(),
        format!("{PRELUDE}\0\0\0\0\0\0\0"),
        format!("{PRELUDE}\0\0\0\0\0\0\0body"),
        written("", "body"),
        written("[]", "body"),
        written(r#"{"headers":{}}"#, "body"),
        written(&large, "body"),
        "x".repeat(3 * MAX_PRELUDE),
    ] {
        let got = got("GET", &text).await;
        assert_eq!(
            (got.status, got.json()),
            (StatusCode::BAD_GATEWAY, json!({"message": "Internal server error"}))
        );
    }
}

#[tokio::test]
async fn a_prelude_may_have_sixteen_kilobytes() {
    let empty = r#"{"statusCode":200,"filler":""}"#;
    let prelude = empty.replace(r#""""#, &format!(r#""{}""#, "x".repeat(MAX_PRELUDE - empty.len())));
    assert_eq!(prelude.len(), MAX_PRELUDE);
    assert_eq!(got("GET", &written(&prelude, "body")).await.body, "body");
    let longer = prelude.replace("filler", "filler+");
    assert_eq!(got("GET", &written(&longer, "body")).await.status, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn a_function_that_ends_within_its_prelude_is_502() {
    let router = writing(vec![Ok(bytes(PRELUDE)), Err(Incomplete)]).router();
    assert_eq!(send(router, request("GET", "/stream")).await.status, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn a_function_that_does_not_stream_is_502_and_fails_as_others_do() {
    for (invoked, status) in [
        (Invoked::Success(Bytes::from_static(br#"{"statusCode":200,"body":"whole"}"#)), 502),
        (Invoked::Failed, 502),
        (Invoked::Throttled, 500),
        (Invoked::PayloadTooLarge, 413),
    ] {
        let lambda = FakeLambda::new(move |_| invoked.clone());
        assert_eq!(send(lambda.router(), request("GET", "/stream")).await.status.as_u16(), status);
    }
    let plain = writing(vec![Ok(bytes(&written(PRELUDE, "body")))]).of_type("application/octet-stream");
    assert_eq!(send(plain.router(), request("GET", "/stream")).await.status, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn an_answer_that_ends_too_early_does_not_look_whole() {
    let function = writing(vec![Ok(bytes(&written(PRELUDE, "one "))), Ok(bytes("two")), Err(Incomplete)]);
    let answer = function.router().oneshot(request("GET", "/stream")).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(before_the_break(answer.into_body()).await, b"one two");
}

#[tokio::test]
async fn a_function_that_never_begins_is_504_at_the_end_of_its_time() {
    for head in [None, Some(Ok(bytes(PRELUDE)))] {
        let function = FakeStream::new(stream::iter(head).chain(stream::pending()));
        let router = function.router_with_timeout(Duration::from_millis(5));
        let got = send(router, request("GET", "/stream")).await;
        assert_eq!(
            (got.status, got.json()),
            (StatusCode::GATEWAY_TIMEOUT, json!({"message": "Endpoint request timed out"}))
        );
    }
}

fn endless(chunks: Vec<Chunk>) -> Streamed {
    let chunks = stream::iter(chunks).chain(stream::pending()).boxed();
    Streamed { media_type: MEDIA_TYPE.to_owned(), chunks }
}

#[tokio::test]
async fn a_stream_that_pauses_too_long_or_outlasts_its_time_breaks_off() {
    let (soon, late) = (Duration::from_millis(5), Duration::from_mins(1));
    for (time, idle) in [(late, soon), (soon, late)] {
        let streamed = endless(vec![Ok(bytes(&written(PRELUDE, "one")))]);
        let answer = answer(streamed, Instant::now() + time, idle).await.unwrap();
        assert_eq!(before_the_break(answer.into_body()).await, b"one");
    }
    // A function that always has more to write is bound to its time, too.
    let always = stream::once(async { Ok(bytes(&written(PRELUDE, ""))) })
        .chain(stream::repeat(Ok(bytes("x"))))
        .boxed();
    let streamed = Streamed { media_type: MEDIA_TYPE.to_owned(), chunks: always };
    let answer = answer(streamed, Instant::now() + soon, late).await.unwrap();
    before_the_break(answer.into_body()).await;
}

#[tokio::test]
async fn the_functions_content_length_is_kept_and_head_has_no_body() {
    let prelude = r#"{"statusCode":200,"headers":{"content-length":"4"}}"#;
    for (method, body) in [("GET", "four"), ("HEAD", "")] {
        let got = got(method, &written(prelude, "four")).await;
        assert_eq!((got.header("content-length"), &got.body[..]), (Some("4"), body.as_bytes()));
    }
    assert_eq!(got("HEAD", &written(PRELUDE, "four")).await.header("content-length"), None);
}

#[tokio::test]
async fn statuses_without_a_body_have_none() {
    for status in [204, 304] {
        let prelude = json!({"statusCode": status}).to_string();
        let got = got("GET", &written(&prelude, "body")).await;
        assert_eq!((got.status.as_u16(), got.body), (status, Bytes::new()));
    }
}

proptest! {
    #[test]
    fn a_prelude_is_found_wherever_its_chunks_are_cut(
        cuts in proptest::collection::vec(0_usize..100, 0..12),
        body in "[\\x00a]{0,20}",
    ) {
        let text = written(PRELUDE, &body);
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let chunks = cuts.windows(2).map(|cut| Ok(bytes(&text[cut[0]..cut[1]]))).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let got = runtime.block_on(send(writing(chunks).router(), request("GET", "/stream")));
        prop_assert_eq!((got.status, got.body), (StatusCode::OK, Bytes::from(body)));
    }
}

//! Streamed answers from a function's process to an HTTP client: in pieces, with back-pressure, and never one that
//! looks whole and is not.
//!
//! A [`Director`] holds the function at every chunk until the test lets it go on, so that nothing here depends on time.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::FutureExt as _;
use lambdagram_telegram::http::client_builder;
use lambdagram_tests::gateway;
use lambdagram_tests::lambda::ProcessState;
use lambdagram_tests::template::model::{Api, Function, Route};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::lambda::{Bench, probe};

/// What may be on its way to a reader who has stopped, in bytes: the kernel's buffers of two connections (Linux lets a
/// receiving side grow to 32 MB, a sending one to 4 MB) and what hyper and the channels hold.
const ON_ITS_WAY: usize = 80 * 1024 * 1024;

struct Served {
    bench: Bench,
    url: String,
    http: reqwest::Client,
    _stop: DropGuard,
}

/// An API whose functions stream: `/films` with `lambda_http`, `/hand` by hand, both for GET and HEAD, and `/plain`,
/// which does not stream. `/buffered` is the function of `/films` on a route that does not.
async fn served() -> Served {
    served_within(Duration::from_mins(1)).await
}

async fn served_within(timeout: Duration) -> Served {
    let route = |method: &str, path: &str, streams: bool| Route {
        method: method.to_owned(),
        path: path.to_owned(),
        streams,
        timeout: Some(Duration::from_mins(1)),
    };
    let both = |path| vec![route("POST", path, true), route("HEAD", path, true)];
    let function = |logical_id: &str, binary: &str, routes| Function {
        binary: binary.to_owned(),
        routes,
        timeout,
        ..probe(logical_id)
    };
    let mut films = both("/films");
    films.push(route("POST", "/buffered", false));
    let functions = vec![
        function("Films", "streams_http", films),
        function("Hand", "by_hand", both("/hand")),
        function("Plain", "probe", both("/plain")),
    ];
    let bench = Bench::new(functions.clone());
    let api =
        Api { stage: "prod".to_owned(), binary_media_types: Vec::new(), gateway_responses: BTreeMap::new() };
    let router = gateway::router(&api, &functions, bench.lambda.clone(), bench.clock.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    tokio::spawn(gateway::serve(listener, router, stop.clone()));
    Served { bench, url, http: client_builder().build().unwrap(), _stop: stop.drop_guard() }
}

impl Served {
    async fn ask(&self, path: &str, script: &Value) -> Response {
        let request = self.http.post(format!("{}{path}", self.url)).body(script.to_string());
        request.send().await.unwrap()
    }

    async fn still_works(&self) {
        let answer = self.ask("/films", &json!({ "chunks": 3 })).await;
        assert_eq!((answer.status(), answer.text().await.unwrap().as_str()), (StatusCode::OK, "012"));
    }

    fn states(&self) -> Vec<ProcessState> {
        self.bench.lambda.processes().into_iter().map(|process| process.state).collect()
    }

    async fn all_idle(&self) {
        self.bench.lambda.wait_until(|all| all.iter().all(|one| one.state == ProcessState::Idle)).await;
    }
}

/// Reads to the end: what came, and whether it was whole.
async fn read(mut answer: Response) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return (bytes, true),
            Err(_) => return (bytes, false),
        }
    }
}

/// Says when a stream may go on.
struct Director(TcpListener);

/// A stream that waits for its director.
struct Directed {
    numbers: BufReader<OwnedReadHalf>,
    go_on: OwnedWriteHalf,
}

impl Director {
    async fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
    }

    fn script(&self, mut script: Value) -> Value {
        script["director"] = self.0.local_addr().unwrap().to_string().into();
        script
    }

    async fn stream(&self) -> Directed {
        let (connection, _): (TcpStream, _) = self.0.accept().await.unwrap();
        let (read, go_on) = connection.into_split();
        Directed { numbers: BufReader::new(read), go_on }
    }
}

impl Directed {
    /// Waits until the function is about to write its next chunk; that chunk's number.
    async fn next(&mut self) -> usize {
        let mut line = String::new();
        self.numbers.read_line(&mut line).await.unwrap();
        line.trim().parse().unwrap()
    }

    async fn go_on(&mut self, times: usize) {
        self.go_on.write_all(&vec![b'.'; times]).await.unwrap();
    }

    /// The number of the last chunk that the function has come to by now.
    fn seen(&mut self) -> usize {
        let mut seen = 0;
        while let Some(number) = self.next().now_or_never() {
            seen = number;
        }
        seen
    }

    /// Returns when the function has let go of its stream.
    async fn ended(mut self) {
        self.numbers.read_to_end(&mut Vec::new()).await.unwrap();
    }
}

#[tokio::test]
async fn the_first_byte_leaves_before_the_last_is_made() {
    let served = served().await;
    let director = Director::new().await;
    let script = director.script(json!({ "chunks": 2, "headers": { "content-type": "video/mp4" } }));
    let (mut answer, mut stream) = tokio::join!(served.ask("/films", &script), director.stream());
    assert_eq!(
        (answer.status(), answer.headers()["content-type"].as_bytes()),
        (StatusCode::OK, &b"video/mp4"[..])
    );
    stream.go_on(1).await;
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "0");
    assert_eq!(stream.next().await, 0);
    assert_eq!(stream.next().await, 1);
    assert_eq!(served.states(), [ProcessState::Running], "a stream that has not ended");
    stream.go_on(2).await;
    assert_eq!(stream.next().await, 2);
    assert_eq!(read(answer).await, (b"1".to_vec(), true));
    served.all_idle().await;
    served.still_works().await;
}

#[tokio::test]
async fn a_function_that_is_killed_leaves_an_answer_that_does_not_look_whole() {
    let served = served().await;
    let director = Director::new().await;
    let script = director.script(json!({ "chunks": 2 }));
    let (mut answer, mut stream) = tokio::join!(served.ask("/films", &script), director.stream());
    stream.go_on(1).await;
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "0");
    assert_eq!(served.bench.lambda.kill_running("Films"), 1);
    assert_eq!(read(answer).await, (Vec::new(), false));
    served.still_works().await;
}

#[tokio::test]
async fn a_stream_past_the_functions_time_breaks_off() {
    let served = served_within(Duration::from_secs(2)).await;
    let answer = served.ask("/films", &json!({ "chunks": 3, "end": "hang" })).await;
    assert_eq!(read(answer).await, (b"012".to_vec(), false));
    served.still_works().await;
}

#[tokio::test]
async fn an_error_in_the_trailers_breaks_the_answer_off() {
    let served = served().await;
    let chunks = json!([r#"{"statusCode":200}"#, "\0\0\0\0\0", "\0\0\0one"]);
    let trailers = "Lambda-Runtime-Function-Error-Type: Probe.Late\r\n";
    let answer = served.ask("/hand", &json!({ "chunks": chunks, "trailers": trailers })).await;
    assert_eq!(read(answer).await, (b"one".to_vec(), false));
    let answer = served.ask("/hand", &json!({ "chunks": chunks })).await;
    assert_eq!(read(answer).await, (b"one".to_vec(), true));
}

#[tokio::test]
async fn an_answer_shorter_than_it_said_does_not_look_whole() {
    let served = served().await;
    let headers = json!({ "content-length": "4" });
    for end in ["", "panic"] {
        let answer = served.ask("/films", &json!({ "chunks": 3, "headers": headers, "end": end })).await;
        assert_eq!(answer.content_length(), Some(4));
        assert_eq!(read(answer).await, (b"012".to_vec(), false));
    }
    let answer = served.ask("/films", &json!({ "chunks": 4, "headers": headers })).await;
    assert_eq!(read(answer).await, (b"0123".to_vec(), true));
}

#[tokio::test]
async fn a_function_that_fails_before_its_stream_or_writes_no_prelude_is_502() {
    let served = served().await;
    for (path, script) in [
        ("/films", json!({ "end": "at once" })),
        ("/hand", json!({ "chunks": ["no prelude"] })),
        ("/hand", json!({ "chunks": [r#"{"statusCode":200}"#], "cut": true })),
        ("/plain", json!({ "do": "echo" })),
        ("/buffered", json!({ "chunks": 1 })),
    ] {
        let answer = served.ask(path, &script).await;
        assert_eq!(answer.status(), StatusCode::BAD_GATEWAY, "{path} {script}");
        assert_eq!(answer.json::<Value>().await.unwrap(), json!({ "message": "Internal server error" }));
    }
    served.still_works().await;
}

#[tokio::test]
async fn a_client_that_leaves_does_not_end_its_function() {
    let served = served().await;
    let director = Director::new().await;
    let script = director.script(json!({ "chunks": 100, "bytes": 1_000_000 }));
    let (mut answer, mut stream) = tokio::join!(served.ask("/films", &script), director.stream());
    stream.go_on(1).await;
    answer.chunk().await.unwrap().unwrap();
    drop(answer);
    // More than could be on its way to a client that reads nothing: it is discarded.
    stream.go_on(100).await;
    let mut numbers = 0;
    while stream.next().await < 100 {
        numbers += 1;
    }
    assert_eq!(numbers, 100);
    stream.ended().await;
    served.all_idle().await;
    assert_eq!(served.states(), [ProcessState::Idle], "it was not killed");
}

#[tokio::test]
async fn a_reader_that_stops_stops_its_function_and_no_other() {
    const CHUNK: usize = 1024 * 1024;
    const CHUNKS: usize = 100;
    let served = served().await;
    let director = Director::new().await;
    let script = director.script(json!({ "chunks": CHUNKS, "bytes": CHUNK }));
    let (mut answer, mut stalled) = tokio::join!(served.ask("/films", &script), director.stream());
    stalled.go_on(CHUNKS + 1).await;
    let first = answer.chunk().await.unwrap().unwrap();
    // As much again goes through another process, so the stalled one had its time.
    let other = served.ask("/films", &json!({ "chunks": CHUNKS, "bytes": CHUNK })).await;
    let (bytes, is_whole) = read(other).await;
    assert_eq!((bytes.len(), is_whole), (CHUNKS * CHUNK, true));
    let written = stalled.seen() * CHUNK;
    assert!((CHUNK..ON_ITS_WAY).contains(&written), "{written} bytes were written");
    assert_eq!(served.states(), [ProcessState::Running, ProcessState::Idle]);

    let (rest, is_whole) = read(answer).await;
    assert!(is_whole);
    let all = [&first[..], &rest].concat();
    let digits = (b'0'..=b'9').cycle();
    assert!(all.chunks(CHUNK).zip(digits).all(|(chunk, digit)| chunk == vec![digit; CHUNK]));
    assert_eq!(all.len(), CHUNKS * CHUNK);
    served.all_idle().await;
}

#[tokio::test]
async fn answers_without_a_body_leave_the_connection_in_order() {
    let served = served().await;
    for (method, status, length) in [
        (Method::HEAD, 200, Some("7")),
        (Method::HEAD, 206, None),
        (Method::POST, 204, None),
        (Method::POST, 304, Some("7")),
    ] {
        let headers = length.map_or_else(|| json!({}), |length| json!({ "content-length": length }));
        let script = json!({ "status": status, "headers": headers, "chunks": 7 });
        // HEAD takes its script with it, too: the event has whatever body a request has.
        let answer = request(&served, method.clone(), &script).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
        let given = answer.headers().get("content-length").map(|value| value.to_str().unwrap());
        assert_eq!(given, length, "{method} {status}");
        assert!(!answer.headers().contains_key("transfer-encoding") || method == Method::HEAD);
        assert_eq!(read(answer).await, (Vec::new(), true), "{method} {status}");
        served.still_works().await;
    }
}

fn request(served: &Served, method: Method, script: &Value) -> reqwest::RequestBuilder {
    served.http.request(method, format!("{}/films", served.url)).body(script.to_string())
}

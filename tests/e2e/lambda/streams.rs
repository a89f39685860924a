//! Streamed answers without a gateway: what whoever invokes is told, and what becomes of the process.

use std::time::Duration;

use bytes::Bytes;
use lambdagram_tests::lambda::{Answer, Invocation, Limits, PAYLOAD_LIMIT, ProcessState, ResponseStream};
use lambdagram_tests::template::model::Function;
use serde_json::{Value, json};

use super::{Bench, probe};

fn functions() -> Vec<Function> {
    let named = |logical_id: &str, binary: &str| Function { binary: binary.to_owned(), ..probe(logical_id) };
    vec![named("Films", "streams"), named("Hand", "by_hand"), probe("Camera")]
}

fn bench() -> Bench {
    Bench::new(functions())
}

/// An event of the gateway that asks for this.
fn event(script: &Value) -> Bytes {
    json!({ "body": script.to_string() }).to_string().into()
}

async fn stream(bench: &Bench, function: &str, script: &Value) -> ResponseStream {
    match bench.lambda.stream(function, event(script)).await {
        Answer::Stream(stream) => stream,
        Answer::Whole(outcome) => panic!("no stream, but {outcome:?}"),
    }
}

/// All that was written, and how the invocation ended if it was not whole.
async fn read(mut stream: ResponseStream) -> (String, Option<Invocation>) {
    let mut text = Vec::new();
    loop {
        match stream.next().await {
            Some(Ok(chunk)) => text.extend_from_slice(&chunk),
            end => return (String::from_utf8(text).unwrap(), end.and_then(Result::err)),
        }
    }
}

const PRELUDE: &str =
    r#"{"statusCode":200,"headers":{"content-type":"application/octet-stream"},"cookies":[]}"#;

fn written(body: &str) -> String {
    format!("{PRELUDE}\0\0\0\0\0\0\0\0{body}")
}

/// Every process is frozen, and serves another invocation.
async fn still_works(bench: &Bench, function: &str) {
    bench.lambda.wait_until(|all| all.iter().all(|one| one.state == ProcessState::Idle)).await;
    let (text, end) = read(stream(bench, function, &json!({ "chunks": 1 })).await).await;
    assert_eq!((text.as_str(), end), (written("0").as_str(), None));
}

#[tokio::test]
async fn a_stream_is_what_the_function_writes_with_its_prelude() {
    let bench = bench();
    let answer = stream(&bench, "Films", &json!({ "chunks": 3 })).await;
    assert_eq!(answer.media_type(), "application/vnd.awslambda.http-integration-response");
    assert_eq!(read(answer).await, (written("012"), None));
    still_works(&bench, "Films").await;
    assert_eq!(bench.states(), [ProcessState::Idle]);
}

#[tokio::test]
async fn a_function_that_does_not_stream_gives_a_whole_answer() {
    let event = json!({ "do": "answer", "answer": 7 }).to_string();
    let Answer::Whole(outcome) = bench().lambda.stream("Camera", event.into()).await else {
        panic!("a stream")
    };
    assert_eq!(outcome, Invocation::Success(Bytes::from_static(b"7")));
}

#[tokio::test]
async fn a_caller_who_takes_no_streams_waits_for_the_whole() {
    let bench = bench();
    let outcome = bench.lambda.invoke("Films", event(&json!({ "chunks": 3 }))).await;
    assert_eq!(outcome, Invocation::Success(written("012").into()));
    let script = json!({ "chunks": 1, "bytes": PAYLOAD_LIMIT });
    assert_eq!(bench.lambda.invoke("Films", event(&script)).await, Invocation::ResponseTooLarge);
    still_works(&bench, "Films").await;
}

#[tokio::test]
async fn an_error_in_the_trailers_is_one_of_the_function() {
    let bench = bench();
    let trailers = "Lambda-Runtime-Function-Error-Type: Probe.Late\r\n\
                    Lambda-Runtime-Function-Error-Body: eyJlcnJvck1lc3NhZ2UiOiJhcyBhc2tlZCJ9\r\n";
    let answer = stream(&bench, "Hand", &json!({ "chunks": ["one ", "two"], "trailers": trailers })).await;
    let failed = Invocation::FunctionError {
        error_type: "Probe.Late".to_owned(),
        payload: Bytes::from_static(br#"{"errorMessage":"as asked"}"#),
    };
    assert_eq!(read(answer).await, ("one two".to_owned(), Some(failed)));
    let whole = stream(&bench, "Hand", &json!({ "chunks": ["three"] })).await;
    assert_eq!(read(whole).await, ("three".to_owned(), None));
    assert_eq!(bench.lambda.processes().len(), 1);
}

#[tokio::test]
async fn an_error_that_lambda_runtime_streams_is_no_trailer_and_the_answer_looks_whole() {
    let bench = bench();
    let (text, end) = read(stream(&bench, "Films", &json!({ "chunks": 1, "end": "fail" })).await).await;
    let told = "Lambda-Runtime-Function-Error-Type: Runtime.StreamError\r\n\
                Lambda-Runtime-Function-Error-Body: YXMgYXNrZWQ=\r\n";
    assert_eq!((text, end), (written(&format!("0{told}")), None));
    let (text, end) = read(stream(&bench, "Films", &json!({ "chunks": 1, "end": "panic" })).await).await;
    assert_eq!((text, end), (written("0"), None));
}

#[tokio::test]
async fn a_function_that_fails_before_its_stream_gives_no_stream() {
    let Answer::Whole(outcome) = bench().lambda.stream("Films", event(&json!({ "end": "at once" }))).await
    else {
        panic!("a stream")
    };
    assert!(matches!(outcome, Invocation::FunctionError { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_process_that_ends_in_the_middle_has_crashed() {
    let bench = bench();
    let (text, end) = read(stream(&bench, "Films", &json!({ "chunks": 2, "end": "exit" })).await).await;
    let Some(Invocation::Crashed { message }) = end else { panic!("no crash, but {end:?}") };
    assert!(message.ends_with("Error: Runtime exited with error: exit status 3"), "{message}");
    // What it had not yet handed to the kernel is lost.
    assert!(written("01").starts_with(&text), "{text}");
    bench.lambda.wait_until(<[_]>::is_empty).await;
    still_works(&bench, "Films").await;
}

#[tokio::test]
async fn a_connection_that_breaks_off_truncates_the_answer() {
    let bench = bench();
    let (text, end) = read(stream(&bench, "Hand", &json!({ "chunks": ["one"], "cut": true })).await).await;
    let Some(Invocation::FunctionError { error_type, .. }) = end else { panic!("no error, but {end:?}") };
    assert_eq!((text.as_str(), error_type.as_str()), ("one", "Runtime.TruncatedResponse"));
    bench.lambda.wait_until(<[_]>::is_empty).await;
}

#[tokio::test]
async fn the_functions_time_holds_to_the_last_byte() {
    let mut functions = functions();
    functions[0].timeout = Duration::from_secs(2);
    let bench = Bench::new(functions);
    let (text, end) = read(stream(&bench, "Films", &json!({ "chunks": 1, "end": "hang" })).await).await;
    let Some(Invocation::TimedOut { message }) = end else { panic!("no time-out, but {end:?}") };
    assert!(message.ends_with("Error: Task timed out after 2.00 seconds"), "{message}");
    assert_eq!(text, written("0"));
    bench.lambda.wait_until(<[_]>::is_empty).await;
}

#[tokio::test]
async fn a_stream_ends_at_its_limit() {
    let limits = Limits { streamed_bytes: 100_000, ..Limits::default() };
    let bench = Bench::limited(functions(), limits);
    let script = json!({ "chunks": 10, "bytes": 50_000 });
    let (text, end) = read(stream(&bench, "Films", &script).await).await;
    assert_eq!(end, Some(Invocation::ResponseTooLarge));
    assert!(text.len() <= 100_000, "{}", text.len());
    let fitting = json!({ "chunks": 1, "bytes": 100_000 - written("").len() });
    let (text, end) = read(stream(&bench, "Films", &fitting).await).await;
    assert_eq!((text.len(), end), (100_000, None));
}

//! How invocations end, and that the next one works.

use std::time::Duration;

use bytes::Bytes;
use lambdagram_tests::lambda::{Invocation, Limits, PAYLOAD_LIMIT, Stream};
use serde_json::json;

use super::{Bench, probe, success};

/// `RequestId: <uuid> ` in front of what Lambda says.
fn without_request_id(message: &str) -> &str {
    message.strip_prefix("RequestId: ").and_then(|rest| rest.get(37..)).unwrap_or(message)
}

#[tokio::test]
async fn a_function_that_exits_has_crashed_and_the_next_invocation_works() {
    let bench = Bench::new(vec![probe("Camera")]);
    for (event, end) in [
        (json!({ "do": "exit", "status": 3 }), "Error: Runtime exited with error: exit status 3"),
        (json!({ "do": "exit", "status": 0 }), "Error: Runtime exited without providing a reason"),
        (json!({ "do": "abort" }), "Error: Runtime exited with error: signal: aborted"),
    ] {
        let Invocation::Crashed { message } = bench.invoke("Camera", &event).await else {
            panic!("no crash")
        };
        assert_eq!(without_request_id(&message), end);
        bench.logs.wait_for(|line| line.stream == Stream::Platform && line.line == message).await;
        bench.who("Camera").await;
    }
}

#[tokio::test]
async fn a_function_that_takes_too_long_is_killed() {
    let mut function = probe("Camera");
    function.timeout = Duration::from_millis(250);
    let bench = Bench::new(vec![function]);
    let outcome = bench.invoke("Camera", &json!({ "do": "hang" })).await;
    let Invocation::TimedOut { message } = outcome else { panic!("no time-out, but {outcome:?}") };
    assert_eq!(without_request_id(&message), "Error: Task timed out after 0.25 seconds");
    bench.lambda.wait_until(<[_]>::is_empty).await;
    bench.who("Camera").await;
}

#[tokio::test]
async fn a_function_that_fails_says_why_and_lives_on() {
    let bench = Bench::new(vec![probe("Camera")]);
    let before = bench.who("Camera").await;
    let outcome = bench.invoke("Camera", &json!({ "do": "fail" })).await;
    let Invocation::FunctionError { payload, .. } = outcome else { panic!("no error, but {outcome:?}") };
    let payload: serde_json::Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(payload["errorMessage"], "as asked");
    assert_eq!(bench.who("Camera").await, before);
}

#[tokio::test]
async fn a_function_that_cannot_start_says_so() {
    let mut functions = vec![probe("Exits"), probe("Reports"), probe("Waits")];
    functions[0].binary = "refuses_to_start".to_owned();
    functions[1].binary = "reports_that_it_cannot_start".to_owned();
    functions[2].binary = "never_asks".to_owned();
    let limits = Limits { initialisation: Duration::from_secs(2), ..Limits::default() };
    let bench = Bench::limited(functions, limits);

    let Invocation::Crashed { message } = bench.invoke("Exits", &json!({})).await else { panic!("no crash") };
    assert_eq!(without_request_id(&message), "Error: Runtime exited with error: exit status 1");
    bench.logs.wait_for(|line| line.function == "Exits" && line.line == "a variable is missing").await;

    assert_eq!(
        bench.invoke("Reports", &json!({})).await,
        Invocation::FunctionError {
            error_type: "Probe.NoConfiguration".to_owned(),
            payload: Bytes::from_static(
                br#"{"errorType":"Probe.NoConfiguration","errorMessage":"TABLE is not set"}"#
            ),
        }
    );

    let Invocation::TimedOut { message } = bench.invoke("Waits", &json!({})).await else {
        panic!("no time-out")
    };
    assert_eq!(without_request_id(&message), "Error: Task timed out after 2.00 seconds");
}

#[tokio::test]
async fn an_executable_that_is_missing_is_an_error_of_the_function() {
    let lambda = lambdagram_tests::lambda::Lambda::new(lambdagram_tests::lambda::Options {
        functions: vec![probe("Camera")],
        launcher: lambdagram_tests::lambda::Launcher::Directory("/nonexistent".into()),
        extra_environment: std::collections::BTreeMap::new(),
        clock: lambdagram_tests::clock::Clock::default(),
        logs: lambdagram_tests::lambda::LogSink::default(),
        limits: Limits::default(),
    });
    let outcome = lambda.invoke("Camera", Bytes::from_static(b"{}")).await;
    let Invocation::FunctionError { error_type, .. } = outcome else { panic!("no error, but {outcome:?}") };
    assert_eq!(error_type, "Runtime.InvalidEntrypoint");
    assert_eq!(lambda.processes(), []);
}

#[tokio::test]
async fn payloads_up_to_six_megabytes_pass_both_ways() {
    let bench = Bench::new(vec![probe("Camera")]);
    let fitting = PAYLOAD_LIMIT - 2;
    let answer = bench.invoke("Camera", &json!({ "do": "big", "bytes": fitting })).await;
    assert_eq!(answer.payload().len(), PAYLOAD_LIMIT);
    let before = bench.who("Camera").await;
    let answer = bench.invoke("Camera", &json!({ "do": "big", "bytes": fitting + 1 })).await;
    assert_eq!(answer, Invocation::ResponseTooLarge);
    assert_eq!(bench.who("Camera").await, before);

    let mut event = json!({ "do": "answer", "answer": 1, "filler": "" });
    let room = PAYLOAD_LIMIT - event.to_string().len();
    event["filler"] = "x".repeat(room).into();
    assert_eq!(success(bench.invoke("Camera", &event).await), 1);
    event["filler"] = "x".repeat(room + 1).into();
    assert_eq!(
        bench.invoke("Camera", &event).await,
        Invocation::PayloadTooLarge { bytes: PAYLOAD_LIMIT + 1 }
    );
}

#[tokio::test]
async fn a_function_that_does_not_exist_is_not_found() {
    let bench = Bench::new(Vec::new());
    assert_eq!(bench.invoke("Nobody", &json!({})).await, Invocation::NotFound);
}

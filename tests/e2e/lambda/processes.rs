//! Which processes there are, and what they are given.

use std::time::Duration;

use lambdagram_tests::lambda::{Invocation, Launcher, Limits, LogSink, Options, ProcessState, Stream};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use serde_json::json;

use super::{Bench, PROBE, probe, success};

#[tokio::test]
async fn a_function_gets_the_environment_of_lambda_and_nothing_else() {
    let mut function = probe("Camera");
    function.environment.insert("TABLE".to_owned(), "jobs".to_owned());
    let bench = Bench::new(vec![function]);
    let answer = success(bench.invoke("Camera", &json!({ "do": "context" })).await);
    let folder = std::path::Path::new(PROBE).parent().unwrap().to_str().unwrap();
    let runtime_api = answer["environment"]["AWS_LAMBDA_RUNTIME_API"].as_str().unwrap();
    assert!(runtime_api.starts_with("127.0.0.1:"));
    assert!(answer["environment"]["_X_AMZN_TRACE_ID"].as_str().unwrap().starts_with("Root=1-"));
    assert_eq!(
        answer["environment"],
        json!({
            "AWS_ACCESS_KEY_ID": "Camera-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_FUNCTION_NAME": "Camera",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/Camera",
            "AWS_LAMBDA_LOG_STREAM_NAME": "[$LATEST]Camera-1",
            "AWS_LAMBDA_RUNTIME_API": runtime_api,
            "AWS_REGION": "us-east-1",
            "AWS_SECRET_ACCESS_KEY": "local",
            "CLOCK_OFFSET_MS": "0",
            "LAMBDA_TASK_ROOT": folder,
            "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin",
            "RUST_LOG": "off",
            "TABLE": "jobs",
            "TZ": ":UTC",
            "_HANDLER": "bootstrap",
            "_X_AMZN_TRACE_ID": answer["environment"]["_X_AMZN_TRACE_ID"],
        })
    );
    assert_eq!(answer["folder"], folder);
    assert_eq!(answer["arn"], "arn:aws:lambda:us-east-1:123456789012:function:Camera");
}

#[tokio::test]
async fn the_deadline_is_the_function_timeout_from_now_on_the_clock_of_the_process() {
    let bench = Bench::new(vec![probe("Camera")]);
    bench.clock.advance(Duration::from_hours(1));
    let earliest = bench.clock.now_ms() + 10_000;
    let answer = success(bench.invoke("Camera", &json!({ "do": "context" })).await);
    let deadline = answer["deadline_ms"].as_u64().unwrap();
    assert!((earliest..=bench.clock.now_ms() + 10_000).contains(&deadline));
    assert_eq!(answer["environment"]["CLOCK_OFFSET_MS"], "3600000");
}

#[tokio::test]
async fn a_process_serves_one_invocation_after_the_other() {
    let bench = Bench::new(vec![probe("Camera")]);
    let first = bench.who("Camera").await;
    for _ in 0..20 {
        assert_eq!(bench.who("Camera").await, first);
    }
    assert_eq!(bench.states(), [ProcessState::Idle]);
}

#[tokio::test]
async fn an_idle_process_is_stopped() {
    let bench = Bench::new(vec![probe("Camera")]);
    let pid = bench.who("Camera").await;
    let pid = Pid::from_raw(i32::try_from(pid).unwrap());
    let options = WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT;
    let seen = tokio::task::spawn_blocking(move || waitid(WaitId::Pid(pid.unwrap()), options).unwrap());
    assert!(seen.await.unwrap().unwrap().stopped());
}

#[tokio::test]
async fn invocations_at_once_have_processes_of_their_own() {
    let bench = Bench::new(vec![probe("Camera"), probe("Worker")]);
    let hanging = bench.hang("Camera").await;
    let other = bench.who("Camera").await;
    assert_eq!(bench.who("Camera").await, other);
    assert_ne!(bench.who("Worker").await, other);
    assert_eq!((bench.lambda.in_flight("Camera"), bench.lambda.in_flight("Worker")), (1, 0));
    assert_eq!(bench.lambda.kill_running("Camera"), 1);
    let Invocation::Crashed { message } = hanging.await.unwrap() else { panic!("it was killed") };
    assert!(message.ends_with("Error: Runtime exited with error: signal: killed"), "{message}");
    assert_eq!(bench.lambda.in_flight("Camera"), 0);
}

#[tokio::test]
async fn the_process_used_last_is_used_first_and_superfluous_ones_are_retired() {
    let limits = Limits { idle_per_function: 2, ..Limits::default() };
    let bench = Bench::limited(vec![probe("Camera")], limits);
    let event = json!({ "do": "who" });
    futures_util::future::join_all((0..5).map(|_| bench.invoke("Camera", &event))).await;
    bench
        .lambda
        .wait_until(|all| all.len() <= 2 && all.iter().all(|one| one.state == ProcessState::Idle))
        .await;
    let latest = bench.who("Camera").await;
    assert_eq!(bench.who("Camera").await, latest);
}

#[tokio::test]
async fn above_the_limit_invocations_are_throttled_until_one_ends() {
    let limits = Limits { processes: 2, ..Limits::default() };
    let bench = Bench::limited(vec![probe("Camera"), probe("Worker")], limits);
    bench.who("Worker").await;
    let first = bench.hang("Camera").await;
    let second = bench.hang("Camera").await;
    assert_eq!(bench.invoke("Worker", &json!({})).await, Invocation::TooManyRequests);
    bench.lambda.kill_running("Camera");
    assert!(!first.await.unwrap().is_success() && !second.await.unwrap().is_success());
    bench.who("Worker").await;
}

#[tokio::test]
async fn processes_of_the_old_time_are_retired_when_the_clock_was_advanced() {
    let bench = Bench::new(vec![probe("Camera")]);
    let before = bench.who("Camera").await;
    bench.clock.advance(Duration::from_secs(1));
    let after = bench.who("Camera").await;
    assert_ne!(before, after);
    bench.lambda.wait_until(|processes| processes.len() == 1).await;
    assert_eq!(bench.who("Camera").await, after);
}

#[tokio::test]
async fn idle_processes_are_retired_after_their_time() {
    let limits = Limits { idle_life: Duration::from_millis(20), ..Limits::default() };
    let bench = Bench::limited(vec![probe("Camera")], limits);
    bench.who("Camera").await;
    bench.lambda.wait_until(<[_]>::is_empty).await;
    bench.who("Camera").await;
}

#[tokio::test]
async fn what_a_function_prints_is_kept() {
    let bench = Bench::new(vec![probe("Camera")]);
    bench.invoke("Camera", &json!({ "do": "print", "stdout": "a line", "stderr": "an error" })).await;
    let line = bench.logs.wait_for(|line| line.stream == Stream::Stdout).await;
    assert_eq!((line.function.as_str(), line.line.as_str()), ("Camera", "a line"));
    let line = bench.logs.wait_for(|line| line.stream == Stream::Stderr).await;
    assert_eq!((line.function.as_str(), line.line.as_str()), ("Camera", "an error"));
}

#[tokio::test]
async fn a_process_is_found_by_its_access_key() {
    let bench = Bench::new(vec![probe("Camera")]);
    let hanging = bench.hang("Camera").await;
    let key = bench.lambda.processes()[0].access_key_id.clone();
    assert!(!bench.lambda.kill("Camera-unknown"));
    assert!(bench.lambda.kill(&key));
    assert!(matches!(hanging.await.unwrap(), Invocation::Crashed { .. }));
}

#[tokio::test]
async fn built_functions_of_a_folder_are_run() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("greet");
    std::fs::write(&script, format!("#!/bin/sh\nexec {PROBE} function greet\n")).unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut function = probe("Greet");
    function.binary = "greet".to_owned();
    let lambda = lambdagram_tests::lambda::Lambda::new(Options {
        functions: vec![function],
        launcher: Launcher::Directory(folder.path().to_owned()),
        extra_environment: std::collections::BTreeMap::new(),
        clock: lambdagram_tests::clock::Clock::default(),
        logs: LogSink::default(),
        limits: Limits::default(),
    });
    let event = json!({ "do": "answer", "answer": "hello" }).to_string();
    assert_eq!(success(lambda.invoke("Greet", event.into()).await), "hello");
}

//! `local invoke`: one function, run once.

use std::fs;
use std::path::Path;

use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::process::Command;

use super::{Ended, Running, folder, local, run, text};

/// `local invoke` on a data folder.
fn invoke(data_dir: &Path, function: &str, event: &str) -> Command {
    local(&["invoke", function, "--event", event, "--data-dir", text(data_dir)])
}

/// The JSON that a successful `invoke` prints, alone on a line.
fn printed(ended: &Ended) -> Value {
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.stdout.lines().count(), 1, "{}", ended.stdout);
    serde_json::from_str(&ended.stdout).unwrap()
}

#[tokio::test]
async fn one_function_is_run_with_and_without_a_stack_beside_it() {
    let data = folder();
    let post = || invoke(data.path(), "PostPhoto", "events/post_photo.json");
    let first = printed(&run(post()).await);
    assert_eq!(first["statusCode"], 202);
    let id = &serde_json::from_str::<Value>(first["body"].as_str().unwrap()).unwrap()["id"];

    // What it queued waits for a stack.
    let stack = Running::start(data.path()).await;
    stack.sent(id.as_str().unwrap()).await;
    // The event has an Idempotency-Key: beside the stack, the function sees the same tables.
    assert_eq!(printed(&run(post()).await), first);
    let worker = run(invoke(data.path(), "BotWorker", "events/bot_worker.json")).await;
    assert_eq!(printed(&worker), json!({"batchItemFailures": []}));
    stack.end(Signal::TERM).await;
}

#[tokio::test]
async fn a_function_that_cannot_be_run_says_why_in_one_line() {
    let data = folder();
    let empty = data.path().join("empty.json");
    let broken = data.path().join("broken.json");
    fs::write(&empty, "{}").unwrap();
    fs::write(&broken, "{").unwrap();
    let data_dir = data.path().join("data");
    let missing = "No such file or directory (os error 2)";
    let not_json = "EOF while parsing an object at line 1 column 1";
    for (function, event, reason) in [
        ("Nobody", text(&empty), "template.yaml has no function Nobody".to_owned()),
        ("GetPost", "no/such/file", format!("no/such/file: {missing}")),
        ("GetPost", text(&broken), format!("{} is not JSON: {not_json}", broken.display())),
    ] {
        assert_eq!(run(invoke(&data_dir, function, event)).await, Ended::refused(&reason));
    }
    let mut no_variables = invoke(&data_dir, "GetPost", text(&empty));
    no_variables.args(["-n", "no/such/file"]);
    assert_eq!(run(no_variables).await, Ended::refused(&format!("no/such/file: {missing}")));

    // One that runs and fails: its answer says so.
    let failed = run(invoke(&data_dir, "BotWorker", text(&empty))).await;
    assert_eq!((failed.code, failed.stdout.lines().count()), (Some(1), 1), "{failed:?}");
    let answer: Value = serde_json::from_str(&failed.stdout).unwrap();
    assert!(answer["errorMessage"].as_str().unwrap().contains("missing field `Records`"), "{answer}");
}

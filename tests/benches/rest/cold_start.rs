//! The start of the functions of commands.

use lambdagram_domain::api_key::ApiKey;
use lambdagram_tests::lambda::LogSink;
use serde_json::{Value, json};

use crate::common::cold_start::{RUNS, Side, event, print_answers_at_once, row, side_of_bare, with_body};
use crate::common::figures::print;
use crate::common::ground::{BenchStack, Binaries, Failure};
use crate::service::{command, next_chat, store};

const FUNCTIONS: [(&str, &str); 2] = [("EnqueueCommand", "enqueue_command"), ("GetCommand", "get_command")];

pub(crate) async fn measure(binaries: &Binaries) -> Result<(), Failure> {
    let ours = BenchStack::ours(binaries, &LogSink::default()).await?;
    let bare = BenchStack::bare(binaries, &ours).await?;
    answers_at_once(&ours, &bare).await?;
    answers_of_work(&ours, &bare).await?;
    ours.stop().await;
    bare.stop().await;
    Ok(())
}

/// Requests that are refused before anything is asked of AWS.
async fn answers_at_once(ours: &BenchStack, bare: &BenchStack) -> Result<(), Failure> {
    let hello = side_of_bare(&bare.stack)?;
    let mut rows = Vec::new();
    for (function, name) in FUNCTIONS {
        // Without a key there is nothing to look up.
        let refused = with_authorization(event(name)?, "");
        let side = Side { stack: &ours.stack, function, event: Box::new(move || refused.clone()) };
        rows.push(row(name, &side, &hello).await?);
    }
    print_answers_at_once(&rows);
    Ok(())
}

/// A command that is accepted.
async fn answers_of_work(ours: &BenchStack, bare: &BenchStack) -> Result<(), Failure> {
    let key = ApiKey::generate();
    store(ours, &key).await?;
    let read = event("get_post")?;
    let reads = Side { stack: &bare.stack, function: "GetPost", event: Box::new(|| read.clone()) };
    let shown = format!("Bearer {}", key.encode());
    let mut enqueued = with_authorization(event("enqueue_command")?, &shown);
    for headers in ["headers", "multiValueHeaders"] {
        // With it, every run after the first would be a repeat.
        enqueued[headers].as_object_mut().ok_or("an event has headers")?.remove("Idempotency-Key");
    }
    let enqueued = move || with_body(enqueued.clone(), &command(next_chat(), "hi").to_string());
    let side = Side { stack: &ours.stack, function: "EnqueueCommand", event: Box::new(enqueued) };
    let rows = [row("enqueue_command (a read, two writes, a send, a write)", &side, &reads).await?];
    let heads =
        ["function", "answers", "start to first answer", "bare function with a read", "ratio of medians"];
    print(&format!("Start to first answer of real work, medians of {RUNS} runs each"), heads, &rows);
    Ok(())
}

fn with_authorization(mut event: Value, value: &str) -> Value {
    event["headers"]["Authorization"] = json!(value);
    event["multiValueHeaders"]["Authorization"] = json!([value]);
    event
}

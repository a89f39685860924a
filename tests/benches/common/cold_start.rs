//! From the start of a function's process to the answer of its first invocation.
//!
//! Both sides are started by the same Lambda host over a Runtime API on loopback, in turn, so that whatever else the
//! machine does meets both. Each run ends with the process's death. Fetching the binary, which Lambda does first and
//! which the size decides, is not in it.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use lambdagram_tests::lambda::Invocation;
use lambdagram_tests::stack::Stack;
use serde_json::{Value, json};

use super::figures::{Times, ms, print};
use super::ground::{Failure, at_rest, end_processes, project};

/// Runs of each side.
pub(crate) const RUNS: usize = 20;

/// One side of a comparison: a function, and the event of each run.
pub(crate) struct Side<'a> {
    pub(crate) stack: &'a Stack,
    pub(crate) function: &'a str,
    pub(crate) event: Box<dyn Fn() -> Value + 'a>,
}

/// The function that does nothing, which answers anything.
pub(crate) fn side_of_bare(stack: &Stack) -> Result<Side<'_>, Failure> {
    let hello = event("fallback")?;
    Ok(Side { stack, function: "Fallback", event: Box::new(move || hello.clone()) })
}

/// Prints what [`row`] made of events that are answered at once.
pub(crate) fn print_answers_at_once(rows: &[[String; 5]]) {
    let heads = ["function", "answers", "start to first answer", "bare function", "ratio of medians"];
    print(&format!("Start to first answer without a call to AWS, medians of {RUNS} runs each"), heads, rows);
}

/// Runs both sides in turn.
pub(crate) async fn row(name: &str, ours: &Side<'_>, bare: &Side<'_>) -> Result<[String; 5], Failure> {
    let (mut times, mut bare_times) = (Times::default(), Times::default());
    // The first run of a binary reads it from the disk.
    run(bare).await?;
    let (_, answer) = run(ours).await?;
    for _ in 0..RUNS {
        times.push(run(ours).await?.0);
        bare_times.push(run(bare).await?.0);
    }
    let ratio = times.median().as_secs_f64() / bare_times.median().as_secs_f64();
    let status = answer["statusCode"].as_u64().map_or("no failures".to_owned(), |status| status.to_string());
    Ok([name.to_owned(), status, ms(times.median()), ms(bare_times.median()), format!("{ratio:.2}")])
}

/// Starts the function for one invocation, and ends it.
async fn run(side: &Side<'_>) -> Result<(Duration, Value), Failure> {
    end_processes(side.stack, side.function).await;
    let event = Bytes::from((side.event)().to_string());
    let started = Instant::now();
    let invocation = side.stack.lambda().invoke(side.function, event).await;
    let taken = started.elapsed();
    // A worker at its job would compete with the next run for the processors.
    at_rest(side.stack).await?;
    let Invocation::Success(answer) = invocation else {
        return Err(format!("{} did not answer: {invocation:?}", side.function).into());
    };
    Ok((taken, serde_json::from_slice(&answer)?))
}

/// An example of what a function gets.
pub(crate) fn event(name: &str) -> Result<Value, Failure> {
    let path = project().join("events").join(format!("{name}.json"));
    Ok(serde_json::from_slice(&std::fs::read(path)?)?)
}

/// The event with another body, in base64 as API Gateway gives it where it must.
pub(crate) fn with_body(mut event: Value, body: &str) -> Value {
    event["body"] = json!(STANDARD.encode(body));
    event["isBase64Encoded"] = json!(true);
    event
}

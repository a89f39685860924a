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

use crate::figures::{Times, ms, print};
use crate::ground::{BenchStack, Binaries, Failure, at_rest, project};
use crate::requests::{Requests, next_person, start_update};

/// Runs of each side.
const RUNS: usize = 20;

/// One side of a comparison: a function, and the event of each run.
struct Side<'a> {
    stack: &'a Stack,
    function: &'a str,
    event: Box<dyn Fn() -> Value + 'a>,
}

pub(crate) async fn measure(binaries: &Binaries) -> Result<(), Failure> {
    let ours = BenchStack::ours(binaries).await?;
    let bare = BenchStack::bare(binaries, ours.jobs_table()?).await?;
    answers_at_once(&ours.stack, &bare.stack).await?;
    answers_of_work(&ours.stack, &bare.stack).await?;
    ours.stop().await;
    bare.stop().await;
    Ok(())
}

/// Events that are answered before anything is asked of AWS: those in `events/` are old or for another bot.
async fn answers_at_once(ours: &Stack, bare: &Stack) -> Result<(), Failure> {
    let hello = event("fallback")?;
    let bare = Side { stack: bare, function: "Fallback", event: Box::new(|| hello.clone()) };
    let mut rows = Vec::new();
    for (function, name) in [
        ("PostPhoto", "post_photo"),
        ("GetPost", "get_post"),
        ("MiniAppSession", "mini_app_session"),
        ("TelegramWebhook", "telegram_webhook"),
        ("Fallback", "fallback"),
    ] {
        let refused = event(name)?;
        let side = Side { stack: ours, function, event: Box::new(move || refused.clone()) };
        rows.push(row(name, &side, &bare).await?);
    }
    let nothing = Side { stack: ours, function: "BotWorker", event: Box::new(|| json!({ "Records": [] })) };
    rows.push(row("bot_worker", &nothing, &bare).await?);
    let heads = ["function", "answers", "start to first answer", "bare function", "ratio of medians"];
    print(&format!("Start to first answer without a call to AWS, medians of {RUNS} runs each"), heads, &rows);
    Ok(())
}

/// Events whose answer is given after what it promises is done.
async fn answers_of_work(ours: &Stack, bare: &Stack) -> Result<(), Failure> {
    let requests = Requests::new(ours.webhook_secret())?;
    let init = requests.init(&ours.url(), next_person()).await?;
    let read = event("get_post")?;
    let bare = Side { stack: bare, function: "GetPost", event: Box::new(|| read.clone()) };

    let mut asked = event("get_post")?;
    set_header(&mut asked, "Authorization", &format!("tma {init}"));
    let get_post = Side { stack: ours, function: "GetPost", event: Box::new(move || asked.clone()) };
    let mut told = event("telegram_webhook")?;
    set_header(&mut told, "X-Telegram-Bot-Api-Secret-Token", ours.webhook_secret().expose());
    let told = move || with_body(told.clone(), &start_update(next_person()).to_string());
    let webhook = Side { stack: ours, function: "TelegramWebhook", event: Box::new(told) };
    let mut posted = with_body(event("post_photo")?, &requests.json_body(&init));
    for headers in ["headers", "multiValueHeaders"] {
        // With it, every run after the first would be a repeat.
        posted[headers].as_object_mut().ok_or("an event has headers")?.remove("Idempotency-Key");
    }
    let post_photo = Side { stack: ours, function: "PostPhoto", event: Box::new(move || posted.clone()) };
    let rows = [
        row("get_post (a read)", &get_post, &bare).await?,
        row("telegram_webhook (a write, a send, a write)", &webhook, &bare).await?,
        row("post_photo (a write, 300 kB to S3, a send, a write)", &post_photo, &bare).await?,
    ];
    let heads =
        ["function", "answers", "start to first answer", "bare function with a read", "ratio of medians"];
    print(&format!("Start to first answer of real work, medians of {RUNS} runs each"), heads, &rows);
    Ok(())
}

/// Runs both sides in turn.
async fn row(name: &str, ours: &Side<'_>, bare: &Side<'_>) -> Result<[String; 5], Failure> {
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
    let lambda = side.stack.lambda();
    for process in lambda.processes().iter().filter(|process| process.function == side.function) {
        lambda.kill(&process.access_key_id);
    }
    lambda.wait_until(|processes| processes.iter().all(|process| process.function != side.function)).await;
    let event = Bytes::from((side.event)().to_string());
    let started = Instant::now();
    let invocation = lambda.invoke(side.function, event).await;
    let taken = started.elapsed();
    // A worker at its job would compete with the next run for the processors.
    at_rest(side.stack).await?;
    let Invocation::Success(answer) = invocation else {
        return Err(format!("{} did not answer: {invocation:?}", side.function).into());
    };
    Ok((taken, serde_json::from_slice(&answer)?))
}

fn event(name: &str) -> Result<Value, Failure> {
    let path = project().join("events").join(format!("{name}.json"));
    Ok(serde_json::from_slice(&std::fs::read(path)?)?)
}

fn set_header(event: &mut Value, name: &str, value: &str) {
    event["headers"][name] = json!(value);
    event["multiValueHeaders"][name] = json!([value]);
}

/// The event with another body, in base64 as API Gateway gives it where it must.
fn with_body(mut event: Value, body: &str) -> Value {
    event["body"] = json!(STANDARD.encode(body));
    event["isBase64Encoded"] = json!(true);
    event
}

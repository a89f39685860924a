//! The start of the camera's functions.

use lambdagram_tests::lambda::LogSink;
use lambdagram_tests::stack::Stack;
use serde_json::{Value, json};

use crate::common::cold_start::{RUNS, Side, event, print_answers_at_once, row, side_of_bare, with_body};
use crate::common::figures::print;
use crate::common::ground::{BenchStack, Binaries, Failure};
use crate::requests::{Requests, next_person, start_update};

pub(crate) async fn measure(binaries: &Binaries) -> Result<(), Failure> {
    let ours = BenchStack::ours(binaries, &LogSink::default()).await?;
    let bare = BenchStack::bare(binaries, &ours).await?;
    answers_at_once(&ours.stack, &bare.stack).await?;
    answers_of_work(&ours.stack, &bare.stack).await?;
    ours.stop().await;
    bare.stop().await;
    Ok(())
}

/// Events that are answered before anything is asked of AWS: those in `events/` are old or for another bot.
async fn answers_at_once(ours: &Stack, bare: &Stack) -> Result<(), Failure> {
    let bare = side_of_bare(bare)?;
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
    print_answers_at_once(&rows);
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

fn set_header(event: &mut Value, name: &str, value: &str) {
    event["headers"][name] = json!(value);
    event["multiValueHeaders"][name] = json!([value]);
}

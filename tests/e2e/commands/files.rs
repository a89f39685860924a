//! Files that commands bring along or name, and what is too long for a queue or a receipt.

use lambdagram_tests::telegram::bot_api::SentMessage;
use serde_json::{Value, json};

use super::support::{message, texts};
use crate::support::{TestStack, data_url, picture};

#[tokio::test]
async fn a_file_comes_along_and_is_named_by_its_id_afterwards() {
    let stack = TestStack::start().await;
    let service = stack.service("notifier").await;
    let photo = |photo: &str| json!({"command": "send_photo", "data": {"chat_id": 7, "photo": photo}});
    let first = service.accepted(&photo(&data_url(&picture(1)))).await;
    stack.stack.settle().await;
    let result = service.report(&first).await["result"].take();
    let file_id = result["photo"][0]["file_id"].as_str().unwrap();
    service.accepted(&photo(file_id)).await;
    stack.stack.settle().await;
    assert_eq!(stack.files(7).await, [picture(1), picture(1)]);
    stack.end_clean().await;
}

#[tokio::test]
async fn telegram_fetches_a_file_from_the_web_itself() {
    let stack = TestStack::start().await;
    let service = stack.service("notifier").await;
    let document = json!({"chat_id": 7, "document": "https://files.example/a.pdf"});
    let id = service.accepted(&json!({"command": "send_document", "data": document})).await;
    stack.stack.settle().await;
    // The simulated Telegram says so of every address: nothing leaves this machine.
    assert_eq!(service.report(&id).await["error"], "Bad Request: failed to get HTTP URL content");
    stack.end_clean().await;
}

#[tokio::test]
async fn several_files_of_one_command_keep_their_names() {
    let stack = TestStack::start().await;
    let service = stack.service("notifier").await;
    let file =
        |name: &str| json!({"type": "document", "media": format!("data:text/plain;name={name};base64,aGk=")});
    let media = json!([file("a.txt"), file("b%20c.txt")]);
    let id = service
        .accepted(&json!({"command": "send_media_group", "data": {"chat_id": 7, "media": media}}))
        .await;
    stack.stack.settle().await;
    let result = service.report(&id).await["result"].take();
    let names: Vec<_> =
        result.as_array().unwrap().iter().map(|message| &message["document"]["file_name"]).collect();
    assert_eq!(names, ["a.txt", "b c.txt"]);
    assert_eq!(stack.files(7).await, [b"hi", b"hi"]);
    stack.end_clean().await;
}

#[tokio::test]
async fn parameters_that_are_too_long_for_the_queue_wait_in_the_bucket() {
    let stack = TestStack::start().await;
    let service = stack.service("notifier").await;
    let url = format!("https://a.example/{}", "x".repeat(300_000));
    let mut command = message(7, "hi");
    command["data"]["link_preview_options"] = json!({ "url": url });
    service.accepted(&command).await;
    stack.stack.settle().await;
    let [SentMessage { params, .. }] = &stack.chat(7)[..] else { panic!("one message") };
    assert_eq!(params, &command["data"]);
    stack.end_clean().await;
}

#[tokio::test]
async fn a_result_that_is_too_long_for_a_receipt_is_told_all_the_same() {
    let stack = TestStack::start().await;
    let service = stack.service("notifier").await;
    let button = json!({"text": "x".repeat(150_000), "callback_data": "a"});
    let mut command = message(7, "hi");
    command["data"]["reply_markup"] = json!({"inline_keyboard": [[button]]});
    let answered = service.enqueue_with(&command, &[("prefer", "wait=20")]).await;
    let shown = |result: &Value| result["reply_markup"]["inline_keyboard"][0][0].clone();
    assert_eq!((answered.status.as_u16(), shown(&answered.body["result"])), (200, button.clone()));
    let id = answered.body["id"].as_str().unwrap();
    assert_eq!(shown(&service.report(id).await["result"]), button);
    stack.end_clean().await;
}

#[tokio::test]
async fn what_a_hopeless_command_brought_along_is_cleared_away() {
    let stack = TestStack::start().await;
    let service = stack.service("notifier").await;
    let document = json!({"chat_id": -7, "document": "data:text/plain,hi"});
    let id = service.accepted(&json!({"command": "send_document", "data": document})).await;
    stack.stack.settle().await;
    assert_eq!(service.state(&id).await, "failed");
    assert_eq!(texts(&stack, -7), [""; 0]);
    // `end_clean` looks into the bucket.
    stack.end_clean().await;
}

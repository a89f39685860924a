//! Which updates reach a service, and as what: private chats, groups, topics, repeats, edits.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::support::{Address, everything_to};
use crate::commands::support::texts;
use crate::support::TestStack;

const GROUP: i64 = -1_001_000_000_007;

fn command(text: &str) -> Value {
    let length = text.split(' ').next().unwrap().len();
    json!({"text": text, "entities": [{"type": "bot_command", "offset": 0, "length": length}]})
}

/// A message of person 7 in a chat of that kind.
fn message(chat: &Value, more: &Value) -> Value {
    let from = json!({"id": 7, "is_bot": false, "first_name": "Ada"});
    let mut message = json!({"message_id": 3, "date": 1, "chat": chat, "from": from});
    message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    message
}

fn group() -> Value {
    json!({"id": GROUP, "type": "supergroup", "title": "Forum", "is_forum": true})
}

#[tokio::test]
async fn a_service_gets_what_was_asked_by_whom_and_where() {
    let address = Address::open().await;
    let stack = TestStack::start_with_assignments(&everything_to(&address.url, "notifier")).await;
    let service = address.always(200, &json!({"reply": "yes"}));
    stack.write(7, "/report@lambdagram_sim_bot \"two words\" #3").await;
    stack.stack.settle().await;
    stack.write(7, "just words").await;
    stack.stack.settle().await;
    let about = |message_id: i64, asks: Value| json!({"user": 7, "chat": 7, "private": true, "message_id": message_id, "asks": asks});
    let asked = json!({
        "kind": "command",
        "name": "report",
        "bot": "lambdagram_sim_bot",
        "arguments": ["two words", "#3"],
        "rest": "\"two words\" #3",
    });
    let said = json!({"kind": "message", "text": "just words"});
    assert_eq!(service.bodies(), [about(1, asked), about(3, said)]);
    assert_eq!(service.asked()[0].header("content-type"), "application/json");
    assert_eq!(texts(&stack, 7), ["yes", "yes"]);
    stack.end_clean().await;
}

#[tokio::test]
async fn a_command_in_a_groups_topic_is_answered_in_that_topic() {
    let address = Address::open().await;
    let stack = TestStack::start_with_assignments(&everything_to(&address.url, "notifier")).await;
    let service = address.always(200, &json!({"reply": "pong"}));
    let in_topic = json!({"message_thread_id": 12, "is_topic_message": true});
    let mut asked = message(&group(), &command("/ping"));
    asked.as_object_mut().unwrap().extend(in_topic.as_object().unwrap().clone());
    stack.write_to_bot(json!({"message": asked})).await;
    stack.stack.settle().await;
    // A thread of replies is no topic.
    let mut asked = message(&group(), &command("/ping"));
    asked["message_thread_id"] = json!(13);
    stack.write_to_bot(json!({"message": asked})).await;
    stack.stack.settle().await;
    let topics: Vec<_> = service.bodies().iter().map(|body| body["message_thread_id"].clone()).collect();
    assert_eq!(topics, [json!(12), Value::Null]);
    let sent: Vec<_> =
        stack.chat(GROUP).iter().map(|sent| sent.params["message_thread_id"].clone()).collect();
    assert_eq!(sent, [json!(12), Value::Null]);
    assert!(stack.chat(7).is_empty());
    stack.end_clean().await;
}

#[tokio::test]
async fn in_a_group_only_commands_for_this_bot_are_taken() {
    let address = Address::open().await;
    let stack = TestStack::start_with_assignments(&everything_to(&address.url, "notifier")).await;
    let service = address.always(200, &json!({"reply": "pong"}));
    for text in ["/ping@other_bot", "/ping@Lambdagram_Sim_Bot", "/ping"] {
        stack.write_in_group(7, GROUP, text).await;
    }
    stack.stack.settle().await;
    let bots: Vec<_> = service.bodies().iter().map(|body| body["asks"]["bot"].clone()).collect();
    assert_eq!(bots, [json!("Lambdagram_Sim_Bot"), Value::Null]);
    stack.end_clean().await;
}

#[tokio::test]
async fn edited_messages_and_those_of_bots_and_channels_ask_for_nothing() {
    let address = Address::open().await;
    let stack = TestStack::start_with_assignments(&everything_to(&address.url, "notifier")).await;
    let service = address.always(200, &json!({"reply": "pong"}));
    let secret = stack.stack.webhook_secret().expose().to_owned();
    let private = json!({"id": 7, "type": "private", "first_name": "Ada"});
    let asked = message(&private, &command("/ping"));
    let mut of_a_bot = asked.clone();
    of_a_bot["from"]["is_bot"] = json!(true);
    let mut of_a_chat = message(&group(), &command("/ping"));
    of_a_chat["sender_chat"] = group();
    for (number, update) in [
        json!({"edited_message": asked}),
        json!({"channel_post": asked}),
        json!({"edited_channel_post": asked}),
        json!({"message": of_a_bot}),
        json!({"message": of_a_chat}),
    ]
    .into_iter()
    .enumerate()
    {
        let mut update = update;
        update["update_id"] = json!(100 + number);
        assert_eq!(stack.update(Some(&secret), update.to_string()).await.0, StatusCode::OK);
    }
    stack.stack.settle().await;
    assert_eq!(service.bodies(), [Value::Null; 0]);
    assert!(stack.chat(7).is_empty() && stack.chat(GROUP).is_empty());
    stack.end_clean().await;
}

#[tokio::test]
async fn a_repeated_update_is_dispatched_once_for_a_day() {
    let address = Address::open().await;
    let stack = TestStack::start_with_assignments(&everything_to(&address.url, "notifier")).await;
    let service = address.always(200, &json!({"reply": "pong"}));
    let secret = stack.stack.webhook_secret().expose().to_owned();
    let private = json!({"id": 7, "type": "private", "first_name": "Ada"});
    let update = json!({"update_id": 5, "message": message(&private, &command("/ping"))}).to_string();
    for wait in [Duration::ZERO, Duration::from_mins(6), Duration::from_hours(23)] {
        for _ in 0..2 {
            let answer = stack.update(Some(&secret), update.clone()).await;
            assert_eq!(answer, (StatusCode::OK, json!({"ok": true})));
        }
        stack.stack.settle().await;
        stack.stack.clock().advance(wait);
    }
    assert_eq!((service.asked().len(), texts(&stack, 7)), (1, vec!["pong".to_owned()]));
    assert_eq!(stack.rows("dispatchestable").await.len(), 1);
    stack.end_clean().await;
}

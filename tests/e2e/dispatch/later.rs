//! Answers that come later, by `reply_to`.

use std::time::Duration;

use serde_json::{Value, json};

use super::support::{Address, everything_to};
use crate::commands::support::texts;
use crate::support::TestStack;

const GROUP: i64 = -1_001_000_000_007;

fn reply(id: &str, command: &str, data: &Value) -> Value {
    json!({"command": command, "data": data, "reply_to": id})
}

#[tokio::test]
async fn a_later_answer_goes_to_the_topic_it_was_asked_from() {
    let address = Address::open().await;
    let stack = TestStack::start_with_assignments(&everything_to(&address.url, "notifier")).await;
    let service = address.always(202, &Value::Null);
    let from = json!({"id": 7, "is_bot": false, "first_name": "Ada"});
    let chat = json!({"id": GROUP, "type": "supergroup", "title": "Forum"});
    let entity = json!([{"type": "bot_command", "offset": 0, "length": 5}]);
    let message = json!({
        "message_id": 3, "date": 1, "chat": chat, "from": from, "text": "/long", "entities": entity,
        "message_thread_id": 12, "is_topic_message": true,
    });
    stack.write_to_bot(json!({"message": message})).await;
    stack.stack.settle().await;
    let id = service.asked()[0].header("webhook-id").to_owned();
    assert!(stack.chat(GROUP).is_empty());

    let key = stack.service("notifier").await;
    key.accepted(&reply(&id, "send_message", &json!({"text": "done"}))).await;
    key.accepted(&reply(&id, "send_message", &json!({"text": "really", "chat_id": GROUP}))).await;
    stack.stack.settle().await;
    assert_eq!(texts(&stack, GROUP), ["done", "really"]);
    assert!(stack.chat(GROUP).iter().all(|sent| sent.params["message_thread_id"] == 12));
    stack.end_clean().await;
}

#[tokio::test]
async fn a_later_answer_goes_nowhere_else_and_does_no_more_than_both_roles_may() {
    let address = Address::open().await;
    let stack = TestStack::start_with_assignments(&everything_to(&address.url, "notifier")).await;
    let service = address.always(202, &Value::Null);
    stack.write(7, "/long").await;
    stack.stack.settle().await;
    let id = service.asked()[0].header("webhook-id").to_owned();
    let admin = stack.service("admin").await;
    let invalid =
        |details: &str| (400, json!({"error": "The command's data is invalid.", "details": details}));
    let elsewhere = "`chat_id` of sendMessage leads to another place than the one that was asked from";
    let forbidden = (403, json!({"error": "The role of this API key may not run this command."}));
    for (command, data, expected) in [
        ("send_message", json!({"text": "a", "chat_id": 8}), invalid(elsewhere)),
        ("send_message", json!({"text": "a", "chat_id": "@b"}), invalid(elsewhere)),
        ("send_message", json!({}), invalid("`text` is missing.")),
        // The service's role may only send.
        ("delete_message", json!({"message_id": 1}), forbidden.clone()),
        ("answer_callback_query", json!({}), forbidden.clone()),
    ] {
        let told = admin.enqueue(&reply(&id, command, &data)).await.told();
        assert_eq!(told, expected, "{command} {data}");
    }
    let member = stack.service("member").await;
    assert_eq!(member.enqueue(&reply(&id, "send_message", &json!({"text": "a"}))).await.told(), forbidden);
    let unknown = (400, json!({"error": "reply_to names nothing that can be answered."}));
    for id in ["", "dispatch-1-1", "../x", "callback-1"] {
        let told = admin.enqueue(&reply(id, "send_message", &json!({"text": "a"}))).await.told();
        assert_eq!(told, unknown, "{id}");
    }
    stack.stack.clock().advance(Duration::from_hours(49));
    let told = admin.enqueue(&reply(&id, "send_message", &json!({"text": "a"}))).await.told();
    assert_eq!(told, unknown);
    assert!(stack.chat(7).is_empty());
    stack.end_clean().await;
}

#[tokio::test]
async fn a_press_is_answered_later_too() {
    let address = Address::open().await;
    let stack = TestStack::start_with_assignments(&everything_to(&address.url, "responder")).await;
    let service = address.always(202, &Value::Null);
    stack.press(7, "4713", "a").await;
    stack.stack.settle().await;
    assert!(stack.chat(7).is_empty(), "the button waits for its service");
    let id = service.asked()[0].header("webhook-id").to_owned();
    let key = stack.service("responder").await;
    key.accepted(&reply(&id, "answer_callback_query", &json!({"text": "done"}))).await;
    stack.stack.settle().await;
    let chat = stack.chat(7);
    assert_eq!(chat[0].method, "answerCallbackQuery");
    assert_eq!(chat[0].params["callback_query_id"], "4713");
    stack.end_clean().await;
}

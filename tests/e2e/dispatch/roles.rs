//! Who may ask what, and what the others are told.

use serde_json::{Value, json};

use super::support::{Address, Scripted, answered, everything_to};
use crate::commands::support::texts;
use crate::support::TestStack;

const GROUP: i64 = -1_001_000_000_007;

async fn start(change: impl Fn(String) -> String) -> (TestStack, Scripted) {
    let address = Address::open().await;
    let stack = TestStack::start_with_assignments(&change(everything_to(&address.url, "responder"))).await;
    (stack, address.always(200, &json!({"reply": "yes"})))
}

#[tokio::test]
async fn who_may_not_ask_is_told_so_and_the_service_hears_nothing() {
    let (stack, service) = start(|assignments| assignments).await;
    stack.write(8, "/ping").await;
    stack.press(8, "88", "a").await;
    stack.stack.settle().await;
    let chat = stack.chat(8);
    let mut told: Vec<_> =
        chat.iter().map(|sent| (sent.method.as_str(), sent.params["text"].as_str().unwrap())).collect();
    // They are two lines: the chat's, and the button's.
    told.sort_unstable();
    let refusal = "You may not use this here.";
    assert_eq!(told, [("answerCallbackQuery", refusal), ("sendMessage", refusal)]);
    assert_eq!(service.asked().len(), 0);
    stack.end_clean().await;
}

#[tokio::test]
async fn strangers_are_answered_if_so_configured() {
    let (stack, service) = start(|assignments| assignments).await;
    for text in ["/ping", "hello"] {
        stack.write(9, text).await;
    }
    stack.stack.settle().await;
    assert_eq!(texts(&stack, 9), ["This bot does not know you."; 2]);
    assert_eq!(service.asked().len(), 0);
    stack.end_clean().await;
}

#[tokio::test]
async fn strangers_hear_nothing_if_so_configured_and_start_still_shows_the_camera() {
    let (stack, service) = start(|assignments| assignments.replace("answer", "silent")).await;
    for text in ["/ping", "hello"] {
        stack.write(9, text).await;
    }
    stack.press(9, "99", "a").await;
    stack.write_in_group(9, GROUP, "/ping").await;
    stack.stack.settle().await;
    assert!(stack.chat(9).is_empty() && stack.chat(GROUP).is_empty());
    stack.write(9, "/start").await;
    stack.stack.settle().await;
    assert_eq!(stack.chat(9).len(), 3);
    assert_eq!(service.asked().len(), 0);
    stack.end_clean().await;
}

#[tokio::test]
async fn a_command_that_nothing_is_routed_for_is_unknown() {
    let only_ping = |assignments: String| {
        assignments.replace("{/*: one, callback_query: one, message: one}", "{/ping: one}")
    };
    let (stack, service) = start(only_ping).await;
    for text in ["/ping", "/other", "/ping"] {
        stack.write(7, text).await;
        stack.stack.settle().await;
    }
    assert_eq!(texts(&stack, 7), ["yes", "I do not know this command.", "yes"]);
    assert_eq!(service.asked().len(), 2);
    // In a group it may be another bot's, unless it names this one.
    stack.write_in_group(7, GROUP, "/other").await;
    stack.stack.settle().await;
    assert!(stack.chat(GROUP).is_empty());
    stack.write_in_group(7, GROUP, "/other@lambdagram_sim_bot").await;
    stack.stack.settle().await;
    assert_eq!(texts(&stack, GROUP), ["I do not know this command."]);
    stack.end_clean().await;
}

#[tokio::test]
async fn a_service_may_answer_with_what_its_role_may_use() {
    let address = Address::open().await;
    let stack = TestStack::start_with_assignments(&everything_to(&address.url, "notifier")).await;
    let answers = [
        json!({"method": "sendMessage", "text": "first"}),
        json!({"method": "deleteMessage", "message_id": 1}),
        json!({"method": "sendMessage", "text": "paid", "allow_paid_broadcast": true}),
        json!({"method": "sendMessage", "chat_id": 8, "text": "elsewhere"}),
        json!({"method": "setMyName", "name": "Mallory"}),
        json!({"method": "setWebhook", "url": "https://mallory.example"}),
        json!({"ok": true}),
    ];
    let bodies = answers.clone();
    let service = address.script(move |number, _| answered(200, &bodies[number].to_string()));
    for _ in &answers {
        stack.write(7, "/do").await;
        stack.stack.settle().await;
    }
    assert_eq!(service.asked().len(), answers.len());
    let mut expected = vec!["first"];
    expected.resize(answers.len(), "That did not work. Please try again later.");
    assert_eq!(texts(&stack, 7), expected);
    assert!(stack.chat(8).is_empty());
    assert_eq!(stack.dead_letters().len(), answers.len() - 1);
    stack.end().await;
}

#[tokio::test]
async fn the_order_of_a_chat_is_kept_on_both_ways() {
    let address = Address::open().await;
    let stack = TestStack::start_with_assignments(&everything_to(&address.url, "notifier")).await;
    let service = address.script(|number, asked| {
        // The first is asked for again, and what follows waits behind it.
        if number == 0 {
            return answered(503, "");
        }
        let text = asked.json()["asks"]["text"].clone();
        answered(200, &json!({"reply": text}).to_string())
    });
    let said: Vec<String> = (0..5).map(|number| number.to_string()).collect();
    for text in &said {
        stack.write(7, text).await;
    }
    stack.stack.settle().await;
    assert_eq!(texts(&stack, 7), said);
    let asked: Vec<Value> = service.bodies().iter().map(|body| body["asks"]["text"].clone()).collect();
    assert_eq!(asked, ["0", "0", "1", "2", "3", "4"].map(Value::from));
    stack.end_clean().await;
}

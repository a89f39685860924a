//! Services that are down, slow or wrong: tries, dead letters, and the person who waits.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::support::{Address, answered, everything_to};
use crate::commands::support::texts;
use crate::support::TestStack;

const NO_ANSWER: &str = "That did not work. Please try again later.";

#[tokio::test]
async fn a_service_that_is_down_for_a_while_is_asked_again_under_the_same_id() {
    let address = Address::open().await;
    let stack = TestStack::start_with_assignments(&everything_to(&address.url, "notifier")).await;
    let service = address.script(|number, _| match number {
        0 => answered(503, "{\"reply\":\"not yet\"}"),
        1 => answered(429, ""),
        2 => answered(500, &"x".repeat(100_000)),
        _ => answered(200, "{\"reply\":\"pong\"}"),
    });
    let began = stack.stack.clock().now_s();
    stack.write(7, "/ping").await;
    stack.stack.settle().await;
    assert_eq!(texts(&stack, 7), ["pong"]);
    let asked = service.asked();
    assert_eq!(asked.iter().map(|asked| asked.header("webhook-id")).collect::<BTreeSet<_>>().len(), 1);
    let secret = stack.stack.signing_secret().expose();
    let mut last = began;
    for (asked, pause) in asked.iter().zip([0, 5, 15, 45]) {
        let at: u64 = asked.header("webhook-timestamp").parse().unwrap();
        assert!((last + pause..=last + pause + 10).contains(&at), "{at} after {last}");
        assert!(asked.is_signed_with(secret, at));
        last = at;
    }
    assert_eq!(asked.len(), 4);
    stack.end_clean().await;
}

#[tokio::test]
async fn after_four_tries_the_person_is_told_once_and_the_request_is_a_dead_letter() {
    let address = Address::open().await;
    let stack = TestStack::start_with_assignments(&everything_to(&address.url, "notifier")).await;
    let service = address.script(|number, _| match number {
        0..8 => answered(502, ""),
        _ => answered(200, "{\"reply\":\"pong\"}"),
    });
    stack.write(7, "/ping").await;
    stack.stack.settle().await;
    assert_eq!((service.asked().len(), texts(&stack, 7)), (4, vec![NO_ANSWER.to_owned()]));
    let letter: Value = serde_json::from_str(&stack.dead_letters()[0]).unwrap();
    assert_eq!((&letter["kind"], &letter["route"]), (&json!("dispatch"), &json!("one")));
    // A redrive has four tries again, and nobody is told a second time.
    stack.redrive_queue("dispatch").await;
    stack.stack.settle().await;
    assert_eq!((service.asked().len(), texts(&stack, 7).len(), stack.dead_letters().len()), (8, 1, 1));
    stack.redrive_queue("dispatch").await;
    stack.stack.settle().await;
    assert_eq!(texts(&stack, 7), [NO_ANSWER, "pong"]);
    stack.end_clean().await;
}

#[tokio::test]
async fn what_a_service_refuses_is_not_asked_again() {
    for status in [400, 401, 403, 404, 410] {
        let address = Address::open().await;
        let stack = TestStack::start_with_assignments(&everything_to(&address.url, "notifier")).await;
        let service = address.always(status, &json!({"reply": "no"}));
        stack.write(7, "/ping").await;
        stack.stack.settle().await;
        assert_eq!((service.asked().len(), texts(&stack, 7)), (1, vec![NO_ANSWER.to_owned()]), "{status}");
        assert_eq!(stack.dead_letters().len(), 1);
        stack.end().await;
    }
}

#[tokio::test]
async fn a_service_that_nobody_listens_for_is_tried_and_given_up() {
    let address = Address::open().await;
    let stack = TestStack::start_with_assignments(&everything_to(&address.url, "notifier")).await;
    drop(address);
    stack.write(7, "/ping").await;
    stack.stack.settle().await;
    assert_eq!(texts(&stack, 7), [NO_ANSWER]);
    assert_eq!(stack.dead_letters().len(), 1);
    stack.end().await;
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_none() {
    let address = Address::open().await;
    let stack = TestStack::start_with_assignments(&everything_to(&address.url, "notifier")).await;
    let service = address.always(200, &json!({"reply": "x".repeat(70_000)}));
    stack.write(7, "/ping").await;
    stack.stack.settle().await;
    assert_eq!((service.asked().len(), texts(&stack, 7)), (1, vec![NO_ANSWER.to_owned()]));
    stack.end().await;
}

#[tokio::test]
async fn one_chats_dead_service_keeps_no_other_chat_waiting() {
    let address = Address::open().await;
    let assignments = everything_to(&address.url, "notifier").replace("8: notifier", "8: member");
    let stack = TestStack::start_with_assignments(&assignments).await;
    let service = address.script(|_, asked| match asked.json()["chat"].as_i64() {
        Some(7) => answered(503, ""),
        _ => answered(200, "{\"reply\":\"pong\"}"),
    });
    stack.write(7, "/ping").await;
    stack.write(8, "/ping").await;
    stack.stack.settle().await;
    assert_eq!((texts(&stack, 7), texts(&stack, 8)), (vec![NO_ANSWER.to_owned()], vec!["pong".to_owned()]));
    let chats: Vec<_> = service.bodies().iter().map(|body| body["chat"].as_i64().unwrap()).collect();
    let position = chats.iter().position(|chat| *chat == 8).unwrap();
    assert!(position <= 1, "{chats:?}");
    stack.end().await;
}

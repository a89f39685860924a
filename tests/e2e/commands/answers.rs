//! What each request is answered.

use std::time::Duration;

use lambdagram_domain::receipt::RESULT_KEPT;
use reqwest::Method;
use serde_json::json;

use super::support::{Answered, message, texts};
use crate::support::TestStack;

#[tokio::test]
async fn a_command_is_accepted_carried_out_and_reported() {
    let stack = TestStack::start().await;
    let service = stack.service("notifier").await;
    let id = service.accepted(&message(7, "hi")).await;
    stack.stack.settle().await;
    assert_eq!(texts(&stack, 7), ["hi"]);
    let report = service.report(&id).await;
    let at = |field: &str| report[field].as_str().unwrap();
    assert!(at("created_at") <= at("finished_at"), "{report}");
    let expected = json!({
        "id": id,
        "command": "send_message",
        "state": "done",
        "result": report["result"],
        "attempts": 1,
        "created_at": at("created_at"),
        "finished_at": at("finished_at"),
    });
    assert_eq!(report, expected);
    assert_eq!((&report["result"]["message_id"], &report["result"]["text"]), (&json!(1), &json!("hi")));
    stack.end_clean().await;
}

#[tokio::test]
async fn a_command_has_two_spellings() {
    let stack = TestStack::start().await;
    let service = stack.service("admin").await;
    let command = json!({"command": "sendMessage", "data": {"chat_id": "7", "text": "hi"}});
    let id = service.accepted(&command).await;
    stack.stack.settle().await;
    assert_eq!(service.report(&id).await["command"], "send_message");
    assert_eq!(texts(&stack, 7), ["hi"]);
    stack.end_clean().await;
}

#[tokio::test]
async fn a_command_without_a_chat_is_carried_out_too() {
    let stack = TestStack::start().await;
    let service = stack.service("admin").await;
    let commands = json!([{"command": "ping", "description": "Answers"}]);
    let id = service.accepted(&json!({"command": "set_my_commands", "data": {"commands": commands}})).await;
    stack.stack.settle().await;
    let report = service.report(&id).await;
    assert_eq!((&report["state"], &report["result"]), (&json!("done"), &json!(true)));
    stack.end_clean().await;
}

#[tokio::test]
async fn who_waits_gets_the_result() {
    let stack = TestStack::start().await;
    let service = stack.service("notifier").await;
    let answered = service.enqueue_with(&message(7, "hi"), &[("prefer", "wait=20")]).await;
    let id = answered.body["id"].as_str().unwrap().to_owned();
    assert_eq!(answered.headers["preference-applied"], "wait=20");
    assert_eq!(answered.headers["location"], format!("/commands/{id}"));
    let result = service.report(&id).await["result"].take();
    assert_eq!(result["text"], "hi");
    let expected = json!({"status": "success", "id": id, "result": result});
    assert_eq!(answered.told(), (200, expected));
    stack.end_clean().await;
}

#[tokio::test]
async fn who_waits_is_told_why_it_failed() {
    let stack = TestStack::start().await;
    let service = stack.service("notifier").await;
    let answered = service.enqueue_with(&message(-7, "hi"), &[("prefer", "wait=20")]).await;
    let location = answered.headers["location"].to_str().unwrap().to_owned();
    let expected =
        json!({"status": "error", "error": "The command failed.", "details": "Bad Request: chat not found"});
    assert_eq!(answered.told(), (502, expected));
    let report = service.report(location.strip_prefix("/commands/").unwrap()).await;
    assert_eq!(
        (&report["state"], &report["error"]),
        (&json!("failed"), &json!("Bad Request: chat not found"))
    );
    assert!(report["finished_at"].is_string() && report.get("result").is_none(), "{report}");
    stack.end_clean().await;
}

#[tokio::test]
async fn who_waits_in_vain_is_told_where_to_ask() {
    let stack = TestStack::start().await;
    let service = stack.service("notifier").await;
    stack.fault(json!({"method": "sendMessage", "error": "429:60", "times": 1})).await;
    let answered = service.enqueue_with(&message(7, "hi"), &[("prefer", "wait=1")]).await;
    assert_eq!(answered.headers["preference-applied"], "wait=1");
    let id = answered.accepted();
    assert_eq!(service.state(&id).await, "queued");
    stack.stack.settle().await;
    assert_eq!(service.state(&id).await, "done");
    stack.end_clean().await;
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer_and_does_nothing_twice() {
    let stack = TestStack::start().await;
    let service = stack.service("notifier").await;
    let first = service.enqueue_once("k", &message(7, "hi")).await.accepted();
    stack.stack.settle().await;
    assert_eq!(service.enqueue_once("k", &message(7, "hi")).await.accepted(), first);
    let waiting = [("idempotency-key", "\"k\""), ("prefer", "wait=5")];
    assert_eq!(service.enqueue_with(&message(7, "hi"), &waiting).await.body["result"]["text"], "hi");

    let other_body = service.enqueue_once("k", &message(7, "ho")).await.told();
    let error = "This Idempotency-Key was used for another request.";
    assert_eq!(other_body, (422, json!({"error": error})));
    // Another key's idempotency keys are its own.
    let other = stack.service("notifier").await;
    assert_ne!(other.enqueue_once("k", &message(8, "hi")).await.accepted(), first);
    stack.stack.settle().await;
    assert_eq!((texts(&stack, 7), texts(&stack, 8)), (vec!["hi".to_owned()], vec!["hi".to_owned()]));
    stack.end_clean().await;
}

#[tokio::test]
async fn a_result_is_told_for_a_day_and_to_its_own_key_alone() {
    let stack = TestStack::start().await;
    let (service, other) = (stack.service("notifier").await, stack.service("admin").await);
    let id = service.accepted(&message(7, "hi")).await;
    stack.stack.settle().await;
    let path = format!("/commands/{id}");
    let not_found = (404, json!({"error": "Not found."}));
    assert_eq!(Answered::of(other.request(Method::GET, &path)).await.told(), not_found);
    for unknown in ["/commands/0123", "/commands/..%2Fx"] {
        assert_eq!(Answered::of(service.request(Method::GET, unknown)).await.told(), not_found);
    }
    let nearly = RESULT_KEPT.saturating_sub(Duration::from_mins(1));
    stack.stack.clock().advance(nearly);
    assert_eq!(service.state(&id).await, "done");
    stack.stack.clock().advance(Duration::from_mins(1));
    assert_eq!(Answered::of(service.request(Method::GET, &path)).await.told(), not_found);
    stack.end_clean().await;
}

#[tokio::test]
async fn neither_keys_nor_messages_are_in_the_logs() {
    let stack = TestStack::start().await;
    let service = stack.service("notifier").await;
    for chat_id in [7, -7] {
        service.accepted(&message(chat_id, "a sentence of somebody's")).await;
    }
    service.enqueue(&json!({"command": "send_message", "data": {"text": "a sentence of somebody's"}})).await;
    stack.stack.settle().await;
    let secret = service.key.rsplit_once('_').unwrap().1;
    for line in stack.logs.logs() {
        assert!(!line.line.contains("a sentence of") && !line.line.contains(secret), "{}", line.line);
    }
    stack.end_clean().await;
}

//! What Telegram may answer to a command, and what the worker makes of it.

use std::time::Duration;

use serde_json::json;

use super::support::{message, texts};
use crate::support::TestStack;

const BLOCKED: &str = "Forbidden: bot was blocked by the user";

#[tokio::test]
async fn a_chat_that_must_wait_keeps_its_order_while_others_go_on() {
    let stack = TestStack::start().await;
    let service = stack.service("notifier").await;
    stack.fault(json!({"method": "sendMessage", "error": "429:60", "times": 1, "chat_id": 7})).await;
    let waiting = service.accepted(&message(7, "1")).await;
    let behind = service.accepted(&message(7, "2")).await;
    stack.stack.simulated().unwrap().faults().hit("sendMessage").await;
    let other = service.enqueue_with(&message(8, "1"), &[("prefer", "wait=20")]).await;
    assert_eq!(other.status.as_u16(), 200, "{:?}", other.body);
    assert_eq!(texts(&stack, 7), [""; 0]);
    assert_eq!(service.state(&behind).await, "queued");
    let before = stack.stack.clock().now_s();
    stack.stack.settle().await;
    assert!(stack.stack.clock().now_s() >= before + 50, "it waited as long as it was told");
    assert_eq!(texts(&stack, 7), ["1", "2"]);
    // To be told to wait is no attempt.
    assert_eq!(service.report(&waiting).await["attempts"], 1);
    stack.end_clean().await;
}

#[tokio::test]
async fn a_refusal_is_told_and_is_nobodys_dead_letter() {
    let stack = TestStack::start().await;
    let service = stack.service("notifier").await;
    for error in [format!("403:{BLOCKED}"), "400:Bad Request: BUTTON_DATA_INVALID".to_owned()] {
        stack.fault(json!({"method": "sendMessage", "error": error, "times": 1})).await;
        let id = service.accepted(&message(7, "hi")).await;
        stack.stack.settle().await;
        let report = service.report(&id).await;
        let says = error.split_once(':').unwrap().1;
        assert_eq!((&report["state"], &report["error"]), (&json!("failed"), &json!(says)));
        assert_eq!(report["attempts"], 1);
    }
    assert_eq!(texts(&stack, 7), [""; 0]);
    stack.end_clean().await;
}

#[tokio::test]
async fn what_no_attempt_could_do_is_told_and_lies_among_the_dead_letters() {
    let stack = TestStack::start().await;
    let service = stack.service("notifier").await;
    stack.fault(json!({"method": "sendMessage", "error": "500:Internal Server Error", "times": 12})).await;
    let id = service.accepted(&message(7, "hi")).await;
    stack.stack.settle().await;
    let report = service.report(&id).await;
    assert_eq!(report["error"], "Telegram failed with status 500");
    assert_eq!((&report["state"], &report["attempts"]), (&json!("failed"), &json!(12)));
    let [letter] = &stack.dead_letters()[..] else { panic!("one dead letter") };
    assert!(letter.contains(&id));
    stack.end().await;
}

#[tokio::test]
async fn a_group_that_became_a_supergroup_is_followed() {
    let stack = TestStack::start().await;
    let service = stack.service("notifier").await;
    let supergroup = -1_000_000_000_005_i64;
    let group = json!({"id": -5, "type": "group", "title": "G"});
    stack
        .write_to_bot(json!({"message": {"message_id": 1, "chat": group, "migrate_to_chat_id": supergroup}}))
        .await;
    for text in ["1", "2"] {
        service.accepted(&message(-5, text)).await;
    }
    stack.stack.settle().await;
    assert_eq!(texts(&stack, supergroup), ["1", "2"]);
    stack.end_clean().await;
}

#[tokio::test]
async fn a_method_that_the_server_does_not_know_fails_at_once() {
    let stack = TestStack::start().await;
    let service = stack.service("admin").await;
    let id = service.accepted(&json!({"command": "send_dice", "data": {"chat_id": 7}})).await;
    stack.stack.settle().await;
    let report = service.report(&id).await;
    assert_eq!((&report["error"], &report["attempts"]), (&json!("Not Found: method not found"), &json!(1)));
    stack.end_clean().await;
}

#[tokio::test]
async fn an_answer_that_is_lost_is_risked_again_or_left_as_configured() {
    for (policy, when, state, expected) in [
        ("retry", "before", "done", vec!["hi"]),
        ("retry", "after", "done", vec!["hi", "hi"]),
        ("stop", "before", "failed", vec![]),
        ("stop", "after", "failed", vec!["hi"]),
    ] {
        let stack = TestStack::start_with_parameters(&[("UnresolvedSends", policy)]).await;
        let service = stack.service("notifier").await;
        stack.fault(json!({"method": "sendMessage", "error": "drop", "times": 1, "when": when})).await;
        let id = service.accepted(&message(7, "hi")).await;
        stack.stack.settle().await;
        let report = service.report(&id).await;
        assert_eq!(report["state"], state, "{policy} {when}");
        if state == "failed" {
            let nobody_knows = "Nobody knows whether Telegram did it: the answer was lost.";
            assert_eq!(report["error"], nobody_knows, "{policy} {when}");
        }
        assert_eq!(texts(&stack, 7), expected, "{policy} {when}");
        stack.end_clean().await;
    }
}

#[tokio::test]
async fn what_may_be_done_twice_is_repeated_whatever_the_policy() {
    for (when, edits) in [("before", 1), ("after", 1)] {
        let stack = TestStack::start_with_parameters(&[("UnresolvedSends", "stop")]).await;
        let service = stack.service("admin").await;
        service.accepted(&message(7, "a")).await;
        stack.fault(json!({"method": "editMessageText", "error": "drop", "times": 1, "when": when})).await;
        stack.fault(json!({"method": "deleteMessage", "error": "drop", "times": 1, "when": when})).await;
        let edit = json!({"chat_id": 7, "message_id": 1, "text": "b"});
        let edit = service.accepted(&json!({"command": "edit_message_text", "data": edit})).await;
        let delete = json!({"chat_id": 7, "message_id": 1});
        let delete = service.accepted(&json!({"command": "delete_message", "data": delete})).await;
        stack.stack.settle().await;
        for id in [edit, delete] {
            let report = service.report(&id).await;
            assert_eq!(
                (&report["state"], &report["attempts"]),
                (&json!("done"), &json!(2)),
                "{when} {report}"
            );
        }
        let done: Vec<_> = stack.chat(7).into_iter().map(|deed| deed.method).collect();
        let expected = [vec!["sendMessage"], vec!["editMessageText"; edits], vec!["deleteMessage"]].concat();
        assert_eq!(done, expected, "{when}");
        stack.end_clean().await;
    }
}

#[tokio::test]
async fn a_failed_command_that_is_redriven_succeeds() {
    let stack = TestStack::start().await;
    let service = stack.service("notifier").await;
    stack.fault(json!({"method": "sendDocument", "error": "500:Internal Server Error", "times": 12})).await;
    let document = json!({"chat_id": 7, "document": "data:text/plain,hi"});
    let id = service.accepted(&json!({"command": "send_document", "data": document})).await;
    stack.stack.settle().await;
    assert_eq!(service.state(&id).await, "failed");
    // Days later, and what it brought along is still there.
    stack.stack.clock().advance(Duration::from_hours(72));
    stack.redrive().await;
    stack.stack.settle().await;
    let report = service.report(&id).await;
    assert_eq!((&report["state"], &report["attempts"]), (&json!("done"), &json!(1)));
    assert_eq!(stack.files(7).await, [b"hi"]);
    stack.end_clean().await;
}

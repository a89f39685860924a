//! What each request is answered.

use serde_json::json;

use super::support::{message, texts};
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

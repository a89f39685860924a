//! Word of finished commands, for those who gave a `callback_url`.

use lambdagram_tests::aws::Service as AwsService;
use lambdagram_tests::aws::faults::Effect;
use serde_json::{Value, json};

use super::support::{Address, answered};
use crate::commands::support::{message, texts};
use crate::faults::{SIDES, fault};
use crate::support::TestStack;

fn with_callback(mut command: Value, url: &str) -> Value {
    command["callback_url"] = json!(url);
    command
}

#[tokio::test]
async fn a_callback_says_what_the_report_says_and_is_signed() {
    let stack = TestStack::start().await;
    let key = stack.service("notifier").await;
    let address = Address::open().await;
    let url = format!("{}done?token=1", address.url);
    let service = address.always(204, &Value::Null);
    let id = key.accepted(&with_callback(message(7, "hi"), &url)).await;
    stack.stack.settle().await;
    let asked = service.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].header("webhook-id"), format!("callback-{id}"));
    assert!(asked[0].is_signed_with(stack.stack.signing_secret().expose(), stack.stack.clock().now_s()));
    let report = key.report(&id).await;
    assert_eq!((asked[0].json(), &report["state"]), (report.clone(), &json!("done")));
    stack.end_clean().await;
}

#[tokio::test]
async fn a_command_that_failed_is_told_too_and_what_is_answered_does_nothing() {
    let stack = TestStack::start().await;
    let key = stack.service("notifier").await;
    let address = Address::open().await;
    let url = address.url.clone();
    let service = address.always(200, &json!({"reply": "thanks"}));
    stack
        .fault(json!({"method": "sendMessage", "error": "400:Bad Request: chat not found", "times": 1}))
        .await;
    let id = key.accepted(&with_callback(message(7, "hi"), &url)).await;
    stack.stack.settle().await;
    assert_eq!(service.bodies(), [key.report(&id).await]);
    assert_eq!(service.bodies()[0]["state"], "failed");
    assert!(stack.chat(7).is_empty());
    stack.end_clean().await;
}

#[tokio::test]
async fn whoever_cannot_be_told_is_tried_for_an_hour() {
    let stack = TestStack::start().await;
    let key = stack.service("notifier").await;
    let address = Address::open().await;
    let url = address.url.clone();
    let service = address.script(|number, _| answered(if number < 11 { 503 } else { 200 }, ""));
    key.accepted(&with_callback(message(7, "hi"), &url)).await;
    stack.stack.settle().await;
    assert_eq!(service.asked().len(), 12);
    stack.end_clean().await;
}

#[tokio::test]
async fn a_worker_that_dies_at_the_end_of_a_command_leaves_nobody_untold() {
    let steps = [(AwsService::DynamoDb, "UpdateItem", 2), (AwsService::Sqs, "SendMessage", 0)];
    for (service, operation, after_calls) in steps {
        for when in SIDES {
            let stack = TestStack::start().await;
            let key = stack.service("notifier").await;
            let address = Address::open().await;
            let url = address.url.clone();
            let told = address.always(200, &Value::Null);
            stack.plan(fault("BotWorker", (service, operation), after_calls, when, Effect::Kill));
            let id = key.accepted(&with_callback(message(7, "hi"), &url)).await;
            stack.stack.settle().await;
            assert!(!texts(&stack, 7).is_empty());
            assert_eq!(told.bodies(), [key.report(&id).await], "{operation} {when:?}");
            assert_eq!(stack.stack.aws_faults().remaining(), [], "{operation} {when:?}");
            stack.end_clean().await;
        }
    }
}

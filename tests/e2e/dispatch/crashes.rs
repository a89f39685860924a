//! Functions that are killed between the question and its answer.

use std::collections::BTreeSet;

use lambdagram_tests::aws::Service as AwsService;
use lambdagram_tests::aws::faults::Effect;
use serde_json::json;

use super::support::{Address, everything_to};
use crate::commands::support::texts;
use crate::faults::{SIDES, failing, fault};
use crate::support::TestStack;

/// The calls of the webhook for a dispatch, in order.
const ACCEPTING: [(AwsService, &str); 3] = [
    (AwsService::DynamoDb, "PutItem"),
    (AwsService::Sqs, "SendMessage"),
    (AwsService::DynamoDb, "UpdateItem"),
];

/// The calls of the worker, in order, each with how many of its kind come before it. The service is asked after the
/// first.
const DELIVERING: [(AwsService, &str, u32); 5] = [
    (AwsService::DynamoDb, "UpdateItem", 0),
    (AwsService::DynamoDb, "TransactWriteItems", 0),
    (AwsService::Sqs, "SendMessage", 0),
    (AwsService::DynamoDb, "UpdateItem", 1),
    (AwsService::DynamoDb, "UpdateItem", 2),
];

#[tokio::test]
async fn a_webhook_that_dies_or_fails_at_any_step_asks_once() {
    for call in ACCEPTING {
        for when in SIDES {
            let address = Address::open().await;
            let stack = TestStack::start_with_assignments(&everything_to(&address.url, "notifier")).await;
            let service = address.always(200, &json!({"reply": "pong"}));
            stack.plan(fault("TelegramWebhook", call, 0, when, Effect::Kill));
            // Telegram repeats what was not acknowledged.
            stack.write(7, "/ping").await;
            stack.stack.settle().await;
            assert_eq!(stack.stack.aws_faults().remaining(), [], "{call:?} {when:?}");
            assert_eq!(
                (service.asked().len(), texts(&stack, 7)),
                (1, vec!["pong".to_owned()]),
                "{call:?} {when:?}"
            );
            stack.end_clean().await;
        }
    }
}

#[tokio::test]
async fn a_worker_that_dies_at_any_step_answers_once() {
    for (service, operation, after_calls) in DELIVERING {
        for when in SIDES {
            let address = Address::open().await;
            let stack = TestStack::start_with_assignments(&everything_to(&address.url, "notifier")).await;
            let asked = address.always(200, &json!({"reply": "pong"}));
            stack.plan(fault("DispatchWorker", (service, operation), after_calls, when, Effect::Kill));
            stack.write(7, "/ping").await;
            stack.stack.settle().await;
            assert_eq!(stack.stack.aws_faults().remaining(), [], "{operation} {after_calls} {when:?}");
            assert_eq!(texts(&stack, 7), ["pong"], "{operation} {after_calls} {when:?}");
            let asked = asked.asked();
            let ids: BTreeSet<_> = asked.iter().map(|asked| asked.header("webhook-id")).collect();
            assert!(asked.len() <= 2 && ids.len() == 1, "{operation} {after_calls} {when:?}");
            stack.end_clean().await;
        }
    }
}

#[tokio::test]
async fn a_worker_whose_services_fail_answers_once() {
    for (service, operation, after_calls) in DELIVERING {
        let address = Address::open().await;
        let stack = TestStack::start_with_assignments(&everything_to(&address.url, "notifier")).await;
        address.always(200, &json!({"reply": "pong"}));
        for when in SIDES {
            let mut failure = fault("DispatchWorker", (service, operation), after_calls, when, failing());
            // The SDK tries three times.
            failure.times = 3;
            stack.plan(failure);
        }
        stack.write(7, "/ping").await;
        stack.stack.settle().await;
        assert_eq!(texts(&stack, 7), ["pong"], "{operation} {after_calls}");
        stack.end_clean().await;
    }
}

#[tokio::test]
async fn a_worker_that_dies_over_every_try_gives_up_and_says_so() {
    let address = Address::open().await;
    let stack = TestStack::start_with_assignments(&everything_to(&address.url, "notifier")).await;
    address.always(200, &json!({"reply": "pong"}));
    for _ in 0..4 {
        let call = (AwsService::DynamoDb, "TransactWriteItems");
        stack.plan(fault("DispatchWorker", call, 0, SIDES[0], Effect::Kill));
    }
    stack.write(7, "/ping").await;
    stack.stack.settle().await;
    assert_eq!(texts(&stack, 7), ["That did not work. Please try again later."]);
    assert_eq!(stack.dead_letters().len(), 1);
    stack.end().await;
}

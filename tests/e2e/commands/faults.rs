//! Functions that are killed and services that fail, at every step of a command.

use lambdagram_domain::receipt::ACCEPTING_TIME;
use lambdagram_tests::aws::Service as AwsService;
use lambdagram_tests::aws::faults::{Effect, Fault, When};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::support::{Service, message};
use crate::faults::{SIDES, failing, fault, in_the_window};
use crate::support::TestStack;

/// The calls `enqueue_command` makes for a command with a file, in order, each with how many of its kind come before it.
const ACCEPTING: [(AwsService, &str, u32); 6] = [
    (AwsService::DynamoDb, "GetItem", 0),
    // That the key was used.
    (AwsService::DynamoDb, "UpdateItem", 0),
    (AwsService::DynamoDb, "TransactWriteItems", 0),
    (AwsService::S3, "PutObject", 0),
    (AwsService::Sqs, "SendMessage", 0),
    (AwsService::DynamoDb, "UpdateItem", 1),
];

/// The calls `bot_worker` makes for it.
const CARRYING_OUT: [(AwsService, &str, u32); 5] = [
    (AwsService::DynamoDb, "UpdateItem", 0),
    (AwsService::S3, "GetObject", 0),
    (AwsService::DynamoDb, "UpdateItem", 1),
    // Here it goes to Telegram.
    (AwsService::DynamoDb, "UpdateItem", 2),
    (AwsService::S3, "DeleteObject", 0),
];

fn document(text: &str) -> Value {
    let document = format!("data:text/plain,{text}");
    json!({"command": "send_document", "data": {"chat_id": 7, "document": document}})
}

/// Enqueues under the key `"k"`; an answer of the gateway's own has no body to check.
async fn enqueue(service: &Service<'_>) -> (StatusCode, Value) {
    let request = service.request(Method::POST, "/enqueue_command").json(&document("1"));
    let answer = request.header("idempotency-key", "\"k\"").send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_request_killed_at_any_step_is_completed_by_its_repeat() {
    for (aws, operation, after_calls) in ACCEPTING {
        for when in SIDES {
            let step = format!("{operation} {after_calls} {when:?}");
            let stack = TestStack::start().await;
            let service = stack.service("notifier").await;
            stack.plan(fault("EnqueueCommand", (aws, operation), after_calls, when, Effect::Kill));
            assert_eq!(enqueue(&service).await.0, StatusCode::BAD_GATEWAY, "{step}");

            stack.stack.clock().advance(ACCEPTING_TIME);
            let (status, body) = enqueue(&service).await;
            assert_eq!(status, StatusCode::ACCEPTED, "{step}: {body}");
            stack.stack.settle().await;
            assert_eq!(stack.files(7).await, [b"1"], "{step}");
            assert_eq!(service.state(body["id"].as_str().unwrap()).await, "done", "{step}");
            stack.end_clean().await;
        }
    }
}

#[tokio::test]
async fn while_the_first_request_may_still_be_at_work_its_repeat_is_told_to_wait() {
    let stack = TestStack::start().await;
    let service = stack.service("notifier").await;
    let (aws, operation, _) = ACCEPTING[3];
    stack.plan(fault("EnqueueCommand", (aws, operation), 0, When::Before, Effect::Kill));
    assert_eq!(enqueue(&service).await.0, StatusCode::BAD_GATEWAY);
    let (status, body) = enqueue(&service).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(body["error"], "A request with this Idempotency-Key is still being answered.");
    let wait = body["retry_after"].as_u64().unwrap();
    stack.stack.clock().advance(std::time::Duration::from_secs(wait));
    assert_eq!(enqueue(&service).await.0, StatusCode::ACCEPTED);
    stack.stack.settle().await;
    assert_eq!(stack.files(7).await, [b"1"]);
    stack.end_clean().await;
}

#[tokio::test]
async fn a_request_whose_services_fail_is_told_so_and_completed_by_its_repeat() {
    for (aws, operation, after_calls) in ACCEPTING {
        let step = format!("{operation} {after_calls}");
        let stack = TestStack::start().await;
        let service = stack.service("notifier").await;
        // Longer than the client's own retries.
        let failing = fault("EnqueueCommand", (aws, operation), after_calls, When::Before, failing());
        stack.plan(Fault { times: 3, ..failing });
        let (status, body) = enqueue(&service).await;
        if operation == "UpdateItem" {
            // A note that is missing is no harm.
            assert_eq!(status, StatusCode::ACCEPTED, "{step}: {body}");
        } else {
            assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{step}: {body}");
            assert_eq!(body["error"], "Internal server error.");
            // It was told, so its repeat need not wait.
            assert_eq!(enqueue(&service).await.0, StatusCode::ACCEPTED, "{step}");
        }
        stack.stack.settle().await;
        assert_eq!(stack.files(7).await, [b"1"], "{step}");
        stack.end_clean().await;
    }
}

#[tokio::test]
async fn a_worker_killed_at_any_step_loses_nothing_and_repeats_only_in_the_window() {
    for (aws, operation, after_calls) in CARRYING_OUT {
        for when in SIDES {
            let step = format!("{operation} {after_calls} {when:?}");
            let stack = TestStack::start().await;
            let service = stack.service("notifier").await;
            stack.plan(fault("BotWorker", (aws, operation), after_calls, when, Effect::Kill));
            let id = service.accepted(&document("1")).await;
            service.accepted(&document("2")).await;
            stack.stack.settle().await;
            let mut expected = vec![b"1", b"2"];
            if in_the_window(operation, after_calls, when) {
                expected.insert(0, b"1");
            }
            assert_eq!(stack.files(7).await, expected, "{step}");
            assert_eq!(service.state(&id).await, "done", "{step}");
            stack.end_clean().await;
        }
    }
}

#[tokio::test]
async fn a_worker_whose_services_fail_carries_out_all_the_same_and_once() {
    for (aws, operation, after_calls) in CARRYING_OUT {
        let step = format!("{operation} {after_calls}");
        let stack = TestStack::start().await;
        let service = stack.service("notifier").await;
        let failing = fault("BotWorker", (aws, operation), after_calls, When::Before, failing());
        stack.plan(Fault { times: 3, ..failing });
        let id = service.accepted(&document("1")).await;
        service.accepted(&document("2")).await;
        stack.stack.settle().await;
        assert_eq!(stack.files(7).await, [b"1", b"2"], "{step}");
        assert_eq!(service.state(&id).await, "done", "{step}");
        // What a failed DeleteObject leaves is the lifecycle's.
        if operation == "DeleteObject" { stack.end().await } else { stack.end_clean().await }
    }
}

#[tokio::test]
async fn a_result_that_cannot_be_kept_is_lost_and_its_command_is_not_done_again() {
    let stack = TestStack::start().await;
    let service = stack.service("notifier").await;
    stack.plan(Fault {
        times: 3,
        ..fault("BotWorker", (AwsService::S3, "PutObject"), 0, When::Before, failing())
    });
    let mut command = message(7, "hi");
    let button = json!({"text": "x".repeat(150_000), "callback_data": "a"});
    command["data"]["reply_markup"] = json!({"inline_keyboard": [[button]]});
    let id = service.accepted(&command).await;
    stack.stack.settle().await;
    let report = service.report(&id).await;
    assert_eq!((&report["state"], &report["result"]), (&json!("done"), &json!(null)));
    assert_eq!(stack.chat(7).len(), 1);
    stack.end_clean().await;
}

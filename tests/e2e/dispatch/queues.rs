//! Services that read a queue.

use std::collections::BTreeMap;

use lambdagram_domain::signature::{Headers, SigningSecret, verify};
use lambdagram_domain::time::UnixTime;
use serde_json::{Value, json};

use crate::commands::support::texts;
use crate::support::TestStack;

fn assignments(queue: &str) -> String {
    format!(
        "users: {{7: member}}\nservices:\n  one: {{queue: \"{queue}\", role: notifier}}\nroutes: {{/*: one}}\n"
    )
}

#[tokio::test]
async fn a_service_reads_its_requests_from_a_queue_and_answers_later() {
    for (name, fifo) in [("lambdagram-service-one", false), ("lambdagram-service-one.fifo", true)] {
        let stack = TestStack::start_with_assignments(&assignments(name)).await;
        let attributes = if fifo { vec![("FifoQueue", "true")] } else { Vec::new() };
        let attributes: BTreeMap<_, _> =
            attributes.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        stack.stack.sqs().ensure_queue(name, &attributes).unwrap();
        stack.write(7, "/ping").await;
        stack.stack.settle().await;
        let messages = stack.stack.sqs().messages(name);
        let [message] = &messages[..] else { panic!("{messages:?}") };
        let body: Value = serde_json::from_str(&message.body).unwrap();
        assert_eq!((&body["user"], &body["asks"]["name"]), (&json!(7), &json!("ping")));
        let attribute = |name: &str| message.attributes[name].string_value.as_deref().unwrap();
        let headers = Headers {
            id: attribute("webhook-id"),
            timestamp: attribute("webhook-timestamp"),
            signature: attribute("webhook-signature"),
        };
        let secret = SigningSecret::parse(stack.stack.signing_secret().expose()).unwrap();
        let now = UnixTime(stack.stack.clock().now_s());
        assert_eq!(verify(&[secret], headers, message.body.as_bytes(), now), Ok(()));

        let key = stack.service("notifier").await;
        key.accepted(&json!({"command": "send_message", "data": {"text": "pong"}, "reply_to": headers.id}))
            .await;
        stack.stack.settle().await;
        assert_eq!(texts(&stack, 7), ["pong"]);
        stack.end_clean().await;
    }
}

#[tokio::test]
async fn a_queue_that_is_not_there_is_tried_and_given_up() {
    let stack = TestStack::start_with_assignments(&assignments("lambdagram-service-gone")).await;
    stack.write(7, "/ping").await;
    stack.stack.settle().await;
    assert_eq!(texts(&stack, 7), ["That did not work. Please try again later."]);
    assert_eq!(stack.dead_letters().len(), 1);
    stack.end().await;
}

#[tokio::test]
async fn no_queue_of_another_name_may_be_written() {
    let stack = TestStack::start_with_assignments(&assignments("lambdagram-local-bot.fifo")).await;
    stack.write(7, "/ping").await;
    stack.stack.settle().await;
    assert_eq!(texts(&stack, 7), ["That did not work. Please try again later."]);
    stack.end().await;
}

//! The sample service, beside a stack as the README starts it.

use std::time::Duration;

use lambdagram_domain::api_key::ApiKey;
use lambdagram_domain::secret::Secret;
use lambdagram_domain::signature::SigningSecret;
use lambdagram_tests::sample_service::{Options, router};

use super::support::{Address, everything_to};
use crate::commands::support::texts;
use crate::support::TestStack;

/// How long a report takes, on the stack's clock.
const REPORT: Duration = Duration::from_mins(3);

/// A stack with the sample service.
async fn start() -> TestStack {
    let address = Address::open().await;
    let stack = TestStack::start_with_assignments(&everything_to(&address.url, "responder")).await;
    let key = ApiKey::generate();
    stack.store_key(&key, "notifier").await;
    address.serve(router(Options {
        secrets: vec![SigningSecret::parse(stack.stack.signing_secret().expose()).unwrap()],
        api_url: stack.stack.url(),
        api_key: Secret::new(key.encode()),
        report_takes: REPORT,
        clock: stack.stack.clock().clone(),
    }));
    stack
}

#[tokio::test]
async fn ping_is_answered_at_once() {
    let stack = start().await;
    stack.write(7, "/ping").await;
    stack.stack.settle().await;
    assert_eq!(texts(&stack, 7), ["pong"]);
    stack.end_clean().await;
}

#[tokio::test]
async fn a_report_comes_later_to_where_it_was_asked_for() {
    let stack = start().await;
    stack.write(7, "/report \"last week\"").await;
    stack.stack.settle().await;
    assert!(stack.chat(7).is_empty());
    stack.stack.clock().advance(REPORT);
    stack.settle_until(|stack| !stack.chat(7).is_empty()).await;
    assert_eq!(texts(&stack, 7), ["Report on last week: all is well."]);
    stack.end_clean().await;
}

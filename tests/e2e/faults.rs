//! Functions that are killed and services that fail, at every step between the request and the chat.

use std::collections::BTreeSet;
use std::time::Duration;

use lambdagram_domain::receipt::ACCEPTING_TIME;
use lambdagram_tests::aws::Service;
use lambdagram_tests::aws::faults::{Effect, Fault, When};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::delivery::expected;
use crate::support::{TestStack, data_url, picture, read};

pub(crate) const SIDES: [When; 2] = [When::Before, When::After];

/// The calls `post_photo` makes, in order.
const ACCEPTING: [(Service, &str); 4] = [
    (Service::DynamoDb, "TransactWriteItems"),
    (Service::S3, "PutObject"),
    (Service::Sqs, "SendMessage"),
    (Service::DynamoDb, "UpdateItem"),
];

/// The calls `bot_worker` makes for a picture, in order, each with how many of its kind come before it.
const DELIVERING: [(Service, &str, u32); 5] = [
    (Service::DynamoDb, "UpdateItem", 0),
    (Service::S3, "GetObject", 0),
    (Service::DynamoDb, "UpdateItem", 1),
    // Here the picture goes to Telegram.
    (Service::DynamoDb, "UpdateItem", 2),
    (Service::S3, "DeleteObject", 0),
];

/// Whether a worker that ends there has sent the picture and not recorded it.
pub(crate) fn in_the_window(operation: &str, after_calls: u32, when: When) -> bool {
    (operation, after_calls, when) == ("UpdateItem", 2, When::Before)
}

pub(crate) fn fault(
    function: &str,
    (service, operation): (Service, &str),
    after_calls: u32,
    when: When,
    effect: Effect,
) -> Fault {
    let (function, operation) = (Some(function.to_owned()), operation.to_owned());
    Fault { function, service, operation, after_calls, times: 1, when, effect }
}

pub(crate) fn failing() -> Effect {
    Effect::Error { status: 500, code: "InternalServerError".to_owned() }
}

impl TestStack {
    /// Plans a fault of AWS.
    pub(crate) fn plan(&self, fault: Fault) {
        self.stack.aws_faults().add(fault);
    }

    /// Posts under the key `"k"`; an answer of the gateway's own (502) has no body to check.
    async fn post_with_key(&self, init: &str) -> (StatusCode, Value) {
        let body = json!({"init": init, "url": data_url(&picture(1))});
        let request = self.request(Method::POST, "/post").header("idempotency-key", "\"k\"").json(&body);
        let (status, _, body) = read(request.send().await.unwrap()).await;
        (status, body)
    }
}

#[tokio::test]
async fn a_request_killed_at_any_step_is_completed_by_its_repeat() {
    for call in ACCEPTING {
        for when in SIDES {
            let stack = TestStack::start().await;
            let init = stack.init(1).await;
            stack.plan(fault("PostPhoto", call, 0, when, Effect::Kill));
            let (status, body) = stack.post_with_key(&init).await;
            assert_eq!(status, StatusCode::BAD_GATEWAY, "{call:?} {when:?}: {body}");

            stack.stack.clock().advance(ACCEPTING_TIME);
            let (status, body) = stack.post_with_key(&init).await;
            assert_eq!(status, StatusCode::ACCEPTED, "{call:?} {when:?}: {body}");
            stack.stack.settle().await;
            assert_eq!(stack.files(1).await, [picture(1)], "{call:?} {when:?}");
            let id = body["id"].as_str().unwrap();
            assert_eq!(stack.state_of(1, id).await["state"], "sent", "{call:?} {when:?}");
            stack.end_clean().await;
        }
    }
}

#[tokio::test]
async fn while_the_first_request_may_still_be_at_work_its_repeat_is_told_to_wait() {
    let stack = TestStack::start().await;
    let init = stack.init(1).await;
    stack.plan(fault("PostPhoto", ACCEPTING[1], 0, When::Before, Effect::Kill));
    assert_eq!(stack.post_with_key(&init).await.0, StatusCode::BAD_GATEWAY);
    let (status, body) = stack.post_with_key(&init).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(body["error"], "A request with this Idempotency-Key is still being answered.");
    let wait = body["retry_after"].as_u64().unwrap();
    stack.stack.clock().advance(Duration::from_secs(wait));
    assert_eq!(stack.post_with_key(&init).await.0, StatusCode::ACCEPTED);
    stack.stack.settle().await;
    assert_eq!(stack.files(1).await, [picture(1)]);
    stack.end_clean().await;
}

#[tokio::test]
async fn a_request_whose_services_fail_is_told_so_and_completed_by_its_repeat() {
    for call in &ACCEPTING[..3] {
        let stack = TestStack::start().await;
        let init = stack.init(1).await;
        // Longer than the client's own retries.
        stack.plan(Fault { times: 3, ..fault("PostPhoto", *call, 0, When::Before, failing()) });
        let (status, body) = stack.post_with_key(&init).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{call:?}: {body}");
        assert_eq!(body["error"], "Internal server error.");
        assert!(body["details"].as_str().unwrap().starts_with("Request id: "), "{body}");

        // It was told, so its repeat need not wait.
        assert_eq!(stack.post_with_key(&init).await.0, StatusCode::ACCEPTED, "{call:?}");
        stack.stack.settle().await;
        assert_eq!(stack.files(1).await, [picture(1)], "{call:?}");
        stack.end_clean().await;
    }
}

#[tokio::test]
async fn a_receipt_that_does_not_say_queued_is_no_harm() {
    let stack = TestStack::start().await;
    let init = stack.init(1).await;
    stack.plan(Fault { times: 3, ..fault("PostPhoto", ACCEPTING[3], 0, When::Before, failing()) });
    let (status, body) = stack.post_with_key(&init).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{body}");
    stack.stack.settle().await;
    assert_eq!(stack.files(1).await, [picture(1)]);
    stack.end_clean().await;
}

#[tokio::test]
async fn an_update_whose_webhook_is_killed_at_any_step_is_answered_once() {
    for call in [ACCEPTING[0], ACCEPTING[2], ACCEPTING[3]] {
        for when in SIDES {
            let stack = TestStack::start().await;
            stack.plan(fault("TelegramWebhook", call, 0, when, Effect::Kill));
            stack.write_to_bot(json!({"chat_id": 7, "text": "/start"})).await;
            stack.stack.settle().await;
            assert_eq!(stack.chat(7).len(), 3, "{call:?} {when:?}");
            stack.end_clean().await;
        }
    }
}

#[tokio::test]
async fn a_worker_killed_at_any_step_loses_nothing_and_repeats_only_in_the_window() {
    for (service, operation, after_calls) in DELIVERING {
        for when in SIDES {
            let stack = TestStack::start().await;
            stack.plan(fault("BotWorker", (service, operation), after_calls, when, Effect::Kill));
            let id = stack.post(1, &picture(1)).await;
            stack.post(1, &picture(2)).await;
            stack.stack.settle().await;
            let mut expected = vec![picture(1), picture(2)];
            if in_the_window(operation, after_calls, when) {
                expected.insert(0, picture(1));
            }
            assert_eq!(stack.files(1).await, expected, "{operation} {after_calls} {when:?}");
            assert_eq!(stack.state_of(1, &id).await["state"], "sent", "{operation} {after_calls} {when:?}");
            stack.end_clean().await;
        }
    }
}

#[tokio::test]
async fn a_worker_killed_while_telegram_has_the_request_repeats_it_or_stops_as_configured() {
    for (policy, when, state, copies) in [
        ("retry", "before", "sent", 1),
        ("retry", "after", "sent", 2),
        ("stop", "before", "unknown", 0),
        ("stop", "after", "unknown", 1),
    ] {
        let stack = TestStack::start_with_parameters(&[("UnresolvedSends", policy)]).await;
        stack.fault(json!({"method": "sendPhoto", "error": "hang", "times": 1, "when": when})).await;
        let id = stack.post(1, &picture(1)).await;
        stack.stack.simulated().unwrap().faults().hit("sendPhoto").await;
        assert_eq!(stack.stack.lambda().kill_running("BotWorker"), 1);
        stack.stack.settle().await;
        assert_eq!(stack.state_of(1, &id).await["state"], state, "{policy} {when}");
        assert_eq!(stack.files(1).await, vec![picture(1); copies], "{policy} {when}");
        stack.end_clean().await;
    }
}

#[tokio::test]
async fn a_send_stays_unresolved_when_the_next_worker_is_killed_too() {
    for (policy, state, copies) in [("retry", "sent", 2), ("stop", "unknown", 1)] {
        let stack = TestStack::start_with_parameters(&[("UnresolvedSends", policy)]).await;
        let call = (Service::DynamoDb, "UpdateItem");
        // The picture is sent and its worker ends before it says so; the next one ends right after its claim.
        for when in SIDES {
            stack.plan(fault("BotWorker", call, 2, when, Effect::Kill));
        }
        let id = stack.post(1, &picture(1)).await;
        stack.stack.settle().await;
        assert_eq!(stack.stack.aws_faults().remaining(), [], "{policy}");
        assert_eq!(stack.state_of(1, &id).await["state"], state, "{policy}");
        assert_eq!(stack.files(1).await, vec![picture(1); copies], "{policy}");
        stack.end_clean().await;
    }
}

#[tokio::test]
async fn a_worker_whose_services_fail_delivers_all_the_same_and_once() {
    for (service, operation, after_calls) in DELIVERING {
        let stack = TestStack::start().await;
        let failing = fault("BotWorker", (service, operation), after_calls, When::Before, failing());
        stack.plan(Fault { times: 3, ..failing });
        let id = stack.post(1, &picture(1)).await;
        stack.post(1, &picture(2)).await;
        stack.stack.settle().await;
        assert_eq!(stack.files(1).await, [picture(1), picture(2)], "{operation} {after_calls}");
        assert_eq!(stack.state_of(1, &id).await["state"], "sent", "{operation} {after_calls}");
        // What a failed DeleteObject leaves is the lifecycle's.
        if operation == "DeleteObject" { stack.end().await } else { stack.end_clean().await }
    }
}

#[tokio::test]
async fn an_answer_of_dynamodb_that_is_lost_costs_nothing_but_its_repeat() {
    for after_calls in 0..3 {
        let stack = TestStack::start().await;
        let call = (Service::DynamoDb, "UpdateItem");
        stack.plan(fault("BotWorker", call, after_calls, When::After, failing()));
        let before = stack.stack.clock().offset_ms();
        stack.post(1, &picture(1)).await;
        stack.stack.settle().await;
        assert_eq!(stack.stack.clock().offset_ms(), before, "{after_calls}: nothing waited");
        assert_eq!(stack.files(1).await, [picture(1)], "{after_calls}");
        stack.end_clean().await;
    }
}

#[tokio::test]
async fn under_random_kills_none_of_two_hundred_pictures_is_lost_or_out_of_order() {
    const PEOPLE: i64 = 20;
    const EACH: u32 = 10;
    let stack = TestStack::start_with_parameters(&[("UnresolvedSends", "retry")]).await;
    let mut random = Random(0x5eed);
    for _ in 0..40 {
        let (service, operation, _) = DELIVERING[random.below(DELIVERING.len())];
        let when = SIDES[random.below(2)];
        let after_calls = u32::try_from(random.below(12)).unwrap();
        stack.plan(fault("BotWorker", (service, operation), after_calls, when, Effect::Kill));
    }
    let ids = stack.post_many(PEOPLE, EACH).await;
    stack.stack.settle().await;

    let unresolved: BTreeSet<String> = stack.unresolved_jobs();
    let mut repeated = BTreeSet::new();
    for person in 1..=PEOPLE {
        let mut arrived = stack.files(person).await;
        let sent = expected(person, EACH);
        let jobs = &ids[usize::try_from(person - 1).unwrap()];
        for pair in arrived.windows(2).filter(|pair| pair[0] == pair[1]) {
            let number = sent.iter().position(|picture| *picture == pair[0]).unwrap();
            repeated.insert(jobs[number].clone());
        }
        arrived.dedup();
        assert_eq!(arrived, sent, "chat {person}");
    }
    assert!(
        repeated.is_subset(&unresolved),
        "repeated outside the window: {repeated:?}, unresolved {unresolved:?}"
    );
    let kills = 40 - stack.stack.aws_faults().remaining().len();
    assert!(kills >= 20, "only {kills} kills happened");
    stack.end_clean().await;
}

impl TestStack {
    /// The jobs of which a worker found that nobody knows whether they were sent.
    pub(crate) fn unresolved_jobs(&self) -> BTreeSet<String> {
        let lines = self.logs.logs().into_iter().filter(|line| line.line.contains("A send is unresolved"));
        let job = |line: &str| serde_json::from_str::<Value>(line).ok()?["job"].as_str().map(str::to_owned);
        lines.filter_map(|line| job(&line.line)).collect()
    }
}

/// A small generator with a fixed seed, so that a failure can be repeated (Knuth's MMIX constants).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

//! Visibility, delay, long polling, purge and limits of standard queues.

use std::time::Duration;

use super::{Bench, bodies, refusal, settings};
use crate::aws::sqs::attributes::Attributes;
use crate::aws::sqs::queue::Queue;
use crate::aws::sqs::stored::{Content, Message};
use crate::aws::sqs::{Depth, Receive, Send, SqsError, Visibility};

#[tokio::test]
async fn a_received_message_is_hidden_until_its_visibility_timeout_has_passed() {
    let bench = Bench::new();
    bench.send("a");
    assert_eq!(bench.receive_bodies("work", 10).await, ["a"]);
    bench.advance_s(15);
    assert_eq!(bench.receive_bodies("work", 10).await, [""; 0]);
    bench.advance_s(15);
    let again = bench.receive_one("work").await;
    assert_eq!(again.attributes["ApproximateReceiveCount"], "2");
}

#[tokio::test]
async fn a_receive_may_name_its_own_visibility_timeout() {
    let bench = Bench::new();
    bench.send("a");
    let request = Receive { visibility_timeout: Some(300), ..Receive::default() };
    bench.sqs.receive("work", request).await.unwrap();
    bench.advance_s(200);
    assert_eq!(bench.receive_bodies("work", 10).await, [""; 0]);
    bench.advance_s(100);
    assert_eq!(bench.receive_bodies("work", 10).await, ["a"]);
}

#[tokio::test]
async fn a_visibility_timeout_of_zero_delivers_once_per_receive_and_hides_nothing() {
    let bench = Bench::new();
    bench.send("a");
    bench.send("b");
    let request = Receive { max_messages: Some(10), visibility_timeout: Some(0), ..Receive::default() };
    assert_eq!(bodies(&bench.sqs.receive("work", request).await.unwrap()), ["a", "b"]);
    assert_eq!(bench.receive_bodies("work", 10).await, ["a", "b"]);
}

#[tokio::test]
async fn changing_the_visibility_counts_from_now_and_zero_shows_at_once() {
    let bench = Bench::new();
    bench.send("a");
    let handle = bench.receive_one("work").await.receipt_handle;
    bench.sqs.change_visibility("work", &handle, 600).unwrap();
    bench.advance_s(500);
    assert_eq!(bench.sqs.depth("work"), Depth { visible: 0, in_flight: 1, delayed: 0 });
    bench.sqs.change_visibility("work", &handle, 0).unwrap();
    assert_eq!(bench.receive_bodies("work", 10).await, ["a"]);
}

#[tokio::test]
async fn a_message_stays_in_flight_for_twelve_hours_at_most() {
    let bench = Bench::new();
    bench.send("a");
    let handle = bench.receive_one("work").await.receipt_handle;
    bench.sqs.change_visibility("work", &handle, 3600).unwrap();
    bench.advance_s(1800);
    bench.sqs.change_visibility("work", &handle, 41_000).unwrap();
    assert_eq!(
        refusal(bench.sqs.change_visibility("work", &handle, 42_000)),
        (
            "InvalidParameterValue",
            "Value 42000 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds]".into()
        )
    );
    assert_eq!(
        refusal(bench.sqs.change_visibility("work", &handle, 43_201)).1,
        "Value 43201 for parameter VisibilityTimeout is invalid. Reason: VisibilityTimeout must be an integer between 0 and 43200"
    );
}

#[tokio::test]
async fn only_a_message_in_flight_can_change_its_visibility() {
    let bench = Bench::new();
    bench.send("a");
    let handle = bench.receive_one("work").await.receipt_handle;
    bench.advance_s(31);
    let code = |handle: &str| refusal(bench.sqs.change_visibility("work", handle, 5)).0;
    assert_eq!(code(&handle), "AWS.SimpleQueueService.MessageNotInflight");
    let newer = bench.receive_one("work").await.receipt_handle;
    assert_eq!(code(&handle), "InvalidParameterValue");
    bench.sqs.delete("work", &newer).unwrap();
    assert_eq!(code(&newer), "InvalidParameterValue");
    assert_eq!(code("bm8gcmVjZWlwdA=="), "ReceiptHandleIsInvalid");
}

#[tokio::test]
async fn a_delayed_message_appears_when_its_delay_has_passed() {
    let bench = Bench::new();
    bench.sqs.ensure_queue("work", &settings(&[("DelaySeconds", "60")])).unwrap();
    bench.send("queue's delay");
    bench.sqs.send("work", Send { delay_seconds: Some(0), ..Send::text("none") }).unwrap();
    bench.sqs.send("work", Send { delay_seconds: Some(600), ..Send::text("own delay") }).unwrap();
    assert_eq!(bench.sqs.depth("work"), Depth { visible: 1, in_flight: 0, delayed: 2 });
    let received = bench.receive_one("work").await;
    bench.sqs.delete("work", &received.receipt_handle).unwrap();
    bench.advance_s(60);
    assert_eq!(bench.receive_bodies("work", 10).await, ["queue's delay"]);
    bench.advance_s(540);
    assert_eq!(bench.receive_bodies("work", 10).await, ["queue's delay", "own delay"]);
}

#[tokio::test]
async fn an_outdated_receipt_deletes_nothing_and_is_no_error() {
    let bench = Bench::new();
    bench.send("a");
    let first = bench.receive_one("work").await.receipt_handle;
    bench.advance_s(31);
    let second = bench.receive_one("work").await.receipt_handle;
    bench.sqs.delete("work", &first).unwrap();
    assert_eq!(bench.sqs.messages("work").len(), 1);
    bench.sqs.delete("work", &second).unwrap();
    assert_eq!(bench.sqs.messages("work").len(), 0);
    bench.sqs.delete("work", &second).unwrap();
}

#[tokio::test]
async fn the_newest_receipt_deletes_even_after_its_visibility_timeout() {
    let bench = Bench::new();
    bench.send("a");
    let handle = bench.receive_one("work").await.receipt_handle;
    bench.advance_s(31);
    bench.sqs.delete("work", &handle).unwrap();
    assert_eq!(bench.sqs.messages("work"), []);
}

#[tokio::test]
async fn a_receipt_of_another_queue_is_invalid() {
    let bench = Bench::new();
    bench.send("a");
    let handle = bench.receive_one("work").await.receipt_handle;
    assert_eq!(
        refusal(bench.sqs.delete("line.fifo", &handle)),
        (
            "ReceiptHandleIsInvalid",
            format!("The input receipt handle \"{handle}\" is not a valid receipt handle.")
        )
    );
}

#[tokio::test]
async fn messages_past_the_retention_period_are_dropped_even_in_flight() {
    let bench = Bench::new();
    bench.sqs.ensure_queue("work", &settings(&[("MessageRetentionPeriod", "3600")])).unwrap();
    bench.send("old");
    bench.advance_s(1800);
    bench.send("young");
    bench.receive_one("work").await;
    bench.advance_s(1800);
    let left: Vec<_> = bench.sqs.messages("work").into_iter().map(|message| message.body).collect();
    assert_eq!(left, ["young"]);
}

/// Starts a long poll and lets it reach its wait.
async fn long_poll(bench: &Bench, queue: &'static str) -> tokio::task::JoinHandle<Vec<String>> {
    let sqs = bench.sqs.clone();
    let poll = tokio::spawn(async move {
        let request = Receive { wait_seconds: Some(20), ..Receive::default() };
        bodies(&sqs.receive(queue, request).await.unwrap())
    });
    tokio::task::yield_now().await;
    assert!(!poll.is_finished());
    poll
}

#[tokio::test]
async fn a_long_poll_ends_when_a_message_arrives() {
    let bench = Bench::new();
    let poll = long_poll(&bench, "work").await;
    bench.send("a");
    assert_eq!(poll.await.unwrap(), ["a"]);
}

#[tokio::test]
async fn a_long_poll_ends_when_a_message_becomes_visible_again() {
    let bench = Bench::new();
    bench.send("a");
    let handle = bench.receive_one("work").await.receipt_handle;
    let poll = long_poll(&bench, "work").await;
    bench.sqs.change_visibility("work", &handle, 0).unwrap();
    assert_eq!(poll.await.unwrap(), ["a"]);
}

#[tokio::test]
async fn a_long_poll_ends_when_the_clock_brings_a_delayed_message() {
    let bench = Bench::new();
    bench.sqs.send("work", Send { delay_seconds: Some(10), ..Send::text("a") }).unwrap();
    let poll = long_poll(&bench, "work").await;
    bench.advance_s(11);
    assert_eq!(poll.await.unwrap(), ["a"]);
}

#[tokio::test]
async fn a_long_poll_ends_without_messages_after_its_time() {
    let bench = Bench::new();
    let poll = long_poll(&bench, "work").await;
    bench.advance_s(20);
    assert_eq!(poll.await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn a_long_poll_ends_with_an_error_when_its_queue_is_deleted() {
    let bench = Bench::new();
    bench.sqs.ensure_queue("short", &settings(&[("ReceiveMessageWaitTimeSeconds", "20")])).unwrap();
    let sqs = bench.sqs.clone();
    let poll = tokio::spawn(async move { sqs.receive("short", Receive::default()).await });
    tokio::task::yield_now().await;
    bench.sqs.with_state(|state, now_ms| state.delete_queue("short", now_ms)).unwrap();
    assert!(matches!(poll.await.unwrap(), Err(SqsError::QueueDoesNotExist)));
}

#[tokio::test]
async fn a_receive_out_of_range_is_refused() {
    let bench = Bench::new();
    let refused = async |request: Receive| refusal(bench.sqs.receive("work", request).await).1;
    assert_eq!(
        refused(Receive { max_messages: Some(11), ..Receive::default() }).await,
        "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."
    );
    assert_eq!(
        refused(Receive { wait_seconds: Some(21), ..Receive::default() }).await,
        "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided."
    );
    assert_eq!(
        refused(Receive { visibility_timeout: Some(-1), ..Receive::default() }).await,
        "Value -1 for parameter VisibilityTimeout is invalid. Reason: VisibilityTimeout must be an integer between 0 and 43200"
    );
}

#[tokio::test]
async fn a_purge_drops_everything_and_must_not_be_repeated_within_a_minute() {
    let bench = Bench::new();
    bench.send("a");
    bench.send("b");
    bench.receive_one("work").await;
    let purge = || bench.sqs.with_state(|state, now_ms| state.purge("work", now_ms));
    purge().unwrap();
    assert_eq!(bench.sqs.messages("work"), []);
    bench.advance_s(30);
    assert_eq!(
        refusal(purge()),
        (
            "AWS.SimpleQueueService.PurgeQueueInProgress",
            "Only one PurgeQueue operation on work is allowed every 60 seconds.".into()
        )
    );
    bench.advance_s(30);
    purge().unwrap();
}

#[tokio::test]
async fn the_next_due_time_is_that_of_the_nearest_hidden_message() {
    let bench = Bench::new();
    assert_eq!(bench.sqs.next_due_ms(), None);
    bench.sqs.send("work", Send { delay_seconds: Some(100), ..Send::text("later") }).unwrap();
    bench.send("a");
    bench.receive_one("work").await;
    let hidden = bench.sqs.messages("work").into_iter().filter_map(|message| match message.visibility {
        Visibility::Visible => None,
        Visibility::Delayed { until_ms } | Visibility::InFlight { until_ms } => Some(until_ms),
    });
    assert_eq!(bench.sqs.next_due_ms(), hidden.min());
    bench.advance_s(120);
    assert_eq!(bench.sqs.next_due_ms(), None);
}

#[test]
fn no_more_than_120_000_messages_are_in_flight() {
    let attributes = Attributes::create("work", &settings(&[])).unwrap();
    let mut queue = Queue::new("work", attributes);
    for position in 1..=120_001 {
        queue.restore(Message::new(position, content(position), Visibility::Visible));
    }
    for _ in 0..12_000 {
        assert_eq!(queue.receive(0, 10, 30, None).delivered.len(), 10);
    }
    assert!(queue.is_full());
    assert_eq!(queue.receive(0, 10, 30, None).delivered.len(), 0);
    queue.advance(30_000);
    assert_eq!(queue.receive(30_000, 10, 30, None).delivered.len(), 10);
}

fn content(position: u64) -> Content {
    Content {
        message_id: position.to_string(),
        body: "a".into(),
        attributes: [].into(),
        system_attributes: [].into(),
        group_id: None,
        deduplication_id: None,
        sequence_number: None,
        sent_ms: 0,
        dead_letter_source: None,
    }
}

#[tokio::test]
async fn waiting_polls_see_no_message_twice() {
    let bench = Bench::new();
    let polls = [long_poll(&bench, "work").await, long_poll(&bench, "work").await];
    bench.send("a");
    bench.send("b");
    let mut received = Vec::new();
    for poll in polls {
        received.extend(tokio::time::timeout(Duration::from_secs(10), poll).await.unwrap().unwrap());
    }
    received.sort();
    assert_eq!(received, ["a", "b"]);
}

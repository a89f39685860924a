//! Order, group locks and deduplication.

use super::{Bench, bodies, refusal, settings};
use crate::aws::sqs::{Receive, Send};

#[tokio::test]
async fn messages_of_a_group_come_in_order_and_together() {
    let bench = Bench::new();
    for (group, body) in [("a", "a1"), ("b", "b1"), ("a", "a2"), ("b", "b2")] {
        bench.send_grouped(group, body);
    }
    assert_eq!(bench.receive_bodies("line.fifo", 3).await, ["a1", "a2", "b1"]);
}

#[tokio::test]
async fn a_group_is_locked_while_one_of_its_messages_is_in_flight() {
    let bench = Bench::new();
    for (group, body) in [("a", "a1"), ("a", "a2"), ("b", "b1")] {
        bench.send_grouped(group, body);
    }
    let first = bench.receive_one("line.fifo").await;
    assert_eq!(bench.receive_bodies("line.fifo", 10).await, ["b1"]);
    assert_eq!(bench.receive_bodies("line.fifo", 10).await, [""; 0]);
    bench.sqs.delete("line.fifo", &first.receipt_handle).unwrap();
    assert_eq!(bench.receive_bodies("line.fifo", 10).await, ["a2"]);
}

#[tokio::test]
async fn a_message_whose_visibility_was_changed_blocks_its_group_until_it_is_received_again_in_order() {
    let bench = Bench::new();
    bench.send_grouped("a", "a1");
    bench.send_grouped("a", "a2");
    let first = bench.receive_one("line.fifo").await;
    bench.sqs.change_visibility("line.fifo", &first.receipt_handle, 300).unwrap();
    bench.advance_s(200);
    assert_eq!(bench.receive_bodies("line.fifo", 10).await, [""; 0]);
    bench.advance_s(100);
    assert_eq!(bench.receive_bodies("line.fifo", 10).await, ["a1", "a2"]);
}

#[tokio::test]
async fn a_message_shown_again_waits_for_the_others_of_its_group_in_flight() {
    let bench = Bench::new();
    bench.send_grouped("a", "a1");
    bench.send_grouped("a", "a2");
    let received = bench.receive("line.fifo", 2).await;
    bench.sqs.change_visibility("line.fifo", &received[0].receipt_handle, 0).unwrap();
    assert_eq!(bench.receive_bodies("line.fifo", 10).await, [""; 0]);
    bench.sqs.delete("line.fifo", &received[1].receipt_handle).unwrap();
    assert_eq!(bench.receive_bodies("line.fifo", 10).await, ["a1"]);
}

#[tokio::test]
async fn a_visibility_timeout_that_passes_unlocks_the_group_at_its_start() {
    let bench = Bench::new();
    for body in ["a1", "a2", "a3"] {
        bench.send_grouped("a", body);
    }
    assert_eq!(bench.receive_bodies("line.fifo", 2).await, ["a1", "a2"]);
    bench.advance_s(31);
    assert_eq!(bench.receive_bodies("line.fifo", 10).await, ["a1", "a2", "a3"]);
}

#[tokio::test]
async fn a_long_poll_ends_when_its_group_is_unlocked() {
    let bench = Bench::new();
    bench.send_grouped("a", "a1");
    bench.send_grouped("a", "a2");
    let first = bench.receive_one("line.fifo").await;
    let sqs = bench.sqs.clone();
    let poll = tokio::spawn(async move {
        let request = Receive { wait_seconds: Some(20), ..Receive::default() };
        bodies(&sqs.receive("line.fifo", request).await.unwrap())
    });
    tokio::task::yield_now().await;
    bench.sqs.delete("line.fifo", &first.receipt_handle).unwrap();
    assert_eq!(poll.await.unwrap(), ["a2"]);
}

#[tokio::test]
async fn a_duplicate_within_five_minutes_is_answered_with_the_first_message() {
    let bench = Bench::new();
    let first = bench.sqs.send("line.fifo", Send::grouped("one", "a", "id")).unwrap();
    let received = bench.receive_one("line.fifo").await;
    bench.sqs.delete("line.fifo", &received.receipt_handle).unwrap();
    bench.advance_s(200);
    let second = bench.sqs.send("line.fifo", Send::grouped("one", "b", "id")).unwrap();
    assert_eq!(second, first);
    assert_eq!(bench.sqs.messages("line.fifo"), []);
    bench.advance_s(100);
    let third = bench.sqs.send("line.fifo", Send::grouped("one", "a", "id")).unwrap();
    assert_ne!(third.message_id, first.message_id);
    assert!(third.sequence_number > first.sequence_number);
}

#[tokio::test]
async fn content_based_deduplication_takes_the_sha_256_of_the_body() {
    let bench = Bench::new();
    let wanted = settings(&[("FifoQueue", "true"), ("ContentBasedDeduplication", "true")]);
    bench.sqs.ensure_queue("line.fifo", &wanted).unwrap();
    let message = || Send { group_id: Some("a".into()), ..Send::text("hello") };
    let first = bench.sqs.send("line.fifo", message()).unwrap();
    assert_eq!(bench.sqs.send("line.fifo", message()).unwrap(), first);
    let received = bench.receive_one("line.fifo").await;
    assert_eq!(
        received.attributes["MessageDeduplicationId"],
        "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    );
    let explicit = Send { deduplication_id: Some("own".into()), ..message() };
    assert_ne!(bench.sqs.send("line.fifo", explicit).unwrap().message_id, first.message_id);
}

#[tokio::test]
async fn a_deduplication_scope_of_the_group_lets_other_groups_use_the_same_id() {
    let bench = Bench::new();
    let wanted = settings(&[
        ("FifoQueue", "true"),
        ("DeduplicationScope", "messageGroup"),
        ("FifoThroughputLimit", "perMessageGroupId"),
    ]);
    bench.sqs.ensure_queue("line.fifo", &wanted).unwrap();
    for group in ["a", "b", "a"] {
        bench.sqs.send("line.fifo", Send::grouped(group, group, "id")).unwrap();
    }
    assert_eq!(bench.receive_bodies("line.fifo", 10).await, ["a", "b"]);
}

#[tokio::test]
async fn sequence_numbers_have_twenty_digits_and_grow() {
    let bench = Bench::new();
    let numbers: Vec<String> = (0..20)
        .map(|number| Send::grouped("x", "a", number.to_string()))
        .map(|message| bench.sqs.send("line.fifo", message).unwrap().sequence_number.unwrap())
        .collect();
    assert!(numbers.iter().all(|number| number.len() == 20));
    assert!(numbers.is_sorted_by(|a, b| a < b));
}

#[tokio::test]
async fn an_expired_receipt_deletes_nothing_and_is_an_error() {
    let bench = Bench::new();
    bench.send_grouped("a", "a1");
    let handle = bench.receive_one("line.fifo").await.receipt_handle;
    bench.advance_s(31);
    assert_eq!(
        refusal(bench.sqs.delete("line.fifo", &handle)),
        (
            "InvalidParameterValue",
            format!(
                "Value {handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
            )
        )
    );
    let newer = bench.receive_one("line.fifo").await.receipt_handle;
    bench.sqs.delete("line.fifo", &newer).unwrap();
    bench.sqs.delete("line.fifo", &newer).unwrap();
}

#[tokio::test]
async fn a_fifo_queue_demands_a_group_and_a_deduplication_id_and_refuses_a_delay() {
    let bench = Bench::new();
    let refused = |message: Send| refusal(bench.sqs.send("line.fifo", message));
    assert_eq!(
        refused(Send::text("a")),
        ("MissingParameter", "The request must contain the parameter MessageGroupId.".into())
    );
    assert_eq!(
        refused(Send { group_id: Some("a".into()), ..Send::text("a") }),
        (
            "InvalidParameterValue",
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly".into()
        )
    );
    assert_eq!(
        refused(Send { delay_seconds: Some(2), ..Send::grouped("a", "a", "a") }),
        (
            "InvalidParameterValue",
            "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.".into()
        )
    );
}

#[tokio::test]
async fn the_delay_of_a_fifo_queue_holds_back_later_messages_of_the_group_too() {
    let bench = Bench::new();
    let delayed = settings(&[("FifoQueue", "true"), ("DelaySeconds", "60")]);
    bench.sqs.ensure_queue("line.fifo", &delayed).unwrap();
    bench.send_grouped("a", "a1");
    bench.sqs.ensure_queue("line.fifo", &settings(&[("FifoQueue", "true")])).unwrap();
    bench.send_grouped("a", "a2");
    bench.send_grouped("b", "b1");
    assert_eq!(bench.receive_bodies("line.fifo", 10).await, ["b1"]);
    bench.advance_s(60);
    assert_eq!(bench.receive_bodies("line.fifo", 2).await, ["a1", "a2"]);
}

#[tokio::test]
async fn an_attempt_id_is_accepted() {
    let bench = Bench::new();
    bench.send_grouped("a", "a1");
    let request = Receive { attempt_id: Some("attempt-1".into()), ..Receive::default() };
    assert_eq!(bodies(&bench.sqs.receive("line.fifo", request).await.unwrap()), ["a1"]);
}

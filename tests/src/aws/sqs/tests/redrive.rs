//! Dead letters: out of a queue, and back.

use super::{Bench, refusal, settings};
use crate::aws::sqs::Send;
use crate::aws::sqs::attributes::arn;
use crate::aws::sqs::move_task::{MoveTask, Status};

/// `work` and `line.fifo` with dead-letter queues of their own, after two receives.
fn bench() -> Bench {
    let bench = Bench::new();
    let policy =
        |target: &str| format!(r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":"2"}}"#, arn(target));
    bench.sqs.ensure_queue("dead", &settings(&[])).unwrap();
    bench.sqs.ensure_queue("dead.fifo", &settings(&[("FifoQueue", "true")])).unwrap();
    bench.sqs.ensure_queue("work", &settings(&[("RedrivePolicy", &policy("dead"))])).unwrap();
    let line = settings(&[("FifoQueue", "true"), ("RedrivePolicy", &policy("dead.fifo"))]);
    bench.sqs.ensure_queue("line.fifo", &line).unwrap();
    bench
}

/// Receives without deleting until the message of the FIFO group is dead.
async fn fail(bench: &Bench, queue: &str) {
    for _ in 0..2 {
        bench.receive_one(queue).await;
        bench.advance_s(31);
    }
}

#[tokio::test]
async fn a_message_received_too_often_moves_to_the_dead_letter_queue_with_its_id() {
    let bench = bench();
    let sent = bench.sqs.send("work", Send::text("a")).unwrap();
    fail(&bench, "work").await;
    assert_eq!(bench.receive_bodies("work", 10).await, [""; 0]);
    let dead = bench.receive_one("dead").await;
    assert_eq!((dead.message_id, dead.body.as_str()), (sent.message_id, "a"));
    assert_eq!(dead.attributes["DeadLetterQueueSourceArn"], arn("work"));
    assert_eq!(bench.sqs.messages("work"), []);
}

#[tokio::test]
async fn a_dead_letter_unlocks_its_group_for_the_next_message() {
    let bench = bench();
    bench.send_grouped("a", "a1");
    bench.send_grouped("a", "a2");
    fail(&bench, "line.fifo").await;
    assert_eq!(bench.receive_bodies("line.fifo", 10).await, ["a2"]);
    let dead = bench.receive_one("dead.fifo").await;
    assert_eq!(dead.body, "a1");
    assert_eq!(dead.attributes["MessageGroupId"], "a");
    assert_eq!(dead.attributes["MessageDeduplicationId"], "a1");
}

#[tokio::test]
async fn a_standard_queue_counts_the_age_of_dead_letters_from_their_sending() {
    let bench = bench();
    bench.sqs.ensure_queue("dead", &settings(&[("MessageRetentionPeriod", "600")])).unwrap();
    bench.send("a");
    bench.advance_s(400);
    fail(&bench, "work").await;
    bench.receive("work", 1).await;
    assert_eq!(bench.sqs.messages("dead").len(), 1);
    bench.advance_s(200);
    assert_eq!(bench.sqs.messages("dead"), []);
}

#[tokio::test]
async fn a_redrive_policy_needs_an_existing_queue_of_the_same_kind_and_a_count_in_range() {
    let bench = bench();
    let refused = |target: &str, count: &str| {
        let policy = format!(r#"{{"deadLetterTargetArn":"{target}","maxReceiveCount":{count}}}"#);
        let (code, message) =
            refusal(bench.sqs.ensure_queue("work", &settings(&[("RedrivePolicy", &policy)])));
        assert_eq!(code, "InvalidParameterValue");
        message.split_once("Reason: ").unwrap().1.to_owned()
    };
    assert_eq!(refused(&arn("missing"), "3"), "Dead letter target does not exist.");
    assert_eq!(
        refused(&arn("dead.fifo"), "3"),
        "Dead-letter queue must be same type of queue as the source."
    );
    assert_eq!(refused("dummy", "3"), "Invalid value for deadLetterTargetArn.");
    assert_eq!(
        refused(&arn("dead"), "1001"),
        "Invalid value for maxReceiveCount: 1001, valid values are from 1 to 1000 both inclusive."
    );
}

#[tokio::test]
async fn a_redrive_allow_policy_decides_who_may_send_dead_letters() {
    let bench = Bench::new();
    let allow = |policy: &str| bench.sqs.ensure_queue("dead", &settings(&[("RedriveAllowPolicy", policy)]));
    let policy = format!(r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":3}}"#, arn("dead"));
    let use_it = || bench.sqs.ensure_queue("work", &settings(&[("RedrivePolicy", &policy)]));
    allow(r#"{"redrivePermission":"denyAll"}"#).unwrap();
    assert_eq!(refusal(use_it()).0, "InvalidParameterValue");
    allow(&format!(r#"{{"redrivePermission":"byQueue","sourceQueueArns":["{}"]}}"#, arn("work"))).unwrap();
    use_it().unwrap();
    assert_eq!(refusal(allow(r#"{"redrivePermission":"sometimes"}"#)).0, "InvalidAttributeValue");
}

#[tokio::test]
async fn without_its_dead_letter_queue_a_queue_keeps_delivering() {
    let bench = bench();
    bench.send("a");
    fail(&bench, "work").await;
    bench.sqs.with_state(|state, now_ms| state.delete_queue("dead", now_ms)).unwrap();
    assert_eq!(bench.receive_bodies("work", 10).await, ["a"]);
}

fn start(bench: &Bench, source: &str, destination: Option<&str>, rate: Option<u32>) {
    bench
        .sqs
        .with_state(|state, now_ms| {
            let to_move = state.entry(source)?.queue.depth().visible;
            let destination = destination.map(str::to_owned);
            Ok(state.start_task(MoveTask::new(source, destination, rate, now_ms, to_move), now_ms))
        })
        .unwrap();
}

fn status(bench: &Bench) -> (Status, u64) {
    bench
        .sqs
        .with_state(|state, _| Ok(state.tasks.last().map(|task| (task.status, task.moved)).unwrap()))
        .unwrap()
}

#[tokio::test]
async fn a_move_task_brings_dead_letters_back_as_new_messages_in_order() {
    let bench = bench();
    let first = bench.sqs.send("line.fifo", Send::grouped("a1", "a", "a1")).unwrap();
    bench.send_grouped("a", "a2");
    for _ in 0..2 {
        assert_eq!(bench.receive("line.fifo", 10).await.len(), 2);
        bench.advance_s(31);
    }
    assert_eq!(bench.receive("line.fifo", 10).await, []);
    start(&bench, "dead.fifo", None, None);
    assert_eq!(status(&bench), (Status::Completed, 2));
    let back = bench.receive("line.fifo", 10).await;
    assert_eq!(super::bodies(&back), ["a1", "a2"]);
    assert_ne!(back[0].message_id, first.message_id);
    assert_eq!(back[0].attributes["ApproximateReceiveCount"], "1");
    assert_eq!(back[0].attributes.get("DeadLetterQueueSourceArn"), None);
}

#[tokio::test]
async fn a_move_task_with_a_rate_moves_as_the_clock_goes() {
    let bench = bench();
    for body in ["a", "b", "c"] {
        bench.sqs.send("dead", Send::text(body)).unwrap();
    }
    start(&bench, "dead", Some("work"), Some(1));
    assert_eq!(status(&bench), (Status::Running, 1));
    assert!(bench.sqs.next_due_ms().is_some());
    bench.advance_s(60);
    assert_eq!(status(&bench), (Status::Completed, 3));
    assert_eq!(bench.receive_bodies("work", 10).await, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_move_task_fails_on_a_message_that_never_was_a_dead_letter() {
    let bench = bench();
    bench.sqs.send("dead", Send::text("a")).unwrap();
    start(&bench, "dead", None, None);
    assert_eq!(status(&bench), (Status::Failed("CouldNotDetermineMessageSource"), 0));
    assert_eq!(bench.sqs.messages("dead").len(), 1);
}

//! What survives a restart.

use super::{Bench, open, settings};
use crate::aws::sqs::{Depth, MessageAttribute, Send};

/// Opens the same folder again, as a restarted stack does.
fn restart(bench: Bench) -> Bench {
    let Bench { folder, clock, sqs } = bench;
    drop(sqs);
    let sqs = open(folder.path(), &clock);
    Bench { folder, clock, sqs }
}

#[tokio::test]
async fn accepted_messages_are_there_in_order_after_a_restart() {
    let bench = Bench::new();
    let attributes: std::collections::BTreeMap<_, _> =
        [("kind".to_owned(), MessageAttribute::string("photo"))].into();
    for number in 0..20 {
        let message = Send {
            attributes: attributes.clone(),
            ..Send::grouped(format!("{number}"), format!("g{}", number % 3), format!("{number}"))
        };
        bench.sqs.send("line.fifo", message).unwrap();
    }
    let before = bench.sqs.messages("line.fifo");
    let bench = restart(bench);
    assert_eq!(bench.sqs.messages("line.fifo"), before);
}

#[tokio::test]
async fn receipts_locks_and_counts_survive_a_restart() {
    let bench = Bench::new();
    bench.send_grouped("a", "a1");
    bench.send_grouped("a", "a2");
    bench.sqs.send("work", Send { delay_seconds: Some(600), ..Send::text("delayed") }).unwrap();
    let first = bench.receive_one("line.fifo").await;
    let bench = restart(bench);
    assert_eq!(bench.receive_bodies("line.fifo", 10).await, [""; 0]);
    assert_eq!(bench.sqs.depth("work"), Depth { visible: 0, in_flight: 0, delayed: 1 });
    bench.sqs.change_visibility("line.fifo", &first.receipt_handle, 0).unwrap();
    let again = bench.receive_one("line.fifo").await;
    assert_eq!((again.body.as_str(), again.attributes["ApproximateReceiveCount"].as_str()), ("a1", "2"));
    bench.sqs.delete("line.fifo", &again.receipt_handle).unwrap();
    let bench = restart(bench);
    assert_eq!(bench.receive_bodies("line.fifo", 10).await, ["a2"]);
}

#[tokio::test]
async fn the_deduplication_window_and_the_sequence_survive_a_restart() {
    let bench = Bench::new();
    let first = bench.sqs.send("line.fifo", Send::grouped("a", "g", "id")).unwrap();
    let received = bench.receive_one("line.fifo").await;
    bench.sqs.delete("line.fifo", &received.receipt_handle).unwrap();
    let bench = restart(bench);
    assert_eq!(bench.sqs.send("line.fifo", Send::grouped("a", "g", "id")).unwrap(), first);
    let next = bench.sqs.send("line.fifo", Send::grouped("b", "g", "other")).unwrap();
    assert!(next.sequence_number > first.sequence_number);
}

#[tokio::test]
async fn settings_survive_a_restart_and_deleted_queues_do_not() {
    let bench = Bench::new();
    bench.send("a");
    bench.sqs.ensure_queue("slow", &settings(&[("VisibilityTimeout", "600")])).unwrap();
    bench.sqs.with_state(|state, now_ms| state.delete_queue("work", now_ms)).unwrap();
    let bench = restart(bench);
    let names = bench.sqs.with_state(|state, _| Ok(state.names().map(str::to_owned).collect::<Vec<_>>()));
    assert_eq!(names.unwrap(), ["line.fifo", "slow"]);
    let timeout =
        bench.sqs.with_state(|state, _| Ok(state.entry("slow")?.queue.attributes.visibility_timeout_s()));
    assert_eq!(timeout.unwrap(), 600);
}

#[tokio::test]
async fn a_reset_drops_messages_and_the_memory_of_them_for_good() {
    let bench = Bench::new();
    bench.send("a");
    bench.send_grouped("g", "b");
    bench.sqs.reset();
    let bench = restart(bench);
    assert_eq!((bench.sqs.messages("work"), bench.sqs.messages("line.fifo")), (vec![], vec![]));
    bench.send_grouped("g", "b");
    assert_eq!(bench.receive_bodies("line.fifo", 10).await, ["b"]);
}

#[tokio::test]
async fn a_send_that_cannot_be_written_down_is_refused_and_leaves_no_message() {
    let bench = Bench::new();
    bench.send("kept");
    let other = rusqlite::Connection::open(bench.folder.path().join("sqs.sqlite")).unwrap();
    other
        .execute_batch("CREATE TRIGGER full BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'full'); END")
        .unwrap();
    let (code, _) = super::refusal(bench.sqs.send("work", Send::text("lost")));
    assert_eq!(code, "InternalFailure");
    other.execute_batch("DROP TRIGGER full").unwrap();
    bench.send("next");
    assert_eq!(bench.receive_bodies("work", 10).await, ["kept", "next"]);
}

//! Functions fed from queues, with the stack's own SQS.

use std::collections::BTreeMap;
use std::time::Duration;

use lambdagram_tests::aws::sqs::{Depth, Send, Sqs};
use lambdagram_tests::lambda::event_source::EventSource;
use lambdagram_tests::lambda::{ProcessState, Stream};
use lambdagram_tests::template::model::QueueSource;

use super::{Bench, probe};

struct Fed {
    bench: Bench,
    queues: Sqs,
    source: EventSource,
    _folder: tempfile::TempDir,
}

fn source(queue: &str) -> QueueSource {
    QueueSource {
        queue: queue.to_owned(),
        batch_size: 1,
        maximum_concurrency: Some(2),
        report_batch_item_failures: true,
    }
}

/// A worker fed from a queue that holds these messages.
fn feed(source: &QueueSource, messages: Vec<Send>) -> Fed {
    let bench = Bench::new(vec![probe("Worker")]);
    let folder = tempfile::tempdir().unwrap();
    let queues = Sqs::open(folder.path(), bench.clock.clone()).unwrap();
    let mut attributes = BTreeMap::from([("VisibilityTimeout".to_owned(), "60".to_owned())]);
    if source.queue.strip_suffix(".fifo").is_some() {
        attributes.insert("FifoQueue".to_owned(), "true".to_owned());
    }
    queues.ensure_queue(&source.queue, &attributes).unwrap();
    for message in messages {
        queues.send(&source.queue, message).unwrap();
    }
    let source = EventSource::start(source, "Worker", queues.clone(), bench.lambda.clone());
    Fed { bench, queues, source, _folder: folder }
}

/// What the worker printed, in order.
fn done(fed: &Fed) -> Vec<String> {
    fed.bench.logs.logs().into_iter().map(|line| line.line).collect()
}

async fn printed(fed: &Fed, text: &str) {
    fed.bench.logs.wait_for(|line| line.line == text).await;
    fed.source.idle().await;
}

const EMPTY: Depth = Depth { visible: 0, in_flight: 0, delayed: 0 };

#[tokio::test]
async fn messages_of_a_group_are_worked_on_in_order_and_deleted() {
    let bodies: Vec<_> = (0..5).map(|number| format!("job-{number}")).collect();
    let messages = bodies.iter().map(|body| Send::grouped(body, "chat", body)).collect();
    let fed = feed(&source("jobs.fifo"), messages);
    printed(&fed, "job-4").await;
    assert_eq!(done(&fed), bodies);
    assert_eq!(fed.queues.depth("jobs.fifo"), EMPTY);
}

#[tokio::test]
async fn a_failed_message_stays_hidden_and_comes_back_when_its_time_is_over() {
    let messages = vec![Send::text("fail"), Send::text("done")];
    let fed = feed(&QueueSource { batch_size: 2, ..source("jobs") }, messages);
    printed(&fed, "done").await;
    assert_eq!(fed.queues.depth("jobs"), Depth { visible: 0, in_flight: 1, delayed: 0 });
    assert_eq!(fed.queues.messages("jobs")[0].receive_count, 1);
    come_back(&fed).await;
    assert_eq!(fed.queues.messages("jobs")[0].receive_count, 2);
}

#[tokio::test]
async fn a_crash_leaves_the_message_in_the_queue() {
    let fed = feed(&source("jobs"), vec![Send::text("crash")]);
    fed.bench.logs.wait_for(|line| line.stream == Stream::Platform).await;
    fed.source.idle().await;
    assert_eq!(fed.queues.depth("jobs"), Depth { visible: 0, in_flight: 1, delayed: 0 });
    come_back(&fed).await;
    assert_eq!(fed.queues.messages("jobs")[0].receive_count, 2);
}

#[tokio::test]
async fn without_partial_failures_an_answer_means_that_the_whole_batch_is_done() {
    let source = QueueSource { report_batch_item_failures: false, ..source("jobs") };
    let fed = feed(&source, vec![Send::text("fail"), Send::text("done")]);
    printed(&fed, "done").await;
    fed.bench
        .lambda
        .wait_until(|processes| processes.iter().all(|one| one.state == ProcessState::Idle))
        .await;
    fed.source.idle().await;
    assert_eq!(fed.queues.depth("jobs"), EMPTY);
}

#[tokio::test]
async fn no_more_invocations_run_at_once_than_the_maximum() {
    let messages = (0..30).map(|number| Send::text(format!("job {number}"))).collect();
    let fed = feed(&source("jobs"), messages);
    for number in 0..30 {
        printed(&fed, &format!("job {number}")).await;
    }
    assert!(fed.bench.lambda.processes().len() <= 2);
    assert_eq!(fed.queues.depth("jobs"), EMPTY);
}

#[tokio::test]
async fn a_stopped_source_receives_nothing_more() {
    let fed = feed(&source("jobs"), Vec::new());
    fed.source.stop().await;
    fed.queues.send("jobs", Send::text("late")).unwrap();
    assert_eq!(fed.queues.depth("jobs"), Depth { visible: 1, in_flight: 0, delayed: 0 });
}

/// Ends the visibility of what is hidden, and waits until it was received and settled again.
async fn come_back(fed: &Fed) {
    let before = fed.bench.lambda.processes().last().map(|process| process.access_key_id.clone());
    fed.bench.clock.advance(Duration::from_mins(1));
    // The clock was advanced, so it is a new process that sees the message.
    fed.bench
        .lambda
        .wait_until(|processes| {
            processes.last().is_some_and(|last| Some(&last.access_key_id) != before.as_ref())
        })
        .await;
    fed.source.idle().await;
}

//! The rules of the service, one sentence each.

mod durability;
mod fifo;
mod messages;
mod model;
mod protocol;
mod query_protocol;
mod redrive;
mod standard;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use super::{Receive, ReceivedMessage, Send, Sqs, SqsError};
use crate::clock::Clock;

/// Queues of a test's own.
struct Bench {
    folder: TempDir,
    clock: Clock,
    sqs: Sqs,
}

impl Bench {
    /// With a standard queue `work` and a FIFO queue `line.fifo`.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::default();
        let sqs = open(folder.path(), &clock);
        sqs.ensure_queue("work", &settings(&[])).unwrap();
        sqs.ensure_queue("line.fifo", &settings(&[("FifoQueue", "true")])).unwrap();
        Self { folder, clock, sqs }
    }

    fn advance_s(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    fn send(&self, body: &str) {
        self.sqs.send("work", Send::text(body)).unwrap();
    }

    /// Sends to the FIFO queue; the body is the deduplication id too.
    fn send_grouped(&self, group: &str, body: &str) {
        self.sqs.send("line.fifo", Send::grouped(body, group, body)).unwrap();
    }

    async fn receive(&self, queue: &str, most: i64) -> Vec<ReceivedMessage> {
        let request = Receive { max_messages: Some(most), ..Receive::default() };
        self.sqs.receive(queue, request).await.unwrap()
    }

    async fn receive_one(&self, queue: &str) -> ReceivedMessage {
        self.receive(queue, 1).await.pop().expect("a message can be received")
    }

    async fn receive_bodies(&self, queue: &str, most: i64) -> Vec<String> {
        bodies(&self.receive(queue, most).await)
    }
}

fn open(folder: &Path, clock: &Clock) -> Sqs {
    let sqs = Sqs::open(folder, clock.clone()).unwrap();
    sqs.set_endpoint("http://127.0.0.1:9324");
    sqs
}

fn settings(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn bodies(messages: &[ReceivedMessage]) -> Vec<String> {
    messages.iter().map(|message| message.body.clone()).collect()
}

/// The query code and the message of a refusal.
fn refusal<T>(result: Result<T, SqsError>) -> (&'static str, String) {
    let error = result.err().expect("the request is refused");
    (error.wire().code, error.to_string())
}

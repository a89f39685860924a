//! Feeds a function from a queue, as a Lambda event source mapping does.
//!
//! A batch is received, becomes one event, and is deleted when the function succeeds. What fails is left alone: it
//! comes back when its visibility ends, and the queue's redrive policy counts. The same holds for a throttled
//! invocation. With `ReportBatchItemFailures` the function names the failed messages and only they stay; in FIFO
//! queues too, where Lambda leaves it to the function to name everything after the first failure (developer guide,
//! "Implementing partial batch responses").

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Invocation, Lambda, sqs_event};
use crate::aws::sqs::{Receive, ReceivedMessage, Sqs, SqsError};
use crate::template::model::QueueSource;

/// Most messages of one `ReceiveMessage`; larger batches take several.
const RECEIVE_LIMIT: usize = 10;

/// Longest long poll, in seconds.
const POLL_S: i64 = 20;

/// Invocations at once where the template sets no maximum: as many as there may be processes.
const CONCURRENCY: usize = 100;

/// How long a queue that refuses to be read is left alone, in real time.
const PAUSE: Duration = Duration::from_secs(1);

/// What an event source needs of a queue.
pub trait QueueClient: Clone + Send + Sync + 'static {
    /// Why the queue refuses.
    type Error: std::fmt::Display + Send;

    /// Waits up to `wait_s` seconds for at most `max` messages (1 to 10). Dropping the future must lose no message.
    fn receive(
        &self,
        queue: &str,
        max: usize,
        wait_s: i64,
    ) -> impl Future<Output = Result<Vec<ReceivedMessage>, Self::Error>> + Send;

    /// Deletes a message that is done.
    ///
    /// # Errors
    /// When the receipt handle is not, or no longer, good.
    fn delete(&self, queue: &str, receipt_handle: &str) -> Result<(), Self::Error>;
}

impl QueueClient for Sqs {
    type Error = SqsError;

    async fn receive(&self, queue: &str, max: usize, wait_s: i64) -> Result<Vec<ReceivedMessage>, SqsError> {
        let max_messages = i64::try_from(max).ok();
        Self::receive(self, queue, Receive { max_messages, wait_seconds: Some(wait_s), ..Receive::default() })
            .await
    }

    fn delete(&self, queue: &str, receipt_handle: &str) -> Result<(), SqsError> {
        Self::delete(self, queue, receipt_handle)
    }
}

/// A queue that feeds a function, until it is stopped or dropped.
pub struct EventSource {
    stop: CancellationToken,
    tasks: TaskTracker,
    batches: watch::Receiver<usize>,
}

impl EventSource {
    /// Starts feeding the function `logical_id` from the queue that `source` names.
    pub fn start(source: &QueueSource, logical_id: &str, queues: impl QueueClient, lambda: Lambda) -> Self {
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let (count, batches) = watch::channel(0);
        let feed = Arc::new(Feed {
            source: source.clone(),
            logical_id: logical_id.to_owned(),
            queues,
            lambda,
            batches: count,
        });
        let poll = feed.poll(tasks.clone());
        let is_stopped = stop.clone();
        tasks.spawn(async move {
            let _ = is_stopped.run_until_cancelled(poll).await;
        });
        Self { stop, tasks, batches }
    }

    /// How many batches have been received and are not settled yet.
    pub fn in_flight(&self) -> usize {
        *self.batches.borrow()
    }

    /// Returns at a moment when no batch is in flight. Whether the queue is empty is the queue's to say.
    pub async fn idle(&self) {
        let mut batches = self.batches.clone();
        // The sender ends with the source, and then nothing is in flight either.
        let _ = batches.wait_for(|batches| *batches == 0).await;
    }

    /// Receives nothing more, and returns when the batches in flight are settled.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for EventSource {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

struct Feed<Q> {
    source: QueueSource,
    logical_id: String,
    queues: Q,
    lambda: Lambda,
    batches: watch::Sender<usize>,
}

/// Counts a batch as in flight while it lives.
struct InFlight<Q: QueueClient>(Arc<Feed<Q>>);

impl<Q: QueueClient> Drop for InFlight<Q> {
    fn drop(&mut self) {
        self.0.batches.send_modify(|batches| *batches -= 1);
    }
}

impl<Q: QueueClient> Feed<Q> {
    /// Receives a batch whenever one more invocation may run.
    async fn poll(self: Arc<Self>, tasks: TaskTracker) {
        let places = Arc::new(Semaphore::new(self.source.maximum_concurrency.unwrap_or(CONCURRENCY)));
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            let batch = self.receive().await;
            if !batch.is_empty() {
                self.batches.send_modify(|batches| *batches += 1);
                let in_flight = InFlight(Arc::clone(&self));
                tasks.spawn(settle(in_flight, batch, place));
            }
        }
    }

    /// Waits for the first messages, and fills the batch with what is there.
    async fn receive(&self) -> Vec<ReceivedMessage> {
        let mut batch = Vec::new();
        loop {
            let missing = self.source.batch_size - batch.len();
            let wait_s = if batch.is_empty() { POLL_S } else { 0 };
            match self.queues.receive(&self.source.queue, missing.min(RECEIVE_LIMIT), wait_s).await {
                Ok(more) if more.is_empty() => return batch,
                Ok(more) => batch.extend(more),
                Err(cause) => {
                    tracing::warn!(queue = self.source.queue, %cause, "The queue cannot be read");
                    tokio::time::sleep(PAUSE).await;
                    return batch;
                }
            }
            if batch.len() >= self.source.batch_size {
                return batch;
            }
        }
    }

    /// Invokes the function, and tells which messages are done.
    async fn done(&self, batch: &[ReceivedMessage]) -> Done {
        let event = sqs_event::event(&self.source.queue, batch).to_string();
        match self.lambda.invoke(&self.logical_id, event.into()).await {
            Invocation::Success(answer) if self.source.report_batch_item_failures => {
                match failures(&answer, batch) {
                    Some(failed) => Done::AllBut(failed),
                    None => Done::None,
                }
            }
            Invocation::Success(_) => Done::AllBut(BTreeSet::new()),
            Invocation::PayloadTooLarge { .. } if batch.len() > 1 => Done::Divide,
            _ => Done::None,
        }
    }
}

/// What is done after an invocation.
enum Done {
    /// Every message but those with these ids.
    AllBut(BTreeSet<String>),
    /// None.
    None,
    /// None yet: the event was too large, and its halves are to be tried.
    Divide,
}

/// Sees a batch through: invokes, and deletes what is done.
async fn settle<Q: QueueClient>(
    in_flight: InFlight<Q>,
    batch: Vec<ReceivedMessage>,
    _place: OwnedSemaphorePermit,
) {
    let feed = &in_flight.0;
    let mut batches = vec![batch];
    while let Some(mut batch) = batches.pop() {
        match feed.done(&batch).await {
            Done::None => {}
            Done::Divide => {
                let second = batch.split_off(batch.len() / 2);
                batches.push(second);
                batches.push(batch);
            }
            Done::AllBut(failed) => {
                let done = batch.iter().filter(|message| !failed.contains(&message.message_id));
                for message in done {
                    // Not an error of ours: the function may have taken longer than the message was hidden.
                    if let Err(cause) = feed.queues.delete(&feed.source.queue, &message.receipt_handle) {
                        tracing::info!(queue = feed.source.queue, %cause, "A finished message cannot be deleted");
                    }
                }
            }
        }
    }
}

/// The ids of the messages that failed. `None`: all, because the answer does not follow the rules.
///
/// The rules (developer guide, "Success and failure conditions"): a null or empty answer, or one with a null or empty
/// list, means that all is done. Bad JSON, a missing or empty `itemIdentifier` or one that was not in the batch means
/// that all failed.
fn failures(answer: &Bytes, batch: &[ReceivedMessage]) -> Option<BTreeSet<String>> {
    if answer.is_empty() {
        return Some(BTreeSet::new());
    }
    let answer: Value = serde_json::from_slice(answer).ok()?;
    let failed = match answer {
        Value::Null => return Some(BTreeSet::new()),
        Value::Object(mut fields) => fields.remove("batchItemFailures").unwrap_or_default(),
        _ => return None,
    };
    let failed = match failed {
        Value::Null => return Some(BTreeSet::new()),
        Value::Array(failed) => failed,
        _ => return None,
    };
    let known = |id: &&str| batch.iter().any(|message| message.message_id == *id);
    failed.iter().map(|failure| failure["itemIdentifier"].as_str().filter(known).map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn batch(ids: &[&str]) -> Vec<ReceivedMessage> {
        let message = |id: &&str| ReceivedMessage {
            message_id: (*id).to_owned(),
            receipt_handle: format!("handle of {id}"),
            body: String::new(),
            md5_of_body: String::new(),
            attributes: BTreeMap::new(),
            message_attributes: BTreeMap::new(),
        };
        ids.iter().map(message).collect()
    }

    fn failed(answer: &'static str) -> Option<Vec<String>> {
        let failed = failures(&Bytes::from_static(answer.as_bytes()), &batch(&["a", "b"]));
        failed.map(|failed| failed.into_iter().collect())
    }

    #[test]
    fn an_answer_without_failures_means_that_all_is_done() {
        for answer in ["", "null", "{}", r#"{"batchItemFailures":null}"#, r#"{"batchItemFailures":[]}"#] {
            assert_eq!(failed(answer), Some(Vec::new()), "{answer}");
        }
    }

    #[test]
    fn named_messages_failed() {
        let answer = r#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#;
        assert_eq!(failed(answer), Some(vec!["b".to_owned()]));
    }

    #[test]
    fn an_answer_against_the_rules_means_that_all_failed() {
        for answer in [
            "no JSON",
            "[]",
            "\"done\"",
            r#"{"batchItemFailures":{}}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"a"},{"id":"b"}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"c"}]}"#,
        ] {
            assert_eq!(failed(answer), None, "{answer}");
        }
    }
}

//! What every worker behind a queue shares: messages are dealt with in their order, and one that has to wait is hidden
//! for that long and reported as failed, which keeps the order of its group. SQS hands out nothing of a message group
//! while one of its messages is hidden.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use lambdagram_aws::FifoQueue;
use lambdagram_domain::measure;
use tracing::Instrument;

use crate::clock::Clock;
use crate::runtime::Handler;
use crate::trace;

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Its job is finished; the message goes.
    Done,
    /// It comes again after this time.
    Later(Duration),
    /// It comes again when the queue's visibility timeout ends.
    WhenVisible,
}

/// A worker behind a queue.
pub(crate) trait QueueWorker: Send + Sync + 'static {
    /// Its queue, as metrics name it.
    const QUEUE: &'static str;

    /// Its queue.
    fn queue(&self) -> &FifoQueue;

    /// The clock by which it works.
    fn clock(&self) -> Clock;

    /// Does the job of one message, as far as it can be done until `deadline`.
    fn process(&self, record: &SqsMessage, deadline: SystemTime) -> impl Future<Output = Verdict> + Send;
}

impl<W: QueueWorker> Handler<SqsEvent, SqsBatchResponse> for W {
    async fn handle(&self, event: SqsEvent, deadline: SystemTime) -> SqsBatchResponse {
        let mut records = event.records.iter();
        for record in records.by_ref() {
            if let Some(age) = age_at_first(record, self.clock().time()) {
                measure::QUEUE_AGE.record_of_queue(Self::QUEUE, age);
            }
            let header = record.attributes.get(trace::MESSAGE_ATTRIBUTE);
            let trace_id = header.and_then(|header| trace::id_in(header));
            let span = tracing::info_span!("message", trace_id);
            let verdict = self.process(record, deadline).instrument(span).await;
            if let Verdict::Later(wait) = verdict {
                hide(self.queue(), record, wait).await;
            }
            if verdict != Verdict::Done {
                // What follows in the batch may be of the same group, and must not overtake it.
                return failed(std::iter::once(record).chain(records));
            }
        }
        failed(std::iter::empty())
    }
}

/// Keeps a message out of sight for `time` from now.
pub(crate) async fn hide(queue: &FifoQueue, record: &SqsMessage, time: Duration) {
    let handle = record.receipt_handle.as_deref().unwrap_or_default();
    if let Err(cause) = queue.hide(handle, time).await {
        tracing::warn!(cause = %cause, "The message stays hidden as long as its queue says");
    }
}

/// How long a message has been in its queue, when it comes for the first time. Later ones hold what it had to wait for.
fn age_at_first(record: &SqsMessage, now: SystemTime) -> Option<Duration> {
    let attribute = |name| record.attributes.get(name)?.parse::<u64>().ok();
    if attribute("ApproximateReceiveCount")? != 1 {
        return None;
    }
    let sent = UNIX_EPOCH + Duration::from_millis(attribute("SentTimestamp")?);
    // Clocks differ.
    Some(now.duration_since(sent).unwrap_or_default())
}

fn failed<'a>(records: impl Iterator<Item = &'a SqsMessage>) -> SqsBatchResponse {
    let failures = records.map(|record| {
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = record.message_id.clone().unwrap_or_default();
        failure
    });
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failures.collect();
    response
}

//! Workers behind queues: their messages are done one after the other, and what is not done comes again.

use std::future::Future;
use std::time::{Duration, SystemTime};

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use lambdagram_aws::FifoQueue;

use crate::runtime::Handler;

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Its work is finished; the message goes.
    Done,
    /// It comes again after this time.
    Later(Duration),
    /// It comes again when the queue's visibility timeout ends.
    WhenVisible,
}

/// What does the work of one message.
pub(crate) trait Worker: Send + Sync + 'static {
    /// The queue that the messages come from.
    fn queue(&self) -> &FifoQueue;

    /// Does the work of one message, until `deadline` at the latest.
    fn process(&self, record: &SqsMessage, deadline: SystemTime) -> impl Future<Output = Verdict> + Send;
}

/// A worker as a function takes it.
pub(crate) struct OneByOne<W>(pub(crate) W);

impl<W: Worker> Handler<SqsEvent, SqsBatchResponse> for OneByOne<W> {
    async fn handle(&self, event: SqsEvent, deadline: SystemTime) -> SqsBatchResponse {
        let mut records = event.records.iter();
        for record in records.by_ref() {
            let verdict = self.0.process(record, deadline).await;
            if let Verdict::Later(wait) = verdict {
                self.hide(record, wait).await;
            }
            if verdict != Verdict::Done {
                // What follows in the batch may be of the same chat, and must not overtake it.
                return failed(std::iter::once(record).chain(records));
            }
        }
        failed(std::iter::empty())
    }
}

impl<W: Worker> OneByOne<W> {
    async fn hide(&self, record: &SqsMessage, wait: Duration) {
        let handle = record.receipt_handle.as_deref().unwrap_or_default();
        if let Err(cause) = self.0.queue().hide(handle, wait).await {
            tracing::warn!(cause = %cause, "The message stays hidden as long as its queue says");
        }
    }
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

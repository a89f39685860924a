//! The worker behind the bot queue: does each job once, in the order of its chat.
//!
//! A message is one job. The worker claims its receipt, prepares the calls, and before each call notes that it is
//! about to go out, so that a worker that dies leaves behind exactly what is known:
//!
//! | it died | the receipt says | the next worker |
//! |---|---|---|
//! | before the claim, or while preparing | `queued`, `running` | does the job |
//! | between the note and the answer's record | `sending` | cannot know: sends again, or stops, as configured |
//! | after the record | `sent` | clears up and lets the message go |
//!
//! A job that must wait hides its message for that long and reports it as failed, which keeps the chat's order: SQS
//! hands out nothing of a message group while one of its messages is hidden.

mod calls;
mod command;
mod delivery;

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use lambdagram_aws::{BotSecrets, DeadLetterQueue, FifoQueue, Receipts, SecretStore, StagingBucket};
use lambdagram_telegram::bot_api::{BotApi, TELEGRAM};

use crate::clock::Clock;
use crate::config::UnresolvedSends;
use crate::runtime::{Handler, serve_events};

/// Runs the function.
pub fn main() -> ExitCode {
    serve_events(async |start| {
        let (environment, connection) = (&start.environment, &start.connect().await);
        let secrets = environment.secrets(connection, start.clock.now()).await?;
        let base_url = environment.optional("BOT_API_URL").unwrap_or(TELEGRAM);
        Ok(BotWorker {
            receipts: Receipts::new(connection, environment.text("JOBS_TABLE")?),
            staging: StagingBucket::new(connection, environment.text("STAGING_BUCKET")?),
            queue: FifoQueue::new(connection, environment.text("BOT_QUEUE_URL")?),
            dead_letters: DeadLetterQueue::new(connection, environment.text("BOT_DEAD_LETTER_QUEUE_URL")?),
            bot: BotApi::new(base_url, secrets.versions().current.bot_token.clone()),
            secrets,
            unresolved_sends: environment.unresolved_sends()?,
            clock: start.clock,
        })
    })
}

struct BotWorker {
    receipts: Receipts,
    staging: StagingBucket,
    queue: FifoQueue,
    dead_letters: DeadLetterQueue,
    bot: BotApi,
    secrets: SecretStore<BotSecrets>,
    unresolved_sends: UnresolvedSends,
    clock: Clock,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// Its job is finished; the message goes.
    Done,
    /// It comes again after this time.
    Later(Duration),
    /// It comes again when the queue's visibility timeout ends.
    WhenVisible,
}

impl Handler<SqsEvent, SqsBatchResponse> for BotWorker {
    async fn handle(&self, event: SqsEvent, deadline: SystemTime) -> SqsBatchResponse {
        let mut records = event.records.iter();
        for record in records.by_ref() {
            let verdict = self.process(record, deadline).await;
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

impl BotWorker {
    async fn hide(&self, record: &SqsMessage, wait: Duration) {
        let handle = record.receipt_handle.as_deref().unwrap_or_default();
        if let Err(cause) = self.queue.hide(handle, wait).await {
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

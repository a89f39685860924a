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

mod callback;
mod calls;
mod command;
mod delivery;

use std::process::ExitCode;
use std::time::SystemTime;

use aws_lambda_events::event::sqs::SqsMessage;
use lambdagram_aws::{BotSecrets, DeadLetterQueue, FifoQueue, Receipts, SecretStore, StagingBucket};
use lambdagram_telegram::bot_api::{BotApi, TELEGRAM};

use crate::clock::Clock;
use crate::config::UnresolvedSends;
use crate::queue_worker::{QueueWorker, Verdict};
use crate::runtime::serve_events;

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
            dispatch_queue: FifoQueue::new(connection, environment.text("DISPATCH_QUEUE_URL")?),
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
    /// For those who asked to be told of the end of a command.
    dispatch_queue: FifoQueue,
    bot: BotApi,
    secrets: SecretStore<BotSecrets>,
    unresolved_sends: UnresolvedSends,
    clock: Clock,
}

impl QueueWorker for BotWorker {
    const QUEUE: &'static str = "bot";

    fn queue(&self) -> &FifoQueue {
        &self.queue
    }

    fn clock(&self) -> Clock {
        self.clock
    }

    async fn process(&self, record: &SqsMessage, deadline: SystemTime) -> Verdict {
        self.deliver(record, deadline).await
    }
}

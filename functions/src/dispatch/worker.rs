//! The worker behind the dispatch queue: asks services what people ask the bot, and tells those who asked for it that
//! their command has ended.
//!
//! A delivery is made at least once, always under the same id: a worker that dies after the service has answered leaves
//! it to the next one, and the service gets it again. What the service answers is queued for the bot under ids that
//! are made of the delivery's, so that the person gets the first of two answers alone. Only then the row says that it
//! is delivered, and the message goes.

use std::process::ExitCode;
use std::time::SystemTime;

use aws_lambda_events::event::sqs::SqsMessage;
use lambdagram_aws::{
    DeadLetterQueue, DispatchSecrets, Dispatches, FifoQueue, Receipts, SecretStore, ServiceQueues,
    StagingBucket,
};
use lambdagram_outbound::Outbound;

use crate::access::Access;
use crate::clock::Clock;
use crate::intake::Intake;
use crate::queue_worker::{QueueWorker, Verdict};
use crate::runtime::serve_events;

/// Runs the function.
pub fn main() -> ExitCode {
    serve_events(async |start| {
        let (environment, connection) = (&start.environment, &start.connect().await);
        let now = start.clock.now();
        let dead_letters = environment.text("DISPATCH_DEAD_LETTER_QUEUE_URL")?;
        Ok(DispatchWorker {
            access: environment.access(connection, now).await?,
            secrets: environment.dispatch_secrets(connection, now).await?,
            dispatches: Dispatches::new(connection, environment.text("DISPATCHES_TABLE")?),
            queue: FifoQueue::new(connection, environment.text("DISPATCH_QUEUE_URL")?),
            dead_letters: DeadLetterQueue::new(connection, dead_letters),
            outbound: Outbound::new(environment.own_networks()?),
            service_queues: ServiceQueues::new(connection),
            intake: Intake::new(environment, connection)?,
            receipts: Receipts::new(connection, environment.text("JOBS_TABLE")?),
            staging: StagingBucket::new(connection, environment.text("STAGING_BUCKET")?),
            clock: start.clock,
        })
    })
}

pub(super) struct DispatchWorker {
    pub(super) access: Access,
    pub(super) secrets: SecretStore<DispatchSecrets>,
    pub(super) dispatches: Dispatches,
    pub(super) queue: FifoQueue,
    pub(super) dead_letters: DeadLetterQueue,
    pub(super) outbound: Outbound,
    pub(super) service_queues: ServiceQueues,
    pub(super) intake: Intake,
    pub(super) receipts: Receipts,
    pub(super) staging: StagingBucket,
    pub(super) clock: Clock,
}

impl QueueWorker for DispatchWorker {
    const QUEUE: &'static str = "dispatch";

    fn queue(&self) -> &FifoQueue {
        &self.queue
    }

    fn clock(&self) -> Clock {
        self.clock
    }

    async fn process(&self, record: &SqsMessage, deadline: SystemTime) -> Verdict {
        self.attempt(record, deadline).await
    }
}

//! The worker behind the upload queue: sends each staged file, wherever the worker before it has come to.
//!
//! A message names one upload. While its worker lives, two things say so: the claim on the upload's row, and the message
//! itself, which is hidden a little longer again and again. A worker that dies lets go of both by silence, and within a
//! minute another one goes on from the last record of progress. One whose invocation ends lets go in good time.
//!
//! | what happens | the upload | the message |
//! |---|---|---|
//! | there is a message in the chat, or there never will be | ended; file and delegation deleted | goes |
//! | Telegram says to wait, others have the session, the invocation ends | given back; no attempt | hidden for that long |
//! | it fails for now, or the invocation ends with nothing done | given back; an attempt, unless parts arrived | hidden, longer each time |
//! | too many attempts | ended | goes |
//! | the upload was cancelled, or another worker has it | as it is | comes again, to see |

mod errand;

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use aws_lambda_events::event::sqs::SqsMessage;
use lambdagram_aws::{FifoQueue, SecretStore, UploadSecrets};
use tokio::time::sleep;

use crate::clock::Clock;
use crate::http::Failure;
use crate::queue_worker::{QueueWorker, Verdict, hide};
use crate::runtime::serve_events;
use crate::saved_messages::sending::Sending;

/// How long a message is out of sight from each sign of life on: longer than a claim lasts, so that whoever gets it next
/// can claim the upload.
const VISIBILITY: Duration = Duration::from_secs(45);

/// Between two signs of life.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Runs the function.
pub fn main() -> ExitCode {
    serve_events(async |start| {
        let (environment, connection) = (&start.environment, &start.connect().await);
        Ok(UploadWorker {
            sending: Sending::open(&start, connection, Failure::UploadFile).await?,
            queue: FifoQueue::new(connection, environment.text("UPLOAD_QUEUE_URL")?),
            secrets: environment.upload_secrets(connection, start.clock.now()).await?,
            clock: start.clock,
        })
    })
}

struct UploadWorker {
    sending: Sending,
    queue: FifoQueue,
    secrets: SecretStore<UploadSecrets>,
    clock: Clock,
}

impl QueueWorker for UploadWorker {
    const QUEUE: &'static str = "uploads";

    fn queue(&self) -> &FifoQueue {
        &self.queue
    }

    fn clock(&self) -> Clock {
        self.clock
    }

    async fn process(&self, record: &SqsMessage, deadline: SystemTime) -> Verdict {
        tokio::select! {
            verdict = self.run(record, deadline) => verdict,
            verdict = self.keep_hidden(record) => verdict,
        }
    }
}

impl UploadWorker {
    /// Gives signs of life, for ever.
    async fn keep_hidden(&self, record: &SqsMessage) -> Verdict {
        loop {
            hide(&self.queue, record, VISIBILITY).await;
            sleep(HEARTBEAT).await;
        }
    }
}

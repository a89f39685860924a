//! The way of a job into the queue: its receipt is there first, so that nothing accepted can be lost on the way.

use futures_util::future::try_join_all;
use lambdagram_aws::{Accepted, AwsError, Connection, FifoQueue, Limit, Limits, Receipts, StagingBucket};
use lambdagram_domain::command::Part;
use lambdagram_domain::job::Job;
use lambdagram_domain::receipt::{ACCEPTING_TIME, Receipt, Repeat};

use crate::config::{ConfigError, Environment};
use crate::http::ApiError;

/// The receipts and the queue.
pub(crate) struct Intake {
    receipts: Receipts,
    queue: FifoQueue,
}

impl Intake {
    pub(crate) fn new(environment: &Environment, connection: &Connection) -> Result<Self, ConfigError> {
        Ok(Self {
            receipts: Receipts::new(connection, environment.text("JOBS_TABLE")?),
            queue: FifoQueue::new(connection, environment.text("BOT_QUEUE_URL")?),
        })
    }

    /// Writes the receipt of a job whose id makes its repeats one. `false` when it has been queued before.
    ///
    /// # Errors
    ///
    /// [`AwsError`].
    pub(crate) async fn begin_once(&self, receipt: &Receipt) -> Result<bool, AwsError> {
        Ok(match self.receipts.accept(receipt, None).await? {
            Accepted::Repeat(earlier) => earlier.repeat(None, receipt.accepted_at) != Repeat::Answered,
            Accepted::New | Accepted::Limited { .. } => true,
        })
    }

    /// Writes the receipt of a job that a client asks for. `false` when an earlier request has queued the job already.
    ///
    /// # Errors
    ///
    /// What the client is told of a repeat that cannot be answered, of a limit, or of [`AwsError`].
    pub(crate) async fn begin(&self, receipt: &Receipt, limit: (&Limits, &Limit)) -> Result<bool, ApiError> {
        let earlier = match self.receipts.accept(receipt, Some(limit)).await? {
            Accepted::New => return Ok(true),
            Accepted::Limited { retry_after } => return Err(ApiError::TooManyRequests { retry_after }),
            Accepted::Repeat(earlier) => earlier,
        };
        let now = receipt.accepted_at;
        match earlier.repeat(receipt.fingerprint.as_deref(), now) {
            Repeat::Answered => Ok(false),
            Repeat::Unfinished => Ok(true),
            Repeat::AnotherRequest => Err(ApiError::AnotherRequest),
            Repeat::StillAccepting => {
                let left = ACCEPTING_TIME.saturating_sub(now.since(earlier.accepted_at));
                Err(ApiError::StillAnswering { retry_after: left.as_secs().max(1) })
            }
        }
    }

    /// Gives up on an accepted job after `cause`, so that a repeat need not wait for this request. Returns the cause.
    pub(crate) async fn abandon(&self, job: &Job, cause: AwsError) -> AwsError {
        if let Err(second) = self.receipts.abandon(&job.id).await {
            tracing::warn!(job = %job.id, cause = %second, "A repeat has to wait as if this request were at work");
        }
        cause
    }

    /// Queues an accepted job at the end of its line. Once this returns, it is not lost any more.
    ///
    /// # Errors
    ///
    /// [`AwsError`] when the queue did not confirm.
    pub(crate) async fn enqueue(&self, job: &Job) -> Result<(), AwsError> {
        let body = serde_json::to_string(job).expect("a job is plain data");
        self.queue.send(&job.group(), job.id.as_str(), body).await?;
        if let Err(cause) = self.receipts.mark_queued(&job.id).await {
            // The queue has the job, which is what was promised; a repeat would queue it under the same id.
            tracing::warn!(job = %job.id, cause = %cause, "The receipt does not say that its job is queued");
        }
        Ok(())
    }

    /// Stages the parts of an accepted command and queues it, as [`Self::enqueue`].
    ///
    /// # Errors
    ///
    /// [`AwsError`].
    pub(crate) async fn stage_and_enqueue(
        &self,
        staging: &StagingBucket,
        job: &Job,
        parts: Vec<Part>,
    ) -> Result<(), AwsError> {
        let put = async |part: Part| {
            staging.put(&job.staged_part(&part.name), &part.content_type, part.bytes).await
        };
        try_join_all(parts.into_iter().map(put)).await?;
        self.enqueue(job).await
    }
}

//! The way of a file into the queue: its row is there first, then its bytes, then what lets the worker send it.
//!
//! The row says `queued` before SQS has the message. Where a request dies in between, whoever asks after the upload has it
//! put into the queue again.

use std::time::Duration;

use lambdagram_aws::{Connection, Created, FifoQueue, Limit, Limits, Moved, Uploads};
use lambdagram_domain::session::SessionToken;
use lambdagram_domain::time::UnixTime;
use lambdagram_domain::upload::{PublicDelegationKey, Upload, UploadId, UploadJob};

use crate::config::ConfigError;
use crate::http::ApiError;
use crate::runtime::Start;

/// The span in which `UPLOAD_GIGABYTES_PER_DAY` of one session are taken.
const QUOTA_WINDOW: Duration = Duration::from_hours(24);

/// What takes files in.
pub(super) struct UploadIntake {
    uploads: Uploads,
    queue: FifoQueue,
    limits: Limits,
    /// KiB of one session a day.
    quota: u32,
    delegation: PublicDelegationKey,
}

impl UploadIntake {
    pub(super) fn open(start: &Start, connection: &Connection) -> Result<Self, ConfigError> {
        let environment = &start.environment;
        Ok(Self {
            uploads: Uploads::new(connection, environment.text("UPLOADS_TABLE")?),
            queue: FifoQueue::new(connection, environment.text("UPLOAD_QUEUE_URL")?),
            limits: Limits::new(connection, environment.text("LIMITS_TABLE")?),
            quota: environment.upload_quota()?,
            delegation: environment.delegation_public_key()?,
        })
    }

    /// Writes the row of a new upload, and counts its bytes.
    ///
    /// # Errors
    ///
    /// [`ApiError::TooManyRequests`] where the session's quota is used up.
    pub(super) async fn create(&self, row: &Upload) -> Result<(), ApiError> {
        let subject = format!("uploads#{}", row.session.as_str());
        let limit = Limit { subject, most: self.quota, window: QUOTA_WINDOW };
        match self.uploads.create(row, Some((&self.limits, &limit))).await? {
            Created::New => Ok(()),
            Created::Limited { retry_after } => Err(ApiError::TooManyRequests { retry_after }),
        }
    }

    /// Makes an upload that the bucket has whole one that can be sent: by the worker too, with a delegation.
    ///
    /// # Errors
    ///
    /// [`ApiError::Aws`].
    pub(super) async fn delegate(
        &self,
        token: &SessionToken,
        id: &UploadId,
        now: UnixTime,
    ) -> Result<Moved, ApiError> {
        let sealed = self.delegation.seal(token, id);
        Ok(self.uploads.queue(&token.id(), id, &sealed, now).await?)
    }

    /// Puts an upload that has its delegation into the queue.
    ///
    /// # Errors
    ///
    /// [`ApiError::Aws`] where SQS did not confirm.
    pub(super) async fn enqueue(&self, token: &SessionToken, id: &UploadId) -> Result<(), ApiError> {
        let job = UploadJob { session: token.id(), upload: id.clone() };
        let body = serde_json::to_string(&job).map_err(|_| ApiError::InvalidJson)?;
        self.queue.send(job.group(), id.as_str(), body).await?;
        if let Err(cause) = self.uploads.mark_enqueued(&job.session, id).await {
            // The queue has it, which is what counts; it would get it again under the same name.
            tracing::warn!(upload = %id, cause = %cause, "The upload does not say that it is queued");
        }
        Ok(())
    }
}

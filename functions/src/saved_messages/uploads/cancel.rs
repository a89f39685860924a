//! The end of uploads that nobody wants any more: of one, or of all that a session has when it ends.

use futures_util::StreamExt as _;
use futures_util::stream;
use lambdagram_aws::{Cancelled, Connection, StagingBucket, Uploads as Rows};
use lambdagram_domain::session::SessionId;
use lambdagram_domain::time::UnixTime;
use lambdagram_domain::upload::{Upload, UploadFailure, UploadId};

use crate::config::{ConfigError, Environment};
use crate::http::ApiError;

/// Uploads that are ended side by side.
const SIDE_BY_SIDE: usize = 8;

/// What ends uploads.
pub(crate) struct Cancelling {
    rows: Rows,
    staging: StagingBucket,
}

impl Cancelling {
    pub(crate) fn open(environment: &Environment, connection: &Connection) -> Result<Self, ConfigError> {
        Ok(Self {
            rows: Rows::new(connection, environment.text("UPLOADS_TABLE")?),
            staging: StagingBucket::new(connection, environment.text("STAGING_BUCKET")?),
        })
    }

    /// Cancels an upload. Nothing of it is left but a row that says so.
    ///
    /// # Errors
    ///
    /// [`ApiError::NotFound`]; [`ApiError::UploadSent`] and [`ApiError::UploadCommitting`] where it is too late.
    pub(crate) async fn cancel(
        &self,
        session: &SessionId,
        id: &UploadId,
        now: UnixTime,
    ) -> Result<(), ApiError> {
        self.end(session, id, &UploadFailure::Cancelled, now).await
    }

    /// As [`Self::cancel`], for that reason.
    pub(super) async fn end(
        &self,
        session: &SessionId,
        id: &UploadId,
        reason: &UploadFailure,
        now: UnixTime,
    ) -> Result<(), ApiError> {
        match self.rows.end(session, id, reason, now).await? {
            // One that failed is cleared again: whoever cleared it first may have died of it.
            Cancelled::Now(row) | Cancelled::Failed(row) => {
                self.clear(&row).await;
                Ok(())
            }
            Cancelled::Committing => Err(ApiError::UploadCommitting),
            Cancelled::Done => Err(ApiError::UploadSent),
            Cancelled::Gone => Err(ApiError::NotFound),
        }
    }

    /// Cancels what a session has under way. What cannot be cancelled ends by itself: whoever sends it finds no session,
    /// and the bucket forgets what nobody sends.
    pub(crate) async fn cancel_all(&self, session: &SessionId, now: UnixTime) {
        let unfinished = match self.rows.unfinished(session, now).await {
            Ok(unfinished) => unfinished,
            Err(cause) => {
                tracing::warn!(cause = %cause, "The uploads of a session that ends cannot be listed");
                return;
            }
        };
        let cancelled = stream::iter(unfinished).map(async |row| {
            if let Err(cause) = self.cancel(session, &row.id, now).await {
                tracing::warn!(upload = %row.id, cause = %cause, "An upload of a session that ends is not cancelled");
            }
        });
        cancelled.buffer_unordered(SIDE_BY_SIDE).collect::<()>().await;
    }

    /// Deletes what the bucket has of an upload that is over, in parts or whole.
    pub(super) async fn clear(&self, row: &Upload) {
        let key = row.id.staged();
        if let Some(s3_upload) = &row.s3_upload
            && let Err(cause) = self.staging.abort(&key, s3_upload).await
        {
            tracing::warn!(upload = %row.id, cause = %cause, "Parts of a file are left to the bucket's lifecycle");
        }
        if let Err(cause) = self.staging.delete(&key).await {
            tracing::warn!(upload = %row.id, cause = %cause, "The staged file is left to the bucket's lifecycle");
        }
    }
}

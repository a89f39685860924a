//! `POST /uploads/{id}/complete`: the parts become one file, which waits for the worker.
//!
//! Each step can be repeated: a request that died in the middle, or whose answer was lost, is sent again by its client.

use http::StatusCode;
use http::header::LOCATION;
use lambdagram_aws::{Completed, Moved, StagingBucket};
use lambdagram_domain::time::UnixTime;
use lambdagram_domain::upload::{Upload, UploadFailure, UploadState};
use serde::Deserialize;
use serde_json::Value;

use super::parts::{Named, all_of, difference};
use super::progress::told;
use super::{Cancelling, Owner, Uploads};
use crate::http::{Answer, ApiError, Failure, Incoming};

#[derive(Deserialize)]
struct Whole {
    parts: Vec<Named>,
}

impl Uploads {
    pub(super) async fn complete(&self, request: &Incoming, owner: &Owner) -> Result<Answer, ApiError> {
        let Whole { parts } = request.json()?;
        let row = self.named(request, owner).await?;
        let row = match row.state {
            UploadState::Receiving => {
                let parts = all_of(row.size, &parts)?;
                make_whole(&self.staging, &self.cancelling, &row, &parts, request.now()).await?;
                self.queue(request, owner, row).await?
            }
            UploadState::Failed => return Err(over(&row)),
            UploadState::Queued | UploadState::Sending | UploadState::Done => {
                self.ensure_enqueued(owner, &row).await?;
                row
            }
        };
        let location = request.location(&format!("/uploads/{}", row.id));
        Ok(Answer::json(StatusCode::ACCEPTED, Value::Object(told(&row))).with(LOCATION, &location))
    }

    /// Leaves a whole file to the worker. Returns the row as it is then.
    async fn queue(&self, request: &Incoming, owner: &Owner, row: Upload) -> Result<Upload, ApiError> {
        match self.intake.delegate(&owner.caller.token, &row.id, request.now()).await? {
            Moved::Now => {
                self.intake.enqueue(&owner.caller.token, &row.id).await?;
                Ok(Upload { state: UploadState::Queued, ..row })
            }
            // Another request was quicker: to queue it, or to cancel it before the file was whole.
            Moved::Already(there) if there.state == UploadState::Failed => {
                self.cancelling.clear(&there).await;
                Err(over(&there))
            }
            Moved::Already(there) => {
                self.ensure_enqueued(owner, &there).await?;
                Ok(*there)
            }
            Moved::Gone => Err(ApiError::NotFound),
        }
    }
}

/// Makes one file of the parts, unless it is one already. An upload of which that cannot be is over.
///
/// # Errors
///
/// [`ApiError::WrongPart`], [`ApiError::UploadOver`].
pub(in crate::saved_messages) async fn make_whole(
    staging: &StagingBucket,
    cancelling: &Cancelling,
    row: &Upload,
    parts: &[(u32, String)],
    now: UnixTime,
) -> Result<(), ApiError> {
    let (key, s3_upload) = (row.id.staged(), row.s3_upload.as_deref().unwrap_or_default());
    if let Completed::Refused { reason } = staging.complete(&key, s3_upload, parts).await? {
        let there = staging.parts(&key, s3_upload).await?.unwrap_or_default();
        return Err(difference(parts, &there).unwrap_or_else(|| Failure::UploadFile.because(reason)));
    }
    check_whole(staging, cancelling, row, now).await
}

/// Checks that the bucket has the file whole. An upload of which that is not so is over.
///
/// # Errors
///
/// [`ApiError::UploadOver`].
pub(in crate::saved_messages) async fn check_whole(
    staging: &StagingBucket,
    cancelling: &Cancelling,
    row: &Upload,
    now: UnixTime,
) -> Result<(), ApiError> {
    let reason = match staging.size(&row.id.staged()).await? {
        Some(size) if size == row.size => return Ok(()),
        Some(_) => UploadFailure::WrongSize,
        // Somebody cancelled it meanwhile, or the bucket's lifecycle did.
        None => UploadFailure::FileLost,
    };
    cancelling.end(&row.session, &row.id, &reason, now).await?;
    Err(ApiError::UploadOver { reason })
}

fn over(row: &Upload) -> ApiError {
    match row.failure.clone() {
        None | Some(UploadFailure::Cancelled) => ApiError::UploadCancelled,
        Some(reason) => ApiError::UploadOver { reason },
    }
}

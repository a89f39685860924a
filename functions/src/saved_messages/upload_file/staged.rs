//! A file that was staged before, and is named by its upload.

use lambdagram_aws::Moved;
use lambdagram_domain::upload::{Upload, UploadId, UploadState};
use serde::Deserialize;

use super::super::sending::{Claimed, Sent, Stop};
use super::super::uploads::{all_there, check_whole, make_whole};
use super::outcome::error_of_failure;
use super::{UploadFile, accepted, sent_as};
use crate::http::{Answer, ApiError, Incoming};
use crate::session::Caller;

/// Bytes of a staged file at most that is sent within the request: 10 MB as Telegram's apps count them.
const LARGEST_AT_ONCE: u64 = 10 * 1024 * 1024;

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    upload_id: Option<&'a str>,
}

impl UploadFile {
    /// Sends a file that was staged before, at once where it is small.
    pub(super) async fn send_staged(&self, request: &Incoming, caller: &Caller) -> Result<Answer, ApiError> {
        let Named { upload_id } = request.json()?;
        let wanted = ApiError::InvalidParameter { parameter: "upload_id", expected: "the id of an upload" };
        let id = UploadId::parse(upload_id.ok_or(wanted)?).ok_or(ApiError::NotFound)?;
        let session = caller.token.id();
        let row = self.sending.uploads.get(&session, &id, request.now()).await?.ok_or(ApiError::NotFound)?;
        let row = if row.state == UploadState::Receiving {
            self.assemble(request, &row).await?;
            match self.intake.delegate(&caller.token, &id, request.now()).await? {
                Moved::Now if row.size <= LARGEST_AT_ONCE => {
                    let claimed = self.claim(request, &row).await?;
                    let sent = self.sending.send(&claimed, caller).await;
                    return match &sent.outcome {
                        Ok(_) | Err(Stop::Failed(_) | Stop::Lost) => self.answer(&claimed, sent).await,
                        Err(stop) => {
                            tracing::info!(upload = %id, cause = %stop, "The upload is left to the worker");
                            self.hand_over(request, caller, &claimed, &sent).await
                        }
                    };
                }
                Moved::Now => row,
                Moved::Already(row) => *row,
                Moved::Gone => return Err(ApiError::NotFound),
            }
        } else {
            row
        };
        match row {
            Upload { message_id: Some(message_id), .. } => Ok(sent_as(message_id)),
            Upload { failure: Some(failure), .. } => Err(error_of_failure(&failure)),
            row => {
                // Whoever was to send it at once may have died. The worker waits for those who have not.
                if !row.enqueued {
                    self.intake.enqueue(&caller.token, &id).await?;
                }
                Ok(accepted(request, &id))
            }
        }
    }

    /// Leaves an upload to the worker that could not be sent at once: nothing is lost of what was staged before.
    async fn hand_over(
        &self,
        request: &Incoming,
        caller: &Caller,
        claimed: &Claimed,
        sent: &Sent,
    ) -> Result<Answer, ApiError> {
        let id = &claimed.upload.id;
        if let Err(cause) = self.sending.release(claimed, sent.reached, 0).await {
            tracing::warn!(upload = %id, cause = %cause, "The claim ends by its time alone");
        }
        self.intake.enqueue(&caller.token, id).await?;
        Ok(accepted(request, id))
    }

    /// Makes one file of the parts that the bucket has, if those are all.
    async fn assemble(&self, request: &Incoming, row: &Upload) -> Result<(), ApiError> {
        let (staging, now) = (&self.sending.staging, request.now());
        // What comes in a form is staged whole, by another request that is at it.
        let s3_upload = row.s3_upload.as_deref();
        let s3_upload = s3_upload.ok_or(ApiError::WrongPart { number: 1, problem: "has not arrived" })?;
        match staging.parts(&row.id.staged(), s3_upload).await? {
            Some(there) => {
                let parts = all_there(row.size, &there)?;
                make_whole(staging, &self.cancelling, row, &parts, now).await
            }
            None => check_whole(staging, &self.cancelling, row, now).await,
        }
    }
}

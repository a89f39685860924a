//! `POST /upload_file`: a file becomes a message in Saved Messages.
//!
//! The file comes in a form and is staged, or lies in the bucket already, and is named by its upload. It is sent within
//! the request, by the same code that the worker sends with, or queued for the worker where its client prefers that. A
//! file that is sent within the request is an upload as any other: it can be looked at and cancelled meanwhile.

mod form;
mod outcome;
mod staged;

use std::process::ExitCode;

use http::StatusCode;
use http::header::LOCATION;
use lambdagram_aws::{Claim, ClaimToken, Moved, UploadClaimed};
use lambdagram_domain::media::MessageId;
use lambdagram_domain::session::{Session, Stage};
use lambdagram_domain::upload::{Upload, UploadId, UploadState, check_caption};
use serde_json::json;
use uuid::Uuid;

use self::form::Posted;
use self::outcome::{ending_of, error_of};
use super::sending::{Claimed, Sending, Sent, Stop};
use super::upload_intake::UploadIntake;
use super::uploads::Cancelling;
use crate::http::{Answer, ApiError, Endpoint, Failure, Incoming};
use crate::runtime::serve_http;
use crate::session::{Caller, Term};

/// The media type of what is staged. Nobody but the worker reads it.
const STAGED_TYPE: &str = "application/octet-stream";

/// Runs the function.
pub fn main() -> ExitCode {
    serve_http(async |start| {
        let connection = start.connect().await;
        Ok(UploadFile {
            sending: Sending::open(&start, &connection, Failure::UploadFile).await?,
            intake: UploadIntake::open(&start, &connection)?,
            cancelling: Cancelling::open(&start.environment, &connection)?,
        })
    })
}

struct UploadFile {
    sending: Sending,
    intake: UploadIntake,
    cancelling: Cancelling,
}

impl Endpoint for UploadFile {
    const FAILURE: Failure = Failure::UploadFile;

    async fn handle(&self, request: Incoming) -> Result<Answer, ApiError> {
        let accounts = &self.sending.accounts;
        accounts.check_origin(&request)?;
        let caller = accounts.caller(&request).ok_or(ApiError::NotAuthenticated)?;
        let session = accounts.look_up_signed_in(&caller).await?;
        match request.media_type().as_deref() {
            Some("multipart/form-data") => {
                let posted = form::read(&request).await?;
                Box::pin(self.post(&request, &caller, &session, posted)).await
            }
            Some("application/json") => Box::pin(self.send_staged(&request, &caller)).await,
            None if request.body().is_empty() => Err(ApiError::NoFile),
            _ => Err(ApiError::UnsupportedMediaType { expected: "multipart/form-data or application/json" }),
        }
    }
}

impl UploadFile {
    /// Sends a file that was posted.
    async fn post(
        &self,
        request: &Incoming,
        caller: &Caller,
        session: &Session,
        posted: Posted,
    ) -> Result<Answer, ApiError> {
        let Posted { bytes, details } = posted;
        let premium = matches!(&session.stage, Stage::SignedIn { user } if user.premium);
        check_caption(&details.caption, premium).map_err(ApiError::from)?;
        let id = UploadId::random();
        let sealed = self.sending.accounts.master_keys().sealer(&caller.token).seal_upload(&id, &details);
        let row = Upload::new(id, caller.token.id(), bytes.len() as u64, sealed, request.now());
        if request.prefers("respond-async") {
            return self.post_to_queue(request, caller, row, bytes).await;
        }
        // Nobody else is to send it, so it counts as queued already.
        let row = Upload { state: UploadState::Queued, enqueued: true, ..row };
        self.intake.create(&row).await?;
        let claimed = self.claim(request, &row).await?;
        let staged = self.sending.staging.put(&row.id.staged(), STAGED_TYPE, bytes).await;
        let sent = match staged {
            Ok(()) => self.sending.send(&claimed, caller).await,
            Err(cause) => Sent::stopped(&claimed, Stop::trouble(cause)),
        };
        self.answer(&claimed, sent).await
    }

    /// Stages a file that was posted, and leaves it to the worker.
    async fn post_to_queue(
        &self,
        request: &Incoming,
        caller: &Caller,
        row: Upload,
        bytes: Vec<u8>,
    ) -> Result<Answer, ApiError> {
        self.intake.create(&row).await?;
        let queued = self.stage_and_queue(request, caller, &row.id, bytes).await;
        if queued.is_err() {
            // Nobody is told of it who could ask for it again.
            if let Err(cause) = self.sending.uploads.cancel(&row.session, &row.id, request.now()).await {
                tracing::warn!(upload = %row.id, cause = %cause, "What became of the upload is not recorded");
            }
            self.sending.delete_staged(&row.id).await;
        }
        queued.map(|()| accepted(request, &row.id))
    }

    async fn stage_and_queue(
        &self,
        request: &Incoming,
        caller: &Caller,
        id: &UploadId,
        bytes: Vec<u8>,
    ) -> Result<(), ApiError> {
        self.sending.staging.put(&id.staged(), STAGED_TYPE, bytes).await?;
        match self.intake.delegate(&caller.token, id, request.now()).await? {
            Moved::Now => self.intake.enqueue(&caller.token, id).await,
            Moved::Already(_) | Moved::Gone => Err(ApiError::UploadCancelled),
        }
    }

    /// Claims an upload for this request.
    async fn claim(&self, request: &Incoming, row: &Upload) -> Result<Claimed, ApiError> {
        let token = ClaimToken(Uuid::new_v4().to_string());
        let claim = Claim { token: token.clone(), now: request.now(), until: self.sending.claim_end() };
        match self.sending.uploads.claim(&row.session, &row.id, &claim).await? {
            UploadClaimed::Granted(upload) => Ok(Claimed { upload, claim: token, term: Term::of(request) }),
            UploadClaimed::Held(_) | UploadClaimed::Final(_) | UploadClaimed::Gone => {
                Err(ApiError::UploadCancelled)
            }
        }
    }

    /// Ends an upload with what became of it. The staged file is gone then, whatever that is.
    async fn answer(&self, claimed: &Claimed, sent: Sent) -> Result<Answer, ApiError> {
        let ending = ending_of(&sent.outcome);
        if let Err(cause) = self.sending.end(claimed, &ending).await {
            tracing::warn!(upload = %claimed.upload.id, cause = %cause, "What became of the upload is not recorded");
            self.sending.delete_staged(&claimed.upload.id).await;
        }
        sent.outcome.map(sent_as).map_err(error_of)
    }
}

fn sent_as(message_id: MessageId) -> Answer {
    let body = json!({"message": "File uploaded successfully.", "message_id": message_id});
    Answer::json(StatusCode::OK, body)
}

fn accepted(request: &Incoming, id: &UploadId) -> Answer {
    let location = request.location(&format!("/uploads/{id}"));
    Answer::json(StatusCode::ACCEPTED, json!({"message": "Upload accepted.", "id": id}))
        .with(LOCATION, &location)
}

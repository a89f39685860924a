//! One message's way from the queue to a message in a chat.

use std::time::{Duration, SystemTime};

use aws_lambda_events::event::sqs::SqsMessage;
use lambdagram_aws::{Claim, ClaimError, ClaimToken, UploadClaimed, UploadEnding};
use lambdagram_domain::retry::delay_after;
use lambdagram_domain::upload::{Checkpoint, Upload, UploadFailure, UploadJob};
use uuid::Uuid;

use super::UploadWorker;
use crate::http::By;
use crate::queue_worker::Verdict;
use crate::saved_messages::sending::{CLAIM, Claimed, Sent, Stop};
use crate::session::{Caller, Term};

/// Attempts in a row at most in which no part arrives. With the pauses between them they span an hour, longer than
/// Telegram's usual disturbances.
const MOST_ATTEMPTS: u32 = 10;

/// How long one waits for others who have the session.
const BUSY: Duration = Duration::from_secs(2);

/// How long one waits for a service of AWS that failed.
const AWS_FAILED: Duration = Duration::from_secs(5);

/// How long one waits to see what became of an upload whose claim is gone.
const TO_SEE: Duration = Duration::from_secs(1);

/// What becomes of an upload that was worked on.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// It ends.
    End(UploadEnding),
    /// It is given back with so many attempts, and comes again after a time.
    Later(u32, Duration),
    /// It is not ours any more.
    Leave,
}

impl UploadWorker {
    /// Does what one message asks for, as far as it can be done now.
    pub(super) async fn run(&self, record: &SqsMessage, deadline: SystemTime) -> Verdict {
        let body = record.body.as_deref().unwrap_or_default();
        let Ok(job) = serde_json::from_str::<UploadJob>(body) else {
            let message_id = record.message_id.as_deref().unwrap_or_default();
            tracing::error!(message_id, "A message names no upload, and is dropped");
            return Verdict::Done;
        };
        let (session, id) = (&job.session, &job.upload);
        let (uploads, now) = (&self.sending.uploads, self.clock.now());
        let token = ClaimToken(Uuid::new_v4().to_string());
        let claim = Claim { token: token.clone(), now, until: self.sending.claim_end() };
        let upload = match uploads.claim(session, id, &claim).await {
            Ok(UploadClaimed::Granted(upload)) => upload,
            Ok(UploadClaimed::Held(until)) => return Verdict::Later(until.since(now) + TO_SEE),
            Ok(UploadClaimed::Final(upload)) => {
                self.sending.delete_staged(&upload.id).await;
                return Verdict::Done;
            }
            Ok(UploadClaimed::Gone) => {
                self.sending.delete_staged(id).await;
                return Verdict::Done;
            }
            Err(cause) => {
                tracing::error!(upload = %id, cause = %cause, "The upload cannot be claimed");
                return Verdict::Later(AWS_FAILED);
            }
        };
        let claimed = Claimed { upload, claim: token, term: Term::until(deadline) };
        let sent = if claimed.upload.attempts > MOST_ATTEMPTS {
            Sent::stopped(&claimed, Stop::Failed(UploadFailure::GivenUp))
        } else {
            match self.owner(&claimed.upload).await {
                Ok(owner) => Box::pin(self.sending.send(&claimed, &owner)).await,
                Err(stop) => Sent::stopped(&claimed, stop),
            }
        };
        self.settle(&claimed, &sent).await
    }

    /// Whose upload it is, by its delegation.
    async fn owner(&self, upload: &Upload) -> Result<Caller, Stop> {
        let now = self.clock.now();
        let found = self.sending.uploads.delegation(&upload.session, &upload.id, now).await;
        let sealed = found.map_err(Stop::trouble)?.ok_or(Stop::Failed(UploadFailure::SessionEnded))?;
        let open =
            || self.secrets.versions().all().find_map(|keys| keys.delegation_key.open(&sealed, &upload.id));
        let token = match open() {
            Some(token) => Some(token),
            None if self.secrets.refresh(now).await.map_err(Stop::trouble)? => open(),
            None => None,
        };
        match token {
            Some(token) if token.id() == upload.session => Ok(Caller { token, by: By::Bearer }),
            _ => Err(Stop::trouble("the delegation does not open")),
        }
    }

    /// Writes down what became of the upload.
    async fn settle(&self, claimed: &Claimed, sent: &Sent) -> Verdict {
        let upload = &claimed.upload;
        if let Err(Stop::Trouble(cause)) = &sent.outcome {
            tracing::warn!(upload = %upload.id, attempt = upload.attempts, cause, "The upload failed for now");
        }
        let (written, verdict) = match next(upload, sent) {
            Next::End(ending) => {
                let written = self.sending.end(claimed, &ending).await;
                if written.is_ok() {
                    log_end(upload, &ending);
                }
                (written, Verdict::Done)
            }
            Next::Later(attempts, wait) => {
                (self.sending.release(claimed, sent.reached, attempts).await, Verdict::Later(wait))
            }
            Next::Leave => return Verdict::Later(TO_SEE),
        };
        match written {
            Ok(()) => verdict,
            Err(ClaimError::Lost) => Verdict::Later(TO_SEE),
            Err(ClaimError::Aws(cause)) => {
                tracing::error!(upload = %upload.id, cause = %cause, "What became of the upload is not recorded");
                // The claim ends by itself, and whoever gets the message next finds out.
                Verdict::Later(CLAIM)
            }
        }
    }
}

/// What becomes of an upload, from how far it went.
fn next(upload: &Upload, sent: &Sent) -> Next {
    let parts = |checkpoint: Option<Checkpoint>| checkpoint.map(|at| (at.file_id, at.parts));
    let went_on = parts(sent.reached) != parts(upload.checkpoint);
    let before = if went_on { 0 } else { upload.attempts.saturating_sub(1) };
    let failed = |reason| Next::End(UploadEnding::Failed { reason });
    match &sent.outcome {
        Ok(message_id) => Next::End(UploadEnding::Done { message_id: *message_id }),
        Err(Stop::Failed(reason)) => failed(reason.clone()),
        Err(Stop::Flood(wait)) => Next::Later(before, *wait),
        Err(Stop::Busy) => Next::Later(before, BUSY),
        Err(Stop::OutOfTime) if went_on => Next::Later(before, Duration::ZERO),
        Err(Stop::Lost) => Next::Leave,
        // An invocation that got nothing done counts, or the upload would come for ever.
        Err(Stop::OutOfTime | Stop::Trouble(_)) if before + 1 >= MOST_ATTEMPTS => {
            failed(UploadFailure::GivenUp)
        }
        Err(Stop::OutOfTime | Stop::Trouble(_)) => {
            Next::Later(before + 1, delay_after(before + 1).unwrap_or_default())
        }
    }
}

fn log_end(upload: &Upload, ending: &UploadEnding) {
    let (id, bytes_total, attempt) = (&upload.id, upload.size, upload.attempts);
    match ending {
        UploadEnding::Done { .. } => {
            tracing::info!(upload = %id, attempt, bytes_total, ending = "done", "The upload ended");
        }
        UploadEnding::Failed { reason } => {
            let reason = reason.name();
            tracing::warn!(upload = %id, attempt, bytes_total, ending = "failed", reason, "The upload ended");
        }
    }
}

#[cfg(test)]
mod tests {
    use lambdagram_domain::media::MessageId;
    use lambdagram_domain::session::{Sealed, SessionToken};
    use lambdagram_domain::time::UnixTime;
    use lambdagram_domain::upload::UploadId;

    use super::*;

    fn upload(attempts: u32) -> Upload {
        let details = Sealed { key_id: String::new(), bytes: Vec::new() };
        let session = SessionToken::random().id();
        let upload = Upload::new(UploadId::random(), session, 5, details, UnixTime(7));
        Upload { attempts, checkpoint: Some(Checkpoint { file_id: 1, parts: 3 }), ..upload }
    }

    fn sent(outcome: Result<MessageId, Stop>, parts: u32) -> Sent {
        Sent { outcome, reached: Some(Checkpoint { file_id: 1, parts }) }
    }

    #[test]
    fn a_wait_is_no_attempt_and_a_failure_is_one_unless_parts_arrived() {
        let minute = Duration::from_mins(1);
        for (stop, parts, next_is) in [
            (Stop::Flood(minute), 3, Next::Later(4, minute)),
            (Stop::Flood(minute), 4, Next::Later(0, minute)),
            (Stop::Busy, 3, Next::Later(4, Duration::from_secs(2))),
            (Stop::OutOfTime, 9, Next::Later(0, Duration::ZERO)),
            (Stop::OutOfTime, 3, Next::Later(5, Duration::from_secs(80))),
            (Stop::trouble("why"), 3, Next::Later(5, Duration::from_secs(80))),
            (Stop::trouble("why"), 4, Next::Later(1, Duration::from_secs(5))),
            (Stop::Lost, 3, Next::Leave),
        ] {
            assert_eq!(next(&upload(5), &sent(Err(stop), parts)), next_is);
        }
    }

    #[test]
    fn what_is_final_ends_the_upload_and_so_does_the_last_attempt() {
        let id = MessageId::new(12).unwrap();
        let done = UploadEnding::Done { message_id: id };
        assert_eq!(next(&upload(1), &sent(Ok(id), 3)), Next::End(done));
        let failed = |reason| Next::End(UploadEnding::Failed { reason });
        let gone = Stop::Failed(UploadFailure::FileLost);
        assert_eq!(next(&upload(1), &sent(Err(gone), 3)), failed(UploadFailure::FileLost));
        let trouble = || Err(Stop::trouble("why"));
        let given_up = failed(UploadFailure::GivenUp);
        assert_eq!(next(&upload(MOST_ATTEMPTS), &sent(trouble(), 3)), given_up);
        assert_ne!(next(&upload(MOST_ATTEMPTS), &sent(trouble(), 4)), given_up);
        assert_ne!(next(&upload(MOST_ATTEMPTS - 1), &sent(trouble(), 3)), given_up);
    }
}

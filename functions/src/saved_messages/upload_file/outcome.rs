//! What a sender is told of how the file went, and what is recorded of it.

use lambdagram_aws::UploadEnding;
use lambdagram_domain::media::MessageId;
use lambdagram_domain::upload::UploadFailure;

use super::super::sending::Stop;
use crate::http::{ApiError, Failure};

/// What `retry_after` says when others have the session: most are done within a second.
const BUSY_SECONDS: u64 = 2;

/// How an upload ends that nobody goes on with after the request.
pub(super) fn ending_of(outcome: &Result<MessageId, Stop>) -> UploadEnding {
    let reason = match outcome {
        Ok(message_id) => return UploadEnding::Done { message_id: *message_id },
        Err(Stop::Failed(reason)) => reason.clone(),
        Err(Stop::Flood(_)) => UploadFailure::refused("FLOOD_WAIT"),
        Err(Stop::Busy | Stop::OutOfTime | Stop::Lost | Stop::Trouble(_)) => UploadFailure::GivenUp,
    };
    UploadEnding::Failed { reason }
}

/// The error for what stopped it.
pub(super) fn error_of(stop: Stop) -> ApiError {
    match stop {
        Stop::Failed(reason) => error_of_failure(&reason),
        Stop::Flood(wait) => ApiError::TooManyRequests { retry_after: wait.as_secs().max(1) },
        Stop::Busy => ApiError::Busy { retry_after: BUSY_SECONDS },
        Stop::Lost => error_of_failure(&UploadFailure::Cancelled),
        stop @ (Stop::OutOfTime | Stop::Trouble(_)) => Failure::UploadFile.because(stop),
    }
}

/// The error for what an upload came to.
pub(super) fn error_of_failure(failure: &UploadFailure) -> ApiError {
    match failure {
        UploadFailure::Cancelled => ApiError::UploadCancelled,
        UploadFailure::SessionEnded => ApiError::NotAuthenticated,
        UploadFailure::NotAPhoto => ApiError::InvalidFile { details: "The file cannot be sent as a photo." },
        failure => ApiError::UploadFailed { reason: failure.clone() },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_told_is_what_is_recorded() {
        let minute = Duration::from_mins(1);
        let cases = [
            (
                Stop::Flood(minute),
                UploadFailure::refused("FLOOD_WAIT"),
                "Too many requests. Please try again later.",
            ),
            (Stop::Busy, UploadFailure::GivenUp, "Too many requests. Please try again later."),
            (Stop::OutOfTime, UploadFailure::GivenUp, "Failed to upload file to Telegram."),
            (Stop::trouble("why"), UploadFailure::GivenUp, "Failed to upload file to Telegram."),
            (
                Stop::Failed(UploadFailure::SessionEnded),
                UploadFailure::SessionEnded,
                "User not authenticated.",
            ),
            (
                Stop::Failed(UploadFailure::NotAPhoto),
                UploadFailure::NotAPhoto,
                "Invalid file type or format.",
            ),
            (Stop::Failed(UploadFailure::Cancelled), UploadFailure::Cancelled, "The upload was cancelled."),
            (
                Stop::Failed(UploadFailure::refused("MEDIA_INVALID")),
                UploadFailure::refused("MEDIA_INVALID"),
                "Failed to upload file to Telegram.",
            ),
        ];
        for (stop, reason, sentence) in cases {
            assert_eq!(ending_of(&Err(stop.clone())), UploadEnding::Failed { reason });
            assert_eq!(error_of(stop).to_string(), sentence);
        }
        let message_id = MessageId::new(12).unwrap();
        assert_eq!(ending_of(&Ok(message_id)), UploadEnding::Done { message_id });
    }
}

//! Why an upload stops before it is a message, and what is to be done about it.

use std::fmt;
use std::io;
use std::time::Duration;

use lambdagram_domain::upload::UploadFailure;
use lambdagram_telegram::mtproto::TelegramError;
use lambdagram_telegram::mtproto::uploads::UploadError;
use thiserror::Error;

use crate::http::ApiError;

/// Why there is no message.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Stop {
    /// There never will be one.
    #[error("the upload failed")]
    Failed(UploadFailure),
    /// Telegram wants nothing from this account for that long.
    #[error("Telegram asks to wait {} s", .0.as_secs())]
    Flood(Duration),
    /// Another request keeps the session.
    #[error("the session is held by another request")]
    Busy,
    /// The invocation ends.
    #[error("there is no time left")]
    OutOfTime,
    /// The upload was cancelled, or is another worker's.
    #[error("the claim has ended")]
    Lost,
    /// It failed for now. The text is for the log: no name, number or key.
    #[error("{0}")]
    Trouble(String),
}

/// What became of a call with which a message was to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Telegram has not the parts that it should have.
    StartOver,
    /// It does not take the file as a photo.
    NotAPhoto {
        /// Telegram's name for the error.
        error: String,
    },
    /// Anything else.
    Other(Stop),
}

impl Stop {
    pub(crate) fn trouble(cause: impl fmt::Display) -> Self {
        Self::Trouble(cause.to_string())
    }

    /// What it means that the staged file cannot be read.
    pub(super) fn unread(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Failed(UploadFailure::FileLost),
            _ => Self::trouble(format_args!("the staged file cannot be read: {error}")),
        }
    }

    /// What an error of Telegram's means that nothing more is done about.
    pub(super) fn telegram(error: &TelegramError) -> Self {
        match error {
            TelegramError::Flood { seconds } => Self::Flood(Duration::from_secs(*seconds)),
            TelegramError::Dead(_) => Self::Failed(UploadFailure::SessionEnded),
            // Anything above is Telegram's own failure, and -503 is what took it too long.
            TelegramError::Rpc { code: 300..500, name, .. } => Self::Failed(UploadFailure::refused(name)),
            TelegramError::Rpc { .. }
            | TelegramError::Unreachable
            | TelegramError::Timeout
            | TelegramError::Lost
            | TelegramError::Protocol(_) => Self::trouble(error),
        }
    }

    /// What it means that there is no session to work with.
    pub(super) fn session(error: &ApiError) -> Self {
        match error {
            ApiError::WithCookie { error, .. } => Self::session(error),
            ApiError::NotAuthenticated => Self::Failed(UploadFailure::SessionEnded),
            ApiError::TooManyRequests { retry_after } => Self::Flood(Duration::from_secs(*retry_after)),
            ApiError::Busy { .. } => Self::Busy,
            error => Self::trouble(format_args!("{error:?}")),
        }
    }
}

impl From<UploadError> for Refusal {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::StartOver => Self::StartOver,
            UploadError::Telegram(TelegramError::Rpc { code: 300..500, name, .. })
                if refuses_photo(&name) =>
            {
                Self::NotAPhoto { error: name }
            }
            UploadError::Telegram(error) => Self::Other(Stop::telegram(&error)),
            UploadError::NotSignedIn(_) => Self::Other(Stop::Failed(UploadFailure::SessionEnded)),
            UploadError::Contents(error) => Self::Other(Stop::unread(&error)),
        }
    }
}

impl From<Stop> for Refusal {
    fn from(stop: Stop) -> Self {
        Self::Other(stop)
    }
}

/// Whether Telegram does not take a picture as a photo (core.telegram.org/method/messages.sendMedia). It may take it as
/// a file.
fn refuses_photo(error: &str) -> bool {
    error.starts_with("PHOTO_") || error == "IMAGE_PROCESS_FAILED"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Failure;

    fn rpc(code: i32, name: &str) -> TelegramError {
        TelegramError::from_rpc(code, name)
    }

    #[test]
    fn what_telegram_says_is_final_a_wait_or_trouble() {
        let refused = |name| Stop::Failed(UploadFailure::refused(name));
        for (error, stop) in [
            (rpc(420, "FLOOD_WAIT_30"), Stop::Flood(Duration::from_secs(30))),
            (rpc(420, "FLOOD_PREMIUM_WAIT_3"), Stop::Flood(Duration::from_secs(3))),
            (rpc(401, "SESSION_REVOKED"), Stop::Failed(UploadFailure::SessionEnded)),
            (rpc(400, "MEDIA_CAPTION_TOO_LONG"), refused("MEDIA_CAPTION_TOO_LONG")),
            (rpc(406, "CHANNEL_PRIVATE"), refused("CHANNEL_PRIVATE")),
            (TelegramError::Timeout, Stop::trouble(TelegramError::Timeout)),
        ] {
            assert_eq!(Stop::telegram(&error), stop);
        }
        for error in [rpc(500, "RPC_CALL_FAIL"), rpc(-503, "Timeout"), TelegramError::Lost] {
            assert!(matches!(Stop::telegram(&error), Stop::Trouble(_)), "{error}");
        }
    }

    #[test]
    fn a_refused_photo_is_told_from_a_refused_file() {
        for name in ["PHOTO_INVALID_DIMENSIONS", "PHOTO_SAVE_FILE_INVALID", "IMAGE_PROCESS_FAILED"] {
            let refusal = Refusal::from(UploadError::Telegram(rpc(400, name)));
            assert_eq!(refusal, Refusal::NotAPhoto { error: name.to_owned() });
        }
        for (error, refusal) in [
            (UploadError::StartOver, Refusal::StartOver),
            (
                UploadError::Telegram(rpc(400, "MEDIA_INVALID")),
                Refusal::Other(Stop::Failed(UploadFailure::refused("MEDIA_INVALID"))),
            ),
            (
                UploadError::NotSignedIn("SESSION_REVOKED"),
                Refusal::Other(Stop::Failed(UploadFailure::SessionEnded)),
            ),
        ] {
            assert_eq!(Refusal::from(error), refusal);
        }
    }

    #[test]
    fn a_session_is_gone_busy_or_out_of_reach() {
        let gone = Stop::Failed(UploadFailure::SessionEnded);
        assert_eq!(Stop::session(&ApiError::NotAuthenticated), gone);
        assert_eq!(Stop::session(&ApiError::NotAuthenticated.with_cookie(String::new())), gone);
        assert_eq!(Stop::session(&ApiError::Busy { retry_after: 2 }), Stop::Busy);
        assert!(matches!(Stop::session(&Failure::Internal.because("why")), Stop::Trouble(_)));
    }

    #[test]
    fn a_file_that_is_gone_is_final() {
        assert_eq!(Stop::unread(&io::ErrorKind::NotFound.into()), Stop::Failed(UploadFailure::FileLost));
        assert!(matches!(Stop::unread(&io::ErrorKind::TimedOut.into()), Stop::Trouble(_)));
    }
}

//! Why an upload came to nothing.

use thiserror::Error;

/// Letters of one of Telegram's error names at most, as they are stored. The longest of them have about 50.
const LONGEST_NAME: usize = 100;

/// Why an upload came to nothing, in a sentence for whoever sent it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UploadFailure {
    /// Its owner did not want it any more, or logged out.
    #[error("The upload was cancelled.")]
    Cancelled,
    /// The session is gone, or Telegram does not know it any more.
    #[error("The session has ended.")]
    SessionEnded,
    /// The staged file is not in the bucket any more.
    #[error("The file is no longer stored.")]
    FileLost,
    /// What came is not as long as was said.
    #[error("The file does not have the size that was announced.")]
    WrongSize,
    /// It was to be sent as a photo and is none, or none that Telegram takes.
    #[error("The file cannot be sent as a photo.")]
    NotAPhoto,
    /// The account may not send files of that size, or not any more.
    #[error("The file is too large for this account.")]
    TooLarge,
    /// The account may not send captions of that length, or not any more.
    #[error("The caption is too long for this account.")]
    CaptionTooLong,
    /// Telegram does not take it.
    #[error("Telegram refused the file.")]
    Refused {
        /// Telegram's name for the error.
        error: String,
    },
    /// Telegram lost parts again and again, or no worker came to an end with it.
    #[error("The file could not be sent after several attempts.")]
    GivenUp,
}

impl UploadFailure {
    /// What `error` of Telegram's makes of an upload. What cannot be the name of one is cut down to what can.
    pub fn refused(error: &str) -> Self {
        let letters = error.chars().filter(|it| it.is_ascii_alphanumeric() || *it == '_');
        Self::Refused { error: letters.take(LONGEST_NAME).collect() }
    }

    /// Its name, where it is stored: Telegram's name for the error follows a colon.
    pub fn name(&self) -> String {
        match self {
            Self::Cancelled => "cancelled".to_owned(),
            Self::SessionEnded => "session_ended".to_owned(),
            Self::FileLost => "file_lost".to_owned(),
            Self::WrongSize => "wrong_size".to_owned(),
            Self::NotAPhoto => "not_a_photo".to_owned(),
            Self::TooLarge => "too_large".to_owned(),
            Self::CaptionTooLong => "caption_too_long".to_owned(),
            Self::Refused { error } => format!("refused:{error}"),
            Self::GivenUp => "given_up".to_owned(),
        }
    }

    /// The failure of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "cancelled" => Self::Cancelled,
            "session_ended" => Self::SessionEnded,
            "file_lost" => Self::FileLost,
            "wrong_size" => Self::WrongSize,
            "not_a_photo" => Self::NotAPhoto,
            "too_large" => Self::TooLarge,
            "caption_too_long" => Self::CaptionTooLong,
            "given_up" => Self::GivenUp,
            _ => Self::refused(name.strip_prefix("refused:")?),
        })
    }

    /// Telegram's name for the error, where there is one.
    pub fn telegram_error(&self) -> Option<&str> {
        match self {
            Self::Refused { error } => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_is_found_by_its_name_and_has_a_sentence() {
        for failure in [
            UploadFailure::Cancelled,
            UploadFailure::SessionEnded,
            UploadFailure::FileLost,
            UploadFailure::WrongSize,
            UploadFailure::NotAPhoto,
            UploadFailure::TooLarge,
            UploadFailure::CaptionTooLong,
            UploadFailure::refused("CHAT_SEND_MEDIA_FORBIDDEN"),
            UploadFailure::GivenUp,
        ] {
            assert_eq!(UploadFailure::parse(&failure.name()), Some(failure.clone()));
            assert!(failure.to_string().ends_with('.'), "{failure}");
            assert_eq!(failure.telegram_error().is_some(), failure.name().contains(':'));
        }
        assert_eq!(UploadFailure::parse("lost"), None);
    }

    #[test]
    fn a_refusal_keeps_a_name_and_nothing_else() {
        let refused = UploadFailure::refused("MEDIA_INVALID\r\nx: \u{1b}[31m");
        assert_eq!(refused.telegram_error(), Some("MEDIA_INVALIDx31m"));
        assert_eq!(UploadFailure::refused(&"A".repeat(500)).telegram_error().unwrap().len(), 100);
    }
}

//! Why uploading stops.

use std::io;

use thiserror::Error;

use crate::mtproto::TelegramError;

/// Why an upload stopped.
#[derive(Debug, Error)]
pub enum UploadError {
    /// Telegram has forgotten parts, or has others than it should: the file has to be uploaded again, under a new
    /// number. Parts are kept for minutes to hours (core.telegram.org/api/files#uploading-files).
    #[error("Telegram has not the parts that it should have")]
    StartOver,
    /// The key is not signed in, or not known: the login is gone.
    #[error("the data centre does not know this login: {0}")]
    NotSignedIn(
        /// As in [`TelegramError::Dead`].
        &'static str,
    ),
    /// The bytes could not be read, or there are fewer than there should be.
    #[error("the bytes to upload cannot be read")]
    Contents(#[source] io::Error),
    /// Anything else. [`TelegramError::Flood`] says how long to wait.
    #[error(transparent)]
    Telegram(TelegramError),
}

/// What Telegram says of parts that do not make the file (core.telegram.org/method/messages.sendMedia); the number in
/// `FILE_PART_3_MISSING` is no part of the name here.
const WRONG_PARTS: [&str; 8] = [
    "FILE_ID_INVALID",
    "FILE_PARTS_INVALID",
    "FILE_PART_INVALID",
    "FILE_PART_LENGTH_INVALID",
    "FILE_PART_MISSING",
    "FILE_PART_SIZE_CHANGED",
    "FILE_PART_SIZE_INVALID",
    "MD5_CHECKSUM_INVALID",
];

impl From<TelegramError> for UploadError {
    fn from(error: TelegramError) -> Self {
        match error {
            TelegramError::Dead(name) => Self::NotSignedIn(name),
            _ if WRONG_PARTS.into_iter().any(|name| error.is(name)) => Self::StartOver,
            _ => Self::Telegram(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_do_not_make_the_file_have_to_be_uploaded_again() {
        for name in ["FILE_PARTS_INVALID", "FILE_PART_0_MISSING", "FILE_PART_3999_MISSING", "FILE_ID_INVALID"]
        {
            let error = UploadError::from(TelegramError::from_rpc(400, name));
            assert!(matches!(error, UploadError::StartOver), "{name}");
        }
        for name in ["FILE_PART_TOO_BIG", "PHOTO_INVALID_DIMENSIONS", "FLOOD_WAIT_3"] {
            let error = UploadError::from(TelegramError::from_rpc(400, name));
            assert!(matches!(error, UploadError::Telegram(_)), "{name}");
        }
        let dead = UploadError::from(TelegramError::from_rpc(401, "SESSION_REVOKED"));
        assert!(matches!(dead, UploadError::NotSignedIn(_)));
    }
}

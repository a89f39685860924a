//! What a person is told when Telegram says no.
//!
//! A name that has a sentence of its own gets it; a wait is a 429; everything else is the endpoint's 500 with
//! Telegram's name for it, or with nothing when Telegram did not answer.

use std::time::Duration;

use lambdagram_telegram::mtproto::TelegramError;

use super::telegram::Trouble;
use crate::http::{ApiError, Failure};

/// What `retry_after` says when Telegram has had enough of a number and names no time: its own limits on logins count by
/// the day (core.telegram.org/api/auth).
const A_DAY: Duration = Duration::from_hours(24);

/// The answer for `trouble` in `what` was to be done.
pub(crate) fn refusal(what: Failure, trouble: Trouble) -> ApiError {
    let error = match trouble {
        Trouble::Telegram(error) | Trouble::InDoubt(error) => error,
        Trouble::Panicked => return ApiError::Panic,
    };
    match &error {
        TelegramError::Flood { seconds } => ApiError::TooManyRequests { retry_after: *seconds },
        TelegramError::Rpc { name, .. } => match name.as_str() {
            "PHONE_NUMBER_INVALID" => ApiError::PhoneInvalid,
            // Who asks for a code has given none.
            "PHONE_CODE_INVALID" | "PHONE_CODE_EMPTY" if what == Failure::SendCode => ApiError::CodeExpired,
            "PHONE_CODE_INVALID" | "PHONE_CODE_EMPTY" => ApiError::InvalidCode,
            "PHONE_CODE_EXPIRED" | "PHONE_CODE_HASH_EMPTY" | "PHONE_HASH_EXPIRED" => ApiError::CodeExpired,
            "PASSWORD_HASH_INVALID" => ApiError::InvalidPassword,
            "PHONE_NUMBER_FLOOD" | "PHONE_PASSWORD_FLOOD" => {
                ApiError::TooManyRequests { retry_after: A_DAY.as_secs() }
            }
            _ => what.at_telegram(name.clone(), &error),
        },
        _ => what.because(&error),
    }
}

//! Telegram's error names and the codes that belong to them (core.telegram.org/api/errors).

use super::rpc::{Outcome, RpcError};
use crate::telegram::faults::Failure;

/// Names whose code follows from no rule.
const CODES: &[(i32, &[&str])] = &[
    (400, &["PHONE_NUMBER_APP_SIGNUP_FORBIDDEN"]),
    (401, &["AUTH_KEY_UNREGISTERED", "AUTH_KEY_INVALID", "AUTH_KEY_PERM_EMPTY"]),
    (
        406,
        &[
            "AUTH_KEY_DUPLICATED",
            "FILEREF_UPGRADE_NEEDED",
            "FRESH_RESET_AUTHORISATION_FORBIDDEN",
            "PHONE_NUMBER_INVALID",
            "PHONE_PASSWORD_FLOOD",
            "SEND_CODE_UNAVAILABLE",
            "UPDATE_APP_TO_LOGIN",
        ],
    ),
    (420, &["FROZEN_METHOD_INVALID"]),
    (500, &["AUTH_KEY_UNSYNCHRONIZED", "RANDOM_ID_DUPLICATE", "RPC_CALL_FAIL", "SIGN_IN_FAILED"]),
    (-503, &["TIMEOUT"]),
];

/// The code that Telegram sends with an error of this name.
pub(super) fn code_of(name: &str) -> i32 {
    if let Some((code, _)) = CODES.iter().find(|(_, names)| names.contains(&name)) {
        return *code;
    }
    let kind = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let begins = |with: &[&str]| with.iter().any(|with| name.starts_with(with));
    match () {
        () if kind.ends_with("_MIGRATE_") => 303,
        () if begins(&["SESSION_", "USER_DEACTIVATED"]) => 401,
        () if kind.ends_with("_FORBIDDEN") => 403,
        () if begins(&["FLOOD_", "SLOWMODE_WAIT_"]) => 420,
        () if begins(&["AUTH_RESTART", "INTERNAL_"]) => 500,
        () => 400,
    }
}

/// The error of this name, with its code.
pub(super) fn named(name: impl Into<String>) -> RpcError {
    let name = name.into();
    RpcError::new(code_of(&name), name)
}

/// What a call that a planned fault hits gets.
pub(super) fn outcome_of(failure: Failure) -> Outcome {
    match failure {
        Failure::Flood { retry_after } => Outcome::Error(named(format!("FLOOD_WAIT_{retry_after}"))),
        Failure::Status { code, description } => Outcome::Error(RpcError::new(i32::from(code), description)),
        Failure::Rpc { name } => Outcome::Error(named(name)),
        Failure::Drop => Outcome::Drop,
        Failure::Hang => Outcome::Hang,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_the_code_that_telegram_documents() {
        let cases = [
            (303, "PHONE_MIGRATE_1"),
            (303, "USER_MIGRATE_5"),
            (303, "FILE_MIGRATE_2"),
            (400, "PHONE_CODE_INVALID"),
            (400, "PHONE_NUMBER_UNOCCUPIED"),
            (400, "PHONE_NUMBER_FLOOD"),
            (400, "PHONE_NUMBER_APP_SIGNUP_FORBIDDEN"),
            (400, "API_ID_PUBLISHED_FLOOD"),
            (401, "AUTH_KEY_UNREGISTERED"),
            (401, "SESSION_PASSWORD_NEEDED"),
            (401, "SESSION_REVOKED"),
            (401, "USER_DEACTIVATED_BAN"),
            (403, "CHAT_WRITE_FORBIDDEN"),
            (406, "AUTH_KEY_DUPLICATED"),
            (406, "PHONE_NUMBER_INVALID"),
            (406, "PHONE_PASSWORD_FLOOD"),
            (420, "FLOOD_WAIT_7"),
            (420, "FLOOD_PREMIUM_WAIT_3"),
            (420, "SLOWMODE_WAIT_9"),
            (500, "AUTH_RESTART"),
            (500, "AUTH_RESTART_3"),
            (500, "RANDOM_ID_DUPLICATE"),
            (500, "SIGN_IN_FAILED"),
            (-503, "TIMEOUT"),
        ];
        for (code, name) in cases {
            assert_eq!(code_of(name), code, "{name}");
        }
    }
}

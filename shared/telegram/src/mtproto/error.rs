//! How a call to Telegram fails, told apart by what can be done about it.

use thiserror::Error;

/// A failed call. Neither `Display` nor `Debug` holds a number, a code or a key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TelegramError {
    /// Telegram refused the call.
    #[error("Telegram answered {name}")]
    Rpc {
        /// Like a status of HTTP; not always the documented one, so decide by the name.
        code: i32,
        /// Telegram's name for it without the number in it: `PHONE_CODE_INVALID`, `PHONE_MIGRATE`.
        name: String,
        /// The number in the name: of a data centre, of seconds.
        value: Option<u32>,
    },
    /// Nothing was done, and nothing of the kind should be asked for that long.
    #[error("Telegram asks to wait {seconds} s")]
    Flood {
        /// Seconds, at least 1.
        seconds: u64,
    },
    /// The authorization is gone for good: ended by the person, by Telegram, or forgotten with its key.
    #[error("Telegram no longer knows this login: {0}")]
    Dead(
        /// Telegram's name for it; for a key that it does not know, the status it hangs up with.
        &'static str,
    ),
    /// The request did not go out: the server was not reached in time.
    #[error("Telegram was not reached")]
    Unreachable,
    /// No answer came in time. The request may have been done.
    #[error("Telegram did not answer in time")]
    Timeout,
    /// The connection broke after the request may have gone out. It may have been done.
    #[error("the connection to Telegram broke")]
    Lost,
    /// The other side does not speak the protocol as it must, or a request does not fit into it.
    #[error("the protocol with Telegram failed: {0}")]
    Protocol(&'static str),
}

/// Errors after which the login is gone (core.telegram.org/api/errors, 401; and 406 `AUTH_KEY_DUPLICATED`, with which
/// Telegram ends a login that was used from two connections). `SESSION_PASSWORD_NEEDED` is a 401 too, and none of them.
const DEAD: [&str; 8] = [
    "AUTH_KEY_UNREGISTERED",
    "AUTH_KEY_INVALID",
    "AUTH_KEY_PERM_EMPTY",
    "AUTH_KEY_DUPLICATED",
    "SESSION_REVOKED",
    "SESSION_EXPIRED",
    "USER_DEACTIVATED",
    "USER_DEACTIVATED_BAN",
];

/// Errors that name the seconds to wait.
const FLOODS: [&str; 3] = ["FLOOD_WAIT", "FLOOD_PREMIUM_WAIT", "SLOWMODE_WAIT"];

/// The name given to an error whose own is no name: too long, or not of printable ASCII.
const NO_NAME: &str = "UNKNOWN_ERROR";

/// Characters an error's name may have; Telegram's longest are about half of it.
const LONGEST_NAME: usize = 100;

impl TelegramError {
    /// An `rpc_error` as it came: the code, and the name with its number inside (`FLOOD_WAIT_7`).
    pub fn from_rpc(code: i32, message: &str) -> Self {
        let (name, value) = split(message);
        if let Some(name) = DEAD.into_iter().find(|dead| *dead == name) {
            return Self::Dead(name);
        }
        match value {
            Some(seconds) if FLOODS.contains(&name.as_str()) => {
                Self::Flood { seconds: u64::from(seconds).max(1) }
            }
            _ => Self::Rpc { code, name, value },
        }
    }

    /// A refusal that Telegram expresses otherwise than by an error, under the name it has as an error.
    pub(super) fn refusal(code: i32, name: &str) -> Self {
        Self::Rpc { code, name: name.to_owned(), value: None }
    }

    /// Whether Telegram refused the call under this name, whatever the code.
    pub fn is(&self, expected: &str) -> bool {
        matches!(self, Self::Rpc { name, .. } if name == expected)
    }

    /// What a client may be told: Telegram's name of the error, or ours for one that is none of Telegram's.
    pub fn details(&self) -> String {
        match self {
            Self::Rpc { name, .. } => name.clone(),
            Self::Flood { .. } => "FLOOD_WAIT".to_owned(),
            Self::Dead(_) => "AUTH_KEY_UNREGISTERED".to_owned(),
            Self::Unreachable => "TELEGRAM_UNREACHABLE".to_owned(),
            Self::Timeout => "TELEGRAM_TIMEOUT".to_owned(),
            Self::Lost => "TELEGRAM_CONNECTION_LOST".to_owned(),
            Self::Protocol(_) => "TELEGRAM_PROTOCOL_ERROR".to_owned(),
        }
    }
}

/// Takes the first word of digits out of a name: `FILE_PART_3_MISSING` is `FILE_PART_MISSING` and 3.
fn split(message: &str) -> (String, Option<u32>) {
    let readable = message.len() <= LONGEST_NAME
        && !message.is_empty()
        && message.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if !readable {
        return (NO_NAME.to_owned(), None);
    }
    let mut value = None;
    let words: Vec<&str> = message
        .split('_')
        .filter(|word| {
            let taken = value.is_none() && word.bytes().all(|byte| byte.is_ascii_digit());
            let number = if taken { word.parse().ok() } else { None };
            value = value.or(number);
            number.is_none()
        })
        .collect();
    if words.is_empty() { (message.to_owned(), None) } else { (words.join("_"), value) }
}

#[cfg(test)]
mod tests;

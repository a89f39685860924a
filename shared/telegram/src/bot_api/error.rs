//! How a call to the Bot API fails.

use lambdagram_domain::ids::ChatId;
use thiserror::Error;

/// A failed call, told apart by what can be done about it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BotApiError {
    /// 429: nothing was done, and nothing more must be sent to this chat for that long.
    #[error("Telegram asks to wait {retry_after} s")]
    TooManyRequests {
        /// Seconds, at least 1.
        retry_after: u64,
    },
    /// The person does not let the bot write: blocked it, never started it, or is gone. Nothing was done, nor ever will.
    #[error("{description}")]
    Refused {
        /// Telegram's words.
        description: String,
    },
    /// 400 and its like: the request itself is wrong. Nothing was done.
    #[error("{description}")]
    BadRequest {
        /// Telegram's words.
        description: String,
    },
    /// 400: the group has become a supergroup, and is another chat now. Nothing was done.
    #[error("the group is another chat now")]
    Migrated {
        /// That chat.
        chat_id: ChatId,
    },
    /// 401 or 404: there is no bot of this token. Nothing was done.
    #[error("the bot token is not accepted")]
    Unauthorized,
    /// 5xx in the Bot API's own words: it says that it did not do it.
    #[error("Telegram failed with status {status}")]
    ServerError {
        /// The status.
        status: u16,
    },
    /// The request never left: the server was not reached.
    #[error("Telegram was not reached")]
    NotSent,
    /// The request went out and no answer came: it may have been done.
    #[error("no answer came")]
    Unresolved,
    /// It was done, and the answer is not what the API promises.
    #[error("the answer cannot be read")]
    Unreadable,
}

/// What Telegram says with status 400 when a person cannot be written to (Bot API server, `Client.cpp`).
const REFUSALS_WITH_400: [&str; 3] = [
    "Bad Request: chat not found",
    "Bad Request: user not found",
    "Bad Request: have no rights to send a message",
];

/// What a Bot API server says with status 404 when it is older than a method (`Client.cpp`); other 404s are the token's.
const NO_SUCH_METHOD: &str = "Not Found: method not found";

impl BotApiError {
    /// An answer in the Bot API's own form with `ok: false`.
    pub(super) fn from_answer(code: u16, description: String, retry_after: Option<u64>) -> Self {
        match code {
            429 => Self::TooManyRequests { retry_after: retry_after.unwrap_or(1).max(1) },
            403 => Self::Refused { description },
            400 if REFUSALS_WITH_400.contains(&description.as_str()) => Self::Refused { description },
            404 if description == NO_SUCH_METHOD => Self::BadRequest { description },
            401 | 404 => Self::Unauthorized,
            400..=499 => Self::BadRequest { description },
            status => Self::ServerError { status },
        }
    }

    /// An answer that is not the Bot API's: of a proxy on the way, which cannot know what became of the request.
    pub(super) fn from_foreign_answer(status: u16, retry_after: Option<u64>) -> Self {
        match status {
            429 => Self::TooManyRequests { retry_after: retry_after.unwrap_or(1).max(1) },
            413 => Self::BadRequest { description: "Request Entity Too Large".to_owned() },
            _ => Self::Unresolved,
        }
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "it is what map_err gives, and its URL must not live on"
    )]
    pub(super) fn from_transport(error: reqwest::Error) -> Self {
        if error.is_connect() || error.is_builder() { Self::NotSent } else { Self::Unresolved }
    }
}

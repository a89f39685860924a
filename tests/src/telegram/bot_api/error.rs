//! The Bot API's errors and how they look over HTTP.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::telegram::faults::Failure;

/// A refusal: `{"ok":false,"error_code":...,"description":...}` under the HTTP status of the same number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ApiError {
    code: u16,
    description: String,
    /// Seconds; told in `parameters` and in the `Retry-After` header.
    retry_after: Option<u64>,
    /// The supergroup that a group has become; told in `parameters`.
    migrate_to_chat_id: Option<i64>,
}

impl ApiError {
    /// 400 with Telegram's prefix.
    pub(super) fn bad_request(sentence: impl AsRef<str>) -> Self {
        Self::new(400, format!("Bad Request: {}", sentence.as_ref()))
    }

    /// 409: two ways of receiving updates exclude each other.
    pub(super) fn conflict(sentence: &str) -> Self {
        Self::new(409, format!("Conflict: {sentence}"))
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized".to_owned())
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "Not Found".to_owned())
    }

    /// 404 under a token that is right.
    pub(super) fn no_such_method() -> Self {
        Self::new(404, "Not Found: method not found".to_owned())
    }

    /// 400: the group has become a supergroup.
    pub(super) fn migrated(to: i64) -> Self {
        let refusal = Self::bad_request("group chat was upgraded to a supergroup chat");
        Self { migrate_to_chat_id: Some(to), ..refusal }
    }

    pub(super) fn too_large() -> Self {
        Self::new(413, "Request Entity Too Large".to_owned())
    }

    pub(super) fn flood(retry_after: u64) -> Self {
        let description = format!("Too Many Requests: retry after {retry_after}");
        Self { retry_after: Some(retry_after), ..Self::new(429, description) }
    }

    /// The answer a planned failure stands for; `None` for those that answer nothing.
    pub(super) fn of_failure(failure: &Failure) -> Option<Self> {
        match failure {
            Failure::Flood { retry_after } => Some(Self::flood(*retry_after)),
            Failure::Status { code, description } => Some(Self::new(*code, description.clone())),
            Failure::Rpc { name } => Some(Self::of_rpc(name)),
            Failure::Drop | Failure::Hang => None,
        }
    }

    /// The Bot API server turns flood waits into 429 and passes other names on as 400.
    fn of_rpc(name: &str) -> Self {
        match name.strip_prefix("FLOOD_WAIT_").and_then(|seconds| seconds.parse().ok()) {
            Some(retry_after) => Self::flood(retry_after),
            None => Self::bad_request(name),
        }
    }

    const fn new(code: u16, description: String) -> Self {
        Self { code, description, retry_after: None, migrate_to_chat_id: None }
    }
}

impl From<rusqlite::Error> for ApiError {
    fn from(error: rusqlite::Error) -> Self {
        tracing::error!(%error, "the simulated Bot API's database failed");
        Self::new(500, "Internal Server Error".to_owned())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut body = json!({"ok": false, "error_code": self.code, "description": self.description});
        if let Some(retry_after) = self.retry_after {
            body["parameters"] = json!({"retry_after": retry_after});
        }
        if let Some(chat_id) = self.migrate_to_chat_id {
            body["parameters"] = json!({"migrate_to_chat_id": chat_id});
        }
        let status = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(body)).into_response();
        if let Some(retry_after) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
        }
        response
    }
}

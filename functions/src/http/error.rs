//! Every error an endpoint can end in, and the one place that turns it into HTTP.
//!
//! A client reads a fixed sentence. What went wrong inside goes to the log, once, here: the cause of a 500 is never
//! part of an answer, only the request id by which it is found in the log.

use ::http::StatusCode;
use ::http::header::{ALLOW, RETRY_AFTER};
use lambdagram_aws::{AwsError, SecretsError};
use lambdagram_domain::init_data::InitDataError;
use lambdagram_domain::mini_app_token::TokenError;
use lambdagram_domain::picture::PictureError;
use lambdagram_domain::update::NotAnUpdate;
use serde_json::{Map, Value};
use thiserror::Error;

use super::Answer;

/// How a request fails.
#[derive(Debug, Error)]
pub(crate) enum ApiError {
    #[error("Init data is missing.")]
    InitDataMissing,
    #[error("Init data is invalid.")]
    InitDataInvalid,
    #[error("Init data has expired.")]
    InitDataExpired,
    #[error("Photo must be a base64 data URL of a JPEG, PNG or WebP image.")]
    NotAPhoto {
        /// What is wrong with it.
        details: String,
    },
    #[error("The webhook secret is missing or wrong.")]
    WebhookSecret,
    #[error("The body is not a Telegram update.")]
    NotAnUpdate,
    #[error("The body is not the JSON this endpoint takes.")]
    InvalidJson,
    #[error("The form cannot be read.")]
    InvalidForm {
        /// What is wrong with it.
        details: &'static str,
    },
    #[error("Content-Type must be {expected}.")]
    UnsupportedMediaType {
        /// What it must be.
        expected: &'static str,
    },
    #[error("Idempotency-Key must be a quoted string of 1 to 255 characters.")]
    InvalidIdempotencyKey,
    #[error("A request with this Idempotency-Key is still being answered.")]
    StillAnswering {
        /// Seconds until it must have ended.
        retry_after: u64,
    },
    #[error("This Idempotency-Key was used for another request.")]
    AnotherRequest,
    #[error("Not found.")]
    NotFound,
    #[error("Method not allowed.")]
    MethodNotAllowed {
        /// The methods there are.
        allow: Vec<&'static str>,
    },
    #[error("Too many requests. Please try again later.")]
    TooManyRequests {
        /// Seconds to wait.
        retry_after: u64,
    },
    #[error("Internal server error.")]
    Aws(#[from] AwsError),
    #[error("Internal server error.")]
    Secrets(#[from] SecretsError),
    #[error("Internal server error.")]
    Panic,
}

impl ApiError {
    fn status(&self) -> StatusCode {
        match self {
            Self::InitDataMissing | Self::InitDataInvalid | Self::InitDataExpired | Self::WebhookSecret => {
                StatusCode::UNAUTHORIZED
            }
            Self::NotAPhoto { .. }
            | Self::NotAnUpdate
            | Self::InvalidJson
            | Self::InvalidForm { .. }
            | Self::InvalidIdempotencyKey => StatusCode::BAD_REQUEST,
            Self::UnsupportedMediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::StillAnswering { .. } => StatusCode::CONFLICT,
            Self::AnotherRequest => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Aws(_) | Self::Secrets(_) | Self::Panic => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What a client may know beyond the sentence.
    fn details(&self, request_id: &str) -> Option<String> {
        match self {
            Self::NotAPhoto { details } => Some(details.clone()),
            Self::InvalidForm { details } => Some((*details).to_owned()),
            Self::Aws(_) | Self::Secrets(_) | Self::Panic => Some(format!("Request id: {request_id}")),
            _ => None,
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooManyRequests { retry_after } | Self::StillAnswering { retry_after } => {
                Some(*retry_after)
            }
            _ => None,
        }
    }

    /// Logs what a person has to see to, and makes the answer.
    pub(super) fn into_answer(self, request_id: &str) -> Answer {
        match &self {
            Self::Aws(cause) => tracing::error!(cause = %cause, "A service failed"),
            Self::Secrets(cause) => tracing::error!(cause = %cause, "The secrets cannot be read"),
            _ => {}
        }
        let mut body = Map::from_iter([("error".to_owned(), Value::from(self.to_string()))]);
        body.extend(self.details(request_id).map(|details| ("details".to_owned(), Value::from(details))));
        let retry_after = self.retry_after();
        body.extend(retry_after.map(|seconds| ("retry_after".to_owned(), Value::from(seconds))));
        let mut answer = Answer::json(self.status(), Value::Object(body));
        if let Some(seconds) = retry_after {
            answer = answer.with(RETRY_AFTER, &seconds.to_string());
        }
        if let Self::MethodNotAllowed { allow } = &self {
            answer = answer.with(ALLOW, &allow.join(", "));
        }
        answer
    }
}

impl From<InitDataError> for ApiError {
    fn from(error: InitDataError) -> Self {
        match error {
            InitDataError::Missing => Self::InitDataMissing,
            InitDataError::Invalid => Self::InitDataInvalid,
            InitDataError::Expired => Self::InitDataExpired,
        }
    }
}

impl From<TokenError> for ApiError {
    /// A mini app token stands in for init data, and fails in its words.
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid => Self::InitDataInvalid,
            TokenError::Expired => Self::InitDataExpired,
        }
    }
}

impl From<PictureError> for ApiError {
    fn from(error: PictureError) -> Self {
        Self::NotAPhoto { details: error.to_string() }
    }
}

impl From<NotAnUpdate> for ApiError {
    fn from(_: NotAnUpdate) -> Self {
        Self::NotAnUpdate
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn internal() -> AwsError {
        AwsError { operation: "PutObject", cause: "AccessDenied on a secret bucket".to_owned() }
    }

    #[test]
    fn every_error_has_its_status_and_its_sentence() {
        let internal_body = json!({"error": "Internal server error.", "details": "Request id: r-1"});
        let error = |sentence: &str| json!({ "error": sentence });
        let table = [
            (ApiError::InitDataMissing, 401, error("Init data is missing.")),
            (ApiError::InitDataInvalid, 401, error("Init data is invalid.")),
            (ApiError::InitDataExpired, 401, error("Init data has expired.")),
            (
                ApiError::NotAPhoto { details: "too large".to_owned() },
                400,
                json!({
                    "error": "Photo must be a base64 data URL of a JPEG, PNG or WebP image.",
                    "details": "too large",
                }),
            ),
            (ApiError::WebhookSecret, 401, error("The webhook secret is missing or wrong.")),
            (ApiError::NotAnUpdate, 400, error("The body is not a Telegram update.")),
            (ApiError::InvalidJson, 400, error("The body is not the JSON this endpoint takes.")),
            (
                ApiError::InvalidForm { details: "why" },
                400,
                json!({"error": "The form cannot be read.", "details": "why"}),
            ),
            (
                ApiError::UnsupportedMediaType { expected: "application/json" },
                415,
                error("Content-Type must be application/json."),
            ),
            (
                ApiError::InvalidIdempotencyKey,
                400,
                error("Idempotency-Key must be a quoted string of 1 to 255 characters."),
            ),
            (
                ApiError::StillAnswering { retry_after: 3 },
                409,
                json!({"error": "A request with this Idempotency-Key is still being answered.", "retry_after": 3}),
            ),
            (ApiError::AnotherRequest, 422, error("This Idempotency-Key was used for another request.")),
            (ApiError::NotFound, 404, error("Not found.")),
            (ApiError::MethodNotAllowed { allow: vec!["GET", "POST"] }, 405, error("Method not allowed.")),
            (
                ApiError::TooManyRequests { retry_after: 7 },
                429,
                json!({"error": "Too many requests. Please try again later.", "retry_after": 7}),
            ),
            (ApiError::Aws(internal()), 500, internal_body.clone()),
            (ApiError::Secrets(SecretsError::Malformed { fields: "none" }), 500, internal_body.clone()),
            (ApiError::Panic, 500, internal_body),
        ];
        for (error, status, body) in table {
            let mut expected = Answer::json(StatusCode::from_u16(status).unwrap(), body);
            if let Some(seconds) = error.retry_after() {
                expected = expected.with(RETRY_AFTER, &seconds.to_string());
            }
            if matches!(error, ApiError::MethodNotAllowed { .. }) {
                expected = expected.with(ALLOW, "GET, POST");
            }
            assert_eq!(error.into_answer("r-1"), expected);
        }
    }
}

//! Every error an endpoint can end in, and the one place that turns it into HTTP.
//!
//! A client reads a fixed sentence. What went wrong inside goes to the log, once, here: the cause of a 500 is never
//! part of an answer, only the request id by which it is found in the log, or the name that Telegram gave the error.

use std::fmt;

use ::http::StatusCode;
use ::http::header::{ACCEPT_RANGES, ALLOW, CONTENT_RANGE, RETRY_AFTER, SET_COOKIE};
use lambdagram_aws::{AwsError, LeaseError, SecretsError};
use lambdagram_domain::answer::AnswerError;
use lambdagram_domain::bot_api::DataError;
use lambdagram_domain::init_data::InitDataError;
use lambdagram_domain::mini_app_token::TokenError;
use lambdagram_domain::picture::PictureError;
use lambdagram_domain::update::NotAnUpdate;
use lambdagram_domain::upload::{CaptionTooLong, UploadFailure};
use lambdagram_outbound::OutboundError;
use serde_json::{Map, Value};
use thiserror::Error;

use super::Answer;

/// What an endpoint says when something inside, or at Telegram, fails it: the sentence of a 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum Failure {
    #[error("Internal server error.")]
    Internal,
    #[error("Failed to send code. Please try again.")]
    SendCode,
    #[error("Failed to sign in. Please try again.")]
    SignIn,
    #[error("Failed to check authentication status.")]
    CheckStatus,
    #[error("Failed to log out.")]
    LogOut,
    #[error("Failed to fetch media from Saved Messages.")]
    ListMedia,
    #[error("Failed to stream media.")]
    StreamMedia,
    #[error("Failed to stream thumbnail.")]
    StreamThumbnail,
    #[error("Failed to upload file to Telegram.")]
    UploadFile,
}

impl Failure {
    /// The error when something of our own failed. `cause` is for the log: no number, code or key.
    pub(crate) fn because(self, cause: impl fmt::Display) -> ApiError {
        ApiError::Failed { what: self, details: None, cause: cause.to_string() }
    }

    /// The error when Telegram failed it: `name` is Telegram's name of the error, for the client. `cause` is as for
    /// [`Self::because`].
    pub(crate) fn at_telegram(self, name: String, cause: impl fmt::Display) -> ApiError {
        ApiError::Failed { what: self, details: Some(name), cause: cause.to_string() }
    }
}

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
    #[error("{parameter} must be {expected}.")]
    InvalidParameter {
        /// A parameter of the query.
        parameter: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// No key is shown, or one that opens nothing: which of both, nobody is told. There is no `WWW-Authenticate`: API
    /// Gateway passes it on under another name.
    #[error("API key is missing or invalid.")]
    ApiKey,
    #[error("Unknown command.")]
    UnknownCommand,
    #[error("The command's data is invalid.")]
    InvalidData {
        /// What is wrong with it.
        details: String,
    },
    #[error("The role of this API key may not run this command.")]
    CommandForbidden,
    #[error("callback_url cannot be called.")]
    InvalidCallback {
        /// Why not.
        details: String,
    },
    #[error("reply_to names nothing that can be answered.")]
    UnknownDispatch,
    #[error("Phone number is required.")]
    PhoneRequired,
    #[error("Invalid phone number format.")]
    PhoneInvalid,
    #[error("Phone number and code are required.")]
    PhoneAndCodeRequired,
    #[error("Invalid code. Please try again.")]
    InvalidCode,
    #[error("Code has expired. Please request a new one.")]
    CodeExpired,
    /// The account has a password, and it is to be given next.
    #[error("Password required.")]
    PasswordRequired {
        /// What its owner wrote to remember it by.
        hint: Option<String>,
    },
    #[error("Password is required.")]
    PasswordMissing,
    #[error("Invalid password. Please try again.")]
    InvalidPassword,
    #[error("User not authenticated.")]
    NotAuthenticated,
    #[error("This origin may not do that.")]
    OriginRefused,
    #[error("This account may not sign in here.")]
    SignInNotAllowed,
    #[error("Not found.")]
    NotFound,
    #[error("Media not found or message ID is invalid.")]
    MediaNotFound,
    #[error("Thumbnail not found for this message or message ID is invalid.")]
    ThumbnailNotFound,
    #[error("The range is outside the file.")]
    RangeNotSatisfiable {
        /// The file's length in bytes.
        size: u64,
    },
    #[error("The file is not the one that was asked for.")]
    PreconditionFailed,
    #[error("Media is too large for one answer. Please use Range requests.")]
    TooLargeForOneAnswer,
    #[error("No file provided in the request.")]
    NoFile,
    #[error("Invalid file type or format.")]
    InvalidFile {
        /// What is wrong with it.
        details: &'static str,
    },
    #[error("Caption is too long.")]
    CaptionTooLong(CaptionTooLong),
    /// An upload came to nothing.
    #[error("Failed to upload file to Telegram.")]
    UploadFailed {
        /// Why.
        reason: UploadFailure,
    },
    #[error("The upload was cancelled.")]
    UploadCancelled,
    #[error("The upload has failed.")]
    UploadOver {
        /// Why.
        reason: UploadFailure,
    },
    #[error("File has already been sent.")]
    UploadSent,
    #[error("File is being sent and can no longer be cancelled.")]
    UploadCommitting,
    #[error("File is too large.")]
    FileTooLarge {
        /// Bytes that the account may send at most.
        limit: u64,
    },
    #[error("Part {number} {problem}.")]
    WrongPart {
        /// The part, from 1.
        number: u32,
        /// What is wrong with it, as the end of a sentence.
        problem: &'static str,
    },
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
    /// The session has as many answers on their way as it may.
    #[error("Too many requests. Please try again later.")]
    TooManyStreams {
        /// Seconds to wait.
        retry_after: u64,
    },
    /// Another request holds the session.
    #[error("Too many requests. Please try again later.")]
    Busy {
        /// Seconds until it must have let go.
        retry_after: u64,
    },
    /// An error whose answer changes the caller's cookie, too.
    #[error("{error}")]
    WithCookie {
        /// The error.
        error: Box<ApiError>,
        /// The value of `Set-Cookie`.
        set_cookie: String,
    },
    #[error("{what}")]
    Failed {
        /// The sentence.
        what: Failure,
        /// Telegram's name of the error; without it, the client gets the request id.
        details: Option<String>,
        /// For the log.
        cause: String,
    },
    #[error("Internal server error.")]
    Aws(#[from] AwsError),
    #[error("Internal server error.")]
    Lease(#[from] LeaseError),
    #[error("Internal server error.")]
    Secrets(#[from] SecretsError),
    #[error("Internal server error.")]
    Panic,
}

impl ApiError {
    /// The same error, whose answer has this `Set-Cookie`.
    pub(crate) fn with_cookie(self, set_cookie: String) -> Self {
        Self::WithCookie { error: Box::new(self), set_cookie }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::InitDataMissing
            | Self::InitDataInvalid
            | Self::InitDataExpired
            | Self::WebhookSecret
            | Self::ApiKey
            | Self::PasswordRequired { .. }
            | Self::NotAuthenticated => StatusCode::UNAUTHORIZED,
            Self::NotAPhoto { .. }
            | Self::NotAnUpdate
            | Self::InvalidJson
            | Self::InvalidForm { .. }
            | Self::InvalidIdempotencyKey
            | Self::InvalidParameter { .. }
            | Self::NoFile
            | Self::InvalidFile { .. }
            | Self::CaptionTooLong(_)
            | Self::WrongPart { .. }
            | Self::UnknownCommand
            | Self::InvalidData { .. }
            | Self::InvalidCallback { .. }
            | Self::UnknownDispatch
            | Self::PhoneRequired
            | Self::PhoneInvalid
            | Self::PhoneAndCodeRequired
            | Self::InvalidCode
            | Self::CodeExpired
            | Self::PasswordMissing
            | Self::InvalidPassword => StatusCode::BAD_REQUEST,
            Self::OriginRefused | Self::SignInNotAllowed | Self::CommandForbidden => StatusCode::FORBIDDEN,
            Self::UnsupportedMediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::StillAnswering { .. }
            | Self::UploadCancelled
            | Self::UploadOver { .. }
            | Self::UploadSent
            | Self::UploadCommitting => StatusCode::CONFLICT,
            Self::AnotherRequest => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NotFound | Self::MediaNotFound | Self::ThumbnailNotFound => StatusCode::NOT_FOUND,
            Self::RangeNotSatisfiable { .. } => StatusCode::RANGE_NOT_SATISFIABLE,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::TooLargeForOneAnswer | Self::FileTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooManyRequests { .. } | Self::TooManyStreams { .. } | Self::Busy { .. } => {
                StatusCode::TOO_MANY_REQUESTS
            }
            Self::WithCookie { error, .. } => error.status(),
            Self::UploadFailed { .. }
            | Self::Failed { .. }
            | Self::Aws(_)
            | Self::Lease(_)
            | Self::Secrets(_)
            | Self::Panic => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What a client may know beyond the sentence.
    fn details(&self, request_id: &str) -> Option<String> {
        match self {
            Self::NotAPhoto { details }
            | Self::InvalidData { details }
            | Self::InvalidCallback { details } => Some(details.clone()),
            Self::InvalidForm { details } | Self::InvalidFile { details } => Some((*details).to_owned()),
            Self::CaptionTooLong(CaptionTooLong { length, limit }) => {
                Some(format!("It has {length} characters; {limit} are the most."))
            }
            Self::FileTooLarge { limit } => Some(format!("This account may send {limit} bytes at most.")),
            Self::UploadFailed { reason } | Self::UploadOver { reason } => {
                Some(reason.telegram_error().map_or_else(|| reason.to_string(), str::to_owned))
            }
            Self::TooManyStreams { .. } => Some("Too many files are streaming at once.".to_owned()),
            Self::Failed { details: Some(name), .. } => Some(name.clone()),
            Self::Failed { .. } | Self::Aws(_) | Self::Lease(_) | Self::Secrets(_) | Self::Panic => {
                Some(format!("Request id: {request_id}"))
            }
            _ => None,
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooManyRequests { retry_after }
            | Self::TooManyStreams { retry_after }
            | Self::StillAnswering { retry_after }
            | Self::Busy { retry_after } => Some(*retry_after),
            _ => None,
        }
    }

    /// Logs what a person has to see to, and makes the answer. `failure` is the endpoint's own sentence for what fails
    /// inside.
    pub(super) fn into_answer(self, request_id: &str, failure: Failure) -> Answer {
        match &self {
            Self::Failed { what, cause, .. } => tracing::error!(cause = %cause, "{what}"),
            Self::Aws(cause) => tracing::error!(cause = %cause, "A service failed"),
            Self::Lease(cause) => tracing::error!(cause = %cause, "The session is not written"),
            Self::Secrets(cause) => tracing::error!(cause = %cause, "The secrets cannot be read"),
            _ => {}
        }
        if let Self::WithCookie { error, set_cookie } = self {
            return error.into_answer(request_id, failure).with(SET_COOKIE, &set_cookie);
        }
        let sentence = match &self {
            Self::Aws(_) | Self::Lease(_) | Self::Secrets(_) | Self::Panic => failure.to_string(),
            _ => self.to_string(),
        };
        let retry_after = self.retry_after();
        let mut body = Map::from_iter([("error".to_owned(), Value::from(sentence))]);
        body.extend(self.details(request_id).map(|details| ("details".to_owned(), Value::from(details))));
        body.extend(retry_after.map(|seconds| ("retry_after".to_owned(), Value::from(seconds))));
        if let Self::PasswordRequired { hint } = &self {
            body.insert("password_required".to_owned(), Value::from(true));
            body.extend(hint.clone().map(|hint| ("hint".to_owned(), Value::from(hint))));
        }
        let mut answer = Answer::json(self.status(), Value::Object(body));
        if let Some(seconds) = retry_after {
            answer = answer.with(RETRY_AFTER, &seconds.to_string());
        }
        match &self {
            Self::MethodNotAllowed { allow } => answer.with(ALLOW, &allow.join(", ")),
            Self::RangeNotSatisfiable { size } => answer.with(CONTENT_RANGE, &format!("bytes */{size}")),
            Self::TooLargeForOneAnswer => answer.with(ACCEPT_RANGES, "bytes"),
            _ => answer,
        }
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

impl From<DataError> for ApiError {
    fn from(error: DataError) -> Self {
        Self::InvalidData { details: error.to_string() }
    }
}

impl From<AnswerError> for ApiError {
    /// What is asked of an answer that comes later.
    fn from(error: AnswerError) -> Self {
        Self::InvalidData { details: error.to_string() }
    }
}

impl From<OutboundError> for ApiError {
    /// What is asked of an address before anything is sent to it.
    fn from(error: OutboundError) -> Self {
        Self::InvalidCallback { details: error.to_string() }
    }
}

impl From<PictureError> for ApiError {
    fn from(error: PictureError) -> Self {
        Self::NotAPhoto { details: error.to_string() }
    }
}

impl From<CaptionTooLong> for ApiError {
    fn from(error: CaptionTooLong) -> Self {
        Self::CaptionTooLong(error)
    }
}

impl From<NotAnUpdate> for ApiError {
    fn from(_: NotAnUpdate) -> Self {
        Self::NotAnUpdate
    }
}

#[cfg(test)]
mod tests;

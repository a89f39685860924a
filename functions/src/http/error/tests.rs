//! The status and the body of every error.

mod described;

use serde_json::json;

use super::*;

const SENTENCE_OF_429: &str = "Too many requests. Please try again later.";

fn internal() -> AwsError {
    AwsError { operation: "PutObject", cause: "AccessDenied on a secret bucket".to_owned() }
}

fn answer(status: u16, body: Value) -> Answer {
    Answer::json(StatusCode::from_u16(status).unwrap(), body)
}

/// An error with the status and the body of its answer.
type Row = (ApiError, u16, Value);

/// Every error but [`ApiError::Failed`], whose sentences are those of [`FAILURES`], and [`ApiError::WithCookie`], which is
/// another one.
fn every_error() -> Vec<Row> {
    [general(), of_commands(), of_sign_ins(), of_streams(), of_uploads()].into_iter().flatten().collect()
}

fn assert_table(table: Vec<Row>) {
    for (error, status, body) in table {
        let mut expected = answer(status, body);
        if let Some(seconds) = error.retry_after() {
            expected = expected.with(RETRY_AFTER, &seconds.to_string());
        }
        expected = match error {
            ApiError::MethodNotAllowed { .. } => expected.with(ALLOW, "GET, POST"),
            ApiError::RangeNotSatisfiable { .. } => expected.with(CONTENT_RANGE, "bytes */7"),
            ApiError::TooLargeForOneAnswer => expected.with(ACCEPT_RANGES, "bytes"),
            _ => expected,
        };
        assert_eq!(error.into_answer("r-1", Failure::Internal), expected);
    }
}

fn error(sentence: &str) -> Value {
    json!({ "error": sentence })
}

#[test]
fn every_error_has_its_status_and_its_sentence() {
    assert_table(general());
}

fn general() -> Vec<Row> {
    let internal_body = json!({"error": "Internal server error.", "details": "Request id: r-1"});
    vec![
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
            ApiError::InvalidParameter { parameter: "limit", expected: "a whole number from 1 to 500" },
            400,
            error("limit must be a whole number from 1 to 500."),
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
            json!({"error": SENTENCE_OF_429, "retry_after": 7}),
        ),
        (ApiError::Aws(internal()), 500, internal_body.clone()),
        (ApiError::Lease(LeaseError::Lost), 500, internal_body.clone()),
        (ApiError::Secrets(SecretsError::Malformed { fields: "a key" }), 500, internal_body.clone()),
        (ApiError::Panic, 500, internal_body),
    ]
}

#[test]
fn every_error_of_a_command_has_its_status_and_its_sentence() {
    assert_table(of_commands());
}

fn of_commands() -> Vec<Row> {
    let details = |sentence: &str, details: &str| json!({"error": sentence, "details": details});
    vec![
        (ApiError::ApiKey, 401, error("API key is missing or invalid.")),
        (ApiError::UnknownCommand, 400, error("Unknown command.")),
        (
            DataError::Missing { name: "text" }.into(),
            400,
            details("The command's data is invalid.", "`text` is missing."),
        ),
        (ApiError::CommandForbidden, 403, error("The role of this API key may not run this command.")),
        (
            OutboundError::Address { host: "10.0.0.1".to_owned() }.into(),
            400,
            details("callback_url cannot be called.", "10.0.0.1 has no address that may be called"),
        ),
        (ApiError::UnknownDispatch, 400, error("reply_to names nothing that can be answered.")),
    ]
}

#[test]
fn every_error_of_a_sign_in_has_its_status_and_its_sentence() {
    assert_table(of_sign_ins());
}

fn of_sign_ins() -> Vec<Row> {
    vec![
        (ApiError::PhoneRequired, 400, error("Phone number is required.")),
        (ApiError::PhoneInvalid, 400, error("Invalid phone number format.")),
        (ApiError::PhoneAndCodeRequired, 400, error("Phone number and code are required.")),
        (ApiError::InvalidCode, 400, error("Invalid code. Please try again.")),
        (ApiError::CodeExpired, 400, error("Code has expired. Please request a new one.")),
        (
            ApiError::PasswordRequired { hint: Some("the dog".to_owned()) },
            401,
            json!({"error": "Password required.", "password_required": true, "hint": "the dog"}),
        ),
        (
            ApiError::PasswordRequired { hint: None },
            401,
            json!({"error": "Password required.", "password_required": true}),
        ),
        (ApiError::PasswordMissing, 400, error("Password is required.")),
        (ApiError::InvalidPassword, 400, error("Invalid password. Please try again.")),
        (ApiError::NotAuthenticated, 401, error("User not authenticated.")),
        (ApiError::SignInNotAllowed, 403, error("This account may not sign in here.")),
        (ApiError::OriginRefused, 403, error("This origin may not do that.")),
        (ApiError::Busy { retry_after: 2 }, 429, json!({"error": SENTENCE_OF_429, "retry_after": 2})),
    ]
}

#[test]
fn every_error_of_a_stream_has_its_status_and_its_sentence() {
    assert_table(of_streams());
}

fn of_streams() -> Vec<Row> {
    let too_many = "Too many files are streaming at once.";
    vec![
        (ApiError::MediaNotFound, 404, error("Media not found or message ID is invalid.")),
        (
            ApiError::ThumbnailNotFound,
            404,
            error("Thumbnail not found for this message or message ID is invalid."),
        ),
        (ApiError::RangeNotSatisfiable { size: 7 }, 416, error("The range is outside the file.")),
        (ApiError::PreconditionFailed, 412, error("The file is not the one that was asked for.")),
        (
            ApiError::TooLargeForOneAnswer,
            413,
            error("Media is too large for one answer. Please use Range requests."),
        ),
        (
            ApiError::TooManyStreams { retry_after: 5 },
            429,
            json!({"error": SENTENCE_OF_429, "details": too_many, "retry_after": 5}),
        ),
    ]
}

#[test]
fn every_error_of_an_upload_has_its_status_and_its_sentence() {
    assert_table(of_uploads());
}

fn of_uploads() -> Vec<Row> {
    let failed = |details: &str| json!({"error": "Failed to upload file to Telegram.", "details": details});
    vec![
        (ApiError::NoFile, 400, error("No file provided in the request.")),
        (
            ApiError::InvalidFile { details: "The file is empty." },
            400,
            json!({"error": "Invalid file type or format.", "details": "The file is empty."}),
        ),
        (
            ApiError::CaptionTooLong(CaptionTooLong { length: 1_025, limit: 1_024 }),
            400,
            json!({"error": "Caption is too long.", "details": "It has 1025 characters; 1024 are the most."}),
        ),
        (ApiError::UploadCancelled, 409, error("The upload was cancelled.")),
        (
            ApiError::UploadOver { reason: UploadFailure::WrongSize },
            409,
            json!({
                "error": "The upload has failed.",
                "details": "The file does not have the size that was announced.",
            }),
        ),
        (ApiError::UploadSent, 409, error("File has already been sent.")),
        (ApiError::UploadCommitting, 409, error("File is being sent and can no longer be cancelled.")),
        (
            ApiError::FileTooLarge { limit: 7 },
            413,
            json!({"error": "File is too large.", "details": "This account may send 7 bytes at most."}),
        ),
        (ApiError::WrongPart { number: 3, problem: "is missing" }, 400, error("Part 3 is missing.")),
        (
            ApiError::UploadFailed { reason: UploadFailure::refused("MEDIA_INVALID") },
            500,
            failed("MEDIA_INVALID"),
        ),
        (
            ApiError::UploadFailed { reason: UploadFailure::FileLost },
            500,
            failed("The file is no longer stored."),
        ),
    ]
}

/// The sentence of each failure.
const FAILURES: [(Failure, &str); 9] = [
    (Failure::Internal, "Internal server error."),
    (Failure::SendCode, "Failed to send code. Please try again."),
    (Failure::SignIn, "Failed to sign in. Please try again."),
    (Failure::CheckStatus, "Failed to check authentication status."),
    (Failure::LogOut, "Failed to log out."),
    (Failure::ListMedia, "Failed to fetch media from Saved Messages."),
    (Failure::StreamMedia, "Failed to stream media."),
    (Failure::StreamThumbnail, "Failed to stream thumbnail."),
    (Failure::UploadFile, "Failed to upload file to Telegram."),
];

#[test]
fn what_fails_has_the_endpoints_sentence_and_telegrams_name_or_the_request_id() {
    for (failure, sentence) in FAILURES {
        let with_id = answer(500, json!({"error": sentence, "details": "Request id: r-1"}));
        let with_name = answer(500, json!({"error": sentence, "details": "PHONE_NUMBER_BANNED"}));
        let named = failure.at_telegram("PHONE_NUMBER_BANNED".to_owned(), "hunter2");
        assert_eq!(named.into_answer("r-1", Failure::Internal), with_name);
        assert_eq!(failure.because("hunter2").into_answer("r-1", Failure::Internal), with_id);
        for inside in
            [ApiError::Aws(internal()), ApiError::Secrets(SecretsError::Aws(internal())), ApiError::Panic]
        {
            assert_eq!(inside.into_answer("r-1", failure), with_id);
        }
    }
}

#[test]
fn an_error_can_change_the_cookie_and_is_the_same_otherwise() {
    let errors =
        [ApiError::NotAuthenticated, ApiError::Busy { retry_after: 2 }, Failure::LogOut.because("hunter2")];
    let again =
        [ApiError::NotAuthenticated, ApiError::Busy { retry_after: 2 }, Failure::LogOut.because("hunter2")];
    for (error, same) in errors.into_iter().zip(again) {
        let expected = same.into_answer("r-1", Failure::Internal).with(SET_COOKIE, "session=; Max-Age=0");
        let error = error.with_cookie("session=; Max-Age=0".to_owned());
        assert_eq!(error.into_answer("r-1", Failure::Internal), expected);
    }
}

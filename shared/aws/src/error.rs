//! The one error of this crate.

use std::error::Error;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use thiserror::Error;

/// A call to AWS that failed after its retries.
///
/// It names the operation and AWS's error code. The request is not in it: requests carry pictures and chat ids.
#[derive(Debug, Error)]
#[error("{operation} failed: {cause}")]
pub struct AwsError {
    /// The API operation, `PutObject` for example.
    pub operation: &'static str,
    /// AWS's error code, or how the call ended when there was no answer.
    pub cause: String,
}

impl AwsError {
    pub(crate) fn new<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let cause = match error {
            SdkError::ServiceError(service) => match service.err().code() {
                Some(code) => code.to_owned(),
                None => format!("status {}", service.raw().status()),
            },
            SdkError::TimeoutError(_) => "timed out".to_owned(),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => "timed out".to_owned(),
            SdkError::DispatchFailure(_) => "not reachable".to_owned(),
            SdkError::ResponseError(_) => "unreadable answer".to_owned(),
            _ => "request could not be made".to_owned(),
        };
        Self { operation, cause }
    }

    pub(crate) fn unsendable(operation: &'static str) -> Self {
        Self { operation, cause: "request could not be made".to_owned() }
    }

    pub(crate) fn unreadable(operation: &'static str, what: &'static str) -> Self {
        Self { operation, cause: format!("unreadable {what}") }
    }
}

/// Whether a change was not made because its condition does not hold.
pub(crate) fn is_condition(error: &SdkError<UpdateItemError, HttpResponse>) -> bool {
    matches!(error.as_service_error(), Some(UpdateItemError::ConditionalCheckFailedException(_)))
}

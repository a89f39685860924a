//! Every way SQS refuses a request, and how each looks on the wire.
//!
//! An error has two names: the shape name that the JSON protocol puts into `__type`, and the older query code that
//! the XML protocol uses and that the JSON protocol repeats in the `x-amzn-query-error` header. Names and statuses
//! are those of the service's public model; messages are the ones that the service was seen to send.

use std::fmt::Display;

use http::StatusCode;
use thiserror::Error;

use super::limits::{BATCH_ENTRIES, BATCH_SIZE};

/// Why the data folder could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The folder cannot be created.
    #[error("cannot create the folder of the queues: {0}")]
    Folder(#[from] std::io::Error),
    /// The file is no database of ours, or cannot be written.
    #[error("cannot open the file of the queues: {0}")]
    Database(#[from] rusqlite::Error),
}

/// Why a request was refused. The text is the message that the client sees.
#[derive(Debug, Error)]
#[expect(
    missing_docs,
    reason = "the variants carry the names of the service's own errors, its messages explain them"
)]
pub enum SqsError {
    #[error("The specified queue does not exist.")]
    QueueDoesNotExist,
    #[error("A queue already exists with the same name and a different value for attribute {attribute}")]
    QueueNameExists { attribute: String },
    #[error(
        "You must wait 60 seconds after deleting a queue before you can create another with the same name."
    )]
    QueueDeletedRecently,
    #[error("Only one PurgeQueue operation on {queue} is allowed every 60 seconds.")]
    PurgeQueueInProgress { queue: String },
    #[error("Too many messages in flight in {queue}.")]
    OverLimit { queue: String },
    #[error("The message referred to isn't in flight.")]
    MessageNotInflight,
    #[error("The input receipt handle \"{handle}\" is not a valid receipt handle.")]
    ReceiptHandleIsInvalid { handle: String },
    #[error(
        "Invalid binary character '#x{:X}' was found in the message body, the set of allowed characters is #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
        u32::from(*character)
    )]
    InvalidMessageContents { character: char },
    #[error("Unknown Attribute {name}.")]
    InvalidAttributeName { name: String },
    #[error("Invalid value for the parameter {name}.")]
    InvalidAttributeValue { name: String },
    #[error("There should be at least one {entry} in the request.")]
    EmptyBatchRequest { entry: &'static str },
    #[error("Maximum number of entries per request are {BATCH_ENTRIES}. You have sent {sent}.")]
    TooManyEntriesInBatchRequest { sent: usize },
    #[error("Id {id} repeated.")]
    BatchEntryIdsNotDistinct { id: String },
    #[error(
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long."
    )]
    InvalidBatchEntryId,
    #[error("Batch requests cannot be longer than {BATCH_SIZE} bytes. You have sent {sent} bytes.")]
    BatchRequestTooLong { sent: usize },
    #[error("{reason}")]
    UnsupportedOperation { reason: &'static str },
    #[error("{reason}")]
    ResourceNotFound { reason: &'static str },
    #[error("The request must contain the parameter {parameter}.")]
    MissingParameter { parameter: &'static str },
    #[error("Value {value} for parameter {parameter} is invalid. Reason: {reason}")]
    InvalidParameterValue { parameter: &'static str, value: String, reason: String },
    #[error("{reason}")]
    InvalidRequest { reason: String },
    #[error("One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes.")]
    MessageTooLong { limit: usize },
    #[error("The action {action} is not valid for this endpoint.")]
    UnknownAction { action: String },
    #[error("{reason}")]
    Malformed { reason: String },
    #[error("We encountered an internal error. Please try again.")]
    Storage(#[from] rusqlite::Error),
}

/// How one error is named in the two protocols.
pub(super) struct Wire {
    /// The `__type` of the JSON protocol.
    pub(super) shape: &'static str,
    /// The `Code` of the query protocol, and the first half of `x-amzn-query-error`.
    pub(super) code: &'static str,
    /// The status of the answer.
    pub(super) status: StatusCode,
}

impl Wire {
    /// Who is to blame: the second half of `x-amzn-query-error`.
    pub(super) fn fault(&self) -> &'static str {
        if self.status.is_server_error() { "Receiver" } else { "Sender" }
    }
}

impl SqsError {
    pub(super) fn invalid(parameter: &'static str, value: &dyn Display, reason: impl Into<String>) -> Self {
        Self::InvalidParameterValue { parameter, value: value.to_string(), reason: reason.into() }
    }

    /// The names and the status of this error in the service's public model.
    pub(super) fn wire(&self) -> Wire {
        let (shape, code, status) = match self {
            Self::QueueDoesNotExist => {
                ("com.amazonaws.sqs#QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", 400)
            }
            Self::QueueNameExists { .. } => ("com.amazonaws.sqs#QueueNameExists", "QueueAlreadyExists", 400),
            Self::QueueDeletedRecently => {
                ("com.amazonaws.sqs#QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently", 400)
            }
            Self::PurgeQueueInProgress { .. } => {
                ("com.amazonaws.sqs#PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress", 403)
            }
            Self::OverLimit { .. } => ("com.amazonaws.sqs#OverLimit", "OverLimit", 403),
            Self::MessageNotInflight => {
                ("com.amazonaws.sqs#MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight", 400)
            }
            Self::ReceiptHandleIsInvalid { .. } => {
                ("com.amazonaws.sqs#ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", 404)
            }
            Self::InvalidMessageContents { .. } => {
                ("com.amazonaws.sqs#InvalidMessageContents", "InvalidMessageContents", 400)
            }
            Self::InvalidAttributeName { .. } => {
                ("com.amazonaws.sqs#InvalidAttributeName", "InvalidAttributeName", 400)
            }
            Self::InvalidAttributeValue { .. } => {
                ("com.amazonaws.sqs#InvalidAttributeValue", "InvalidAttributeValue", 400)
            }
            Self::EmptyBatchRequest { .. } => {
                ("com.amazonaws.sqs#EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", 400)
            }
            Self::TooManyEntriesInBatchRequest { .. } => (
                "com.amazonaws.sqs#TooManyEntriesInBatchRequest",
                "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
                400,
            ),
            Self::BatchEntryIdsNotDistinct { .. } => (
                "com.amazonaws.sqs#BatchEntryIdsNotDistinct",
                "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
                400,
            ),
            Self::InvalidBatchEntryId => {
                ("com.amazonaws.sqs#InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId", 400)
            }
            Self::BatchRequestTooLong { .. } => {
                ("com.amazonaws.sqs#BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong", 400)
            }
            Self::UnsupportedOperation { .. } => {
                ("com.amazonaws.sqs#UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", 400)
            }
            Self::ResourceNotFound { .. } => {
                ("com.amazonaws.sqs#ResourceNotFoundException", "ResourceNotFoundException", 404)
            }
            Self::MissingParameter { .. } => {
                ("com.amazon.coral.service#MissingRequiredParameterException", "MissingParameter", 400)
            }
            Self::InvalidParameterValue { .. }
            | Self::InvalidRequest { .. }
            | Self::MessageTooLong { .. } => {
                ("com.amazon.coral.service#InvalidParameterValueException", "InvalidParameterValue", 400)
            }
            Self::UnknownAction { .. } => {
                ("com.amazon.coral.service#UnknownOperationException", "InvalidAction", 400)
            }
            Self::Malformed { .. } => {
                ("com.amazon.coral.service#SerializationException", "MalformedInput", 400)
            }
            Self::Storage(_) => ("com.amazon.coral.service#InternalFailure", "InternalFailure", 500),
        };
        let status = StatusCode::from_u16(status).expect("the statuses above are valid");
        Wire { shape, code, status }
    }
}

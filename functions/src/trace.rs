//! Which trace of X-Ray something is part of.
//!
//! The SDK sends the header of the invocation's trace along with each of its calls, and SQS keeps it beside the message. So
//! a worker finds there what the request that queued the message was part of, and the log's lines of both name the same.

/// The header's name as an attribute of a message of SQS.
pub(crate) const MESSAGE_ATTRIBUTE: &str = "AWSTraceHeader";

/// The trace that a header names: `Root` of `Root=1-...;Parent=...;Sampled=1`.
pub(crate) fn id_in(header: &str) -> Option<&str> {
    header.split(';').find_map(|field| field.trim().strip_prefix("Root="))
}

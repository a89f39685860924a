//! What a request for a file asks for: all of it, a range, or nothing because the client has it (RFC 9110, sections 13
//! and 14).

use http::Method;
use lambdagram_domain::etag::{if_match, if_none_match};
use lambdagram_domain::range::{ByteRange, Wanted, wanted};

use crate::http::{ApiError, Incoming};

/// What is to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// The client has it already.
    NotModified,
    /// The file.
    Whole,
    /// These bytes of it.
    Part(ByteRange),
}

/// Reads the conditions and the range of a request for a file of `size` bytes.
///
/// # Errors
///
/// [`ApiError::PreconditionFailed`], [`ApiError::RangeNotSatisfiable`].
pub(super) fn asked(request: &Incoming, etag: &str, size: u64) -> Result<Asked, ApiError> {
    if is_known(request, etag)? {
        return Ok(Asked::NotModified);
    }
    // Ranges are defined for GET alone (section 14.2).
    if request.method() == Method::HEAD {
        return Ok(Asked::Whole);
    }
    let range = request.list("range");
    match wanted(range.as_deref(), request.header("if-range"), etag, size) {
        Wanted::Whole => Ok(Asked::Whole),
        Wanted::Part(range) => Ok(Asked::Part(range)),
        Wanted::Unsatisfiable => Err(ApiError::RangeNotSatisfiable { size }),
    }
}

/// Whether the client has what has this tag.
///
/// # Errors
///
/// [`ApiError::PreconditionFailed`] where it asks for something else.
pub(super) fn is_known(request: &Incoming, etag: &str) -> Result<bool, ApiError> {
    if request.list("if-match").is_some_and(|list| !if_match(&list, etag)) {
        return Err(ApiError::PreconditionFailed);
    }
    Ok(request.list("if-none-match").is_some_and(|list| if_none_match(&list, etag)))
}

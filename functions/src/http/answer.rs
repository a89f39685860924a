//! What an endpoint answers.

use std::fmt;

use ::http::{HeaderName, HeaderValue, StatusCode};
use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::{BoxStream, StreamExt};
use lambda_http::Response;
use serde_json::Value;

use super::{JSON, StreamFailed};

/// A status, headers, and a body or none.
#[derive(Debug)]
#[cfg_attr(test, derive(PartialEq))]
pub(crate) struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    content: Content,
}

/// The body of an answer. [`Content::Nothing`] and [`Content::Json`] go out everywhere, the others only on routes that
/// stream: API Gateway would pass on bytes of a buffered answer in base64.
pub(super) enum Content {
    Nothing,
    Json(Value),
    Bytes(Bytes),
    /// What a `GET` would have got, for `HEAD`: its length in bytes.
    Withheld(u64),
    Stream(Chunks, u64),
}

/// A body that is sent as it is made.
pub(super) type Chunks = BoxStream<'static, Result<Bytes, StreamFailed>>;

impl Answer {
    pub(crate) fn json(status: StatusCode, body: Value) -> Self {
        Self::of(status, Content::Json(body))
    }

    pub(crate) fn empty(status: StatusCode) -> Self {
        Self::of(status, Content::Nothing)
    }

    /// Bytes that are there already. Only routes that stream can answer with them.
    pub(crate) fn bytes(status: StatusCode, body: Bytes) -> Self {
        Self::of(status, Content::Bytes(body))
    }

    /// The head of an answer to `HEAD`, whose body would have `length` bytes. Only for routes that stream.
    pub(crate) fn head(status: StatusCode, length: u64) -> Self {
        Self::of(status, Content::Withheld(length))
    }

    /// Exactly `length` bytes that are sent while they are made. Only routes that stream can answer with them.
    ///
    /// `chunks` is polled to its end even when all bytes are out, so that it can put back what it holds. After its first
    /// error it is polled no more. On Lambda a client who leaves does not end it: what it makes is then discarded.
    pub(crate) fn stream<S>(status: StatusCode, length: u64, chunks: S) -> Self
    where
        S: Stream<Item = Result<Bytes, StreamFailed>> + Send + 'static,
    {
        Self::of(status, Content::Stream(chunks.boxed(), length))
    }

    fn of(status: StatusCode, content: Content) -> Self {
        Self { status, headers: Vec::new(), content }
    }

    /// Adds a header. A value that cannot be one is left out; ours are built from plain ASCII.
    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.extend(HeaderValue::from_str(value).ok().map(|value| (name, value)));
        self
    }

    /// Whether only a route that streams can give it.
    pub(super) fn wants_streaming(&self) -> bool {
        !matches!(self.content, Content::Nothing | Content::Json(_))
    }

    pub(super) fn into_response(self) -> Response<Content> {
        let is_json = matches!(self.content, Content::Json(_));
        let mut response = Response::new(self.content);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if is_json {
            headers.insert(JSON.0, JSON.1);
        }
        headers.extend(self.headers);
        response
    }
}

impl fmt::Debug for Content {
    /// Tells no file's bytes.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => formatter.write_str("Nothing"),
            Self::Json(body) => write!(formatter, "Json({body})"),
            Self::Bytes(bytes) => write!(formatter, "Bytes({} bytes)", bytes.len()),
            Self::Withheld(length) => write!(formatter, "Withheld({length} bytes)"),
            Self::Stream(_, length) => write!(formatter, "Stream({length} bytes)"),
        }
    }
}

#[cfg(test)]
impl PartialEq for Content {
    /// No two streams are equal: nobody knows what they will be.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nothing, Self::Nothing) => true,
            (Self::Json(one), Self::Json(other)) => one == other,
            (Self::Bytes(one), Self::Bytes(other)) => one == other,
            (Self::Withheld(one), Self::Withheld(other)) => one == other,
            _ => false,
        }
    }
}

//! How answers leave on a route that streams.
//!
//! `lambda_runtime` writes an error of a stream into the body as text and goes on, so none reaches it: an answer that
//! fails ends short of its `Content-Length`, by which its reader sees that it is not whole.

use std::convert::Infallible;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use ::http::header::{CONTENT_LENGTH, SET_COOKIE};
use ::http::{HeaderMap, HeaderValue, StatusCode};
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use lambda_http::Response;
use lambda_runtime::{MetadataPrelude, StreamResponse};
use thiserror::Error;
use tracing::Span;

use super::answer::{Chunks, Content};
use crate::meter::Meter;

/// Why a body ends before it is whole. Its text is for the log: no name, number, code or key.
#[derive(Debug, Error)]
#[error("{cause}")]
pub(crate) struct StreamFailed {
    cause: String,
}

impl StreamFailed {
    pub(crate) fn because(cause: impl fmt::Display) -> Self {
        Self { cause: cause.to_string() }
    }
}

/// What the runtime writes to Lambda. It never holds an error.
pub(crate) type Streamed = StreamResponse<BoxStream<'static, Result<Bytes, Infallible>>>;

/// Makes the answer ready to be written: with its `Content-Length`, and without a body if the request was a `HEAD`.
/// What is logged about the body is logged in `span`, and what was counted
/// for it is published when it ends.
pub(super) fn streamed(response: Response<Content>, is_head: bool, span: Span, meter: Meter) -> Streamed {
    let (mut parts, content) = response.into_parts();
    let (length, body) = match content {
        Content::Nothing => (0, stream::empty().boxed()),
        Content::Json(body) => whole(body.to_string().into()),
        Content::Bytes(bytes) => whole(bytes),
        Content::Withheld(length) => (length, stream::empty().boxed()),
        Content::Stream(chunks, length) => (length, Sending::new(chunks, length, span, meter).boxed()),
    };
    let is_bare = matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if !is_bare {
        parts.headers.insert(CONTENT_LENGTH, length.into());
    }
    let body = if is_head || is_bare { stream::empty().boxed() } else { body };
    StreamResponse { metadata_prelude: prelude(parts.status, &parts.headers), stream: body }
}

fn whole(bytes: Bytes) -> (u64, BoxStream<'static, Result<Bytes, Infallible>>) {
    let length = bytes.len() as u64;
    (length, stream::iter((!bytes.is_empty()).then_some(Ok(bytes))).boxed())
}

/// What precedes the body. `headers` of the prelude hold one value each, so values of one header are joined, as RFC
/// 9110, section 5.2, allows for all but cookies; these have a place of their own.
fn prelude(status_code: StatusCode, all: &HeaderMap) -> MetadataPrelude {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let cookies = all.get_all(SET_COOKIE).iter().map(text).collect();
    let mut headers = HeaderMap::new();
    for name in all.keys().filter(|name| **name != SET_COOKIE) {
        let values: Vec<_> = all.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        headers.extend(
            HeaderValue::from_bytes(&values.join(&b", "[..])).ok().map(|value| (name.clone(), value)),
        );
    }
    MetadataPrelude { status_code, headers, cookies }
}

/// A body on its way: lets pass what was announced, and logs once how it ended.
struct Sending {
    /// Until they have ended.
    chunks: Option<Chunks>,
    /// In bytes, as announced.
    length: u64,
    /// Bytes made so far.
    made: u64,
    began: Instant,
    span: Span,
    meter: Meter,
}

impl Sending {
    fn new(chunks: Chunks, length: u64, span: Span, meter: Meter) -> Self {
        // A panic in here would end the body without a line that says of which request.
        let chunks = AssertUnwindSafe(chunks)
            .catch_unwind()
            .map(|chunk| chunk.unwrap_or_else(|_panic| Err(StreamFailed::because("panicked"))));
        Self { chunks: Some(chunks.boxed()), length, made: 0, began: Instant::now(), span, meter }
    }

    /// The part of a chunk that is within the length.
    fn pass(&mut self, mut chunk: Bytes) -> Bytes {
        let room = usize::try_from(self.length.saturating_sub(self.made)).unwrap_or(usize::MAX);
        self.made += chunk.len() as u64;
        chunk.truncate(room);
        chunk
    }

    fn end(&mut self, failed: Option<StreamFailed>) {
        self.chunks = None;
        self.meter.publish();
        let (bytes_sent, bytes_total) = (self.made.min(self.length), self.length);
        let duration_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let cause = match failed {
            Some(failed) => failed.cause,
            None if self.made == self.length => {
                tracing::info!(bytes_sent, bytes_total, duration_ms, "The answer is sent");
                return;
            }
            None => format!("{} bytes were made", self.made),
        };
        tracing::error!(cause, bytes_sent, bytes_total, duration_ms, "The answer broke off");
    }
}

impl Stream for Sending {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let span = this.span.clone();
        let _entered = span.enter();
        while let Some(chunks) = &mut this.chunks {
            match ready!(chunks.poll_next_unpin(context)) {
                Some(Ok(chunk)) => {
                    let chunk = this.pass(chunk);
                    // An empty chunk would end a chunked body.
                    if !chunk.is_empty() {
                        return Poll::Ready(Some(Ok(chunk)));
                    }
                }
                Some(Err(failed)) => this.end(Some(failed)),
                None => this.end(None),
            }
        }
        Poll::Ready(None)
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        if self.chunks.is_some() {
            let span = self.span.clone();
            span.in_scope(|| self.end(Some(StreamFailed::because("nobody took the rest"))));
        }
    }
}

#[cfg(test)]
mod tests;

//! Answers that are passed on as they come: a route whose integration has the response transfer mode `STREAM`.
//!
//! The function writes a prelude first, a JSON object with `statusCode`, `headers`, `multiValueHeaders` and `cookies`,
//! then eight NUL bytes, then the body as it is: nothing is base64, and binary media types play no part. The prelude
//! ends within the first 16 KB (API Gateway developer guide, "Set up a Lambda proxy integration with payload response
//! streaming"). Until then a failure is a gateway response; afterwards the client has its status, and all that is left
//! is to break off: the connection ends without the last chunk, or short of the `Content-Length`.
//!
//! An answer without a prelude is malformed, that of a function which does not stream among them.

use std::fmt;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};
use http::StatusCode;
use tokio::time::{Instant, timeout_at};

use super::Invoked;
use super::answer::{self, Unusable};

/// How long a function may pause within its body (API Gateway: 5 minutes for regional and private endpoints, 30
/// seconds for edge-optimized ones).
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_mins(5);

/// The media type of a stream that begins with a prelude.
const MEDIA_TYPE: &str = "application/vnd.awslambda.http-integration-response";

/// How much may come before the delimiter, in bytes.
const MAX_PRELUDE: usize = 16 * 1024;

/// What ends the prelude. JSON has no such byte.
const DELIMITER: [u8; 8] = [0; 8];

/// What a function returned that was invoked for a stream.
pub enum Answered {
    /// It streams.
    Stream(Streamed),
    /// It does not, or was not run.
    Whole(Invoked),
}

/// A stream as the function writes it. Dropping it leaves the function to itself.
pub struct Streamed {
    /// The stream's media type.
    pub media_type: String,
    /// What it writes, piece by piece.
    pub chunks: Chunks,
}

/// Pieces of an answer; an error ends them where the answer is incomplete.
pub type Chunks = BoxStream<'static, Result<Bytes, Incomplete>>;

/// The answer ends before it is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incomplete;

impl fmt::Display for Incomplete {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the answer is incomplete")
    }
}

impl std::error::Error for Incomplete {}

/// Reads the prelude and makes the answer of it whose body is the rest, until `deadline` and as long as the function
/// does not pause for `idle_timeout`. The prelude itself is waited for.
pub(super) async fn answer(
    streamed: Streamed,
    deadline: Instant,
    idle_timeout: Duration,
) -> Result<Response, Unusable> {
    if streamed.media_type != MEDIA_TYPE {
        return Err(Unusable::Malformed);
    }
    let mut chunks = streamed.chunks;
    let (prelude, first) = prelude(&mut chunks).await?;
    let head = answer::head(&prelude)?;
    let mut response = Response::new(match head.status {
        // They have no body, whatever the function writes; `Content-Length` is that of another answer.
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED => {
            Body::from_stream(stream::empty::<Result<Bytes, Incomplete>>())
        }
        _ => body(first, chunks, deadline, idle_timeout),
    });
    *response.status_mut() = head.status;
    *response.headers_mut() = head.headers;
    Ok(response)
}

/// The prelude, and what came behind the delimiter with it.
async fn prelude(chunks: &mut Chunks) -> Result<(Bytes, Bytes), Unusable> {
    let mut read = BytesMut::new();
    loop {
        let end = read.iter().position(|byte| *byte == 0).unwrap_or(read.len());
        if end > MAX_PRELUDE {
            return Err(Unusable::Malformed);
        }
        let delimiter = &read[end..read.len().min(end + DELIMITER.len())];
        if delimiter == DELIMITER {
            let prelude = read.split_to(end).freeze();
            return Ok((prelude, read.split_off(DELIMITER.len()).freeze()));
        }
        if !DELIMITER.starts_with(delimiter) {
            return Err(Unusable::Malformed);
        }
        match chunks.next().await {
            Some(Ok(chunk)) => read.extend_from_slice(&chunk),
            Some(Err(Incomplete)) => return Err(Unusable::Incomplete),
            None => return Err(Unusable::Malformed),
        }
    }
}

fn body(first: Bytes, chunks: Chunks, deadline: Instant, idle_timeout: Duration) -> Body {
    let first = stream::iter((!first.is_empty()).then_some(Ok(first)));
    let rest = stream::try_unfold(chunks, move |mut chunks| async move {
        let now = Instant::now();
        let until = deadline.min(now + idle_timeout);
        let next = if now < deadline { timeout_at(until, chunks.try_next()).await.ok() } else { None };
        match next {
            Some(Ok(Some(chunk))) => Ok(Some((chunk, chunks))),
            end => {
                // A connection whose body ends too early is dropped with what it has not yet written; here it writes.
                tokio::task::yield_now().await;
                end.unwrap_or(Err(Incomplete)).map(|_| None)
            }
        }
    });
    Body::from_stream(first.chain(rest))
}

#[cfg(test)]
mod tests;

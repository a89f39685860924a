//! Taking a request's body: what fits into 10 MB whole, and what does not away.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;

/// The largest body, in bytes: 10 MB (API Gateway quotas for REST APIs, "Payload size", not raisable).
pub(super) const MAX_BODY: usize = 10_485_760;

/// How much of a body that is too large is read before the answer, in bytes, so that a client that sends first and
/// reads afterwards gets to read it. Ours, from the contract of the local stack.
const MAX_DRAINED: usize = 64 * 1024 * 1024;

/// How long a client may pause within a body. Ours: API Gateway documents none.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// A body as it arrived.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    Whole(Bytes),
    TooLarge,
    /// The client left, stopped sending, or sent what is no body.
    Broken,
}

pub(super) async fn receive(mut body: Body) -> Received {
    let mut kept = BytesMut::new();
    let mut length = 0_usize;
    loop {
        let frame = match tokio::time::timeout(IDLE_TIMEOUT, body.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(None) if length <= MAX_BODY => return Received::Whole(kept.freeze()),
            _ if length > MAX_BODY => return Received::TooLarge,
            _ => return Received::Broken,
        };
        // Trailers are frames, too, and carry no data.
        let Ok(data) = frame.into_data() else { continue };
        length += data.len();
        if length <= MAX_BODY {
            kept.extend_from_slice(&data);
        } else if length <= MAX_DRAINED {
            kept = BytesMut::new();
        } else {
            return Received::TooLarge;
        }
    }
}

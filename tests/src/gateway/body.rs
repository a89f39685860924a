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
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// A body as it arrived.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    Whole(Bytes),
    TooLarge,
    /// The client left, or sent what is no body.
    Broken,
    /// The client stopped sending.
    Stalled,
}

/// Takes a body whose frames come within `idle_timeout` of one another.
pub(super) async fn receive(mut body: Body, idle_timeout: Duration) -> Received {
    let mut kept = BytesMut::new();
    let mut length = 0_usize;
    loop {
        let frame = match tokio::time::timeout(idle_timeout, body.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            // Enough has come to know the answer, however it goes on.
            _ if length > MAX_BODY => return Received::TooLarge,
            Ok(None) => return Received::Whole(kept.freeze()),
            Ok(Some(Err(_))) => return Received::Broken,
            Err(_) => return Received::Stalled,
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

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::{StreamExt as _, stream};

    use super::*;

    const MEGABYTE: usize = 1024 * 1024;

    /// A body of so many megabytes without a declared length, and how many of them were taken.
    fn megabytes(count: usize) -> (Body, Arc<AtomicUsize>) {
        let taken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&taken);
        let frames = stream::iter(0..count).map(move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
            Ok::<_, io::Error>(Bytes::from(vec![b'x'; MEGABYTE]))
        });
        (Body::from_stream(frames), taken)
    }

    #[tokio::test]
    async fn a_body_of_unknown_length_is_measured_as_it_comes() {
        let (fitting, _) = megabytes(10);
        let Received::Whole(bytes) = receive(fitting, IDLE_TIMEOUT).await else { panic!("it fits") };
        assert_eq!(bytes.len(), MAX_BODY);
    }

    #[tokio::test]
    async fn what_is_too_large_is_drained_up_to_a_limit() {
        let (drained, taken) = megabytes(20);
        assert_eq!(receive(drained, IDLE_TIMEOUT).await, Received::TooLarge);
        assert_eq!(taken.load(Ordering::SeqCst), 20);

        let (endless, taken) = megabytes(1000);
        assert_eq!(receive(endless, IDLE_TIMEOUT).await, Received::TooLarge);
        assert_eq!(taken.load(Ordering::SeqCst), 65);
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_told_from_one_that_stalls() {
        let broken = stream::iter([Ok(Bytes::from_static(b"a")), Err(io::Error::other("reset"))]);
        assert_eq!(receive(Body::from_stream(broken), IDLE_TIMEOUT).await, Received::Broken);

        let stalled = stream::pending::<io::Result<Bytes>>();
        let soon = Duration::from_millis(5);
        assert_eq!(receive(Body::from_stream(stalled), soon).await, Received::Stalled);
    }
}

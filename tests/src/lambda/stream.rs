//! An answer on its way: as one piece, or as the function writes it.
//!
//! A streamed answer has two ends. The Runtime API takes chunks from the function and hands them on, one at a time: as
//! long as the reader does not take one, nothing more is read from the function, whose writes then block. How the
//! invocation ended is a second message, which only the life of the process knows, and which says whether the chunks
//! were all there is. A reader who leaves changes nothing for the function: as on Lambda it runs on, to its own end or
//! that of its time, and what it writes is discarded.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body_util::BodyExt as _;
use tokio::sync::{mpsc, oneshot};

use super::{Invocation, PAYLOAD_LIMIT};

/// How many chunks wait between the function and its reader. A chunk is what arrived at once, at most some hundred
/// kilobytes.
const WAITING_CHUNKS: usize = 1;

/// How much of an answer that is too large is read, so that the function reads the refusal.
pub(super) const DRAIN_LIMIT: usize = 10 * PAYLOAD_LIMIT;

/// What a function gives back.
#[derive(Debug)]
pub enum Answer {
    /// How the invocation ended, with the answer if there is one.
    Whole(Invocation),
    /// It answers as it goes.
    Stream(ResponseStream),
}

/// A streamed answer. Dropping it leaves the function to itself.
#[derive(Debug)]
pub struct ResponseStream {
    media_type: String,
    chunks: mpsc::Receiver<Bytes>,
    end: Option<oneshot::Receiver<Invocation>>,
}

/// The function's side of a [`ResponseStream`].
pub(super) struct Incoming {
    pub(super) media_type: String,
    pub(super) chunks: mpsc::Receiver<Bytes>,
}

/// How the function's writing ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It wrote everything.
    Complete,
    /// It wrote more than a streamed answer may have.
    TooLarge,
    /// It said in the trailers that it failed.
    Error { error_type: String, payload: Bytes },
    /// The connection broke: the process is gone, or gave up.
    Broken,
}

impl ResponseStream {
    /// A stream of these chunks, and what tells it how the invocation ended.
    pub(super) fn new(incoming: Incoming) -> (Self, oneshot::Sender<Invocation>) {
        let (end, ended) = oneshot::channel();
        let Incoming { media_type, chunks } = incoming;
        (Self { media_type, chunks, end: Some(ended) }, end)
    }

    /// The `Content-Type` the function gave its stream; empty if it gave none.
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// The next chunk. Nothing, once the answer is whole; how the invocation ended, once, where it is not.
    ///
    /// A call that is given up loses nothing.
    pub async fn next(&mut self) -> Option<Result<Bytes, Invocation>> {
        if let Some(chunk) = self.chunks.recv().await {
            return Some(Ok(chunk));
        }
        let outcome = self.end.as_mut()?.await.unwrap_or(Invocation::Stopped);
        self.end = None;
        (!outcome.is_success()).then_some(Err(outcome))
    }

    /// Waits for the end, as a caller does who does not take streams: the answer is then one piece, of at most
    /// [`PAYLOAD_LIMIT`] bytes.
    pub async fn collect(mut self) -> Invocation {
        let mut payload = BytesMut::new();
        let mut size = 0;
        while let Some(chunk) = self.next().await {
            match chunk {
                Ok(chunk) => {
                    size += chunk.len();
                    if size <= PAYLOAD_LIMIT {
                        payload.extend_from_slice(&chunk);
                    }
                }
                Err(outcome) => return outcome,
            }
        }
        if size > PAYLOAD_LIMIT {
            return Invocation::ResponseTooLarge;
        }
        Invocation::Success(payload.freeze())
    }
}

/// Where [`pump`] puts chunks, and where the reader finds them.
pub(super) fn channel(media_type: String) -> (mpsc::Sender<Bytes>, Incoming) {
    let (sender, chunks) = mpsc::channel(WAITING_CHUNKS);
    (sender, Incoming { media_type, chunks })
}

/// Passes on what the function writes, as fast as the reader takes it, up to `limit` bytes.
pub(super) async fn pump(mut body: Body, chunks: mpsc::Sender<Bytes>, limit: usize) -> End {
    let mut room = limit;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return End::Broken };
        match frame.into_data() {
            Ok(data) if data.len() > room => {
                drop(chunks);
                drain(body).await;
                return End::TooLarge;
            }
            Ok(data) => {
                room -= data.len();
                // Fails when the reader has left; the function is not told.
                let _ = chunks.send(data).await;
            }
            Err(frame) => {
                if let Some(error) = frame.into_trailers().ok().and_then(|trailers| error(&trailers)) {
                    return error;
                }
            }
        }
    }
    End::Complete
}

async fn drain(mut body: Body) {
    let mut size = 0;
    while let Some(Ok(frame)) = body.frame().await {
        size += frame.data_ref().map_or(0, Bytes::len);
        if size > DRAIN_LIMIT {
            return;
        }
    }
}

/// The error that trailers tell of; its body is base64 of JSON (Lambda developer guide, "Building a custom runtime").
fn error(trailers: &HeaderMap) -> Option<End> {
    let text = |name| trailers.get(name).and_then(|value| value.to_str().ok());
    let (error_type, body) =
        (text("lambda-runtime-function-error-type"), text("lambda-runtime-function-error-body"));
    if error_type.is_none() && body.is_none() {
        return None;
    }
    let payload = body.map(|body| STANDARD.decode(body).unwrap_or_else(|_| body.as_bytes().to_vec()));
    Some(End::Error {
        error_type: error_type.unwrap_or("Unhandled").to_owned(),
        payload: payload.unwrap_or_default().into(),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::{FutureExt as _, StreamExt as _, stream};
    use http_body_util::StreamBody;
    use hyper::body::Frame;

    use super::*;

    type Frames = Vec<Result<Frame<Bytes>, std::io::Error>>;

    fn data(text: &'static str) -> Frame<Bytes> {
        Frame::data(Bytes::from_static(text.as_bytes()))
    }

    fn trailers(fields: &[(&'static str, &'static str)]) -> Frame<Bytes> {
        let fields = fields.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        Frame::trailers(HeaderMap::from_iter(fields.collect::<Vec<_>>()))
    }

    /// What a reader sees of these frames, with the end of the invocation that goes with them.
    async fn through(frames: Frames, limit: usize) -> (String, End) {
        let (sender, mut incoming) = channel(String::new());
        let body = Body::new(StreamBody::new(stream::iter(frames)));
        let read = async {
            let mut text = Vec::new();
            while let Some(chunk) = incoming.chunks.recv().await {
                text.extend_from_slice(&chunk);
            }
            String::from_utf8(text).unwrap()
        };
        tokio::join!(read, pump(body, sender, limit))
    }

    #[tokio::test]
    async fn chunks_arrive_in_order_and_are_complete_at_the_end_of_the_body() {
        let seen = through(vec![Ok(data("one ")), Ok(data("")), Ok(data("two"))], 100).await;
        assert_eq!(seen, ("one two".to_owned(), End::Complete));
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_not_complete() {
        assert_eq!(
            through(vec![Ok(data("one")), Err(std::io::Error::other("reset"))], 100).await,
            ("one".to_owned(), End::Broken)
        );
    }

    #[tokio::test]
    async fn an_error_in_the_trailers_is_read_with_its_body() {
        let fields = [
            ("lambda-runtime-function-error-type", "Probe.Late"),
            ("lambda-runtime-function-error-body", "eyJhIjoxfQ=="),
        ];
        let error =
            End::Error { error_type: "Probe.Late".to_owned(), payload: Bytes::from_static(br#"{"a":1}"#) };
        assert_eq!(
            through(vec![Ok(data("one")), Ok(trailers(&fields))], 100).await,
            ("one".to_owned(), error)
        );

        let plain = [("lambda-runtime-function-error-body", "not base64!")];
        let error =
            End::Error { error_type: "Unhandled".to_owned(), payload: Bytes::from_static(b"not base64!") };
        assert_eq!(through(vec![Ok(trailers(&plain))], 100).await, (String::new(), error));

        let other = [("x-checksum", "7")];
        assert_eq!(through(vec![Ok(trailers(&other))], 100).await, (String::new(), End::Complete));
    }

    #[tokio::test]
    async fn an_answer_may_have_as_many_bytes_as_the_limit_and_no_more() {
        assert_eq!(
            through(vec![Ok(data("ab")), Ok(data("cd"))], 4).await,
            ("abcd".to_owned(), End::Complete)
        );
        assert_eq!(through(vec![Ok(data("ab")), Ok(data("cde"))], 4).await, ("ab".to_owned(), End::TooLarge));
    }

    /// A body without end, and how many chunks were taken from it.
    fn endless() -> (Body, Arc<AtomicUsize>) {
        let taken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&taken);
        let frames = stream::repeat(()).map(move |()| {
            counter.fetch_add(1, Ordering::SeqCst);
            Ok::<_, std::io::Error>(data("x"))
        });
        (Body::new(StreamBody::new(frames)), taken)
    }

    #[test]
    fn no_more_is_taken_from_the_function_than_the_reader_takes() {
        let (body, taken) = endless();
        let (sender, mut incoming) = channel(String::new());
        let mut pumping = Box::pin(pump(body, sender, usize::MAX));
        for read in 0..5 {
            assert!(pumping.as_mut().now_or_never().is_none());
            // One waits for its reader, and one for its place.
            assert_eq!(taken.load(Ordering::SeqCst), read + 2);
            assert!(incoming.chunks.try_recv().is_ok());
        }
    }

    #[tokio::test]
    async fn what_is_written_for_a_reader_who_has_left_is_discarded() {
        let (sender, incoming) = channel(String::new());
        drop(incoming);
        let frames: Frames = (0..100).map(|_| Ok(data("x"))).collect();
        assert_eq!(pump(Body::new(StreamBody::new(stream::iter(frames))), sender, 100).await, End::Complete);
    }

    async fn collected(sizes: &[usize], outcome: Invocation) -> Invocation {
        let (sender, incoming) = channel(String::new());
        let (answer, end) = ResponseStream::new(incoming);
        let write = async {
            for size in sizes {
                sender.send(vec![b'x'; *size].into()).await.unwrap();
            }
            drop(sender);
            end.send(outcome).unwrap();
        };
        tokio::join!(answer.collect(), write).0
    }

    #[tokio::test]
    async fn a_caller_without_streams_gets_one_piece_within_the_limit_of_one() {
        let done = || Invocation::Success(Bytes::new());
        assert_eq!(collected(&[1, 2], done()).await, Invocation::Success(Bytes::from_static(b"xxx")));
        assert_eq!(collected(&[PAYLOAD_LIMIT, 1, 1], done()).await, Invocation::ResponseTooLarge);
        let failed = Invocation::function_error("Probe.Late", "as asked");
        assert_eq!(collected(&[1], failed.clone()).await, failed);
    }
}

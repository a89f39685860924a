//! `GET /stream_media/{message_id}`: the file of a message, as it comes from Telegram.
//!
//! The first byte leaves before the last is fetched, and no more is held than the parts on their way. What breaks in the
//! middle breaks the answer off: it is then short of its `Content-Length`, and does not look whole.

use std::process::ExitCode;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_TYPE, ETAG};
use http::{Method, StatusCode};
use lambdagram_aws::{Slot, Slots};
use lambdagram_domain::media::{FileLocation, content_disposition, content_type};
use lambdagram_domain::range::ByteRange;
use lambdagram_telegram::mtproto::files::Piece;

use super::conditions::{Asked, asked};
use super::fetch::{Fetch, Fetcher, Order, Unfetched};
use super::files::{Outdated, Ready};
use super::headers::guarded;
use crate::http::{Answer, ApiError, By, Endpoint, Failure, Incoming, StreamFailed};
use crate::runtime::serve_stream;
use crate::session::Term;

/// Bytes of a range that are answered at once at most: the 6 MB that Lambda streams without slowing down
/// (docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html), in whole parts.
const LARGEST_RANGE: u64 = 11 * 512 * 1024;

/// Bytes of a whole file that one answer takes: Lambda streams 200 MB (the same page).
const LARGEST_WHOLE: u64 = 200_000_000;

/// What `retry_after` says when all streams of a session are taken: the time a range takes.
const STREAMS_TAKEN_SECONDS: u64 = 3;

/// Runs the function.
pub fn main() -> ExitCode {
    serve_stream(async |start| {
        let connection = start.connect().await;
        Ok(StreamMedia {
            fetcher: Arc::new(Fetcher::open(&start, &connection, Failure::StreamMedia).await?),
            slots: Slots::new(&connection, start.environment.text("LIMITS_TABLE")?),
            most_streams: start.environment.streams_per_session()?,
        })
    })
}

struct StreamMedia {
    fetcher: Arc<Fetcher>,
    slots: Slots,
    /// Streams that one session may have at once.
    most_streams: u32,
}

impl Endpoint for StreamMedia {
    const FAILURE: Failure = Failure::StreamMedia;

    async fn handle(&self, request: Incoming) -> Result<Answer, ApiError> {
        let files = &self.fetcher.files;
        let (caller, message) = files.accounts.visitor(&request, ApiError::MediaNotFound).await?;
        let order = Order { caller, message, term: Term::of(&request) };
        let answer = match self.answer(&request, &order, &Outdated::default()).await {
            // What is answered, down to the length, is the other file's.
            Err(Unfetched::Replaced { reference }) => {
                let outdated = Outdated { reference: Some(reference), ..Outdated::default() };
                self.answer(&request, &order, &outdated).await
            }
            answer => answer,
        };
        answer.map_err(|unfetched| match unfetched {
            Unfetched::Gone => ApiError::MediaNotFound,
            unfetched => unfetched.of(Self::FAILURE),
        })
    }
}

impl StreamMedia {
    async fn answer(
        &self,
        request: &Incoming,
        order: &Order,
        outdated: &Outdated,
    ) -> Result<Answer, Unfetched> {
        let found = self.fetcher.files.find(&order.caller, order.message, outdated, order.term).await?;
        let ready = found.ok_or(Unfetched::Gone)?;
        let (etag, size) = (ready.location.etag(), ready.location.size);
        let asked = asked(request, &etag, size)?;
        let is_head = request.method() == Method::HEAD;
        let range = match asked {
            Asked::NotModified => {
                return Ok(with_validator(Answer::empty(StatusCode::NOT_MODIFIED), &etag));
            }
            Asked::Whole if size > LARGEST_WHOLE && !is_head => {
                return Err(ApiError::TooLargeForOneAnswer.into());
            }
            Asked::Whole => ByteRange::whole(size),
            Asked::Part(range) => Some(range.cut(LARGEST_RANGE)),
        };
        let (by, location) = (order.caller.by, ready.location.clone());
        let status = if let Asked::Part(_) = asked { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
        let answer = match range {
            Some(range) if !is_head => {
                self.stream(request, order.clone(), ready, range).await?.into_answer(status, range.len())
            }
            _ => Answer::head(status, size),
        };
        let answer = match (asked, range) {
            (Asked::Part(_), Some(ByteRange { first, last })) => {
                answer.with(CONTENT_RANGE, &format!("bytes {first}-{last}/{size}"))
            }
            _ => answer,
        };
        Ok(with_file_headers(with_validator(answer, &etag), request, &location, by))
    }

    /// Takes a place among the session's streams, and fetches the first bytes: what fails until then has an answer of
    /// its own.
    async fn stream(
        &self,
        request: &Incoming,
        order: Order,
        ready: Ready,
        range: ByteRange,
    ) -> Result<Streaming, Unfetched> {
        let size = ready.location.size;
        let slot = Box::pin(self.take_slot(request, &order)).await?;
        match self.fetcher.fetch(order, ready, Piece::File, size, range).await {
            Ok((first, fetch)) => {
                Ok(Streaming { first: Some(first), fetch, slots: self.slots.clone(), slot })
            }
            Err(error) => {
                give_back(&self.slots, slot).await;
                Err(error)
            }
        }
    }

    async fn take_slot(&self, request: &Incoming, order: &Order) -> Result<Slot, ApiError> {
        let subject = format!("streams#{}", order.caller.token.id().as_str());
        let until = order.term.ends_at();
        let taken = self.slots.take(&subject, self.most_streams, request.id(), until, request.now()).await?;
        taken.ok_or(ApiError::TooManyStreams { retry_after: STREAMS_TAKEN_SECONDS })
    }
}

/// An answer on its way.
struct Streaming {
    first: Option<Bytes>,
    fetch: Box<Fetch>,
    slots: Slots,
    slot: Slot,
}

impl Streaming {
    fn into_answer(self, status: StatusCode, length: u64) -> Answer {
        Answer::stream(status, length, stream::try_unfold(self, Self::step))
    }

    /// The next bytes. Whatever is held is given back before the last step is over: afterwards the process may be frozen.
    async fn step(mut self) -> Result<Option<(Bytes, Self)>, StreamFailed> {
        if let Some(first) = self.first.take() {
            return Ok(Some((first, self)));
        }
        let failed = match self.fetch.next().await {
            Ok(Some(bytes)) => return Ok(Some((bytes, self))),
            Ok(None) => None,
            Err(unfetched) => {
                let error = unfetched.of(Failure::StreamMedia);
                Some(StreamFailed::because(format_args!("{error:?}")))
            }
        };
        self.fetch.end().await;
        give_back(&self.slots, self.slot).await;
        failed.map_or(Ok(None), Err)
    }
}

async fn give_back(slots: &Slots, slot: Slot) {
    if let Err(error) = slots.release(slot).await {
        tracing::warn!(cause = %error, "A place for a stream is given back by its time alone");
    }
}

/// What lets a client ask again for less. A file never changes: another file in the message has another tag.
fn with_validator(answer: Answer, etag: &str) -> Answer {
    answer.with(ETAG, etag).with(CACHE_CONTROL, "private, no-cache").with(ACCEPT_RANGES, "bytes")
}

/// What the file is and what may be done with it.
fn with_file_headers(answer: Answer, request: &Incoming, location: &FileLocation, by: By) -> Answer {
    let (media_type, shows) = content_type(&location.mime_type);
    let inline = shows && request.query("download") != ["1"];
    let disposition = content_disposition(&location.name, inline);
    guarded(answer.with(CONTENT_TYPE, media_type).with(CONTENT_DISPOSITION, &disposition), request, by)
}

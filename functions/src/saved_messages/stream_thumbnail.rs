//! `GET /stream_thumbnail/{message_id}`: a smaller picture of a message's file.
//!
//! Many messages bring the picture along; the others' is fetched. Either never changes, so clients may keep it.

use std::process::ExitCode;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, VARY};
use lambdagram_domain::media::{Thumbnail, ThumbnailContent};
use lambdagram_domain::range::ByteRange;
use lambdagram_telegram::mtproto::files::Piece;

use super::conditions::is_known;
use super::fetch::{Fetcher, Order, Unfetched};
use super::files::{Outdated, Ready};
use super::headers::guarded;
use crate::http::{Answer, ApiError, Endpoint, Failure, Incoming};
use crate::runtime::serve_stream;
use crate::session::Term;

/// Bytes of a thumbnail at most: the largest Telegram makes is a tenth of it.
const LARGEST: u64 = 5 * 1024 * 1024;

/// Runs the function.
pub fn main() -> ExitCode {
    serve_stream(async |start| {
        let connection = start.connect().await;
        let fetcher = Fetcher::open(&start, &connection, Failure::StreamThumbnail).await?;
        Ok(StreamThumbnail { fetcher: Arc::new(fetcher) })
    })
}

struct StreamThumbnail {
    fetcher: Arc<Fetcher>,
}

impl Endpoint for StreamThumbnail {
    const FAILURE: Failure = Failure::StreamThumbnail;

    async fn handle(&self, request: Incoming) -> Result<Answer, ApiError> {
        let files = &self.fetcher.files;
        let (caller, message) = files.accounts.visitor(&request, ApiError::ThumbnailNotFound).await?;
        let side = side(&request)?;
        let order = Order { caller, message, term: Term::of(&request) };
        let answer = match self.answer(&request, &order, side, &Outdated::default()).await {
            Err(Unfetched::Replaced { reference }) => {
                let outdated = Outdated { reference: Some(reference), ..Outdated::default() };
                self.answer(&request, &order, side, &outdated).await
            }
            answer => answer,
        };
        answer.map_err(|unfetched| match unfetched {
            Unfetched::Gone => ApiError::ThumbnailNotFound,
            unfetched => unfetched.of(Self::FAILURE),
        })
    }
}

impl StreamThumbnail {
    async fn answer(
        &self,
        request: &Incoming,
        order: &Order,
        side: u32,
        outdated: &Outdated,
    ) -> Result<Answer, Unfetched> {
        let found = self.fetcher.files.find(&order.caller, order.message, outdated, order.term).await?;
        let ready = found.ok_or(Unfetched::Gone)?;
        let thumbnail = ready.location.thumbnail(side).ok_or(Unfetched::Gone)?.clone();
        let etag = ready.location.etag_of_thumbnail(&thumbnail);
        let answer = if is_known(request, &etag)? {
            Answer::empty(StatusCode::NOT_MODIFIED)
        } else {
            // A thumbnail is answered whole, whatever range of it is asked for (RFC 9110, section 14.2).
            let picture = self.picture(order.clone(), ready, thumbnail).await?;
            let media_type = picture_type(&picture);
            guarded(
                Answer::bytes(StatusCode::OK, picture).with(CONTENT_TYPE, media_type),
                request,
                order.caller.by,
            )
        };
        // For whoever asks as the same person: every account counts its messages from one.
        let kept = answer.with(CACHE_CONTROL, "private, max-age=31536000, immutable");
        Ok(kept.with(VARY, "Authorization, Cookie").with(ETAG, &etag))
    }

    async fn picture(&self, order: Order, ready: Ready, thumbnail: Thumbnail) -> Result<Bytes, Unfetched> {
        let size = match thumbnail.content {
            ThumbnailContent::Inline(bytes) => return Ok(bytes.into()),
            ThumbnailContent::Remote { bytes } if bytes <= LARGEST => bytes,
            ThumbnailContent::Remote { .. } => return Err(Unfetched::Gone),
        };
        let range = ByteRange::whole(size).ok_or(Unfetched::Gone)?;
        let piece = Piece::Size(thumbnail.name);
        let (first, mut fetch) = self.fetcher.fetch(order, ready, piece, size, range).await?;
        let mut picture = BytesMut::from(first);
        let outcome = loop {
            match fetch.next().await {
                Ok(Some(bytes)) => picture.extend_from_slice(&bytes),
                Ok(None) => break Ok(picture.freeze()),
                Err(error) => break Err(error),
            }
        };
        fetch.end().await;
        outcome
    }
}

/// The longer side that is wanted, in pixels, of Telegram's sizes of that letter (core.telegram.org/api/files).
fn side(request: &Incoming) -> Result<u32, ApiError> {
    match request.query("size")[..] {
        ["s"] => Ok(100),
        [] | ["m"] => Ok(320),
        ["x"] => Ok(800),
        _ => Err(ApiError::InvalidParameter { parameter: "size", expected: "s, m or x" }),
    }
}

/// What kind of picture it is, by its first bytes: Telegram names none.
fn picture_type(bytes: &[u8]) -> &'static str {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        _ => "application/octet-stream",
    }
}

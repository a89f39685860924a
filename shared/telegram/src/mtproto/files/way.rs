//! A reader's way to its data centre: a connection, and what is under way over it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::pool::Line;
use crate::mtproto::connection::Answer;
use crate::mtproto::{Connection, TelegramError};

/// How long a connection may be without any byte while a call waits. A slow one is never silent that long: bytes of
/// some part come all the time.
const SILENCE: Duration = Duration::from_secs(10);

/// The same for the first call over a connection that nobody used for [`UNUSED`]: it may have died while the process was
/// frozen, and a new one costs less.
const FIRST_SILENCE: Duration = Duration::from_millis(1_500);

/// How long a connection is not used before its death goes unnoticed.
const UNUSED: Duration = Duration::from_secs(1);

/// The way to the data centre.
pub(super) enum Way {
    None,
    Opening(BoxFuture<'static, Result<Connection, TelegramError>>),
    Open(Open),
}

/// A connection in use.
pub(super) struct Open {
    pub(super) line: Line,
    /// When it was taken into use.
    since: Instant,
    /// The silence that is put up with until the first byte comes.
    first_silence: Duration,
    /// Since when calls wait for bytes.
    pub(super) waiting_since: Instant,
    /// It broke, and that is known.
    pub(super) broken: bool,
}

/// A part that is asked for.
pub(super) struct Flight {
    pub(super) number: u64,
    pub(super) answer: Answer,
}

impl Future for Flight {
    type Output = (u64, Result<Bytes, TelegramError>);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(Pin::new(&mut self.answer).poll(context));
        Poll::Ready((self.number, answer))
    }
}

impl Open {
    /// One that was just made.
    pub(super) fn new(connection: Connection, now: Instant) -> Self {
        Self::kept(Line { connection, introduced: false }, Duration::ZERO, now)
    }

    /// One that nobody used for that long.
    pub(super) fn kept(line: Line, unused: Duration, now: Instant) -> Self {
        let first_silence = if unused > UNUSED { FIRST_SILENCE } else { SILENCE };
        Self { line, since: now, first_silence, waiting_since: now, broken: false }
    }

    /// When it will have been silent for too long.
    pub(super) fn silent_at(&self) -> Instant {
        let heard = self.line.connection.heard();
        let silence = if heard > self.since { SILENCE } else { self.first_silence };
        heard.max(self.waiting_since) + silence
    }
}

/// The connection that is being made, when it is made; never, if none is.
pub(super) async fn opened(way: &mut Way) -> Result<Connection, TelegramError> {
    match way {
        Way::Opening(opening) => opening.await,
        Way::None | Way::Open(_) => std::future::pending().await,
    }
}

//! One connection to a data centre: a task that owns the socket, and handles on it.
//!
//! Whatever happens to the task (the server hangs up, the protocol breaks, a panic), every call ends with an error and
//! none waits for its deadline.

mod driver;
mod opening;

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use lambdagram_domain::measure;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};

use self::driver::{Call, Driver};
pub(super) use self::opening::Opening;
use super::TelegramError;

/// Bytes of the largest request: nothing Telegram takes is larger, the largest being a part of a file of 512 KiB
/// (core.telegram.org/api/files#uploading-files).
pub const LARGEST_REQUEST: usize = 1024 * 1024;

/// Calls that wait for their turn to be written, beyond what is being written.
const WAITING_CALLS: usize = 64;

/// A handle on a connection. A clone is the same connection, which ends with the last of them, or when one is told to
/// close it. Several calls may be under way at once.
#[derive(Clone)]
pub struct Connection {
    calls: mpsc::Sender<Call>,
    ended: watch::Receiver<()>,
    shared: Arc<Shared>,
}

/// What the task tells its handles, and they it.
struct Shared {
    salt: AtomicI64,
    time_offset: AtomicI64,
    /// When the connection came about.
    since: Instant,
    /// When bytes came last, in milliseconds after that.
    heard: AtomicU64,
    close: Notify,
    reason: OnceLock<TelegramError>,
}

impl Shared {
    fn new(salt: i64, time_offset: i64) -> Self {
        Self {
            salt: AtomicI64::new(salt),
            time_offset: AtomicI64::new(time_offset),
            since: Instant::now(),
            heard: AtomicU64::new(0),
            close: Notify::new(),
            reason: OnceLock::new(),
        }
    }

    fn note_bytes(&self) {
        let milliseconds = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.heard.store(milliseconds, Ordering::Relaxed);
    }
}

/// An answer that is to come. Nobody wants it any longer once this is dropped: a call that has not gone out yet does
/// not.
pub(super) struct Answer(oneshot::Receiver<Result<Bytes, TelegramError>>);

impl Future for Answer {
    type Output = Result<Bytes, TelegramError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // The task ended without a word: it panicked, and nobody knows how far it was.
        Poll::Ready(ready!(Pin::new(&mut self.0).poll(context)).unwrap_or(Err(TelegramError::Lost)))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Connection(..)")
    }
}

impl Connection {
    /// Sends a request, and gives its answer. `body` is a call as TL writes it.
    ///
    /// # Errors
    ///
    /// [`TelegramError`]. After [`TelegramError::Timeout`] the answer may still come, and is thrown away.
    pub async fn invoke(&self, body: Vec<u8>, deadline: Instant) -> Result<Bytes, TelegramError> {
        check(&body)?;
        let (reply, answer) = oneshot::channel();
        match timeout_at(deadline, self.calls.send(Call { body, reply })).await {
            Err(_) => return Err(TelegramError::Timeout),
            // The task is gone, and the call never left this process.
            Ok(Err(_)) => return Err(self.reason_of_unsent()),
            Ok(Ok(())) => {}
        }
        timeout_at(deadline, Answer(answer)).await.unwrap_or_else(|_| {
            measure::TELEGRAM_FAILURES.add(1);
            Err(TelegramError::Timeout)
        })
    }

    /// Sends a request, as [`Self::invoke`] does, and leaves its answer to be waited for.
    ///
    /// # Errors
    ///
    /// As for [`Self::invoke`], where it is known at once. [`TelegramError::Flood`] where [`WAITING_CALLS`] calls wait
    /// already.
    pub(super) fn send(&self, body: Vec<u8>) -> Result<Answer, TelegramError> {
        check(&body)?;
        let (reply, answer) = oneshot::channel();
        match self.calls.try_send(Call { body, reply }) {
            Ok(()) => Ok(Answer(answer)),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(self.reason_of_unsent()),
            Err(mpsc::error::TrySendError::Full(_)) => Err(TelegramError::Flood { seconds: 1 }),
        }
    }

    /// When bytes came over this connection last; when it came about, if none did.
    pub(super) fn heard(&self) -> Instant {
        self.shared.since + Duration::from_millis(self.shared.heard.load(Ordering::Relaxed))
    }

    /// Ends the connection soon. Calls under way fail.
    pub(super) fn hang_up(&self) {
        self.shared.close.notify_one();
    }

    /// The salt the server named last; 0 when it has named none.
    pub fn salt(&self) -> i64 {
        self.shared.salt.load(Ordering::Relaxed)
    }

    /// The server's time less ours, in seconds; 0 until it is known.
    pub fn time_offset(&self) -> i64 {
        self.shared.time_offset.load(Ordering::Relaxed)
    }

    /// Whether the socket is closed.
    pub fn is_closed(&self) -> bool {
        self.calls.is_closed()
    }

    /// Closes the socket: it is closed when this returns. Calls under way fail.
    pub async fn close(&self) {
        self.hang_up();
        let mut ended = self.ended.clone();
        // Nothing is ever sent: an error says that the task has dropped its end, after its socket.
        while ended.changed().await.is_ok() {}
    }

    /// Why a call cannot be sent.
    fn reason_of_unsent(&self) -> TelegramError {
        match self.shared.reason.get() {
            Some(TelegramError::Dead(name)) => TelegramError::Dead(name),
            _ => TelegramError::Unreachable,
        }
    }
}

fn check(body: &[u8]) -> Result<(), TelegramError> {
    if body.len() > LARGEST_REQUEST {
        return Err(TelegramError::Protocol("the request is too large"));
    }
    if !body.len().is_multiple_of(4) {
        return Err(TelegramError::Protocol("the request is not padded"));
    }
    Ok(())
}

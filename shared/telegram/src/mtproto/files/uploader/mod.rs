//! Uploads a file: several parts at once, acknowledged in any order.
//!
//! As a [`super::Reader`], an uploader has no task of its own: it sends while its caller waits for progress, and one that
//! stops waiting loses nothing. Parts that a lost connection leaves without an answer are sent again; Telegram takes a
//! part twice.

mod carry;
mod error;
mod outbox;
mod patience;
mod request;

use std::fmt;
use std::io;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use lambdagram_domain::upload::{Checkpoint, UploadPart, UploadPlan};
use tokio::time::Instant;

pub use self::error::UploadError;
use self::outbox::Outbox;
use self::patience::UploadPatience;
pub use self::request::Destination;
pub(in crate::mtproto) use self::request::input_file;
use super::way::{Flight, Way};
use super::{MediaPool, Source};
use crate::mtproto::introduction::introduce;
use crate::mtproto::{Connection, Telegram, TelegramError};

/// Parts under way at most: 16 MiB of memory.
const LARGEST_WINDOW: usize = 32;

/// Where a file's bytes come from.
pub trait Contents: Send {
    /// The `length` bytes from `offset` on, all of them within the file. One read is under way at a time, each begins
    /// where the one before ended, and none is repeated.
    fn read(&mut self, offset: u64, length: u32) -> BoxFuture<'static, io::Result<Bytes>>;
}

/// What is to be done.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    /// How the file is cut up.
    pub plan: UploadPlan,
    /// What Telegram has of it.
    pub from: Checkpoint,
    /// Parts under way at once, 1 to 32.
    pub window: usize,
    /// When it stops.
    pub deadline: Instant,
}

/// Uploads one file. `Debug` shows how far it is.
///
/// Memory: the parts of the window, each twice while it waits to be written, and one more. Dropping it ends what is under
/// way.
pub struct Uploader {
    pool: MediaPool,
    telegram: Telegram,
    destination: Destination,
    source: Source,
    contents: Box<dyn Contents>,
    reading: Option<Reading>,
    outbox: Outbox,
    file_id: i64,
    plan: UploadPlan,
    /// How many parts the caller was told of.
    told: u32,
    patience: UploadPatience,
    way: Way,
    flights: FuturesUnordered<Flight>,
    /// A connection that must be gone before there is another.
    left: Option<Connection>,
    failed: Option<UploadError>,
    /// A connection broke: those that are kept may have met the same.
    distrusts_pool: bool,
    deadline: Instant,
}

/// A part that is being read.
struct Reading {
    part: UploadPart,
    bytes: BoxFuture<'static, io::Result<Bytes>>,
}

impl fmt::Debug for Uploader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Uploader").field("parts", &self.outbox.acknowledged()).finish_non_exhaustive()
    }
}

impl Uploader {
    /// Uploads `contents` as `task` says. Nothing is read or sent yet.
    pub fn new(
        pool: MediaPool,
        telegram: Telegram,
        destination: Destination,
        contents: impl Contents + 'static,
        task: Task,
    ) -> Self {
        let Task { plan, from, window, deadline } = task;
        let parts = from.parts.min(plan.parts());
        Self {
            pool,
            telegram,
            source: destination.source(),
            destination,
            contents: Box::new(contents),
            reading: None,
            outbox: Outbox::new(plan, parts, window.clamp(1, LARGEST_WINDOW)),
            file_id: from.file_id,
            plan,
            told: parts,
            patience: UploadPatience::default(),
            way: Way::None,
            flights: FuturesUnordered::new(),
            left: None,
            failed: None,
            distrusts_pool: false,
            deadline,
        }
    }

    /// Waits until Telegram has acknowledged more of the file from its beginning on, and says how much; `None` when it
    /// has all of it. Who stops waiting may ask again, and has lost nothing.
    ///
    /// # Errors
    ///
    /// [`UploadError`], after the answers to what was under way. A connection that may not stand beside others of the
    /// login is closed then. [`Self::go_on`] goes on, but after [`UploadError::StartOver`] and
    /// [`UploadError::Contents`].
    pub async fn next(&mut self) -> Result<Option<Checkpoint>, UploadError> {
        loop {
            let now = Instant::now();
            if self.outbox.acknowledged() > self.told {
                self.told = self.outbox.acknowledged();
                self.send(now);
                return Ok(Some(self.checkpoint()));
            }
            if self.outbox.is_over() {
                return Ok(None);
            }
            if now >= self.deadline {
                self.failed.get_or_insert(TelegramError::Timeout.into());
            }
            // What is under way may still arrive, and need not be sent again then.
            if self.failed.is_some() && (now >= self.deadline || self.flights.is_empty()) {
                if !self.destination.keep {
                    self.leave();
                }
                self.part().await;
                if let Some(error) = self.failed.take() {
                    return Err(error);
                }
            }
            self.read();
            self.send(now);
            self.step(now).await;
        }
    }

    /// How much of the file Telegram has.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { file_id: self.file_id, parts: self.outbox.acknowledged() }
    }

    /// Goes on after an error, perhaps with another key or address.
    pub fn go_on(&mut self, destination: Destination) {
        let source = destination.source();
        if !self.source.shares_connection(&source) {
            self.leave();
        }
        self.flights.clear();
        self.outbox.miss_all();
        self.failed = None;
        self.patience = UploadPatience::default();
        (self.destination, self.source) = (destination, source);
    }

    /// Ends uploading. A connection that may outlive the uploader goes back to the pool if nothing is under way over it;
    /// any other is closed when this returns.
    pub async fn close(mut self) {
        self.leave();
        self.part().await;
    }

    /// Begins to read the next part, if there is room for it.
    fn read(&mut self) {
        if self.reading.is_none()
            && self.failed.is_none()
            && let Some(part) = self.outbox.wants()
        {
            let bytes = self.contents.read(part.offset, part.length);
            self.reading = Some(Reading { part, bytes });
        }
    }

    /// Sends as many parts as there is room for, if there is a connection; otherwise makes one.
    fn send(&mut self, now: Instant) {
        if self.failed.is_some() || self.patience.paused_until(now).is_some() {
            return;
        }
        if let Way::Open(open) = &self.way
            && (open.broken || open.line.connection.is_closed())
        {
            if !self.flights.is_empty() {
                // Their answers may be here already; if not, they fail at once.
                return;
            }
            self.leave();
        }
        // Before there is anything to send: connecting and reading go on at the same time.
        if matches!(self.way, Way::None) && self.left.is_none() {
            self.way = self.connect(now);
        }
        let Way::Open(open) = &mut self.way else { return };
        if self.flights.is_empty() {
            open.waiting_since = now;
        }
        while let Some((number, bytes)) = self.outbox.send() {
            let mut body = request::save_part(&self.plan, self.file_id, number, &bytes);
            if !open.line.introduced {
                // Telegram may take them in any order, so each could be the first.
                body = introduce(self.telegram.app(), &body);
            }
            match open.line.connection.send(body) {
                Ok(answer) => self.flights.push(Flight { number: number.into(), answer }),
                Err(error) => {
                    self.outbox.miss(number);
                    return self.fail(error);
                }
            }
        }
    }
}

impl Drop for Uploader {
    fn drop(&mut self) {
        self.leave();
    }
}

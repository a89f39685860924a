//! Uploads a file: several parts at once, acknowledged in any order.
//!
//! As a [`super::Reader`], an uploader has no task of its own: it sends while its caller waits for progress, and one that
//! stops waiting loses nothing. Parts that a lost connection leaves without an answer are sent again; Telegram takes a
//! part twice.

mod error;
mod outbox;
mod request;

use std::fmt;
use std::io;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use lambdagram_domain::measure;
use lambdagram_domain::upload::{Checkpoint, UploadPart, UploadPlan};
use tokio::time::Instant;

pub use self::error::UploadError;
use self::outbox::Outbox;
pub(in crate::mtproto) use self::request::input_file;
use super::carrier::Carrier;
use super::patience::Patience;
use super::{MediaPool, Place};
use crate::mtproto::{Telegram, TelegramError};

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
    carrier: Carrier<UploadError>,
    contents: Box<dyn Contents>,
    reading: Option<Reading>,
    outbox: Outbox,
    file_id: i64,
    plan: UploadPlan,
    /// How many parts the caller was told of.
    told: u32,
    /// Nothing more is to be sent.
    winds_up: bool,
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
        destination: Place,
        contents: impl Contents + 'static,
        task: Task,
    ) -> Self {
        let Task { plan, from, window, deadline } = task;
        let parts = from.parts.min(plan.parts());
        Self {
            carrier: Carrier::new(pool, telegram, destination, Patience::of_uploading(), deadline),
            contents: Box::new(contents),
            reading: None,
            outbox: Outbox::new(plan, parts, window.clamp(1, LARGEST_WINDOW)),
            file_id: from.file_id,
            plan,
            told: parts,
            winds_up: false,
        }
    }

    /// Waits until Telegram has acknowledged more of the file from its beginning on, and says how much; `None` when it
    /// has all of it, or what it was sent before [`Self::wind_up`]. Who stops waiting may ask again, and has lost nothing.
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
            if self.outbox.is_over() || (self.winds_up && self.carrier.is_idle()) {
                return Ok(None);
            }
            // What is under way may still arrive, and need not be sent again then.
            if let Some(error) = self.carrier.failure(now, !self.carrier.is_idle()).await {
                return Err(error);
            }
            self.read();
            self.send(now);
            tokio::select! {
                // What has arrived comes first.
                biased;
                answer = self.carrier.step(now) => if let Some((number, answer)) = answer {
                    self.land(number, answer);
                },
                (part, result) = read(&mut self.reading) => self.take_bytes(part, result),
            }
        }
    }

    /// How much of the file Telegram has.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint { file_id: self.file_id, parts: self.outbox.acknowledged() }
    }

    /// Goes on after an error, perhaps with another key or address.
    pub fn go_on(&mut self, destination: Place) {
        self.carrier.go_on(destination);
    }

    /// Sends nothing more, and waits for what is under way: a server takes that even from a connection that is closed, and
    /// holds it against a login that is on another main connection by then.
    pub fn wind_up(&mut self) {
        self.winds_up = true;
    }

    /// Ends uploading. A connection that may outlive the uploader goes back to the pool if nothing is under way over it;
    /// any other is closed when this returns.
    pub async fn close(mut self) {
        self.carrier.close().await;
    }

    /// Begins to read the next part, if there is room for it.
    fn read(&mut self) {
        if self.reading.is_none()
            && !self.winds_up
            && !self.carrier.has_stopped()
            && let Some(part) = self.outbox.wants()
        {
            let bytes = self.contents.read(part.offset, part.length);
            self.reading = Some(Reading { part, bytes });
        }
    }

    /// Sends as many parts as there is room for, if there is a connection; otherwise makes one, before there is anything
    /// to send: connecting and reading go on at the same time.
    fn send(&mut self, now: Instant) {
        if self.carrier.is_idle() {
            // What was sent over a connection that is gone.
            self.outbox.miss_all();
        }
        if self.winds_up || !self.carrier.is_ready(now) {
            return;
        }
        while let Some((number, bytes)) = self.outbox.send() {
            let body = request::save_part(&self.plan, self.file_id, number, &bytes);
            if !self.carrier.send(number.into(), body) {
                return self.outbox.miss(number);
            }
        }
    }

    fn take_bytes(&mut self, part: UploadPart, result: io::Result<Bytes>) {
        let right = result.and_then(|bytes| {
            let is_whole = bytes.len() as u64 == u64::from(part.length);
            if is_whole { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
        });
        match right {
            Ok(bytes) => self.outbox.put(part.number, bytes),
            Err(error) => self.carrier.stop(UploadError::Contents(error)),
        }
    }

    /// An answer came, or an error in its place.
    fn land(&mut self, number: u64, answer: Result<Bytes, TelegramError>) {
        let Ok(number) = u32::try_from(number) else { return };
        match answer.and_then(|answer| request::saved(&answer)) {
            Ok(()) => {
                self.carrier.patience.note_part();
                let acknowledged = self.outbox.acknowledge(number);
                measure::BYTES_TO_TELEGRAM.add(acknowledged.map_or(0, |bytes| bytes.len() as u64));
            }
            Err(error) => {
                self.outbox.miss(number);
                self.carrier.fail(error);
            }
        }
    }
}

/// The part that is being read, when it is read; never, if none is.
async fn read(reading: &mut Option<Reading>) -> (UploadPart, io::Result<Bytes>) {
    let Some(Reading { part, bytes }) = reading else { return std::future::pending().await };
    let read = (*part, bytes.await);
    *reading = None;
    read
}

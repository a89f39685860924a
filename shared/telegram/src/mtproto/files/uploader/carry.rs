//! What happens while an uploader waits: connections come and go, answers and bytes arrive.

use std::io;
use std::mem;

use bytes::Bytes;
use futures_util::stream::StreamExt;
use lambdagram_domain::session::DcKey;
use lambdagram_domain::upload::UploadPart;
use tokio::time::{Instant, sleep_until};

use super::{Reading, UploadError, Uploader, request};
use crate::mtproto::connection::Opening;
use crate::mtproto::files::patience::Remedy;
use crate::mtproto::files::way::{Open, Way, opened};
use crate::mtproto::link::CONNECT;
use crate::mtproto::{Connection, TelegramError};

impl Uploader {
    /// A connection that is kept, or a new one.
    pub(super) fn connect(&self, now: Instant) -> Way {
        let keeps = self.destination.keep && !self.distrusts_pool;
        let kept = if keeps { self.pool.take(&self.source) } else { None };
        if let Some((line, unused)) = kept {
            return Way::Open(Open::kept(line, unused, now));
        }
        let (address, until) = (self.destination.address, self.deadline.min(now + CONNECT));
        let key = DcKey { salt: self.pool.salt(&self.source), ..self.destination.key.clone() };
        Way::Opening(Box::pin(async move {
            Opening::connect(address, until).await?.into_connection(&key.key, key.salt, 0)
        }))
    }

    /// Waits for something to happen, and deals with it.
    pub(super) async fn step(&mut self, now: Instant) {
        if self.left.is_some() {
            return self.part().await;
        }
        let timer = self.timer(now);
        tokio::select! {
            // What has arrived counts before the time that has passed.
            biased;
            Some((number, answer)) = self.flights.next() => self.land(number, answer),
            result = opened(&mut self.way) => self.take_connection(result),
            (part, result) = read(&mut self.reading) => self.take_bytes(part, result),
            () = sleep_until(timer) => self.check_silence(),
        }
    }

    /// When there is something to do although nothing arrives.
    fn timer(&self, now: Instant) -> Instant {
        let silent = match &self.way {
            Way::Open(open) if !self.flights.is_empty() => Some(open.silent_at()),
            _ => None,
        };
        let times = [silent, self.patience.paused_until(now)];
        times.into_iter().flatten().fold(self.deadline, Instant::min)
    }

    fn take_bytes(&mut self, part: UploadPart, result: io::Result<Bytes>) {
        let right = result.and_then(|bytes| {
            let is_whole = bytes.len() as u64 == u64::from(part.length);
            if is_whole { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
        });
        match right {
            Ok(bytes) => self.outbox.put(part.number, bytes),
            Err(error) => {
                self.failed.get_or_insert(UploadError::Contents(error));
            }
        }
    }

    /// An answer came, or an error in its place.
    fn land(&mut self, number: u64, answer: Result<Bytes, TelegramError>) {
        let Ok(number) = u32::try_from(number) else { return };
        match answer.and_then(|answer| request::saved(&answer)) {
            Ok(()) => {
                if let Way::Open(open) = &mut self.way {
                    open.line.introduced = true;
                    self.pool.note_salt(&self.source, open.line.connection.salt());
                }
                self.patience.note_part();
                self.outbox.acknowledge(number);
            }
            Err(error) => {
                self.outbox.miss(number);
                self.fail(error);
            }
        }
    }

    /// A call failed.
    pub(super) fn fail(&mut self, error: TelegramError) {
        let now = Instant::now();
        let closed = matches!(&self.way, Way::Open(open) if open.line.connection.is_closed());
        let remedy = match error {
            // The connection is gone with it.
            TelegramError::Protocol(_) if closed => Ok(Remedy::Replace),
            _ => self.patience.judge(error.clone(), now, self.deadline),
        };
        match remedy {
            Ok(Remedy::Repeat) => {}
            Ok(Remedy::Introduce) => {
                if let Way::Open(open) = &mut self.way {
                    open.line.introduced = false;
                }
            }
            Ok(Remedy::Replace) => self.replace(error),
            Err(error) => {
                self.failed.get_or_insert(error);
            }
        }
    }

    /// The connection does not serve any longer. That counts once, however many calls were under way.
    fn replace(&mut self, error: TelegramError) {
        if let Way::Open(open) = &mut self.way {
            if mem::replace(&mut open.broken, true) {
                return;
            }
            open.line.connection.hang_up();
        }
        self.distrusts_pool = true;
        if let Err(error) = self.patience.replace(error, Instant::now(), self.deadline) {
            self.failed.get_or_insert(error);
        }
    }

    fn take_connection(&mut self, result: Result<Connection, TelegramError>) {
        self.way = Way::None;
        match result {
            Ok(connection) => self.way = Way::Open(Open::new(connection, Instant::now())),
            Err(TelegramError::Unreachable) => self.replace(TelegramError::Unreachable),
            Err(error) => {
                self.failed.get_or_insert(error.into());
            }
        }
    }

    fn check_silence(&mut self) {
        let silent = match &self.way {
            Way::Open(open) => !self.flights.is_empty() && Instant::now() >= open.silent_at(),
            _ => false,
        };
        if silent {
            self.replace(TelegramError::Timeout);
        }
    }

    /// Uses the connection no longer.
    pub(super) fn leave(&mut self) {
        let Way::Open(open) = mem::replace(&mut self.way, Way::None) else { return };
        let reusable = self.destination.keep && !open.broken && !open.line.connection.is_closed();
        if reusable && self.flights.is_empty() {
            self.pool.put(&self.source, open.line);
        } else {
            open.line.connection.hang_up();
            self.left = Some(open.line.connection);
        }
        self.flights.clear();
        self.outbox.miss_all();
    }

    /// Waits until a connection that is used no longer is closed.
    pub(super) async fn part(&mut self) {
        if let Some(left) = &self.left {
            left.close().await;
            self.left = None;
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

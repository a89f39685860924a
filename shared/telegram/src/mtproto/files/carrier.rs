//! What carries parts of files, whichever way they go: a connection that is made when it is needed and replaced when it
//! breaks, and the calls under way over it.
//!
//! A carrier has no task of its own. What it does it does while its user waits in [`Carrier::step`]; a user who stops
//! waiting loses nothing.

use std::mem;

use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, StreamExt};
use lambdagram_domain::session::DcKey;
use tokio::time::{Instant, sleep_until};

use super::patience::{Patience, Remedy};
use super::way::{Flight, Open, Way, opened};
use super::{MediaPool, Place};
use crate::mtproto::connection::Opening;
use crate::mtproto::introduction::introduce;
use crate::mtproto::link::CONNECT;
use crate::mtproto::{Connection, Telegram, TelegramError};

/// Carries parts to and from one place. `E` is why its user stops.
pub(super) struct Carrier<E> {
    pool: MediaPool,
    telegram: Telegram,
    place: Place,
    pub(super) patience: Patience,
    way: Way,
    flights: FuturesUnordered<Flight>,
    /// A connection that must be gone before there is another.
    left: Option<Connection>,
    failed: Option<E>,
    /// A connection broke: those that are kept may have met the same.
    distrusts_pool: bool,
    deadline: Instant,
}

impl<E: From<TelegramError>> Carrier<E> {
    /// To and from that place, until `deadline`. Nothing is connected yet.
    pub(super) fn new(
        pool: MediaPool,
        telegram: Telegram,
        place: Place,
        patience: Patience,
        deadline: Instant,
    ) -> Self {
        Self {
            pool,
            telegram,
            place,
            patience,
            way: Way::None,
            flights: FuturesUnordered::new(),
            left: None,
            failed: None,
            distrusts_pool: false,
            deadline,
        }
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Whether nothing is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.flights.is_empty()
    }

    /// Stops with this error, unless there is another one already.
    pub(super) fn stop(&mut self, error: E) {
        self.failed.get_or_insert(error);
    }

    /// Whether it has stopped: an error waits to be told.
    pub(super) fn has_stopped(&self) -> bool {
        self.failed.is_some()
    }

    /// The error to tell, unless its user still `waits` for something under way that counts before it. A connection that
    /// may not stand beside others of the login is closed then.
    pub(super) async fn failure(&mut self, now: Instant, waits: bool) -> Option<E> {
        if now >= self.deadline {
            self.stop(TelegramError::Timeout.into());
        }
        if self.failed.is_none() || (now < self.deadline && waits) {
            return None;
        }
        if !self.place.keep {
            self.leave();
        }
        self.part().await;
        self.failed.take()
    }

    /// Goes on after an error, perhaps elsewhere. What was under way is forgotten.
    pub(super) fn go_on(&mut self, place: Place) {
        if !self.place.shares_connection(&place) {
            self.leave();
        }
        self.flights.clear();
        self.failed = None;
        self.patience.renew();
        self.place = place;
    }

    /// Whether calls can be sent now. Begins to make a connection where there is none.
    pub(super) fn is_ready(&mut self, now: Instant) -> bool {
        if self.failed.is_some() || self.patience.paused_until(now).is_some() {
            return false;
        }
        if let Way::Open(open) = &self.way
            && (open.broken || open.line.connection.is_closed())
        {
            if !self.flights.is_empty() {
                // Their answers may be here already; if not, they fail at once.
                return false;
            }
            self.leave();
        }
        if matches!(self.way, Way::None) && self.left.is_none() {
            self.way = self.connect(now);
        }
        let Way::Open(open) = &mut self.way else { return false };
        if self.flights.is_empty() {
            open.waiting_since = now;
        }
        true
    }

    /// Sends the call for a part; whether it is under way.
    pub(super) fn send(&mut self, number: u64, mut body: Vec<u8>) -> bool {
        let Way::Open(open) = &mut self.way else { return false };
        if !open.line.introduced {
            // Telegram may take them in any order, so each could be the first.
            body = introduce(self.telegram.app(), &body);
        }
        match open.line.connection.send(body) {
            Ok(answer) => {
                self.flights.push(Flight { number, answer });
                true
            }
            Err(error) => {
                self.fail(error);
                false
            }
        }
    }

    /// Waits for something to happen, and deals with it, but for the answer to a call: that is the user's.
    pub(super) async fn step(&mut self, now: Instant) -> Option<(u64, Result<Bytes, TelegramError>)> {
        if self.left.is_some() {
            self.part().await;
            return None;
        }
        let timer = self.timer(now);
        tokio::select! {
            // What has arrived counts before the time that has passed.
            biased;
            Some((number, answer)) = self.flights.next() => {
                self.note_answer(&answer);
                return Some((number, answer));
            }
            result = opened(&mut self.way) => self.take_connection(result),
            () = sleep_until(timer) => self.check_silence(),
        }
        None
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
            Err(error) => self.stop(error),
        }
    }

    /// Uses the connection no longer. One that may be kept goes back to the pool if nothing is under way over it; any
    /// other is closed when this returns.
    pub(super) async fn close(&mut self) {
        self.leave();
        self.part().await;
    }

    /// A connection that is kept, or a new one.
    fn connect(&self, now: Instant) -> Way {
        let keeps = self.place.keep && !self.distrusts_pool;
        let kept = if keeps { self.pool.take(&self.place) } else { None };
        if let Some((line, unused)) = kept {
            return Way::Open(Open::kept(line, unused, now));
        }
        let (address, until) = (self.place.address, self.deadline.min(now + CONNECT));
        let key = DcKey { salt: self.pool.salt(&self.place), ..self.place.key.clone() };
        Way::Opening(Box::pin(async move {
            Opening::connect(address, until).await?.into_connection(&key.key, key.salt, 0)
        }))
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

    fn note_answer(&mut self, answer: &Result<Bytes, TelegramError>) {
        let Way::Open(open) = &mut self.way else { return };
        // It may have been here for long, unnoticed while the user did something else.
        open.waiting_since = Instant::now();
        if answer.is_ok() {
            open.line.introduced = true;
            self.pool.note_salt(&self.place, open.line.connection.salt());
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
            self.stop(error);
        }
    }

    fn take_connection(&mut self, result: Result<Connection, TelegramError>) {
        self.way = Way::None;
        match result {
            Ok(connection) => self.way = Way::Open(Open::new(connection, Instant::now())),
            Err(TelegramError::Unreachable) => self.replace(TelegramError::Unreachable),
            Err(error) => self.stop(error.into()),
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
}

impl<E> Carrier<E> {
    fn leave(&mut self) {
        let Way::Open(open) = mem::replace(&mut self.way, Way::None) else { return };
        let reusable = self.place.keep && !open.broken && !open.line.connection.is_closed();
        if reusable && self.flights.is_empty() {
            self.pool.put(&self.place, open.line);
        } else {
            open.line.connection.hang_up();
            self.left = Some(open.line.connection);
        }
        self.flights.clear();
    }

    /// Waits until a connection that is used no longer is closed.
    async fn part(&mut self) {
        if let Some(left) = &self.left {
            left.close().await;
            self.left = None;
        }
    }
}

impl<E> Drop for Carrier<E> {
    fn drop(&mut self) {
        self.leave();
    }
}

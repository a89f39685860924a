//! Reads a file: several parts at once, handed out in order.
//!
//! A reader has no task of its own. It asks while its caller waits for bytes, and at the moment it hands bytes out; so a
//! caller that does not come back asks for nothing more, and one that stops waiting loses nothing.

use std::fmt;
use std::mem;

use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, StreamExt};
use lambdagram_domain::media::Part;
use lambdagram_domain::session::DcKey;
use tokio::time::{Instant, sleep_until};

use super::answer::bytes_of;
use super::patience::{Patience, Remedy};
use super::way::{Flight, Open, Way, opened};
use super::window::Window;
use super::{MediaPool, ReadError, Source};
use crate::mtproto::connection::Opening;
use crate::mtproto::introduction::introduce;
use crate::mtproto::link::CONNECT;
use crate::mtproto::{Connection, Telegram, TelegramError};

/// Parts under way at most: memory is what limits them, and the calls a connection lets wait.
const LARGEST_WINDOW: usize = 32;

/// Reads a range of a file. `Debug` shows the data centre alone.
///
/// Memory: the window's parts, and little besides. Dropping it ends what is under way.
pub struct Reader {
    pool: MediaPool,
    telegram: Telegram,
    source: Source,
    window: Window,
    patience: Patience,
    way: Way,
    flights: FuturesUnordered<Flight>,
    /// A connection that must be gone before there is another.
    left: Option<Connection>,
    failed: Option<ReadError>,
    /// A connection broke: those that are kept may have met the same.
    distrusts_pool: bool,
    deadline: Instant,
}

impl fmt::Debug for Reader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Reader").field("dc", &self.source.dc).finish_non_exhaustive()
    }
}

impl Reader {
    /// Reads `parts` from `source`, at most `window` of them at once (1 to 32). Nothing is asked for yet, and nothing is
    /// waited for beyond `deadline`.
    pub fn new(
        pool: MediaPool,
        telegram: Telegram,
        source: Source,
        parts: impl Iterator<Item = Part> + Send + 'static,
        window: usize,
        deadline: Instant,
    ) -> Self {
        Self {
            pool,
            telegram,
            source,
            window: Window::new(parts, window.clamp(1, LARGEST_WINDOW)),
            patience: Patience::default(),
            way: Way::None,
            flights: FuturesUnordered::new(),
            left: None,
            failed: None,
            distrusts_pool: false,
            deadline,
        }
    }

    /// The bytes of the next part that belong to the range; `None` after the last. Who stops waiting may ask again, and
    /// has lost nothing.
    ///
    /// # Errors
    ///
    /// [`ReadError`]. All parts before were handed out. A connection that may not stand beside others of the login is
    /// closed then.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ReadError> {
        loop {
            if let Some(bytes) = self.window.hand_out() {
                self.patience.begin();
                self.ask(Instant::now());
                return Ok(Some(bytes));
            }
            if self.window.is_over() {
                return Ok(None);
            }
            let now = Instant::now();
            if now >= self.deadline {
                self.failed.get_or_insert(TelegramError::Timeout.into());
            }
            // What comes before the part that failed is still handed out.
            if self.failed.is_some() && (now >= self.deadline || !self.window.is_next_asked()) {
                self.leave_unless_kept();
                self.part().await;
                if let Some(error) = self.failed.take() {
                    return Err(error);
                }
            }
            self.ask(now);
            self.step(now).await;
        }
    }

    /// Goes on after an error, from another source of the same file. Only what was not handed out is asked for.
    pub fn go_on(&mut self, source: Source) {
        if !self.source.shares_connection(&source) {
            self.leave();
        }
        self.flights.clear();
        self.window.miss_all();
        self.failed = None;
        self.patience.renew();
        self.source = source;
    }

    /// Ends reading. A connection that may outlive the reader goes back to the pool if nothing is under way over it; any
    /// other is closed when this returns.
    pub async fn close(mut self) {
        self.leave();
        self.part().await;
    }

    /// Asks for as many parts as there is room for, if there is a connection; otherwise makes one.
    fn ask(&mut self, now: Instant) {
        if self.failed.is_some() || !self.window.wants() || self.patience.paused_until(now).is_some() {
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
        if matches!(self.way, Way::None) && self.left.is_none() {
            self.way = self.connect(now);
        }
        let Way::Open(open) = &mut self.way else { return };
        if self.flights.is_empty() {
            open.waiting_since = now;
        }
        while let Some((number, part)) = self.window.ask() {
            let mut body = self.source.request(part);
            if !open.line.introduced {
                // Telegram may take them in any order, so each could be the first.
                body = introduce(self.telegram.app(), &body);
            }
            match open.line.connection.send(body) {
                Ok(answer) => self.flights.push(Flight { number, answer }),
                Err(error) => {
                    self.window.miss(number);
                    return self.fail(error);
                }
            }
        }
    }

    /// A connection that is kept, or a new one.
    fn connect(&self, now: Instant) -> Way {
        let keeps = self.source.keep && !self.distrusts_pool;
        let kept = if keeps { self.pool.take(&self.source) } else { None };
        if let Some((line, unused)) = kept {
            return Way::Open(Open::kept(line, unused, now));
        }
        let (address, until) = (self.source.address, self.deadline.min(now + CONNECT));
        let key = DcKey { salt: self.pool.salt(&self.source), ..self.source.key.clone() };
        Way::Opening(Box::pin(async move {
            Opening::connect(address, until).await?.into_connection(&key.key, key.salt, 0)
        }))
    }

    /// Waits for something to happen, and deals with it.
    async fn step(&mut self, now: Instant) {
        if self.left.is_some() {
            return self.part().await;
        }
        let timer = self.timer(now);
        tokio::select! {
            // What has arrived counts before the time that has passed.
            biased;
            Some((number, answer)) = self.flights.next() => self.land(number, answer),
            result = opened(&mut self.way) => self.take_connection(result),
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

    /// A part came, or an error in its place.
    fn land(&mut self, number: u64, answer: Result<Bytes, TelegramError>) {
        if let Way::Open(open) = &mut self.way {
            // Its answer may have been here for long, unnoticed while nobody wanted the next bytes.
            open.waiting_since = Instant::now();
        }
        let Some(part) = self.window.part(number) else { return };
        match answer {
            Ok(answer) => {
                if let Way::Open(open) = &mut self.way {
                    open.line.introduced = true;
                    self.pool.note_salt(&self.source, open.line.connection.salt());
                }
                match bytes_of(answer, part) {
                    Ok(bytes) => {
                        self.patience.note_part();
                        self.window.put(number, bytes);
                    }
                    Err(error) => {
                        self.window.miss(number);
                        self.failed.get_or_insert(error);
                    }
                }
            }
            Err(error) => {
                self.window.miss(number);
                self.fail(error);
            }
        }
    }

    /// A call failed.
    fn fail(&mut self, error: TelegramError) {
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

    fn leave_unless_kept(&mut self) {
        if !self.source.keep {
            self.leave();
        }
    }

    /// Uses the connection no longer.
    fn leave(&mut self) {
        let Way::Open(open) = mem::replace(&mut self.way, Way::None) else { return };
        let reusable = self.source.keep && !open.broken && !open.line.connection.is_closed();
        if reusable && self.flights.is_empty() {
            self.pool.put(&self.source, open.line);
        } else {
            open.line.connection.hang_up();
            self.left = Some(open.line.connection);
        }
        self.flights.clear();
        self.window.miss_all();
    }

    /// Waits until a connection that is used no longer is closed.
    async fn part(&mut self) {
        if let Some(left) = &self.left {
            left.close().await;
            self.left = None;
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests;

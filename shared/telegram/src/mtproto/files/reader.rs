//! Reads a file: several parts at once, handed out in order.
//!
//! A reader has no task of its own. It asks while its caller waits for bytes, and at the moment it hands bytes out; so a
//! caller that does not come back asks for nothing more, and one that stops waiting loses nothing.

use std::fmt;

use bytes::Bytes;
use grammers_client::tl::enums;
use lambdagram_domain::measure;
use lambdagram_domain::media::Part;
use tokio::time::Instant;

use super::answer::bytes_of;
use super::carrier::Carrier;
use super::patience::Patience;
use super::source::request;
use super::window::Window;
use super::{MediaPool, ReadError, Source};
use crate::mtproto::{Telegram, TelegramError};

/// Parts under way at most: memory is what limits them, and the calls a connection lets wait.
const LARGEST_WINDOW: usize = 32;

/// Reads a range of a file. `Debug` shows the data centre alone.
///
/// Memory: the window's parts, and little besides. Dropping it ends what is under way.
pub struct Reader {
    carrier: Carrier<ReadError>,
    file: enums::InputFileLocation,
    window: Window,
}

impl fmt::Debug for Reader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Reader").field("dc", &self.carrier.place().dc).finish_non_exhaustive()
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
        let Source { place, file } = source;
        Self {
            carrier: Carrier::new(pool, telegram, place, Patience::of_reading(), deadline),
            file,
            window: Window::new(parts, window.clamp(1, LARGEST_WINDOW)),
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
                self.carrier.patience.begin();
                self.ask(Instant::now());
                return Ok(Some(bytes));
            }
            if self.window.is_over() {
                return Ok(None);
            }
            let now = Instant::now();
            // What comes before the part that failed is still handed out.
            if let Some(error) = self.carrier.failure(now, self.window.is_next_asked()).await {
                return Err(error);
            }
            self.ask(now);
            if let Some((number, answer)) = self.carrier.step(now).await {
                self.land(number, answer);
            }
        }
    }

    /// Goes on after an error, from another source of the same file. Only what was not handed out is asked for.
    pub fn go_on(&mut self, source: Source) {
        self.carrier.go_on(source.place);
        self.file = source.file;
    }

    /// Ends reading. A connection that may outlive the reader goes back to the pool if nothing is under way over it; any
    /// other is closed when this returns.
    pub async fn close(mut self) {
        self.carrier.close().await;
    }

    /// Asks for as many parts as there is room for, if there is a connection; otherwise makes one.
    fn ask(&mut self, now: Instant) {
        if self.carrier.is_idle() {
            // What was asked for over a connection that is gone.
            self.window.miss_all();
        }
        if !self.window.wants() || !self.carrier.is_ready(now) {
            return;
        }
        while let Some((number, part)) = self.window.ask() {
            if !self.carrier.send(number, request(&self.file, part)) {
                return self.window.miss(number);
            }
        }
    }

    /// A part came, or an error in its place.
    fn land(&mut self, number: u64, answer: Result<Bytes, TelegramError>) {
        let Some(part) = self.window.part(number) else { return };
        match answer.map(|answer| bytes_of(answer, part)) {
            Ok(Ok(bytes)) => {
                self.carrier.patience.note_part();
                measure::BYTES_FROM_TELEGRAM.add(bytes.len() as u64);
                self.window.put(number, bytes);
            }
            Ok(Err(error)) => {
                self.window.miss(number);
                self.carrier.stop(error);
            }
            Err(error) => {
                self.window.miss(number);
                self.carrier.fail(error);
            }
        }
    }
}

#[cfg(test)]
mod tests;

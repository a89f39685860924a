//! What is done about errors while parts of a file are carried.

use std::time::Duration;

use thiserror::Error;
use tokio::time::Instant;

use crate::mtproto::TelegramError;

/// How long floods are slept through where somebody waits: before the first byte of what is read, in all, and between
/// two parts of what is uploaded. Accounts without a subscription are slowed down by such waits, one after the other.
const SLEPT_THROUGH: Duration = Duration::from_secs(3);

/// Times in a row that a connection is replaced, without a part in between, and that Telegram's own failures are put up
/// with.
const MOST_REPEATS: u32 = 3;

/// The pause before the second repeat in a row. Each further one is four times as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Why reading stopped. What was handed out before is right; [`super::Reader::go_on`] goes on behind it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReadError {
    /// The file's reference is too old: the message has to be looked at again
    /// (core.telegram.org/api/file-references).
    #[error("the file's reference is too old")]
    Reference,
    /// The file is in another data centre.
    #[error("the file is in data centre {dc}")]
    Elsewhere {
        /// Its number.
        dc: i32,
    },
    /// The key is not signed in, or not known: in the account's own data centre the login is gone, in another one it has
    /// to be copied again.
    #[error("the data centre does not know this login")]
    NotSignedIn,
    /// The file is shorter than it was said to be.
    #[error("the file is shorter than it should be")]
    Short,
    /// Anything else.
    #[error(transparent)]
    Telegram(TelegramError),
}

impl From<TelegramError> for ReadError {
    fn from(error: TelegramError) -> Self {
        match &error {
            TelegramError::Dead(_) => Self::NotSignedIn,
            TelegramError::Rpc { name, .. }
                if name.starts_with("FILE_REFERENCE_") || name == "FILEREF_UPGRADE_NEEDED" =>
            {
                Self::Reference
            }
            TelegramError::Rpc { name, value: Some(dc), .. } if name == "FILE_MIGRATE" => {
                Self::Elsewhere { dc: i32::try_from(*dc).unwrap_or(0) }
            }
            _ => Self::Telegram(error),
        }
    }
}

/// Patience with one place: what has been put up with, and what is waited for.
#[derive(Default)]
pub(super) struct Patience {
    somebody: Waits,
    slept: Duration,
    paused_until: Option<Instant>,
    breaks: u32,
    repeats: u32,
    introductions: u32,
}

/// When somebody waits for a flood to end, so that a long one is told rather than slept through.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Waits {
    /// Until the first bytes are handed out.
    #[default]
    ForTheFirst,
    /// Nobody does: an answer has begun, and cannot end otherwise.
    No,
    /// For each part to be acknowledged.
    ForEach,
}

/// What is to be done after an error.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Ask for the part again, when [`Patience::paused_until`] has passed.
    Repeat,
    /// The same, and say who asks.
    Introduce,
    /// The same, over another connection.
    Replace,
}

impl Patience {
    /// Of a reader.
    pub(super) fn of_reading() -> Self {
        Self::default()
    }

    /// Of an uploader.
    pub(super) fn of_uploading() -> Self {
        Self { somebody: Waits::ForEach, ..Self::default() }
    }

    /// Bytes were handed out.
    pub(super) fn begin(&mut self) {
        self.somebody = Waits::No;
    }

    /// A part came, or was acknowledged.
    pub(super) fn note_part(&mut self) {
        (self.breaks, self.repeats, self.introductions) = (0, 0, 0);
        self.forgive_floods();
    }

    /// Another place, with errors of its own.
    pub(super) fn renew(&mut self) {
        *self = Self { somebody: self.somebody, slept: self.slept, ..Self::default() };
        self.forgive_floods();
    }

    fn forgive_floods(&mut self) {
        if self.somebody == Waits::ForEach {
            self.slept = Duration::ZERO;
        }
    }

    /// Until when nothing is to be asked for.
    pub(super) fn paused_until(&self, now: Instant) -> Option<Instant> {
        self.paused_until.filter(|until| *until > now)
    }

    /// A call failed.
    ///
    /// # Errors
    ///
    /// Where the call is not to be repeated, why its user stops.
    pub(super) fn judge<E: From<TelegramError>>(
        &mut self,
        error: TelegramError,
        now: Instant,
        deadline: Instant,
    ) -> Result<Remedy, E> {
        let remedy = match &error {
            TelegramError::Flood { seconds } => self.wait(Duration::from_secs(*seconds), now, deadline),
            TelegramError::Unreachable | TelegramError::Timeout | TelegramError::Lost => {
                Some(Remedy::Replace)
            }
            TelegramError::Dead(_) | TelegramError::Protocol(_) => None,
            TelegramError::Rpc { name, code, .. } => match name.as_str() {
                "CONNECTION_NOT_INITED" | "CONNECTION_LAYER_INVALID" if self.introductions < MOST_REPEATS => {
                    self.introductions += 1;
                    Some(Remedy::Introduce)
                }
                // Telegram's own: 500 and above, and -503 for what took it too long.
                _ if !(0..500).contains(code) => self.put_up(now, deadline),
                _ => None,
            },
        };
        remedy.ok_or_else(|| error.into())
    }

    /// A connection broke, stalled, or could not be made.
    ///
    /// # Errors
    ///
    /// `error`, where it is not to be replaced.
    pub(super) fn replace<E: From<TelegramError>>(
        &mut self,
        error: TelegramError,
        now: Instant,
        deadline: Instant,
    ) -> Result<(), E> {
        self.breaks += 1;
        let pause = pause_before(self.breaks);
        if self.breaks > MOST_REPEATS || now + pause >= deadline {
            return Err(error.into());
        }
        self.pause(now + pause);
        Ok(())
    }

    /// All parts under way run into the same flood: they wait for it together. `None` when it is too long.
    fn wait(&mut self, time: Duration, now: Instant, deadline: Instant) -> Option<Remedy> {
        let until = now.checked_add(time).filter(|until| *until < deadline)?;
        let longer = until.saturating_duration_since(self.paused_until.map_or(now, |paused| paused.max(now)));
        if self.somebody != Waits::No && self.slept + longer > SLEPT_THROUGH {
            return None;
        }
        self.slept += longer;
        self.pause(until);
        Some(Remedy::Repeat)
    }

    /// Failures of parts under way at the same time count once. `None` when there were too many.
    fn put_up(&mut self, now: Instant, deadline: Instant) -> Option<Remedy> {
        if self.paused_until(now).is_some() {
            return Some(Remedy::Repeat);
        }
        self.repeats += 1;
        // The first one pauses too: an overloaded server gains nothing by being asked at once.
        let pause = pause_before(self.repeats + 1);
        if self.repeats > MOST_REPEATS || now + pause >= deadline {
            return None;
        }
        self.pause(now + pause);
        Some(Remedy::Repeat)
    }

    fn pause(&mut self, until: Instant) {
        self.paused_until = Some(self.paused_until.map_or(until, |paused| paused.max(until)));
    }
}

/// The pause before the so-many-th repeat in a row: none, 200 ms, 800 ms, and so on.
fn pause_before(repeat: u32) -> Duration {
    repeat.checked_sub(2).map_or(Duration::ZERO, |further| FIRST_PAUSE * 4_u32.pow(further.min(5)))
}

#[cfg(test)]
mod tests;

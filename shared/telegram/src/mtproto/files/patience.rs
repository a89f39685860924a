//! What is done about errors while a file is read.

use std::time::Duration;

use thiserror::Error;
use tokio::time::Instant;

use crate::mtproto::TelegramError;

/// How long floods are slept through before the first byte, in all: somebody waits for an answer to begin.
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
    Telegram(#[from] TelegramError),
}

/// Patience with one source: what has been put up with, and what is waited for.
#[derive(Default)]
pub(super) struct Patience {
    /// Whether bytes were handed out.
    begun: bool,
    slept: Duration,
    paused_until: Option<Instant>,
    breaks: u32,
    repeats: u32,
    introductions: u32,
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
    /// Bytes were handed out.
    pub(super) fn begin(&mut self) {
        self.begun = true;
    }

    /// A part came.
    pub(super) fn note_part(&mut self) {
        (self.breaks, self.repeats, self.introductions) = (0, 0, 0);
    }

    /// Another source, with errors of its own.
    pub(super) fn renew(&mut self) {
        *self = Self { begun: self.begun, slept: self.slept, ..Self::default() };
    }

    /// Until when nothing is to be asked for.
    pub(super) fn paused_until(&self, now: Instant) -> Option<Instant> {
        self.paused_until.filter(|until| *until > now)
    }

    /// A call failed.
    ///
    /// # Errors
    ///
    /// Where the call is not to be repeated, why reading stops.
    pub(super) fn judge(
        &mut self,
        error: TelegramError,
        now: Instant,
        deadline: Instant,
    ) -> Result<Remedy, ReadError> {
        match error {
            TelegramError::Flood { seconds } => {
                self.wait(Duration::from_secs(seconds), now, deadline).map_err(|()| error.into())
            }
            TelegramError::Dead => Err(ReadError::NotSignedIn),
            TelegramError::Unreachable | TelegramError::Timeout | TelegramError::Lost => Ok(Remedy::Replace),
            TelegramError::Protocol(_) => Err(error.into()),
            TelegramError::Rpc { ref name, code, value } => match (name.as_str(), value) {
                (name, _) if name.starts_with("FILE_REFERENCE_") || name == "FILEREF_UPGRADE_NEEDED" => {
                    Err(ReadError::Reference)
                }
                ("FILE_MIGRATE", Some(dc)) => {
                    Err(ReadError::Elsewhere { dc: i32::try_from(dc).unwrap_or(0) })
                }
                ("CONNECTION_NOT_INITED" | "CONNECTION_LAYER_INVALID", _)
                    if self.introductions < MOST_REPEATS =>
                {
                    self.introductions += 1;
                    Ok(Remedy::Introduce)
                }
                // Telegram's own: 500 and above, and -503 for what took it too long.
                _ if !(0..500).contains(&code) => self.put_up(now, deadline).map_err(|()| error.into()),
                _ => Err(error.into()),
            },
        }
    }

    /// A connection broke, stalled, or could not be made.
    ///
    /// # Errors
    ///
    /// `error`, where it is not to be replaced.
    pub(super) fn replace(
        &mut self,
        error: TelegramError,
        now: Instant,
        deadline: Instant,
    ) -> Result<(), ReadError> {
        self.breaks += 1;
        let pause = pause_before(self.breaks);
        if self.breaks > MOST_REPEATS || now + pause >= deadline {
            return Err(error.into());
        }
        self.pause(now + pause);
        Ok(())
    }

    /// All parts under way run into the same flood: they wait for it together.
    fn wait(&mut self, time: Duration, now: Instant, deadline: Instant) -> Result<Remedy, ()> {
        let until = now + time;
        let longer = until.saturating_duration_since(self.paused_until.map_or(now, |paused| paused.max(now)));
        if until >= deadline || (!self.begun && self.slept + longer > SLEPT_THROUGH) {
            return Err(());
        }
        self.slept += longer;
        self.pause(until);
        Ok(Remedy::Repeat)
    }

    /// Failures of parts under way at the same time count once.
    fn put_up(&mut self, now: Instant, deadline: Instant) -> Result<Remedy, ()> {
        if self.paused_until(now).is_some() {
            return Ok(Remedy::Repeat);
        }
        self.repeats += 1;
        // The first one pauses too: an overloaded server gains nothing by being asked at once.
        let pause = pause_before(self.repeats + 1);
        if self.repeats > MOST_REPEATS || now + pause >= deadline {
            return Err(());
        }
        self.pause(now + pause);
        Ok(Remedy::Repeat)
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

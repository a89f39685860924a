//! What is done about errors while a file is uploaded.

use std::time::Duration;

use tokio::time::Instant;

use super::UploadError;
use crate::mtproto::TelegramError;
use crate::mtproto::files::patience::{Patience, Remedy};

/// How long floods are slept through without a part in between. Accounts without a subscription are slowed down by such
/// waits, one after the other; longer ones are the caller's to tell.
const SLEPT_THROUGH: Duration = Duration::from_secs(3);

/// Patience with one destination. With all but floods it is that of a reader.
#[derive(Default)]
pub(super) struct UploadPatience {
    others: Patience,
    slept: Duration,
    flooded_until: Option<Instant>,
}

impl UploadPatience {
    /// A part was acknowledged.
    pub(super) fn note_part(&mut self) {
        self.others.note_part();
        self.slept = Duration::ZERO;
    }

    /// Until when nothing is to be sent.
    pub(super) fn paused_until(&self, now: Instant) -> Option<Instant> {
        self.flooded_until.filter(|until| *until > now).max(self.others.paused_until(now))
    }

    /// A call failed.
    ///
    /// # Errors
    ///
    /// Where the call is not to be repeated, why uploading stops.
    pub(super) fn judge(
        &mut self,
        error: TelegramError,
        now: Instant,
        deadline: Instant,
    ) -> Result<Remedy, UploadError> {
        match error {
            TelegramError::Flood { seconds } => self.wait(seconds, now, deadline).map_err(|()| error.into()),
            _ => Ok(self.others.judge(error, now, deadline)?),
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
    ) -> Result<(), UploadError> {
        Ok(self.others.replace(error, now, deadline)?)
    }

    /// All parts under way run into the same flood: they wait for it together.
    fn wait(&mut self, seconds: u64, now: Instant, deadline: Instant) -> Result<Remedy, ()> {
        // What waits already counts for nothing more.
        let from = self.flooded_until.map_or(now, |until| until.max(now));
        let until = now.checked_add(Duration::from_secs(seconds)).ok_or(())?;
        let longer = until.saturating_duration_since(from);
        if until >= deadline || self.slept + longer > SLEPT_THROUGH {
            return Err(());
        }
        self.slept += longer;
        self.flooded_until = self.flooded_until.max(Some(until));
        Ok(Remedy::Repeat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flood(seconds: u64) -> TelegramError {
        TelegramError::Flood { seconds }
    }

    #[test]
    fn short_floods_are_slept_through_once_and_again_after_each_part() {
        let (mut patience, mut now) = (UploadPatience::default(), Instant::now());
        let deadline = now + Duration::from_hours(1);
        for _ in 0..100 {
            // Two parts that were under way together.
            for _ in 0..2 {
                assert_eq!(patience.judge(flood(3), now, deadline).unwrap(), Remedy::Repeat);
            }
            assert_eq!(patience.paused_until(now), Some(now + Duration::from_secs(3)));
            now += Duration::from_secs(3);
            assert_eq!(patience.paused_until(now), None);
            patience.note_part();
        }
        patience.judge(flood(2), now, deadline).unwrap();
        now += Duration::from_secs(2);
        let told = patience.judge(flood(2), now, deadline).unwrap_err();
        assert!(matches!(told, UploadError::Telegram(TelegramError::Flood { seconds: 2 })));
    }

    #[test]
    fn long_floods_and_those_beyond_the_time_are_told() {
        let now = Instant::now();
        for (seconds, left) in [(4, 3_600), (u64::MAX, 3_600), (3, 2)] {
            let deadline = now + Duration::from_secs(left);
            let told = UploadPatience::default().judge(flood(seconds), now, deadline).unwrap_err();
            assert!(matches!(told, UploadError::Telegram(error) if error == flood(seconds)));
        }
    }
}

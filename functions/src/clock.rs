//! The time, for everything a function decides by it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambdagram_domain::time::UnixTime;

/// The machine's clock, or one that runs ahead of it: only local stacks have one of those, to age what they hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    ahead: Duration,
}

impl Clock {
    pub(crate) fn ahead_by(ahead: Duration) -> Self {
        Self { ahead }
    }

    /// Now, to the second.
    pub(crate) fn now(self) -> UnixTime {
        UnixTime(self.time().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
    }

    /// Now, as exactly as the machine knows it.
    pub(crate) fn time(self) -> SystemTime {
        SystemTime::now() + self.ahead
    }
}

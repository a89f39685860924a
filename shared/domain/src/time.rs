//! Points in time, whole seconds apart, as Telegram and DynamoDB count them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Seconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixTime(pub u64);

impl UnixTime {
    /// This moment and `duration`, rounded up to a whole second.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let part = u64::from(duration.subsec_nanos() > 0);
        Self(self.0.saturating_add(duration.as_secs()).saturating_add(part))
    }

    /// How long after `earlier` this is; zero when it is not after it.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(self.0.saturating_sub(earlier.0))
    }
}

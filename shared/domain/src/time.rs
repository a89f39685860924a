//! Points in time, whole seconds apart, as Telegram and DynamoDB count them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The last second that RFC 3339 can write, of the year 9999.
const LAST: i64 = 253_402_300_799;

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

    /// As RFC 3339 writes it, in UTC: `2023-10-27T10:00:00Z`. What lies beyond the year 9999 is its last second.
    pub fn rfc3339(self) -> String {
        let seconds = i64::try_from(self.0).unwrap_or(LAST).min(LAST);
        let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        time.format(&Rfc3339).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_in_utc_to_the_second() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_698_400_800, "2023-10-27T10:00:00Z"),
            (2_147_483_647, "2038-01-19T03:14:07Z"),
            (u64::MAX, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(UnixTime(seconds).rfc3339(), text);
        }
    }
}

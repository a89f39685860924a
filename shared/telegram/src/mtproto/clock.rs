//! The machine's time, and message identifiers made of it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Since 1970, by this machine's clock.
pub(super) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A message identifier of ours: the server's time in units of 2^-32 s, divisible by four, and above the `last` one
/// (core.telegram.org/mtproto/description#message-identifier-msg-id). `offset` is the server's time less ours, in
/// seconds.
pub(super) fn message_id(now: Duration, offset: i64, last: i64) -> i64 {
    let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX >> 32).saturating_add(offset);
    let fraction = (i64::from(now.subsec_nanos()) << 32) / 1_000_000_000;
    let id = ((seconds << 32) | fraction) & !3;
    id.max(last + 4)
}

/// The time in a message identifier, in seconds since 1970.
pub(super) fn seconds_of(message_id: i64) -> i64 {
    message_id >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_ids_hold_the_servers_time_rise_and_are_divisible_by_four() {
        let now = Duration::new(1_700_000_000, 999_999_999);
        let first = message_id(now, -5, 0);
        let second = message_id(now, -5, first);
        assert_eq!(seconds_of(first), 1_699_999_995);
        assert!(second > first);
        assert_eq!((first % 4, second % 4), (0, 0));
    }
}

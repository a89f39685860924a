//! Server salts. Each is named by its half hour and its key, so nothing has to be kept.
//!
//! "A (random) 64-bit number changed every 30 minutes [...]. All subsequent messages must contain the new salt (although,
//! messages with the old salt are still accepted for a further 1800 seconds)": `core.telegram.org/mtproto/description`.

use grammers_tl_types::types::FutureSalt;
use sha2::{Digest as _, Sha256};

use super::keys::StoredKey;
use super::{tl_bytes, unix_i32};

/// Seconds for which a salt is the one to use.
const PERIOD_S: u64 = 1800;

/// How many salts a client gets at once.
/// Source: `core.telegram.org/mtproto/service_messages`, "from 1 to 64".
const MOST: i32 = 64;

/// The salt to use at this time, in seconds since the Unix epoch.
pub(super) fn current(key: &StoredKey, now_s: u64) -> i64 {
    of_period(key, now_s / PERIOD_S)
}

/// Whether a message may still have this salt.
pub(super) fn is_valid(key: &StoredKey, salt: i64, now_s: u64) -> bool {
    let period = now_s / PERIOD_S;
    salt == of_period(key, period) || salt == of_period(key, period.saturating_sub(1))
}

/// The salts from now on.
pub(super) fn future(key: &StoredKey, number: i32, now_s: u64) -> Vec<FutureSalt> {
    let first = now_s / PERIOD_S;
    let periods = first..first + u64::from(number.clamp(1, MOST).unsigned_abs());
    let salts = periods.map(|period| FutureSalt {
        valid_since: unix_i32(period * PERIOD_S),
        valid_until: unix_i32((period + 2) * PERIOD_S),
        salt: of_period(key, period),
    });
    salts.collect()
}

fn of_period(key: &StoredKey, period: u64) -> i64 {
    if period == key.created_s / PERIOD_S {
        return key.first_salt;
    }
    let hash = Sha256::new().chain_update(key.key).chain_update(period.to_le_bytes()).finalize();
    i64::from_le_bytes(tl_bytes(&hash[..8]))
}

#[cfg(test)]
mod tests {
    use super::super::random;
    use super::*;

    #[test]
    fn a_salt_is_used_for_half_an_hour_and_taken_for_another() {
        let created_s = 1000 * PERIOD_S;
        let key = StoredKey { dc: 1, key: random::bytes(), first_salt: 5, created_s, layer: 0, init: None };
        assert_eq!(current(&key, created_s + 1799), 5);
        assert_ne!(current(&key, created_s + 1800), 5);
        assert!(is_valid(&key, 5, created_s + 3599));
        assert!(!is_valid(&key, 5, created_s + 3600));
        let next = current(&key, created_s + 1800);
        assert!(!is_valid(&key, next, created_s));
        let future = future(&key, 3, created_s);
        assert_eq!(future.iter().map(|salt| salt.salt).collect::<Vec<_>>()[..2], [5, next]);
        assert_eq!(u64::from(future[0].valid_until.unsigned_abs()), created_s + 3600);
        assert_eq!(super::future(&key, 1000, created_s).len(), 64);
    }
}

//! When a failed update is tried again, and when a webhook is given up. Pure state: no socket, no clock of its own.
//!
//! The rules are those of the official Bot API server (tdlib/telegram-bot-api, WebhookActor.cpp). It starts from
//! scratch when the server or the webhook does, so nothing of this is stored.

use std::collections::HashMap;

use super::random::Random;

/// Seconds: the second retry comes after twice this, and each one later after twice its predecessor.
const FIRST_DELAY_S: u64 = 1;
/// Seconds between retries at most: a random number up to its double.
const MAX_DELAY_S: u64 = 60;
/// Seconds of a webhook's `Retry-After` that are honoured.
const MAX_RETRY_AFTER_S: u64 = 3600;
/// Seconds of nothing but 410 after which the webhook is closed: 23 hours.
const GONE_S: u64 = 23 * 3600;

/// The status with which a webhook says that it is gone for good.
const GONE: u16 = 410;

/// The failures of the updates that wait.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    tries: HashMap<i64, Try>,
    /// Unix seconds of the first 410 of an unbroken row.
    gone_since: Option<u64>,
}

#[derive(Debug)]
struct Try {
    failures: u32,
    delay_s: u64,
    /// Milliseconds of the clock.
    due_ms: u64,
}

/// What becomes of an update that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Retry,
    /// It would be too old by then.
    Expired,
}

impl Schedule {
    /// When an update may be sent, in milliseconds of the clock.
    pub(super) fn due_ms(&self, update_id: i64) -> u64 {
        self.tries.get(&update_id).map_or(0, |tried| tried.due_ms)
    }

    /// Forgets an update that is no more.
    pub(super) fn forget(&mut self, update_id: i64) {
        self.tries.remove(&update_id);
    }

    /// Plans the retry of an update that lives until `expires_at`, in Unix seconds.
    pub(super) fn failed(
        &mut self,
        update_id: i64,
        now_ms: u64,
        expires_at: u64,
        retry_after_s: u64,
        random: &mut Random,
    ) -> Verdict {
        let tried =
            self.tries.entry(update_id).or_insert(Try { failures: 0, delay_s: FIRST_DELAY_S, due_ms: 0 });
        let mut wait_s = retry_after_s.min(MAX_RETRY_AFTER_S);
        if wait_s == 0 && tried.failures > 0 {
            tried.delay_s = (tried.delay_s * 2).min(random.between(MAX_DELAY_S, 2 * MAX_DELAY_S));
            wait_s = tried.delay_s;
        }
        if now_ms / 1000 + wait_s > expires_at {
            self.forget(update_id);
            return Verdict::Expired;
        }
        tried.failures += 1;
        tried.due_ms = now_ms + wait_s * 1000;
        Verdict::Retry
    }

    /// Notes a status and says whether the webhook has been gone for so long that it is closed.
    pub(super) fn is_gone(&mut self, status: u16, now_s: u64) -> bool {
        if status != GONE {
            self.gone_since = None;
            return false;
        }
        now_s > *self.gone_since.get_or_insert(now_s) + GONE_S
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(schedule: &mut Schedule, retry_after: u64, times: usize) -> Vec<u64> {
        let mut random = Random::new(7);
        let fail = |_| {
            assert_eq!(schedule.failed(1, 5000, 100_000, retry_after, &mut random), Verdict::Retry);
            (schedule.due_ms(1) - 5000) / 1000
        };
        (0..times).map(fail).collect()
    }

    #[test]
    fn the_first_retry_is_immediate_and_the_next_ones_double() {
        assert_eq!(waits(&mut Schedule::default(), 0, 6), [0, 2, 4, 8, 16, 32]);
    }

    #[test]
    fn later_retries_wait_a_random_time_between_one_and_two_minutes() {
        let waits = waits(&mut Schedule::default(), 0, 40);
        assert!(waits[6..].iter().all(|wait| (60..=120).contains(wait)), "{waits:?}");
        assert!(waits[6..].iter().any(|wait| *wait != waits[7]), "{waits:?}");
    }

    #[test]
    fn a_retry_after_is_honoured_up_to_an_hour_and_does_not_grow_the_delay() {
        let mut schedule = Schedule::default();
        assert_eq!(waits(&mut schedule, 90, 2), [90, 90]);
        assert_eq!(waits(&mut schedule, 7200, 1), [3600]);
        assert_eq!(waits(&mut schedule, 0, 1), [2]);
    }

    #[test]
    fn an_update_that_would_be_too_old_is_given_up() {
        let mut schedule = Schedule::default();
        let mut random = Random::new(7);
        assert_eq!(schedule.failed(1, 10_000, 12, 3, &mut random), Verdict::Expired);
        assert_eq!(schedule.failed(1, 10_000, 12, 2, &mut random), Verdict::Retry);
    }

    #[test]
    fn a_webhook_is_closed_after_23_hours_of_nothing_but_410() {
        let mut schedule = Schedule::default();
        assert!(!schedule.is_gone(410, 100));
        assert!(!schedule.is_gone(410, 100 + GONE_S));
        assert!(schedule.is_gone(410, 101 + GONE_S));
        assert!(!schedule.is_gone(200, 102 + GONE_S));
        assert!(!schedule.is_gone(410, 103 + GONE_S));
    }
}

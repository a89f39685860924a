//! How long a job waits before it is tried again.

use std::time::Duration;

/// Tries before a job is given to the dead-letter queue. With [`delay_after`] they span a little over an hour, longer
/// than Telegram's usual disturbances.
pub const MOST_ATTEMPTS: u32 = 12;

/// The first wait; each further one is twice as long.
const FIRST_DELAY: Duration = Duration::from_secs(5);

/// No wait is longer.
const LONGEST_DELAY: Duration = Duration::from_mins(15);

/// The longest wait that is slept through inside an invocation; a longer one is given back to the queue, since a
/// sleeping function is paid for.
pub const LONGEST_NAP: Duration = Duration::from_secs(3);

/// The longest time a message can be hidden for. SQS allows 12 hours (`ChangeMessageVisibility`), counted from when it was
/// received; the worker may have had it for a minute by then, and clocks differ.
pub const LONGEST_HIDING: Duration = Duration::from_mins(12 * 60 - 5);

/// The wait after the `attempts`-th try failed, or `None` when it was the last.
pub fn delay_after(attempts: u32) -> Option<Duration> {
    if attempts >= MOST_ATTEMPTS {
        return None;
    }
    let doublings = attempts.saturating_sub(1).min(16);
    Some((FIRST_DELAY * 2_u32.pow(doublings)).min(LONGEST_DELAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour_and_then_end() {
        let waits: Vec<u64> = (1..).map_while(delay_after).map(|wait| wait.as_secs()).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900]);
    }
}

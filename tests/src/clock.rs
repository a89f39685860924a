//! One clock for the whole stack, which tests and `POST /_sim/clock` may push forward.
//!
//! Every simulated service reads its time here and waits here, so advancing the clock ages messages in flight,
//! deduplication windows, webhook retries and init data together, and nothing has to sleep.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// A shared clock: the system's time plus an offset that only grows.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    offset_ms: AtomicU64,
    advanced: watch::Sender<()>,
}

impl Default for Clock {
    fn default() -> Self {
        Self(Arc::new(Inner { offset_ms: AtomicU64::new(0), advanced: watch::Sender::new(()) }))
    }
}

impl Clock {
    /// Milliseconds since the Unix epoch, offset included.
    pub fn now_ms(&self) -> u64 {
        let system = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        u64::try_from(system).unwrap_or(u64::MAX).saturating_add(self.offset_ms())
    }

    /// Seconds since the Unix epoch, offset included.
    pub fn now_s(&self) -> u64 {
        self.now_ms() / 1000
    }

    /// How far the clock runs ahead of the system's, in milliseconds.
    pub fn offset_ms(&self) -> u64 {
        self.0.offset_ms.load(Ordering::SeqCst)
    }

    /// Pushes the clock forward and wakes whoever waits on it.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.0.offset_ms.fetch_add(by, Ordering::SeqCst);
        self.0.advanced.send_replace(());
    }

    /// Returns once the clock shows `at_ms` or later.
    pub async fn sleep_until_ms(&self, at_ms: u64) {
        let mut advanced = self.0.advanced.subscribe();
        loop {
            let now = self.now_ms();
            if now >= at_ms {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(at_ms - now)) => {}
                _ = advanced.changed() => {}
            }
        }
    }

    /// Waits for `duration` on this clock.
    pub async fn sleep(&self, duration: Duration) {
        let by = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        self.sleep_until_ms(self.now_ms().saturating_add(by)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn advancing_ends_a_wait() {
        let clock = Clock::default();
        let before = clock.now_ms();
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until_ms(before + 3_600_000).await }
        });
        clock.advance(Duration::from_hours(1));
        waiting.await.expect("the wait ends");
        assert!(clock.now_ms() >= before + 3_600_000);
    }
}

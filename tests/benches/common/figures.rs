//! What many times come down to, and how it is printed: tables that can be pasted into a document.

use std::time::Duration;

/// Times of one kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    /// The time that half of them stay below.
    pub(crate) fn median(&self) -> Duration {
        self.percentile(50)
    }

    /// The time that `percent` of a hundred stay below, by nearest rank. Zero when nothing was measured.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied().unwrap_or_default()
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The median and the time that only one of a hundred exceeds.
    pub(crate) fn both(&self) -> String {
        format!("{} / {}", ms(self.median()), ms(self.percentile(99)))
    }
}

impl Extend<Duration> for Times {
    fn extend<I: IntoIterator<Item = Duration>>(&mut self, times: I) {
        self.0.extend(times);
    }
}

impl IntoIterator for Times {
    type Item = Duration;
    type IntoIter = std::vec::IntoIter<Duration>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// A time in milliseconds.
pub(crate) fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1_000.0)
}

/// Bytes in millions, as the targets have them.
#[expect(clippy::cast_precision_loss, reason = "binaries and processes are far below 2^52 bytes")]
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// Prints a table in Markdown.
pub(crate) fn print<const COLUMNS: usize>(title: &str, heads: [&str; COLUMNS], rows: &[[String; COLUMNS]]) {
    println!("\n{title}\n");
    println!("| {} |", heads.join(" | "));
    println!("|{}", "---|".repeat(COLUMNS));
    for row in rows {
        println!("| {} |", row.join(" | "));
    }
}

//! What is counted, and under which names.
//!
//! These are calls of the facade `metrics`: they do nothing until a process installs a recorder, as the functions do.
//! CloudWatch has the metrics in [`NAMESPACE`]; the dashboard and the alarms of the template read them there. Each
//! combination of a name and its dimensions is a metric that is paid for, so there are few.

use std::time::Duration;

use metrics::{Label, Unit};

/// CloudWatch's name for all of them together.
pub const NAMESPACE: &str = "Lambdagram";

/// The dimension that every metric has: which stack it is of.
pub const STACK: &str = "Stack";

/// The dimension that [`QUEUE_AGE`] has besides.
pub const QUEUE: &str = "Queue";

/// Requests that were answered.
pub const REQUESTS: Counter = Counter { name: "Requests", unit: Unit::Count };

/// Of these, answers 500 and above.
pub const FAILURES: Counter = Counter { name: "Failures", unit: Unit::Count };

/// How long a request took in its handler, until the head of its answer was there.
pub const REQUEST_TIME: Sample = Sample { name: "RequestTime" };

/// Calls that Telegram answered, of the Bot API and of accounts, parts of files among them.
pub const TELEGRAM_CALLS: Counter = Counter { name: "TelegramCalls", unit: Unit::Count };

/// How long Telegram took for these together.
pub const TELEGRAM_TIME: Counter = Counter { name: "TelegramTime", unit: Unit::Milliseconds };

/// Calls that Telegram did not answer, or with an error of its own (5xx), and servers that were not reached.
pub const TELEGRAM_FAILURES: Counter = Counter { name: "TelegramFailures", unit: Unit::Count };

/// How long Telegram asked to wait (429, `FLOOD_WAIT`). Nobody sleeps that long.
pub const TELEGRAM_WAIT: Counter = Counter { name: "TelegramWait", unit: Unit::Seconds };

/// Contents of files that came from Telegram.
pub const BYTES_FROM_TELEGRAM: Counter = Counter { name: "BytesFromTelegram", unit: Unit::Bytes };

/// Contents of files that Telegram has confirmed.
pub const BYTES_TO_TELEGRAM: Counter = Counter { name: "BytesToTelegram", unit: Unit::Bytes };

/// How long requests waited for another one to be done with their session.
pub const LEASE_WAIT: Counter = Counter { name: "LeaseWait", unit: Unit::Milliseconds };

/// Requests that waited in vain.
pub const LEASE_REFUSALS: Counter = Counter { name: "LeaseRefusals", unit: Unit::Count };

/// Sessions that Telegram had ended, and stored ones that do not open.
pub const DEAD_SESSIONS: Counter = Counter { name: "DeadSessions", unit: Unit::Count };

/// How long a message had been in its queue when a worker first took it up. Has the dimension [`QUEUE`].
pub const QUEUE_AGE: Sample = Sample { name: "QueueAge" };

/// The counters among them.
pub const COUNTERS: [Counter; 11] = [
    REQUESTS,
    FAILURES,
    TELEGRAM_CALLS,
    TELEGRAM_TIME,
    TELEGRAM_FAILURES,
    TELEGRAM_WAIT,
    BYTES_FROM_TELEGRAM,
    BYTES_TO_TELEGRAM,
    LEASE_WAIT,
    LEASE_REFUSALS,
    DEAD_SESSIONS,
];

/// The samples among them.
pub const SAMPLES: [Sample; 2] = [REQUEST_TIME, QUEUE_AGE];

/// Something that adds up in an invocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Its name.
    pub name: &'static str,
    /// What it counts in.
    pub unit: Unit,
}

impl Counter {
    /// Counts so many more.
    pub fn add(self, amount: u64) {
        metrics::counter!(self.name).increment(amount);
    }

    /// Counts a time, in whole milliseconds.
    pub fn add_time(self, time: Duration) {
        self.add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
    }
}

/// A time of which each one is kept, in milliseconds. An invocation has few of them: the recorder keeps 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Its name.
    pub name: &'static str,
}

impl Sample {
    /// Keeps one.
    pub fn record(self, time: Duration) {
        metrics::histogram!(self.name).record(milliseconds(time));
    }

    /// Keeps one of this queue.
    pub fn record_of_queue(self, queue: &'static str, time: Duration) {
        metrics::histogram!(self.name, vec![Label::from_static_parts(QUEUE, queue)])
            .record(milliseconds(time));
    }
}

/// Names the units to the recorder that is installed.
pub fn describe() {
    for counter in COUNTERS {
        metrics::describe_counter!(counter.name, counter.unit, "");
    }
    for sample in SAMPLES {
        metrics::describe_histogram!(sample.name, Unit::Milliseconds, "");
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

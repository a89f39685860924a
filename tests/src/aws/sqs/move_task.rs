//! Bringing dead letters back: the tasks that move messages out of a dead-letter queue.
//!
//! A task without a rate does all its work at once; one with a rate does what is due whenever somebody looks at the
//! queues. Tasks live in memory: one that is cut off by a restart leaves its messages where they were.

use uuid::Uuid;

/// One task.
#[derive(Clone, Debug)]
pub(super) struct MoveTask {
    pub(super) handle: String,
    /// Name of the dead-letter queue.
    pub(super) source: String,
    /// Name of the queue to move to; if none, each message returns to the queue that it came from.
    pub(super) destination: Option<String>,
    pub(super) messages_per_second: Option<u32>,
    pub(super) started_ms: u64,
    pub(super) to_move: u64,
    pub(super) moved: u64,
    pub(super) status: Status,
}

/// How far a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Running,
    Completed,
    Cancelled,
    Failed(&'static str),
}

impl Status {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
            Self::Failed(_) => "FAILED",
        }
    }

    pub(super) fn failure_reason(self) -> Option<&'static str> {
        match self {
            Self::Failed(reason) => Some(reason),
            _ => None,
        }
    }
}

impl MoveTask {
    pub(super) fn new(
        source: &str,
        destination: Option<String>,
        messages_per_second: Option<u32>,
        now_ms: u64,
        to_move: usize,
    ) -> Self {
        Self {
            handle: Uuid::new_v4().to_string(),
            source: source.to_owned(),
            destination,
            messages_per_second,
            started_ms: now_ms,
            to_move: to_move as u64,
            moved: 0,
            status: Status::Running,
        }
    }

    pub(super) fn is_running(&self) -> bool {
        self.status == Status::Running
    }

    /// How many messages may be moved now.
    pub(super) fn due(&self, now_ms: u64) -> u64 {
        let allowed = self
            .messages_per_second
            .map_or(u64::MAX, |rate| 1 + now_ms.saturating_sub(self.started_ms) * u64::from(rate) / 1000);
        allowed.min(self.to_move).saturating_sub(self.moved)
    }

    /// When the next message may be moved.
    pub(super) fn next_due_ms(&self) -> Option<u64> {
        let rate = u64::from(self.messages_per_second.filter(|_| self.is_running())?);
        Some(self.started_ms + (self.moved * 1000).div_ceil(rate))
    }
}

//! Which messages a FIFO queue has accepted within the last five minutes.

use std::collections::{HashMap, VecDeque};

use super::limits::DEDUPLICATION_MS;

/// A message that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    pub(super) at_ms: u64,
    pub(super) message_id: String,
    pub(super) sequence_number: String,
}

/// Accepted messages by deduplication key. They outlive the messages: a deleted one still has no duplicate.
#[derive(Default)]
pub(super) struct Deduplication {
    accepted: HashMap<String, Accepted>,
    order: VecDeque<(u64, String)>,
    changes: Changes,
}

/// What has changed since it was last asked.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) added: Vec<(String, Accepted)>,
    /// Everything accepted up to this time is forgotten.
    pub(super) forgotten_until_ms: Option<u64>,
}

impl Deduplication {
    /// The key of a deduplication id, which counts in the whole queue or in its group alone.
    pub(super) fn key(id: &str, group: Option<&str>) -> String {
        // Neither part may contain a space.
        group.map_or_else(|| id.to_owned(), |group| format!("{group} {id}"))
    }

    /// The message that one with this key would duplicate.
    pub(super) fn find(&self, key: &str) -> Option<&Accepted> {
        self.accepted.get(key)
    }

    /// Remembers a message, and that this must be written down.
    pub(super) fn remember(&mut self, key: String, accepted: Accepted) {
        self.changes.added.push((key.clone(), accepted.clone()));
        self.restore(key, accepted);
    }

    /// Remembers a message that is written down already.
    pub(super) fn restore(&mut self, key: String, accepted: Accepted) {
        self.order.push_back((accepted.at_ms, key.clone()));
        self.accepted.insert(key, accepted);
    }

    /// Drops what lies further back than the deduplication interval.
    pub(super) fn advance(&mut self, now_ms: u64) {
        while let Some((at_ms, key)) = self.order.front()
            && at_ms + DEDUPLICATION_MS <= now_ms
        {
            self.changes.forgotten_until_ms = Some(*at_ms);
            self.accepted.remove(key);
            self.order.pop_front();
        }
    }

    /// Drops everything.
    pub(super) fn clear(&mut self) {
        self.accepted.clear();
        self.order.clear();
        self.changes = Changes { added: Vec::new(), forgotten_until_ms: Some(i64::MAX.unsigned_abs()) };
    }

    pub(super) fn is_changed(&self) -> bool {
        !self.changes.added.is_empty() || self.changes.forgotten_until_ms.is_some()
    }

    pub(super) fn take_changes(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }
}

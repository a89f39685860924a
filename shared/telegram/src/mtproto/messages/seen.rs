//! Identifiers of the messages that came, so that none counts twice.

use std::collections::BTreeSet;

/// Identifiers remembered at once.
const REMEMBERED: usize = 1024;

/// The highest identifiers that came.
#[derive(Default)]
pub(super) struct Seen(BTreeSet<i64>);

impl Seen {
    /// Notes an identifier. `false` when it came before, or is so low that it may have.
    pub(super) fn note(&mut self, id: i64) -> bool {
        if self.0.len() == REMEMBERED {
            if self.0.first().is_some_and(|lowest| id < *lowest) {
                return false;
            }
            if self.0.insert(id) {
                self.0.pop_first();
                return true;
            }
            return false;
        }
        self.0.insert(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_counts_once() {
        let mut seen = Seen::default();
        assert!(seen.note(5));
        assert!(seen.note(1));
        assert!(!seen.note(5));
    }

    #[test]
    fn one_that_may_have_been_forgotten_does_not_count() {
        let mut seen = Seen::default();
        for id in 1..=1_025 {
            assert!(seen.note(id));
        }
        assert!(!seen.note(1));
        assert!(!seen.note(1_025));
        assert!(seen.note(1_026));
    }
}

//! Messages that are being made: a second call with the same random id is refused until the first has ended
//! (core.telegram.org/api/updates, on `updateMessageID`).

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use grammers_tl_types::{Deserializable as _, Identifiable as _, functions};

/// The random ids of calls that have not ended. Accounts are not told apart: ids of 64 random bits do not meet.
#[derive(Default)]
pub(super) struct UnderWay(Mutex<HashSet<i64>>);

/// A call that has not ended.
pub(super) struct Entered<'a> {
    all: &'a UnderWay,
    random_id: Option<i64>,
}

/// The same message is being made already.
pub(super) struct Occupied;

impl UnderWay {
    /// Enters a call, given by its constructor and its arguments. Calls that send nothing never meet.
    pub(super) fn enter(&self, constructor: u32, arguments: &[u8]) -> Result<Entered<'_>, Occupied> {
        let random_id = match constructor {
            functions::messages::SendMedia::CONSTRUCTOR_ID => {
                functions::messages::SendMedia::from_bytes(arguments).ok().map(|request| request.random_id)
            }
            _ => None,
        };
        match random_id {
            Some(random_id) if !self.all().insert(random_id) => Err(Occupied),
            _ => Ok(Entered { all: self, random_id }),
        }
    }

    fn all(&self) -> MutexGuard<'_, HashSet<i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        if let Some(random_id) = self.random_id {
            self.all.all().remove(&random_id);
        }
    }
}

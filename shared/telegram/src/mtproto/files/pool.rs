//! Connections that outlive their readers.

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lambdagram_domain::session::{AuthKey, DcKey};
use tokio::time::Instant;

use super::Place;
use crate::mtproto::{Connection, clock};

/// Connections kept at most. A function serves one request at a time, and its next one is likely the same person's.
const MOST_IDLE: usize = 4;

/// How long a connection is kept. Address translation forgets it after 350 s (AWS's NAT gateways), and what it has
/// forgotten is only noticed by waiting.
const LONGEST_IDLE: Duration = Duration::from_mins(4);

/// Salts remembered at most, each of one key.
const MOST_SALTS: usize = 16;

/// Connections to addresses for files that nobody uses at the moment, the most recent last. A clone is the same pool.
#[derive(Clone, Default)]
pub struct MediaPool(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    idle: VecDeque<Idle>,
    /// What was given as a key, and the salt that was learnt since.
    salts: VecDeque<(DcKey, i64)>,
}

struct Idle {
    line: Line,
    key: AuthKey,
    dc: i32,
    address: SocketAddr,
    since: Instant,
    /// The same by the clock on the wall, which does not stand still while the process is frozen.
    since_1970: Duration,
}

/// A connection, and whether it was said over it who asks.
pub(super) struct Line {
    pub(super) connection: Connection,
    pub(super) introduced: bool,
}

impl fmt::Debug for MediaPool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("MediaPool").field("idle", &self.kept().idle.len()).finish_non_exhaustive()
    }
}

impl MediaPool {
    /// An empty pool.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many connections it keeps.
    pub fn idle(&self) -> usize {
        self.kept().idle.len()
    }

    /// Takes a connection for that place out, and says how long nobody used it.
    pub(super) fn take(&self, place: &Place) -> Option<(Line, Duration)> {
        let mut kept = self.kept();
        kept.idle.retain(|idle| !idle.line.connection.is_closed() && idle.time() <= LONGEST_IDLE);
        let at = kept.idle.iter().rposition(|idle| idle.serves(place))?;
        let idle = kept.idle.remove(at)?;
        let time = idle.time();
        Some((idle.line, time))
    }

    /// Keeps a connection over which nothing is under way.
    pub(super) fn put(&self, place: &Place, line: Line) {
        let mut kept = self.kept();
        let idle = Idle {
            line,
            key: place.key.key.clone(),
            dc: place.dc,
            address: place.address,
            since: Instant::now(),
            since_1970: clock::now(),
        };
        kept.idle.push_back(idle);
        if kept.idle.len() > MOST_IDLE {
            kept.idle.pop_front();
        }
    }

    /// The salt that was last good with that key: newer than what the session says, which nobody updates while only
    /// files are read.
    pub(super) fn salt(&self, place: &Place) -> i64 {
        let kept = self.kept();
        let known = kept.salts.iter().find(|(known, _)| known == &place.key);
        known.map_or(place.key.salt, |(_, salt)| *salt)
    }

    pub(super) fn note_salt(&self, place: &Place, salt: i64) {
        if self.salt(place) == salt {
            return;
        }
        let mut kept = self.kept();
        kept.salts.retain(|(known, _)| known != &place.key);
        kept.salts.push_back((place.key.clone(), salt));
        if kept.salts.len() > MOST_SALTS {
            kept.salts.pop_front();
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Idle {
    fn serves(&self, place: &Place) -> bool {
        self.key == place.key.key && (self.dc, self.address) == (place.dc, place.address)
    }

    fn time(&self) -> Duration {
        self.since.elapsed().max(clock::now().saturating_sub(self.since_1970))
    }
}

//! The lease of a session: whoever talks to Telegram with it holds it, and nobody else does.
//!
//! A request that dies leaves its lease behind, which ends by itself [`LEASE_AFTER_TERM`] after the time the request had.

use std::time::{Duration, UNIX_EPOCH};

use lambdagram_aws::{Attempt, Lease, LeaseToken, Leased, SessionRow};
use lambdagram_domain::measure;
use lambdagram_domain::session::SessionId;
use lambdagram_domain::time::UnixTime;
use uuid::Uuid;

use super::{Accounts, Missing, Term};
use crate::http::ApiError;

/// How long a lease outlives the time its holder has: an invocation is killed at its deadline, clocks differ, and
/// Telegram notices the end of a connection with a delay.
const LEASE_AFTER_TERM: Duration = Duration::from_secs(10);

/// How long a request waits for another one to be done with the session, before it answers 429.
pub(super) const LEASE_WAIT: Duration = Duration::from_secs(3);

/// Between two looks at a lease that another request holds.
const LEASE_PAUSE: Duration = Duration::from_millis(100);

/// What `retry_after` says when another request holds the session: most are done within a second.
const BUSY_SECONDS: u64 = 2;

impl Accounts {
    /// Takes the lease of a session for `term`, and waits for `patience` at most while another request has it.
    pub(super) async fn lease(
        &self,
        id: &SessionId,
        term: Term,
        patience: Duration,
        attempt: Option<Attempt>,
    ) -> Result<(SessionRow, Lease), Missing> {
        let token = new_lease_token();
        let began = tokio::time::Instant::now();
        let until = began + patience;
        let mut had_to_wait = false;
        loop {
            // The end of the wait is real time; what it waits for is counted by the clock of the table.
            let now = self.clock.now();
            match self.sessions.lease(id, &token, now, lease_end(term), attempt.as_ref()).await? {
                Leased::Granted(row) => {
                    if had_to_wait {
                        measure::LEASE_WAIT.add_time(began.elapsed());
                    }
                    let lease = Lease { id: row.id.clone(), token, version: row.version };
                    return Ok((row, lease));
                }
                Leased::Gone => return Err(Missing::Gone),
                Leased::TooManyAttempts { expires_at } => {
                    let retry_after = expires_at.since(now).as_secs().max(1);
                    return Err(ApiError::TooManyRequests { retry_after }.into());
                }
                Leased::Busy { .. } if tokio::time::Instant::now() < until => {
                    had_to_wait = true;
                    tokio::time::sleep(LEASE_PAUSE).await;
                }
                Leased::Busy { .. } => {
                    measure::LEASE_WAIT.add_time(began.elapsed());
                    measure::LEASE_REFUSALS.add(1);
                    return Err(ApiError::Busy { retry_after: BUSY_SECONDS }.into());
                }
            }
        }
    }
}

pub(super) fn new_lease_token() -> LeaseToken {
    LeaseToken(Uuid::new_v4().to_string())
}

/// When a lease taken for `term` ends by itself.
pub(super) fn lease_end(term: Term) -> UnixTime {
    let end = term.end().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixTime(0).plus(end + LEASE_AFTER_TERM)
}

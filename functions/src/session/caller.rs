//! Who asks, and how long the work for them may take.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambdagram_domain::session::SessionToken;
use lambdagram_domain::time::UnixTime;

use super::Accounts;
use crate::http::{ApiError, By, Incoming};

/// Who has the token of a session, and how it came.
#[derive(Clone)]
pub(crate) struct Caller {
    /// The token.
    pub(crate) token: SessionToken,
    /// How a new one would be given.
    pub(crate) by: By,
}

/// The time for one conversation with Telegram, by the clock of the function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term {
    end: SystemTime,
}

impl Term {
    /// All the time that a request has.
    pub(crate) fn of(request: &Incoming) -> Self {
        Self { end: request.deadline() }
    }

    /// All the time until `end`, when the invocation is cut off.
    pub(crate) fn until(end: SystemTime) -> Self {
        Self { end }
    }

    /// At most `time` of it, from `now` on.
    pub(crate) fn at_most(self, time: Duration, now: SystemTime) -> Self {
        Self { end: self.end.min(now + time) }
    }

    /// When it is over, to the second.
    pub(crate) fn ends_at(self) -> UnixTime {
        UnixTime(self.end.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
    }

    pub(super) fn end(self) -> SystemTime {
        self.end
    }
}

impl Accounts {
    /// Who sent the request, where it has a token at all.
    pub(crate) fn caller(&self, request: &Incoming) -> Option<Caller> {
        request.session_token(self.cookies).map(|(token, by)| Caller { token, by })
    }

    /// Refuses what a page of a foreign origin had a browser do with its cookie.
    pub(crate) fn check_origin(&self, request: &Incoming) -> Result<(), ApiError> {
        match self.caller(request) {
            Some(Caller { by: By::Bearer, .. }) => Ok(()),
            Some(Caller { by: By::Cookie, .. }) | None => request.check_origin(),
        }
    }
}

//! The conversation with Telegram, which ends before the lease does, whatever happens in it.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use lambdagram_domain::session::Session;
use lambdagram_domain::time::UnixTime;
use lambdagram_telegram::mtproto::{Link, TelegramError};
use thiserror::Error;
use tokio::time::Instant;

use super::{Accounts, Term};
use crate::http::Incoming;

/// Kept free at the end of an invocation, to write down what became of the session: one call of the SDK with all its
/// retries takes 8 s at most.
const TIME_TO_STORE: Duration = Duration::from_secs(9);

/// Why Telegram did not do what it was asked.
#[derive(Debug, Error)]
pub(crate) enum Trouble {
    /// It said no, or nothing.
    #[error(transparent)]
    Telegram(#[from] TelegramError),
    /// It said so while it may have let the person in already.
    #[error("{0}")]
    InDoubt(TelegramError),
    /// The client's code panicked.
    #[error("the client panicked")]
    Panicked,
}

impl Trouble {
    /// Whether it is known what became of the try: Telegram refused it. Errors of its own, 500 and -503, come before
    /// or after the effect.
    pub(crate) fn is_answer(&self) -> bool {
        match self {
            Self::Telegram(TelegramError::Rpc { code, .. }) => (300..500).contains(code),
            Self::Telegram(TelegramError::Flood { .. } | TelegramError::Dead(_)) => true,
            Self::Telegram(_) | Self::InDoubt(_) | Self::Panicked => false,
        }
    }

    /// Whether Telegram does not know this login any more.
    pub(crate) fn is_dead(&self) -> bool {
        matches!(self, Self::Telegram(TelegramError::Dead(_)) | Self::InDoubt(TelegramError::Dead(_)))
    }
}

impl Accounts {
    /// When this request's conversation with Telegram has to be over.
    pub(crate) fn deadline(&self, request: &Incoming) -> Instant {
        self.end_of(Term::of(request))
    }

    /// Now, by the clock that everything is decided by.
    pub(crate) fn now(&self) -> UnixTime {
        self.clock.now()
    }

    /// The same, as exactly as the machine knows it.
    pub(crate) fn time(&self) -> SystemTime {
        self.clock.time()
    }

    /// When a conversation has to be over that has `term`.
    pub(crate) fn end_of(&self, term: Term) -> Instant {
        Instant::now() + self.left_of(term).saturating_sub(TIME_TO_STORE)
    }

    /// What is left of `term`.
    pub(crate) fn left_of(&self, term: Term) -> Duration {
        term.end().duration_since(self.clock.time()).unwrap_or_default()
    }

    /// A conversation for `session`; it has to be closed before the lease is given back.
    pub(crate) fn link<'a>(&self, session: &'a mut Session, deadline: Instant) -> Link<'a> {
        self.telegram().link(session, deadline)
    }
}

/// Waits for `work` until `deadline`, and survives its panics.
pub(crate) async fn within<T, E: Into<Trouble>>(
    deadline: Instant,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, Trouble> {
    match tokio::time::timeout_at(deadline, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(outcome)) => outcome.map_err(E::into),
        Ok(Err(_panic)) => Err(Trouble::Panicked),
        Err(_) => Err(TelegramError::Timeout.into()),
    }
}

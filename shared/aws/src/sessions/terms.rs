//! What is said about stored sessions and their leases.

use lambdagram_domain::session::{Kind, Sealed, SessionId};
use lambdagram_domain::time::UnixTime;
use thiserror::Error;

use crate::error::AwsError;

/// A stored session, without its lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Its key.
    pub id: SessionId,
    /// What it is for.
    pub kind: Kind,
    /// Counts the changes of what is sealed, and is sealed with it.
    pub version: u64,
    /// The session.
    pub sealed: Sealed,
    /// When it stops existing, whether or not DynamoDB has removed it.
    pub expires_at: UnixTime,
    /// When Telegram last showed that it knows this session.
    pub checked_at: UnixTime,
    /// Codes and passwords tried.
    pub attempts: u32,
    /// Stands for the first code or password tried whose end is not known.
    pub mark: Option<String>,
}

/// Names one lease, so that nobody else can write under it. New for each lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseToken(pub String);

/// A lease that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The session.
    pub id: SessionId,
    /// The lease's token.
    pub token: LeaseToken,
    /// The row's version.
    pub version: u64,
}

impl Lease {
    /// The version under which the next content is sealed.
    pub fn next_version(&self) -> u64 {
        self.version + 1
    }
}

/// A try of a code or password, noted before Telegram is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Stands for what is tried.
    pub mark: String,
    /// How many tries there are.
    pub most: u32,
}

/// What became of a lease that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leased {
    /// It is held. The row is as it was before: the attempt and its mark are not in it.
    Granted(SessionRow),
    /// Somebody else holds it.
    Busy {
        /// When it ends by itself, if it is not given back before.
        until: UnixTime,
    },
    /// There is no such session, or its time is over.
    Gone,
    /// As many codes or passwords were tried as may be.
    TooManyAttempts {
        /// When the session stops existing, and another one may be begun.
        expires_at: UnixTime,
    },
}

/// What is written when a lease is given back. The default changes nothing.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// New content, sealed as [`Lease::next_version`], and its kind.
    pub sealed: Option<(Kind, Sealed)>,
    /// When Telegram showed that it knows this session.
    pub checked_at: Option<UnixTime>,
    /// When the session stops existing.
    pub expires_at: Option<UnixTime>,
    /// The end of the marked attempt is known: its mark goes.
    pub clear_mark: bool,
    /// A new code was asked for, or one was right: tries are counted anew.
    pub reset_attempts: bool,
}

/// What stays in the place of a session that moves to another token.
#[derive(Clone, Debug)]
pub struct Forward {
    /// Where it went, sealed as [`Lease::next_version`] and [`Kind::Moved`].
    pub sealed: Sealed,
    /// Stands for the code or password that succeeded.
    pub mark: Option<String>,
    /// When the forward stops existing.
    pub expires_at: UnixTime,
}

/// Why a write under a lease did not happen.
#[derive(Debug, Error)]
pub enum LeaseError {
    /// The lease has passed to another request, or the session is gone.
    #[error("the lease is lost")]
    Lost,
    /// DynamoDB did not answer as it should.
    #[error(transparent)]
    Aws(#[from] AwsError),
}

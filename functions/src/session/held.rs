//! A session in the hands of one request: found by its token, under its lease, unsealed.
//!
//! The way back is one write: a change and the end of the lease, a new token in place of this one, or the end of the
//! session.

use std::time::Duration;

use lambdagram_aws::{Attempt, Change, Forward, Lease, SessionRow};
use lambdagram_domain::measure;
use lambdagram_domain::session::{
    AccountUser, Kind, MasterKeys, OpenError, Sealed, Sealer, Session, SessionToken, Stage,
};
use lambdagram_domain::time::UnixTime;

use super::lease::{LEASE_WAIT, lease_end, new_lease_token};
use super::{Accounts, Caller, PENDING_LIFE, Term, Trouble};
use crate::http::{ApiError, By, Incoming};

/// Codes or passwords that are tried in one login, right ones included: a person mistypes now and then, and five digits
/// have 100,000 forms. Telegram counts as well.
pub(crate) const MOST_ATTEMPTS: u32 = 10;

/// How long the old token of a session that moved to a new one still leads there: for a repeat of the request whose
/// answer was lost.
const FORWARDED_FOR: Duration = Duration::from_mins(5);

/// The version a row begins with.
const FIRST_VERSION: u64 = 1;

/// A session that no other request uses at the moment.
pub(crate) struct Held {
    /// What the session has come to; a change is stored by [`Accounts::store`].
    pub(crate) session: Session,
    /// How the caller sent the token, and gets a new one.
    pub(crate) by: By,
    /// When Telegram last proved the session.
    pub(crate) checked_at: UnixTime,
    /// What is not known of tries before this one.
    pub(crate) doubt: Doubt,
    kind: Kind,
    token: SessionToken,
    /// The mark of this request's try.
    mark: Option<String>,
    sealer: Sealer,
    lease: Lease,
}

/// A try to sign in.
pub(crate) struct Try<'a> {
    /// What is tried: the same text is not the same try in another place.
    pub(crate) purpose: &'static str,
    /// The code or the password.
    pub(crate) text: &'a str,
    /// How many tries the login has.
    pub(crate) most: u32,
}

/// Whether a try was made before of which nobody wrote down how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// No.
    None,
    /// This very try.
    ThisTry,
    /// Another code or password: its mark is on the row, and this request's is not.
    AnotherTry,
}

/// What a token led to.
pub(crate) enum Found {
    /// The session.
    Session(Box<Held>),
    /// This very try was made before, and succeeded: the session goes on under another token.
    Moved {
        /// The other token.
        to: SessionToken,
        /// How the caller sent the old one.
        by: By,
        /// Who signed in.
        user: AccountUser,
    },
}

/// Why there is no session.
pub(crate) enum Missing {
    /// None of that token, or not any more.
    Gone,
    /// Something else stands in the way.
    Error(ApiError),
}

impl Missing {
    /// The error to answer, `gone` for a session that is not there.
    pub(crate) fn or(self, gone: ApiError) -> ApiError {
        match self {
            Self::Gone => gone,
            Self::Error(error) => error,
        }
    }
}

impl<E: Into<ApiError>> From<E> for Missing {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

impl Accounts {
    /// Makes a session that nobody but this request knows of, and stores it under its lease.
    pub(crate) async fn begin(
        &self,
        request: &Incoming,
        session: Session,
        by: By,
    ) -> Result<(SessionToken, Held), ApiError> {
        let token = SessionToken::random();
        let sealer = self.master_keys().sealer(&token);
        let row = SessionRow {
            id: token.id(),
            kind: Kind::Pending,
            version: FIRST_VERSION,
            sealed: sealer.seal(Kind::Pending, FIRST_VERSION, &session),
            expires_at: request.now().plus(PENDING_LIFE),
            checked_at: request.now(),
            attempts: 0,
            mark: None,
        };
        let lease = Lease { id: row.id.clone(), token: new_lease_token(), version: FIRST_VERSION };
        self.sessions.create(&row, Some((&lease.token, lease_end(Term::of(request))))).await?;
        let held = Held {
            session,
            by,
            checked_at: row.checked_at,
            doubt: Doubt::None,
            kind: Kind::Pending,
            token: token.clone(),
            mark: None,
            sealer,
            lease,
        };
        Ok((token, held))
    }

    /// Takes the session of the request's token under its lease; a try to sign in is counted before it is made.
    pub(crate) async fn hold(&self, request: &Incoming, attempt: Option<Try<'_>>) -> Result<Found, Missing> {
        let caller = self.caller(request).ok_or(Missing::Gone)?;
        self.hold_for(&caller, Term::of(request), LEASE_WAIT, attempt).await
    }

    /// Takes a session under its lease for `term`, after `patience` at most.
    pub(super) async fn hold_for(
        &self,
        caller: &Caller,
        term: Term,
        patience: Duration,
        attempt: Option<Try<'_>>,
    ) -> Result<Found, Missing> {
        let Caller { token, by } = caller.clone();
        let sealer = self.master_keys().sealer(&token);
        let mark = attempt.as_ref().map(|attempt| sealer.mark(attempt.purpose, attempt.text));
        let counted = attempt.as_ref().zip(mark.clone());
        let counted = counted.map(|(attempt, mark)| Attempt { mark, most: attempt.most });
        let (row, lease) = self.lease(&token.id(), term, patience, counted).await?;
        let session = match self.unseal(&token, &row).await {
            Ok(session) => session,
            Err(missing) => {
                self.sessions.release(&lease, Change::default()).await?;
                return Err(missing);
            }
        };
        // A master secret that was new here has been read since.
        let sealer = self.master_keys().sealer(&token);
        let same_try = attempt
            .zip(row.mark.as_deref())
            .is_some_and(|(attempt, mark)| sealer.is_mark_of(mark, attempt.purpose, attempt.text));
        if let Stage::Moved { to, user } = session.stage {
            self.sessions.release(&lease, Change::default()).await?;
            return if same_try { Ok(Found::Moved { to, by, user }) } else { Err(Missing::Gone) };
        }
        Ok(Found::Session(Box::new(Held {
            session,
            by,
            checked_at: row.checked_at,
            doubt: match row.mark {
                None => Doubt::None,
                Some(_) if same_try => Doubt::ThisTry,
                Some(_) => Doubt::AnotherTry,
            },
            kind: row.kind,
            token,
            mark,
            sealer,
            lease,
        })))
    }

    /// The session of the request's token as it is stored, without a lease: nothing may be done with it at Telegram.
    pub(crate) async fn look_up(&self, caller: &Caller) -> Result<(Session, SessionRow), Missing> {
        let row = self.sessions.get(&caller.token.id(), self.clock.now()).await?.ok_or(Missing::Gone)?;
        let session = self.unseal(&caller.token, &row).await?;
        Ok((session, row))
    }

    async fn unseal(&self, token: &SessionToken, row: &SessionRow) -> Result<Session, Missing> {
        let open = || self.master_keys().sealer(token).open(row.kind, row.version, &row.sealed);
        let opened = match open() {
            Err(OpenError::UnknownKey) if self.secrets.refresh(self.clock.now()).await? => open(),
            outcome => outcome,
        };
        opened.map_err(|cause| {
            tracing::error!(cause = %cause, "A stored session does not open");
            measure::DEAD_SESSIONS.add(1);
            Missing::Gone
        })
    }

    /// Stores what the session has come to, and lets others have it.
    pub(crate) async fn store(&self, held: Held, progress: Progress) -> Result<(), ApiError> {
        let change = Change {
            sealed: Some((held.kind, held.sealed_again())),
            clear_mark: match progress {
                Progress::Unknown => false,
                Progress::Known => held.doubt != Doubt::AnotherTry,
                Progress::NextStage => true,
            },
            reset_attempts: progress == Progress::NextStage,
            ..Change::default()
        };
        Ok(self.sessions.release(&held.lease, change).await?)
    }

    /// Stores that Telegram has just proved the session: its life begins anew.
    pub(crate) async fn store_proved(&self, held: Held, now: UnixTime) -> Result<(), ApiError> {
        let change = Change {
            sealed: Some((held.kind, held.sealed_again())),
            checked_at: Some(now),
            expires_at: Some(now.plus(self.life)),
            ..Change::default()
        };
        Ok(self.sessions.release(&held.lease, change).await?)
    }

    /// Gives the session back as it was.
    pub(crate) async fn put_back(&self, held: Held) -> Result<(), ApiError> {
        let change = Change { clear_mark: held.doubt == Doubt::None, ..Change::default() };
        Ok(self.sessions.release(&held.lease, change).await?)
    }

    /// Notes that it is known what the try in doubt came to: the mark on the row is this try's from now on.
    pub(crate) async fn mark_anew(&self, mut held: Held) -> Result<Held, ApiError> {
        if let (Doubt::AnotherTry, Some(mark)) = (held.doubt, &held.mark) {
            self.sessions.mark(&held.lease, mark).await?;
        }
        held.doubt = Doubt::None;
        Ok(held)
    }

    /// Moves a login that succeeded to a new token, in one write: whoever knew the old one, knew it before there was
    /// anything to take. For a while the old one leads the same try there again, since an answer may be lost.
    pub(crate) async fn move_to_new_token(
        &self,
        held: Held,
        user: AccountUser,
        now: UnixTime,
    ) -> Result<SessionToken, ApiError> {
        let token = SessionToken::random();
        let stage = Stage::SignedIn { user: user.clone() };
        let session = Session { stage, ..held.session };
        let new = SessionRow {
            id: token.id(),
            kind: Kind::Account,
            version: FIRST_VERSION,
            sealed: self.master_keys().sealer(&token).seal(Kind::Account, FIRST_VERSION, &session),
            expires_at: now.plus(self.life),
            checked_at: now,
            attempts: 0,
            mark: None,
        };
        let forward = Session::new(session.home_dc, Stage::Moved { to: token.clone(), user });
        let forward = held.sealer.seal(Kind::Moved, held.lease.next_version(), &forward);
        let forward = Forward { sealed: forward, mark: held.mark, expires_at: now.plus(FORWARDED_FOR) };
        self.sessions.move_on(&held.lease, &forward, &new).await?;
        Ok(token)
    }

    /// Deletes the session.
    pub(crate) async fn forget(&self, held: Held) -> Result<(), ApiError> {
        Ok(self.sessions.delete(&held.lease).await?)
    }

    /// Deletes a session that Telegram does not know any more, for `cause`.
    pub(crate) async fn forget_dead(&self, held: Held, cause: &Trouble) -> Result<(), ApiError> {
        tracing::warn!(cause = %cause, "Telegram has ended a session");
        measure::DEAD_SESSIONS.add(1);
        self.forget(held).await
    }

    /// The master secrets in force.
    pub(crate) fn master_keys(&self) -> MasterKeys {
        let versions = self.secrets.versions();
        let previous = versions.previous.as_ref().map(|version| &version.session_key);
        MasterKeys::new(&versions.current.session_key, previous)
    }
}

/// How far a request brought a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Nobody knows how the try ended; a repeat of it has to find out.
    Unknown,
    /// It is known how the try ended.
    Known,
    /// The login has come to its next stage, which has tries of its own.
    NextStage,
}

impl Held {
    /// The token that led here.
    pub(crate) fn token(&self) -> &SessionToken {
        &self.token
    }

    fn sealed_again(&self) -> Sealed {
        self.sealer.seal(self.kind, self.lease.next_version(), &self.session)
    }
}

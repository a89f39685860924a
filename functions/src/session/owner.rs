//! The way in and out for those who are signed in.

use std::time::Duration;

use http::header::SET_COOKIE;
use lambdagram_domain::session::{Session, Stage};
use lambdagram_telegram::mtproto::{TelegramError, auth};

use super::lease::LEASE_WAIT;
use super::{Accounts, Caller, Found, Held, Term, Trouble, refusal, within};
use crate::http::{Answer, ApiError, By, Failure, Incoming};

impl Accounts {
    /// Takes the session of somebody who is signed in.
    ///
    /// # Errors
    ///
    /// [`ApiError::NotAuthenticated`] for everybody else.
    pub(crate) async fn hold_signed_in(&self, request: &Incoming) -> Result<Held, ApiError> {
        let caller = self.caller(request).ok_or(ApiError::NotAuthenticated)?;
        self.hold_owner(&caller, Term::of(request), LEASE_WAIT).await
    }

    /// The session of somebody who is signed in as it is stored: without a lease, so that nothing may be done with it
    /// over a main connection.
    ///
    /// # Errors
    ///
    /// [`ApiError::NotAuthenticated`] for everybody else.
    pub(crate) async fn look_up_signed_in(&self, caller: &Caller) -> Result<Session, ApiError> {
        let found = self.look_up(caller).await;
        let (session, _) = found.map_err(|missing| missing.or(ApiError::NotAuthenticated))?;
        match session.stage {
            Stage::SignedIn { .. } => Ok(session),
            _ => Err(ApiError::NotAuthenticated),
        }
    }

    /// Takes the session of somebody who is signed in for `term`, and waits for `patience` at most.
    ///
    /// # Errors
    ///
    /// [`ApiError::NotAuthenticated`] for everybody else; [`ApiError::Busy`] when another request has it.
    pub(crate) async fn hold_owner(
        &self,
        caller: &Caller,
        term: Term,
        patience: Duration,
    ) -> Result<Held, ApiError> {
        let found = self.hold_for(caller, term, patience, None).await;
        match found.map_err(|missing| missing.or(ApiError::NotAuthenticated))? {
            Found::Session(held) if matches!(held.session.stage, Stage::SignedIn { .. }) => Ok(*held),
            Found::Session(held) => {
                self.put_back(*held).await?;
                Err(ApiError::NotAuthenticated)
            }
            Found::Moved { .. } => Err(ApiError::NotAuthenticated),
        }
    }

    /// Gives back a session that Telegram has just proved: its life begins anew, and so does its cookie's.
    pub(crate) async fn put_back_proved(
        &self,
        request: &Incoming,
        held: Held,
        answer: Answer,
    ) -> Result<Answer, ApiError> {
        let (by, token) = (held.by, held.token().encode());
        self.store_proved(held, request.now()).await?;
        Ok(match by {
            By::Cookie => answer.with(SET_COOKIE, &self.cookies.set(&token, self.life)),
            By::Bearer => answer,
        })
    }

    /// Gives back a session with which something failed, and says what to answer. One that Telegram does not know any
    /// more is deleted.
    pub(crate) async fn put_back_after(&self, held: Held, what: Failure, trouble: Trouble) -> ApiError {
        if trouble.is_dead() {
            return match self.forget_dead(held, &trouble).await {
                Ok(()) => ApiError::NotAuthenticated.with_cookie(self.cookies.clear()),
                Err(error) => error,
            };
        }
        match self.put_back(held).await {
            Ok(()) => refusal(what, trouble),
            Err(error) => error,
        }
    }

    /// Ends the session of a login that Telegram does not know any more, and says what its owner is told. An address for
    /// files alone is not believed: the account's own data centre is asked first, within `term`.
    pub(crate) async fn end_if_dead(
        &self,
        caller: &Caller,
        term: Term,
        patience: Duration,
        what: Failure,
    ) -> ApiError {
        let mut held = match self.hold_owner(caller, term, patience).await {
            Ok(held) => held,
            Err(error) => return error,
        };
        let deadline = self.end_of(term);
        let mut link = self.link(&mut held.session, deadline);
        let asked = within(deadline, auth::who_am_i(&mut link)).await;
        link.close().await;
        let trouble = match asked {
            Err(trouble) => trouble,
            Ok(_) => TelegramError::Protocol("the login is known, and not where files are").into(),
        };
        self.put_back_after(held, what, trouble).await
    }
}

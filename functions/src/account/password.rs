//! The password of an account that has one, whichever request brings it.

use lambdagram_domain::login::Password;
use lambdagram_telegram::mtproto::auth::{self, SignIn};
use lambdagram_telegram::mtproto::{Link, TelegramError};

use super::Accounts;
use super::admission::{Admission, admit};
use super::held::{Held, Progress};
use super::refusal::refusal;
use super::telegram::{Trouble, within};
use crate::config::SignInAllow;
use crate::http::{Answer, ApiError, Failure, Incoming};

impl Accounts {
    /// Signs in with `password` what a code or a QR login has begun.
    pub(super) async fn try_password(
        &self,
        request: &Incoming,
        mut held: Held,
        password: &Password,
        allow: &SignInAllow,
    ) -> Result<Answer, ApiError> {
        let (deadline, in_doubt) = (self.deadline(request), held.in_doubt);
        let mut link = self.link(&mut held.session, deadline);
        let tried = within(deadline, converse(&mut link, password, allow, in_doubt)).await;
        link.close().await;
        match tried {
            Ok(Admission::Admitted(user)) => self.finish_sign_in(request, held, user).await,
            Ok(Admission::SentAway) => Err(self.turn_away(held).await?),
            Err(trouble) => Err(self.give_up(held, Failure::SignIn, trouble).await?),
        }
    }

    /// Deletes the session of somebody who was sent away, and says what they are told.
    pub(super) async fn turn_away(&self, held: Held) -> Result<ApiError, ApiError> {
        self.forget(held).await?;
        Ok(ApiError::SignInNotAllowed.with_cookie(self.cookies.clear()))
    }

    /// Stores a login that Telegram did not let pass, and says what the person is told.
    pub(super) async fn give_up(
        &self,
        held: Held,
        what: Failure,
        trouble: Trouble,
    ) -> Result<ApiError, ApiError> {
        if trouble.is_dead() {
            // Telegram has forgotten the key, and with it everything that was begun.
            self.forget(held).await?;
            return Ok(ApiError::CodeExpired);
        }
        let progress = if trouble.is_answer() { Progress::Known } else { Progress::Unknown };
        self.store(held, progress).await?;
        Ok(refusal(what, trouble))
    }
}

async fn converse(
    link: &mut Link<'_>,
    password: &Password,
    allow: &SignInAllow,
    in_doubt: bool,
) -> Result<Admission, TelegramError> {
    let known = if in_doubt { already_signed_in(link).await? } else { None };
    let user = match known {
        Some(SignIn::Done(user)) => user,
        Some(SignIn::PasswordNeeded) | None => auth::check_password(link, password).await?,
    };
    admit(link, allow, user).await
}

/// What an earlier try came to of which nobody wrote down the end: `None` when it came to nothing.
pub(super) async fn already_signed_in(link: &mut Link<'_>) -> Result<Option<SignIn>, TelegramError> {
    match auth::who_am_i(link).await {
        Ok(user) => Ok(Some(SignIn::Done(user))),
        Err(TelegramError::Dead) => Ok(None),
        Err(error) if error.is("SESSION_PASSWORD_NEEDED") => Ok(Some(SignIn::PasswordNeeded)),
        Err(error) => Err(error),
    }
}

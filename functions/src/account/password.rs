//! The password of an account that has one, whichever request brings it.

use lambdagram_domain::login::Password;
use lambdagram_telegram::mtproto::Link;
use lambdagram_telegram::mtproto::auth::{self, SignIn};

use super::admission::{Admission, admit};
use crate::config::SignInAllow;
use crate::http::{Answer, ApiError, Failure, Incoming};
use crate::session::{Accounts, Held, Progress, Trouble, refusal, within};

impl Accounts {
    /// Signs in with `password` what a code or a QR login has begun.
    pub(super) async fn try_password(
        &self,
        request: &Incoming,
        held: Held,
        password: &Password,
        allow: &SignInAllow,
    ) -> Result<Answer, ApiError> {
        let wrong = ApiError::InvalidPassword;
        let (mut held, known) = self.look_back(request, held, Failure::SignIn, wrong).await?;
        let deadline = self.deadline(request);
        let mut link = self.link(&mut held.session, deadline);
        let tried = within(deadline, converse(&mut link, password, allow, known)).await;
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
            self.forget_dead(held, &trouble).await?;
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
    known: Option<SignIn>,
) -> Result<Admission, Trouble> {
    let user = match known {
        Some(SignIn::Done(user)) => user,
        Some(SignIn::PasswordNeeded) | None => auth::check_password(link, password).await?,
    };
    admit(link, allow, user).await.map_err(Trouble::InDoubt)
}

/// What the account's owner wrote down to remember the password by. Nobody is kept from giving it for want of that.
pub(super) async fn hint(link: &mut Link<'_>) -> Option<String> {
    let asked = auth::password_hint(link).await;
    asked.unwrap_or_else(|cause| {
        tracing::warn!(cause = %cause, "The hint to a password is not known");
        None
    })
}

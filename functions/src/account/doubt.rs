//! Tries whose end nobody wrote down: the function that made them died, or Telegram did not answer.
//!
//! Such a try left its mark on the session. Before the next one spends anything, Telegram is asked who the session is.
//! Only a repeat of the very try may take what it came to; another one may go on where it came to nothing.

use lambdagram_telegram::mtproto::auth::{self, SignIn};
use lambdagram_telegram::mtproto::{Link, TelegramError};

use crate::http::{ApiError, Failure, Incoming};
use crate::session::{Accounts, Doubt, Held, Progress, refusal, within};

impl Accounts {
    /// Finds out what the try in doubt came to, if there is one: `None` when nothing. From then on the mark on the
    /// session is this try's. `wrong` is what a try is told that cannot be right, since another one was.
    pub(super) async fn look_back(
        &self,
        request: &Incoming,
        mut held: Held,
        what: Failure,
        wrong: ApiError,
    ) -> Result<(Held, Option<SignIn>), ApiError> {
        if held.doubt == Doubt::None {
            return Ok((held, None));
        }
        let deadline = self.deadline(request);
        let mut link = self.link(&mut held.session, deadline);
        let asked = within(deadline, already_signed_in(&mut link)).await;
        link.close().await;
        match asked {
            Ok(Some(SignIn::Done(_))) if held.doubt == Doubt::AnotherTry => {
                self.store(held, Progress::Unknown).await?;
                Err(wrong)
            }
            Ok(Some(SignIn::Done(user))) => Ok((held, Some(SignIn::Done(user)))),
            Ok(known) => Ok((self.mark_anew(held).await?, known)),
            Err(trouble) => {
                self.store(held, Progress::Unknown).await?;
                Err(refusal(what, trouble))
            }
        }
    }
}

async fn already_signed_in(link: &mut Link<'_>) -> Result<Option<SignIn>, TelegramError> {
    match auth::who_am_i(link).await {
        Ok(user) => Ok(Some(SignIn::Done(user))),
        Err(TelegramError::Dead(_)) => Ok(None),
        Err(error) if error.is("SESSION_PASSWORD_NEEDED") => Ok(Some(SignIn::PasswordNeeded)),
        Err(error) => Err(error),
    }
}

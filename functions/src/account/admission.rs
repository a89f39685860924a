//! Who may sign in, where Telegram was asked before the number was known: after a QR code was scanned.

use lambdagram_domain::session::AccountUser;
use lambdagram_telegram::mtproto::{Link, TelegramError, auth};

use crate::config::SignInAllow;

/// What became of somebody who signed in.
pub(super) enum Admission {
    /// They may.
    Admitted(AccountUser),
    /// They may not; their login has been ended at Telegram again.
    SentAway,
}

/// Looks up the number of `user`, who has just signed in over `link`, unless everybody may.
pub(super) async fn admit(
    link: &mut Link<'_>,
    allow: &SignInAllow,
    user: AccountUser,
) -> Result<Admission, TelegramError> {
    if *allow == SignInAllow::Everybody {
        return Ok(Admission::Admitted(user));
    }
    let number = auth::own_number(link).await?;
    if number.is_some_and(|number| allow.allows(&number)) {
        return Ok(Admission::Admitted(user));
    }
    auth::log_out(link).await?;
    Ok(Admission::SentAway)
}

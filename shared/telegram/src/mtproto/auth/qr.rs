//! Signing in with a QR code (core.telegram.org/api/qr-login).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grammers_client::tl::{enums, functions};
use lambdagram_domain::session::AccountUser;

use super::PASSWORD_NEEDED;
use super::account::authorized;
use crate::mtproto::{Link, TelegramError};

/// How far a QR login is. `Debug` does not show the token: whoever accepts it decides who is signed in here.
#[derive(Clone, PartialEq, Eq)]
pub enum LoginToken {
    /// Nobody has accepted it yet.
    Waiting {
        /// What the QR code says: `tg://login?token=...`.
        url: String,
        /// Seconds until Telegram wants another one; about 30 at first.
        expires_in: u64,
    },
    /// Signed in.
    Done(AccountUser),
    /// It was accepted, and the account has a password.
    PasswordNeeded,
}

impl fmt::Debug for LoginToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Waiting { .. } => "Waiting(..)",
            Self::Done(_) => "Done(..)",
            Self::PasswordNeeded => "PasswordNeeded",
        })
    }
}

/// Asks for a token to show, or learns that the one shown was accepted. Each call must be made with the same session.
/// Follows the account to its data centre.
///
/// # Errors
///
/// [`TelegramError`].
pub async fn export_login_token(link: &mut Link<'_>) -> Result<LoginToken, TelegramError> {
    let request = functions::auth::ExportLoginToken {
        api_id: link.app().api_id,
        api_hash: link.app().api_hash.expose().to_owned(),
        except_ids: Vec::new(),
    };
    let mut answer = link.invoke(&request).await;
    if let Ok(enums::auth::LoginToken::MigrateTo(migration)) = answer {
        link.move_to(migration.dc_id).await?;
        answer = link.invoke(&functions::auth::ImportLoginToken { token: migration.token }).await;
    }
    match answer {
        Ok(enums::auth::LoginToken::Token(token)) => {
            let left = i64::from(token.expires) - link.server_time();
            Ok(LoginToken::Waiting {
                url: format!("tg://login?token={}", URL_SAFE_NO_PAD.encode(token.token)),
                expires_in: u64::try_from(left).unwrap_or(0),
            })
        }
        Ok(enums::auth::LoginToken::Success(success)) => {
            authorized(success.authorization).map(LoginToken::Done)
        }
        Ok(enums::auth::LoginToken::MigrateTo(_)) => {
            Err(TelegramError::Protocol("a QR login moves without end"))
        }
        Err(error) if error.is(PASSWORD_NEEDED) => Ok(LoginToken::PasswordNeeded),
        Err(error) => Err(error),
    }
}

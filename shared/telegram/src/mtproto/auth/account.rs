//! Who is signed in.

use grammers_client::tl::{enums, functions};
use lambdagram_domain::ids::UserId;
use lambdagram_domain::phone::PhoneNumber;
use lambdagram_domain::session::AccountUser;

use crate::mtproto::{Link, TelegramError};

/// The person a session is signed in as.
///
/// # Errors
///
/// [`TelegramError`]; [`TelegramError::Dead`] where the session is not signed in any longer.
pub async fn who_am_i(link: &mut Link<'_>) -> Result<AccountUser, TelegramError> {
    let request = functions::users::GetUsers { id: vec![enums::InputUser::UserSelf] };
    let users = link.invoke(&request).await?;
    users.into_iter().next().map_or(Err(NO_USER), account_user)
}

/// The number of the account that a session is signed in as, where Telegram tells it.
///
/// # Errors
///
/// [`TelegramError`]; [`TelegramError::Dead`] where the session is not signed in any longer.
pub async fn own_number(link: &mut Link<'_>) -> Result<Option<PhoneNumber>, TelegramError> {
    let request = functions::users::GetUsers { id: vec![enums::InputUser::UserSelf] };
    match link.invoke(&request).await?.into_iter().next() {
        // Telegram leaves out the plus.
        Some(enums::User::User(user)) => Ok(user
            .phone
            .and_then(|digits| PhoneNumber::parse(&format!("+{}", digits.trim_start_matches('+'))))),
        _ => Err(NO_USER),
    }
}

/// Ends the authorization at Telegram. The key stays known, and is nobody's.
///
/// # Errors
///
/// [`TelegramError`]; [`TelegramError::Dead`] where it has ended already.
pub async fn log_out(link: &mut Link<'_>) -> Result<(), TelegramError> {
    link.invoke(&functions::auth::LogOut {}).await.map(drop)
}

const NO_USER: TelegramError = TelegramError::Protocol("an answer names no user");

/// The user of an authorization.
pub(super) fn authorized(authorization: enums::auth::Authorization) -> Result<AccountUser, TelegramError> {
    match authorization {
        enums::auth::Authorization::Authorization(authorization) => account_user(authorization.user),
        // No account has this number, and this program makes none.
        enums::auth::Authorization::SignUpRequired(_) => {
            Err(TelegramError::refusal(400, "PHONE_NUMBER_UNOCCUPIED"))
        }
    }
}

fn account_user(user: enums::User) -> Result<AccountUser, TelegramError> {
    let enums::User::User(user) = user else { return Err(NO_USER) };
    // Somebody with several names has them in a list, and none in the field.
    let listed = user
        .usernames
        .into_iter()
        .flatten()
        .find_map(|enums::Username::Username(username)| username.active.then_some(username.username));
    Ok(AccountUser {
        id: UserId(user.id),
        first_name: user.first_name.unwrap_or_default(),
        last_name: user.last_name,
        username: user.username.or(listed),
        premium: user.premium,
    })
}

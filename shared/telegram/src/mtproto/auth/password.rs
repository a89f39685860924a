//! Proving a password without sending it (core.telegram.org/api/srp).

use grammers_client::tl::{enums, functions, types};
use grammers_crypto::two_factor_auth::calculate_2fa;
use lambdagram_domain::login::Password;
use lambdagram_domain::session::AccountUser;
use num_bigint::BigUint;
use tokio::task::spawn_blocking;

use super::account::authorized;
use crate::mtproto::group::{Group, SIZE};
use crate::mtproto::{Link, TelegramError};

/// What the person wrote down to remember the password by. `None` where there is no hint.
///
/// # Errors
///
/// [`TelegramError`].
pub async fn password_hint(link: &mut Link<'_>) -> Result<Option<String>, TelegramError> {
    let enums::account::Password::Password(state) = link.invoke(&functions::account::GetPassword {}).await?;
    Ok(state.hint.filter(|hint| !hint.is_empty()))
}

/// Signs in with the account's password, after the code or the QR login was right. Takes 0.2 to 0.3 s of computing.
///
/// # Errors
///
/// [`TelegramError`]; `PASSWORD_HASH_INVALID` where it is wrong, [`TelegramError::Protocol`] where Telegram's
/// parameters are unknown or not safe.
pub async fn check_password(link: &mut Link<'_>, password: &Password) -> Result<AccountUser, TelegramError> {
    match try_password(link, password).await {
        // The parameters are good for one try, and another client's try has used them up.
        Err(error) if error.is("SRP_ID_INVALID") => try_password(link, password).await,
        result => result,
    }
}

async fn try_password(link: &mut Link<'_>, password: &Password) -> Result<AccountUser, TelegramError> {
    let enums::account::Password::Password(state) = link.invoke(&functions::account::GetPassword {}).await?;
    let password = password.clone();
    let proof = spawn_blocking(move || prove(state, &password))
        .await
        .unwrap_or(Err(TelegramError::Protocol("the password's proof failed")))?;
    let request = functions::auth::CheckPassword { password: proof };
    authorized(link.invoke(&request).await?)
}

fn prove(
    state: types::account::Password,
    password: &Password,
) -> Result<enums::InputCheckPasswordSrp, TelegramError> {
    let Some(algorithm) = state.current_algo else {
        return Err(TelegramError::Protocol("the account has no password"));
    };
    let enums::PasswordKdfAlgo::Sha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow(algorithm) = algorithm
    else {
        return Err(TelegramError::Protocol("the password's algorithm is not known"));
    };
    let (Some(srp_id), Some(server_half)) = (state.srp_id, state.srp_b) else {
        return Err(TelegramError::Protocol("the password's parameters are missing"));
    };
    let group = Group::new(&algorithm.p, algorithm.g)
        .ok_or(TelegramError::Protocol("the password's group is not safe"))?;
    let in_range = server_half.len() <= SIZE && group.accepts(&BigUint::from_bytes_be(&server_half));
    if !in_range {
        return Err(TelegramError::Protocol("the server's half of the password's proof is out of range"));
    }
    let mut secret = vec![0; SIZE];
    getrandom::fill(&mut secret).map_err(|_| TelegramError::Protocol("the system has no randomness"))?;
    let (m1, half) = calculate_2fa(
        &algorithm.salt1,
        &algorithm.salt2,
        &algorithm.p,
        &algorithm.g,
        server_half,
        secret,
        password.expose().as_bytes(),
    );
    Ok(types::InputCheckPasswordSrp { srp_id, a: half.to_vec(), m1: m1.to_vec() }.into())
}

#[cfg(test)]
mod tests;

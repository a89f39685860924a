//! `account.*`: the password's parameters, and the list of who is logged in.

use grammers_tl_types::{Identifiable, enums, functions, types};

use super::super::accounts::Password;
use super::super::authorizations::{Authorization, Standing};
use super::super::random;
use super::super::srp::{Challenge, GENERATOR, prime};
use super::auth::check_not_fresh;
use super::{Answered, Call, Me, answers, refused};

/// After how many days without use an authorization ends, Telegram's default.
const AUTHORIZATION_TTL_DAYS: i32 = 180;

pub(super) fn handle(call: &Call<'_>, id: u32) -> Option<Answered<Vec<u8>>> {
    Some(match id {
        functions::account::GetPassword::CONSTRUCTOR_ID => call.open(get_password),
        functions::account::GetAuthorizations::CONSTRUCTOR_ID => call.signed_in(get_authorizations),
        functions::account::ResetAuthorization::CONSTRUCTOR_ID => call.signed_in(reset_authorization),
        functions::account::UpdateStatus::CONSTRUCTOR_ID => call.signed_in(update_status),
        _ => return None,
    })
}

/// Also for a login that waits for its password. Each call makes a new challenge, and only the newest counts.
fn get_password(call: &Call<'_>, _: &functions::account::GetPassword) -> Answered<enums::account::Password> {
    let phone = match &call.key.standing {
        Standing::PasswordNeeded(phone) => phone.clone(),
        _ => call.me()?.account.phone,
    };
    let account = call.account(&phone)?.ok_or_else(|| refused("AUTH_KEY_UNREGISTERED"))?;
    let password = account.password.as_ref();
    let challenge = password.map(|password| Challenge::new(&password.verifier));
    let mut key = call.key.clone();
    key.challenge.clone_from(&challenge);
    call.store.put(&key)?;
    let (srp_id, srp_b) = challenge.map(|challenge| (challenge.id, challenge.public)).unzip();
    Ok(types::account::Password {
        has_recovery: false,
        has_secure_values: false,
        has_password: password.is_some(),
        current_algo: password.map(current_algorithm),
        srp_b,
        srp_id,
        hint: password.and_then(|password| password.hint.clone()),
        email_unconfirmed_pattern: None,
        new_algo: algorithm(random::bytes::<8>().to_vec(), random::bytes::<16>().to_vec()),
        new_secure_algo: types::SecurePasswordKdfAlgoPbkdf2Hmacsha512iter100000 {
            salt: random::bytes::<8>().to_vec(),
        }
        .into(),
        secure_random: random::bytes::<256>().to_vec(),
        pending_reset_date: None,
        login_email_pattern: None,
    }
    .into())
}

fn current_algorithm(password: &Password) -> enums::PasswordKdfAlgo {
    algorithm(password.verifier.salt1.clone(), password.verifier.salt2.clone())
}

fn algorithm(salt1: Vec<u8>, salt2: Vec<u8>) -> enums::PasswordKdfAlgo {
    types::PasswordKdfAlgoSha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow {
        salt1,
        salt2,
        g: GENERATOR.into(),
        p: prime(),
    }
    .into()
}

fn get_authorizations(
    call: &Call<'_>,
    me: &Me,
    _: &functions::account::GetAuthorizations,
) -> Answered<enums::account::Authorizations> {
    let mut all = Authorization::of_account(call.store, &me.account.phone)?;
    all.sort_by_key(|it| (it.hash != me.authorization.hash, u64::MAX - it.active_at));
    let authorizations = all.iter().map(|it| answers::listed(it, it.hash == me.authorization.hash)).collect();
    let authorization_ttl_days = AUTHORIZATION_TTL_DAYS;
    Ok(types::account::Authorizations { authorization_ttl_days, authorizations }.into())
}

fn reset_authorization(
    call: &Call<'_>,
    me: &Me,
    request: &functions::account::ResetAuthorization,
) -> Answered<bool> {
    let other = Authorization::get(call.store, request.hash)?;
    let other = other.filter(|it| it.phone == me.account.phone && it.hash != me.authorization.hash);
    let other = other.ok_or_else(|| refused("HASH_INVALID"))?;
    check_not_fresh(call, me)?;
    other.end(call.store, &Standing::Revoked)?;
    Ok(true)
}

#[expect(clippy::unnecessary_wraps, reason = "every method has the same shape")]
fn update_status(_: &Call<'_>, _: &Me, _: &functions::account::UpdateStatus) -> Answered<bool> {
    Ok(true)
}

//! `auth.*` on the way in: the code, then the password.

use grammers_tl_types::{Identifiable, enums, functions, types};

use super::super::accounts::{Account, Phone};
use super::super::authorizations::{Authorization, Client, Standing};
use super::super::codes::{LENGTH, SentCode, Way, Worthless};
use super::answers::authorized;
use super::{Answered, Call, Refused, refused};

/// The length of an `api_hash` in hexadecimal digits.
const API_HASH_LENGTH: usize = 32;

pub(super) fn handle(call: &Call<'_>, id: u32) -> Option<Answered<Vec<u8>>> {
    Some(match id {
        functions::auth::SendCode::CONSTRUCTOR_ID => call.open(send_code),
        functions::auth::ResendCode::CONSTRUCTOR_ID => call.open(resend_code),
        functions::auth::CancelCode::CONSTRUCTOR_ID => call.open(cancel_code),
        functions::auth::SignIn::CONSTRUCTOR_ID => call.open(sign_in),
        functions::auth::SignUp::CONSTRUCTOR_ID => call.open(sign_up),
        functions::auth::CheckPassword::CONSTRUCTOR_ID => call.open(check_password),
        _ => return None,
    })
}

impl Call<'_> {
    pub(super) fn account(&self, phone: &Phone) -> Answered<Option<Account>> {
        Ok(Account::of_phone(self.store, phone)?)
    }

    /// Ends what the key is logged in as.
    pub(super) fn leave(&self) -> Answered<()> {
        if let Standing::SignedIn(hash) = self.key.standing
            && let Some(authorization) = Authorization::get(self.store, hash)?
        {
            authorization.lose(self.store, self.key.id)?;
        }
        Ok(())
    }

    /// Lets the account in, or asks for its password first.
    pub(super) fn let_in(&self, account: &Account) -> Answered<enums::auth::Authorization> {
        if account.password.is_some() {
            self.leave()?;
            let mut key = self.key.clone();
            key.standing = Standing::PasswordNeeded(account.phone.clone());
            key.challenge = None;
            self.store.put(&key)?;
            return Err(refused("SESSION_PASSWORD_NEEDED"));
        }
        let client = Client::of(self.caller);
        Authorization::begin(self.store, self.key.clone(), client, account, self.now_s())?;
        Ok(authorized(account))
    }
}

fn phone(text: &str) -> Answered<Phone> {
    Phone::parse(text).ok_or_else(|| refused("PHONE_NUMBER_INVALID"))
}

/// Any pair that could be one is taken.
pub(super) fn check_app(api_id: i32, api_hash: &str) -> Result<(), Refused> {
    let is_hash = api_hash.len() == API_HASH_LENGTH && api_hash.bytes().all(|b| b.is_ascii_hexdigit());
    if api_id <= 0 || !is_hash {
        return Err(refused("API_ID_INVALID"));
    }
    Ok(())
}

fn send_code(call: &Call<'_>, request: &functions::auth::SendCode) -> Answered<enums::auth::SentCode> {
    check_app(request.api_id, &request.api_hash)?;
    let phone = phone(&request.phone_number)?;
    if let Some(account) = call.account(&phone)? {
        if account.banned {
            return Err(refused("PHONE_NUMBER_BANNED"));
        }
        if account.home_dc != call.caller.dc {
            return Err(refused(format!("PHONE_MIGRATE_{}", account.home_dc)));
        }
    }
    send(call, &phone, Way::App)
}

fn send(call: &Call<'_>, phone: &Phone, way: Way) -> Answered<enums::auth::SentCode> {
    let sent = SentCode::send(call.store, phone, call.key.id, way, call.now_ms)?;
    let sent = sent.ok_or_else(|| refused("PHONE_NUMBER_FLOOD"))?;
    let length = i32::try_from(LENGTH).unwrap_or_default();
    Ok(types::auth::SentCode {
        r#type: match sent.way {
            Way::App => types::auth::SentCodeTypeApp { length }.into(),
            Way::Sms => types::auth::SentCodeTypeSms { length }.into(),
            Way::Call => types::auth::SentCodeTypeCall { length }.into(),
        },
        next_type: sent.way.next().map(|way| match way {
            Way::Call => enums::auth::CodeType::Call,
            Way::App | Way::Sms => enums::auth::CodeType::Sms,
        }),
        timeout: sent.way.timeout_s().and_then(|seconds| i32::try_from(seconds).ok()),
        phone_code_hash: sent.hash,
    }
    .into())
}

/// The code that was sent for this hash, if it is still good.
fn find(call: &Call<'_>, number: &str, hash: &str) -> Answered<(Phone, SentCode)> {
    let phone = phone(number)?;
    if hash.is_empty() {
        return Err(refused("PHONE_CODE_HASH_EMPTY"));
    }
    let sent = SentCode::find(call.store, hash, &phone, call.key.id, call.now_ms)?.map_err(worthless)?;
    Ok((phone, sent))
}

fn worthless(why: Worthless) -> Refused {
    refused(match why {
        Worthless::Expired => "PHONE_CODE_EXPIRED",
        Worthless::Wrong => "PHONE_CODE_INVALID",
    })
}

/// Telegram documents one refusal for a way that is not there, or not yet.
fn resend_code(call: &Call<'_>, request: &functions::auth::ResendCode) -> Answered<enums::auth::SentCode> {
    let (phone, sent) = find(call, &request.phone_number, &request.phone_code_hash)?;
    let next = sent.way.next().filter(|_| sent.may_go_again(call.now_ms));
    send(call, &phone, next.ok_or_else(|| refused("SEND_CODE_UNAVAILABLE"))?)
}

fn cancel_code(call: &Call<'_>, request: &functions::auth::CancelCode) -> Answered<bool> {
    let (_, mut sent) = find(call, &request.phone_number, &request.phone_code_hash)?;
    sent.spend(call.store)?;
    Ok(true)
}

fn sign_in(call: &Call<'_>, request: &functions::auth::SignIn) -> Answered<enums::auth::Authorization> {
    phone(&request.phone_number)?;
    let code = request.phone_code.as_deref().filter(|code| !code.is_empty());
    let code = code.ok_or_else(|| refused("PHONE_CODE_EMPTY"))?;
    let (phone, mut sent) = find(call, &request.phone_number, &request.phone_code_hash)?;
    sent.attempt(call.store, code)?.map_err(worthless)?;
    // Without an account the code stays good for `auth.signUp`.
    let Some(account) = call.account(&phone)? else {
        return Ok(types::auth::AuthorizationSignUpRequired { terms_of_service: None }.into());
    };
    sent.spend(call.store)?;
    call.let_in(&account)
}

/// Accounts are made with Telegram's own apps only.
fn sign_up(call: &Call<'_>, request: &functions::auth::SignUp) -> Answered<enums::auth::Authorization> {
    find(call, &request.phone_number, &request.phone_code_hash)?;
    Err(refused("PHONE_NUMBER_APP_SIGNUP_FORBIDDEN"))
}

/// Each proof is checked against the challenge that `account.getPassword` has made last, and uses it up.
fn check_password(
    call: &Call<'_>,
    request: &functions::auth::CheckPassword,
) -> Answered<enums::auth::Authorization> {
    let Standing::PasswordNeeded(phone) = &call.key.standing else {
        return Err(call.me().err().unwrap_or_else(|| refused("PASSWORD_HASH_INVALID")));
    };
    let account = call.account(phone)?.ok_or_else(|| refused("AUTH_KEY_UNREGISTERED"))?;
    let Some(password) = &account.password else { return Err(refused("SRP_PASSWORD_CHANGED")) };
    let enums::InputCheckPasswordSrp::Srp(proof) = &request.password else {
        return Err(refused("PASSWORD_HASH_INVALID"));
    };
    let mut key = call.key.clone();
    let challenge = key.challenge.take().filter(|challenge| challenge.id == proof.srp_id);
    let challenge = challenge.ok_or_else(|| refused("SRP_ID_INVALID"))?;
    call.store.put(&key)?;
    if !challenge.asks_for(&password.verifier) {
        return Err(refused("SRP_PASSWORD_CHANGED"));
    }
    if !challenge.is_met(&password.verifier, &proof.a, &proof.m1) {
        return Err(refused("PASSWORD_HASH_INVALID"));
    }
    Authorization::begin(call.store, key, Client::of(call.caller), &account, call.now_s())?;
    Ok(authorized(&account))
}

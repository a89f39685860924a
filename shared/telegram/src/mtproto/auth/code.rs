//! Signing in with a code.

use grammers_client::tl::{enums, functions, types};
use lambdagram_domain::login::{CodeInfo, CodeKind, LoginCode};
use lambdagram_domain::phone::PhoneNumber;
use lambdagram_domain::session::AccountUser;

use super::PASSWORD_NEEDED;
use super::account::authorized;
use crate::mtproto::{Link, TelegramError};

/// A code that Telegram has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentCode {
    /// What Telegram names it by; signing in takes it back.
    pub hash: String,
    /// Where it went.
    pub info: CodeInfo,
}

/// How far a code has brought somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// Signed in.
    Done(AccountUser),
    /// The code was right, and the account has a password.
    PasswordNeeded,
}

/// Asks Telegram to send a code. The session's key must be stored before: no other can sign in with the code.
///
/// # Errors
///
/// [`TelegramError`]; `UPDATE_APP_TO_LOGIN` also where Telegram wants what only its own apps can do: a payment, or an
/// email address to be set up first.
pub async fn send_code(link: &mut Link<'_>, phone: &PhoneNumber) -> Result<SentCode, TelegramError> {
    // No calls that only a phone can take, no tokens of logins before.
    let settings = types::CodeSettings {
        allow_flashcall: false,
        current_number: false,
        allow_app_hash: false,
        allow_missed_call: false,
        allow_firebase: false,
        unknown_number: false,
        logout_tokens: None,
        token: None,
        app_sandbox: None,
    };
    let request = functions::auth::SendCode {
        phone_number: phone.e164().to_owned(),
        api_id: link.app().api_id,
        api_hash: link.app().api_hash.expose().to_owned(),
        settings: settings.into(),
    };
    sent(link.invoke(&request).await?)
}

/// Asks for the code once more, sent in the next way. Telegram refuses it before the time it named has passed.
///
/// # Errors
///
/// As [`send_code`]; `SEND_CODE_UNAVAILABLE` where there is no next way.
pub async fn resend_code(
    link: &mut Link<'_>,
    phone: &PhoneNumber,
    hash: &str,
) -> Result<SentCode, TelegramError> {
    let request = functions::auth::ResendCode {
        phone_number: phone.e164().to_owned(),
        phone_code_hash: hash.to_owned(),
        reason: None,
    };
    sent(link.invoke(&request).await?)
}

/// Signs in with a code that was sent as `kind`: what came by email is given back in another place.
///
/// # Errors
///
/// [`TelegramError`]; `PHONE_NUMBER_UNOCCUPIED` where no account has the number.
pub async fn sign_in(
    link: &mut Link<'_>,
    phone: &PhoneNumber,
    hash: &str,
    kind: CodeKind,
    code: &LoginCode,
) -> Result<SignIn, TelegramError> {
    let code = code.expose().to_owned();
    let (phone_code, email_verification) = if kind == CodeKind::Email {
        (None, Some(types::EmailVerificationCode { code }.into()))
    } else {
        (Some(code), None)
    };
    let request = functions::auth::SignIn {
        phone_number: phone.e164().to_owned(),
        phone_code_hash: hash.to_owned(),
        phone_code,
        email_verification,
    };
    match link.invoke(&request).await {
        Ok(authorization) => authorized(authorization).map(SignIn::Done),
        Err(error) if error.is(PASSWORD_NEEDED) => Ok(SignIn::PasswordNeeded),
        Err(error) => Err(error),
    }
}

fn sent(answer: enums::auth::SentCode) -> Result<SentCode, TelegramError> {
    let code = match answer {
        enums::auth::SentCode::Code(code) => code,
        enums::auth::SentCode::Success(_) => {
            return Err(TelegramError::Protocol("Telegram signed in without a code"));
        }
        enums::auth::SentCode::PaymentRequired(_) => return Err(official_apps_only()),
    };
    let (kind, length) = kind_of(code.r#type).ok_or_else(official_apps_only)?;
    let info = CodeInfo {
        kind,
        length: length.and_then(|length| u32::try_from(length).ok()).filter(|length| *length > 0),
        next: code.next_type.as_ref().map(next_kind),
        timeout_s: code.timeout.and_then(|seconds| u32::try_from(seconds).ok()),
    };
    Ok(SentCode { hash: code.phone_code_hash, info })
}

fn official_apps_only() -> TelegramError {
    TelegramError::refusal(406, "UPDATE_APP_TO_LOGIN")
}

/// How a code was sent, and its length. `None` where an email address must be set up first.
fn kind_of(sent: enums::auth::SentCodeType) -> Option<(CodeKind, Option<i32>)> {
    use enums::auth::SentCodeType as Type;
    Some(match sent {
        Type::App(sent) => (CodeKind::App, Some(sent.length)),
        Type::Sms(sent) => (CodeKind::Sms, Some(sent.length)),
        Type::Call(sent) => (CodeKind::Call, Some(sent.length)),
        // The code is the caller's whole number.
        Type::FlashCall(_) => (CodeKind::FlashCall, None),
        Type::MissedCall(sent) => (CodeKind::MissedCall, Some(sent.length)),
        Type::EmailCode(sent) => (CodeKind::Email, Some(sent.length)),
        Type::SetUpEmailRequired(_) => return None,
        Type::FragmentSms(sent) => (CodeKind::Fragment, Some(sent.length)),
        // A text message like any other to who types the code.
        Type::FirebaseSms(sent) => (CodeKind::Sms, Some(sent.length)),
        Type::SmsWord(_) => (CodeKind::SmsWord, None),
        Type::SmsPhrase(_) => (CodeKind::SmsPhrase, None),
    })
}

fn next_kind(next: &enums::auth::CodeType) -> CodeKind {
    match next {
        enums::auth::CodeType::Sms => CodeKind::Sms,
        enums::auth::CodeType::Call => CodeKind::Call,
        enums::auth::CodeType::FlashCall => CodeKind::FlashCall,
        enums::auth::CodeType::MissedCall => CodeKind::MissedCall,
        enums::auth::CodeType::FragmentSms => CodeKind::Fragment,
    }
}

#[cfg(test)]
mod tests;

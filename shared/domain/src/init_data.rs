//! Mini App init data: who opened the app, as Telegram signed it.
//!
//! A Mini App hands over a query string. Its `hash` is an HMAC that only the holder of the bot token can make or
//! check; its `signature` is an Ed25519 signature of Telegram's own that anyone who knows the bot's id can check
//! (core.telegram.org/bots/webapps, "Validating data received via the Mini App" and "... for Third-Party Use").
//!
//! Both cover every field that was received, not a list of known ones, since Telegram adds fields. What is signed is
//! the decoded text, so two spellings of one text would be two keys to one lock: duplicate names, escapes in names and
//! escapes not written as Telegram writes them (upper-case) are refused before anything is computed.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, VerifyingKey};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use thiserror::Error;

use crate::ids::UserId;
use crate::secret::Secret;
use crate::time::UnixTime;

/// Bytes of init data that are looked at. Real ones stay below 2 KiB; names and a start parameter of 512 characters,
/// percent-encoded, stay below this.
pub const LONGEST_INIT_DATA: usize = 16 * 1024;

/// How far `auth_date` may lie in the future: the clocks of two honest servers differ by less.
pub const FUTURE_SKEW: Duration = Duration::from_mins(5);

/// Why init data is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InitDataError {
    /// There is none: empty, as in an app opened from a reply keyboard.
    #[error("init data is missing")]
    Missing,
    /// It is not what Telegram signed for this bot.
    #[error("init data is invalid")]
    Invalid,
    /// It is genuine, and older than allowed.
    #[error("init data has expired")]
    Expired,
}

/// What init data is checked against.
#[derive(Clone, Debug)]
pub enum Check {
    /// The bot tokens in force: the current one and, while it is being replaced, the one before.
    BotTokens(Vec<Secret>),
    /// The bot's id and Telegram's public key. Needs no secret, and a leaked bot token forges nothing.
    Telegram {
        /// The number before the colon of the bot token.
        bot_id: i64,
        /// Telegram's Ed25519 key, [`TelegramKey`].
        key: TelegramKey,
    },
}

/// Telegram's Ed25519 public key for Mini Apps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelegramKey(VerifyingKey);

impl TelegramKey {
    /// Reads 64 hexadecimal digits; `None` when they are not a point on the curve, or one that fits any signature.
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes: [u8; 32] = hex::decode(text).ok()?.try_into().ok()?;
        VerifyingKey::from_bytes(&bytes).ok().filter(|key| !key.is_weak()).map(Self)
    }
}

/// The person who opened the Mini App, as far as the product uses it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebAppUser {
    /// The person's id, and the id of their private chat with the bot.
    pub id: UserId,
    /// First name, as shown in Telegram.
    pub first_name: String,
    /// Last name, if they have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Username without `@`, if they have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// IETF language tag of their app, if it told one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language_code: Option<String>,
}

/// Genuine init data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitData {
    /// Who opened the app.
    pub user: WebAppUser,
    /// When they opened it; it does not move while the app stays open.
    pub auth_date: UnixTime,
}

impl Check {
    /// Verifies `raw` and returns what it says.
    ///
    /// `max_age` counts from `auth_date`; [`FUTURE_SKEW`] is allowed ahead of `now`.
    ///
    /// # Errors
    ///
    /// [`InitDataError`], `Expired` only for data that is otherwise genuine.
    pub fn verify(&self, raw: &str, now: UnixTime, max_age: Duration) -> Result<InitData, InitDataError> {
        if raw.is_empty() {
            return Err(InitDataError::Missing);
        }
        let fields = Fields::parse(raw).ok_or(InitDataError::Invalid)?;
        if !self.is_genuine(&fields) {
            return Err(InitDataError::Invalid);
        }
        let init_data = fields.read().ok_or(InitDataError::Invalid)?;
        if init_data.auth_date > now.plus(FUTURE_SKEW) {
            return Err(InitDataError::Invalid);
        }
        if now.since(init_data.auth_date) > max_age {
            return Err(InitDataError::Expired);
        }
        Ok(init_data)
    }

    fn is_genuine(&self, fields: &Fields<'_>) -> bool {
        match self {
            Self::BotTokens(tokens) => {
                let Some(hash) = fields.hash() else { return false };
                let signed = fields.signed_text(&["hash"]);
                tokens.iter().any(|token| is_hmac_of(token, &signed, &hash))
            }
            Self::Telegram { bot_id, key } => {
                let Some(signature) = fields.signature() else {
                    return false;
                };
                let signed = format!("{bot_id}:WebAppData\n{}", fields.signed_text(&["hash", "signature"]));
                key.0.verify_strict(signed.as_bytes(), &signature).is_ok()
            }
        }
    }
}

fn is_hmac_of(token: &Secret, signed: &str, hash: &[u8; 32]) -> bool {
    let key = hmac_sha256(b"WebAppData", token.expose().as_bytes()).finalize().into_bytes();
    hmac_sha256(&key, signed.as_bytes()).verify_slice(hash).is_ok()
}

fn hmac_sha256(key: &[u8], message: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(message);
    mac
}

/// The received fields, decoded once and sorted by name.
struct Fields<'a>(Vec<(&'a str, String)>);

impl<'a> Fields<'a> {
    fn parse(raw: &'a str) -> Option<Self> {
        if raw.len() > LONGEST_INIT_DATA {
            return None;
        }
        let mut fields = raw.split('&').map(Self::field).collect::<Option<Vec<_>>>()?;
        fields.sort_unstable_by_key(|(name, _)| *name);
        let duplicate = fields.windows(2).any(|pair| pair[0].0 == pair[1].0);
        (!duplicate).then_some(Self(fields))
    }

    fn field(pair: &'a str) -> Option<(&'a str, String)> {
        let (name, value) = pair.split_once('=')?;
        let plain_name =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        (plain_name && escapes_are_telegrams(value)).then_some(())?;
        let value = value.replace('+', " ");
        let decoded = percent_decode_str(&value).decode_utf8().ok()?;
        // A line break would let one field pass for two in the signed text.
        (!decoded.contains('\n')).then(|| (name, decoded.into_owned()))
    }

    fn get(&self, name: &str) -> Option<&str> {
        let at = self.0.binary_search_by_key(&name, |(name, _)| name).ok()?;
        Some(&self.0[at].1)
    }

    /// The data-check-string: `name=value` of all fields but `left_out`, in the order of their names, a line each.
    fn signed_text(&self, left_out: &[&str]) -> String {
        let mut text = String::new();
        for (name, value) in self.0.iter().filter(|(name, _)| !left_out.contains(name)) {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(name);
            text.push('=');
            text.push_str(value);
        }
        text
    }

    fn hash(&self) -> Option<[u8; 32]> {
        let text = self.get("hash")?;
        let lower_case = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        lower_case.then(|| hex::decode(text).ok()?.try_into().ok()).flatten()
    }

    fn signature(&self) -> Option<Signature> {
        let bytes: [u8; 64] = URL_SAFE_NO_PAD.decode(self.get("signature")?).ok()?.try_into().ok()?;
        Some(Signature::from_bytes(&bytes))
    }

    fn read(&self) -> Option<InitData> {
        let auth_date = self.get("auth_date")?.parse().ok().map(UnixTime)?;
        let user = serde_json::from_str(self.get("user")?).ok()?;
        Some(InitData { user, auth_date })
    }
}

/// Whether every `%` starts an escape of two digits in upper case.
fn escapes_are_telegrams(value: &str) -> bool {
    value.split('%').skip(1).all(|after| {
        let digits = after.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F')))
    })
}

#[cfg(test)]
mod tests;

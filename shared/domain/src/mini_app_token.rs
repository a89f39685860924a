//! The session of a Mini App that stays open: init data ages while the app is on the screen, this token replaces it.
//!
//! A token is `<payload>.<mac>`, both base64url: the payload names the person and the end of its life, the mac is
//! HMAC-SHA-256 under a key that is used for nothing else.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use thiserror::Error;

use crate::ids::UserId;
use crate::secret::Secret;
use crate::time::UnixTime;

/// How long a token lives: a day of use in one sitting, and no stolen token outlives the day.
pub const LIFETIME: Duration = Duration::from_hours(12);

/// How fresh init data must be to be exchanged: long enough for a slow first load, too short to collect old ones.
pub const EXCHANGE_WINDOW: Duration = Duration::from_mins(10);

/// Why a token is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TokenError {
    /// Not a token of ours.
    #[error("mini app token is invalid")]
    Invalid,
    /// Ours, and past its life.
    #[error("mini app token has expired")]
    Expired,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    user: UserId,
    expires_at: UnixTime,
}

/// Makes a token for `user`, good for [`LIFETIME`].
#[expect(clippy::missing_panics_doc, reason = "two integers always serialise")]
pub fn issue(key: &Secret, user: UserId, now: UnixTime) -> Secret {
    let payload = Payload { user, expires_at: now.plus(LIFETIME) };
    let payload = serde_json::to_vec(&payload).expect("two integers serialise");
    let payload = URL_SAFE_NO_PAD.encode(payload);
    let mac = URL_SAFE_NO_PAD.encode(mac_of(key, &payload).finalize().into_bytes());
    Secret::new(format!("{payload}.{mac}"))
}

/// Reads a token made with any of `keys`: the current one, and the one before while it is being replaced.
///
/// # Errors
///
/// [`TokenError`], `Expired` only for a token that is otherwise genuine.
pub fn verify(keys: &[Secret], token: &str, now: UnixTime) -> Result<UserId, TokenError> {
    let (payload, mac) = token.split_once('.').ok_or(TokenError::Invalid)?;
    let mac = URL_SAFE_NO_PAD.decode(mac).map_err(|_| TokenError::Invalid)?;
    let genuine = keys.iter().any(|key| mac_of(key, payload).verify_slice(&mac).is_ok());
    if !genuine {
        return Err(TokenError::Invalid);
    }
    let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| TokenError::Invalid)?;
    let payload: Payload = serde_json::from_slice(&payload).map_err(|_| TokenError::Invalid)?;
    if now >= payload.expires_at { Err(TokenError::Expired) } else { Ok(payload.user) }
}

fn mac_of(key: &Secret, payload: &str) -> Hmac<Sha256> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()).expect("HMAC takes a key of any length");
    mac.update(b"mini app token\n");
    mac.update(payload.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime(1_000_000);

    fn keys(names: &[&str]) -> Vec<Secret> {
        names.iter().map(|name| Secret::new(*name)).collect()
    }

    #[test]
    fn a_token_lives_twelve_hours() {
        let token = issue(&Secret::new("key"), UserId(7), NOW);
        let at = |seconds| verify(&keys(&["key"]), token.expose(), UnixTime(NOW.0 + seconds));
        assert_eq!(at(0), Ok(UserId(7)));
        assert_eq!(at(12 * 3600 - 1), Ok(UserId(7)));
        assert_eq!(at(12 * 3600), Err(TokenError::Expired));
    }

    #[test]
    fn a_replaced_key_still_opens_what_it_made() {
        let token = issue(&Secret::new("old"), UserId(7), NOW);
        assert_eq!(verify(&keys(&["new", "old"]), token.expose(), NOW), Ok(UserId(7)));
        assert_eq!(verify(&keys(&["new"]), token.expose(), NOW), Err(TokenError::Invalid));
    }

    #[test]
    fn a_token_changed_in_any_byte_is_refused() {
        let token = issue(&Secret::new("key"), UserId(7), NOW);
        for at in 0..token.expose().len() {
            let mut bytes = token.expose().as_bytes().to_vec();
            bytes[at] ^= 1;
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(verify(&keys(&["key"]), &changed, NOW), Err(TokenError::Invalid), "byte {at}");
        }
        for wrong in ["", ".", "a.b", "no token"] {
            assert_eq!(verify(&keys(&["key"]), wrong, NOW), Err(TokenError::Invalid), "{wrong}");
        }
    }
}

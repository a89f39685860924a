//! Signatures of what is sent to services, as Standard Webhooks writes them (standard-webhooks specification, 1.0).
//!
//! What is signed is `<id>.<timestamp>.<body>`, with HMAC-SHA-256. Three headers carry it:
//!
//! ```text
//! webhook-id: 3c9d...          the same for every try, so that a receiver can know a repeat
//! webhook-timestamp: 1700000000
//! webhook-signature: v1,<base64> v1,<base64>
//! ```
//!
//! There is a signature for each secret in force. While a secret is being replaced both sides may hold either one, and
//! one signature that fits is enough.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use thiserror::Error;

use crate::time::UnixTime;

/// The header that names what was sent.
pub const ID_HEADER: &str = "webhook-id";

/// The header that says when it was sent: seconds since the Unix epoch.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";

/// The header with the signatures.
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// How far a timestamp may lie from the receiver's clock, before or after it: what Standard Webhooks' own libraries
/// allow.
pub const TOLERANCE: Duration = Duration::from_mins(5);

/// What a secret begins with when it is written down.
const PREFIX: &str = "whsec_";

/// What a signature by HMAC-SHA-256 begins with. Others may stand beside it.
const VERSION: &str = "v1,";

/// Bytes of a secret, fewest and most (standard-webhooks specification, "Signature scheme").
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The text is not `whsec_` and 24 to 64 bytes in base64. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a signing secret is `whsec_` and 24 to 64 bytes in base64")]
pub struct NotASecret;

/// A secret that a receiver shares with us. `Debug` shows none of it.
#[derive(Clone)]
pub struct SigningSecret(Vec<u8>);

impl SigningSecret {
    /// A new secret of 256 random bits.
    ///
    /// # Panics
    ///
    /// When the system has no random numbers to give: nothing safe can be made then.
    pub fn generate() -> Self {
        let mut bytes = vec![0; 32];
        getrandom::fill(&mut bytes).expect("the system gives random numbers");
        Self(bytes)
    }

    /// Reads a secret as [`Self::encode`] writes it.
    ///
    /// # Errors
    ///
    /// [`NotASecret`].
    pub fn parse(text: &str) -> Result<Self, NotASecret> {
        let bytes = text.strip_prefix(PREFIX).and_then(|text| STANDARD.decode(text).ok());
        bytes.filter(|bytes| SECRET_BYTES.contains(&bytes.len())).map(Self).ok_or(NotASecret)
    }

    /// The secret as text, for the receiver's configuration.
    pub fn encode(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    fn mac(&self, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        mac
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningSecret(..)")
    }
}

/// Why a signature is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// The id is empty or has a full stop, or the timestamp is no number of seconds.
    #[error("the webhook headers are malformed")]
    Malformed,
    /// No signature of the header was made with one of the secrets.
    #[error("the webhook signature is invalid")]
    Invalid,
    /// It is genuine, and further in the past than [`TOLERANCE`].
    #[error("the webhook timestamp is too old")]
    TooOld,
    /// It is genuine, and further in the future than [`TOLERANCE`].
    #[error("the webhook timestamp is in the future")]
    TooNew,
}

/// What the three headers of one request say.
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a> {
    /// Of [`ID_HEADER`].
    pub id: &'a str,
    /// Of [`TIMESTAMP_HEADER`].
    pub timestamp: &'a str,
    /// Of [`SIGNATURE_HEADER`].
    pub signature: &'a str,
}

/// The value of [`SIGNATURE_HEADER`]: one signature for each of `secrets`, in their order. `id` has no full stop.
pub fn sign(secrets: &[SigningSecret], id: &str, sent_at: UnixTime, body: &[u8]) -> String {
    let timestamp = sent_at.0.to_string();
    let signature = |secret: &SigningSecret| {
        let mac = secret.mac(id, &timestamp, body).finalize().into_bytes();
        format!("{VERSION}{}", STANDARD.encode(mac))
    };
    secrets.iter().map(signature).collect::<Vec<_>>().join(" ")
}

/// Checks that one of `secrets` signed `body` under these headers, not long from `now`. Signatures are compared in
/// constant time.
///
/// # Errors
///
/// [`SignatureError`], `TooOld` and `TooNew` only for what is otherwise genuine.
pub fn verify(
    secrets: &[SigningSecret],
    headers: Headers<'_>,
    body: &[u8],
    now: UnixTime,
) -> Result<(), SignatureError> {
    let sent_at = read_timestamp(headers.timestamp).ok_or(SignatureError::Malformed)?;
    // A full stop could move the border between the id and what follows it, under the same signature.
    if headers.id.is_empty() || headers.id.contains('.') {
        return Err(SignatureError::Malformed);
    }
    let signatures = headers.signature.split(' ').filter_map(|part| part.strip_prefix(VERSION));
    let signatures: Vec<_> = signatures.filter_map(|text| STANDARD.decode(text).ok()).collect();
    let genuine = secrets.iter().any(|secret| {
        let mac = secret.mac(headers.id, headers.timestamp, body);
        signatures.iter().any(|signature| mac.clone().verify_slice(signature).is_ok())
    });
    if !genuine {
        Err(SignatureError::Invalid)
    } else if now.since(sent_at) > TOLERANCE {
        Err(SignatureError::TooOld)
    } else if sent_at.since(now) > TOLERANCE {
        Err(SignatureError::TooNew)
    } else {
        Ok(())
    }
}

/// A timestamp in its one spelling: digits, without a sign or leading zeros.
fn read_timestamp(text: &str) -> Option<UnixTime> {
    let seconds: u64 = text.parse().ok()?;
    (seconds.to_string() == text).then_some(UnixTime(seconds))
}

#[cfg(test)]
mod tests;

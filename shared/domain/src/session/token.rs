//! The token a person's browser holds, and the id it is stored under.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// 256 random bits that stand for one login. `Debug` shows none of it, and it compares in constant time. It is
/// serialised inside a seal and nowhere else.
#[derive(Clone, Serialize, Deserialize)]
pub struct SessionToken([u8; 32]);

impl SessionToken {
    /// A new token.
    ///
    /// # Panics
    ///
    /// When the system has no random numbers to give: nothing safe can be made then.
    pub fn random() -> Self {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).expect("the system gives random numbers");
        Self(bytes)
    }

    /// Reads a token as [`Self::encode`] wrote it; any other spelling is none.
    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// The token as text for a cookie or a header: base64url without padding, 43 characters.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// The id under which its session is stored.
    pub fn id(&self) -> SessionId {
        SessionId(hex::encode(Sha256::digest(self.0)))
    }

    pub(super) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SessionToken(..)")
    }
}

impl PartialEq for SessionToken {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SessionToken {}

/// The table's key of a session: SHA-256 of its token, in hexadecimal. It opens nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(String);

impl SessionId {
    /// An id as it is stored: 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 64 && text.bytes().all(digit)).then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_being_a_cookie() {
        let token = SessionToken::random();
        assert_eq!(token.encode().len(), 43);
        assert_eq!(SessionToken::parse(&token.encode()), Some(token));
    }

    #[test]
    fn no_two_tokens_are_alike() {
        let (one, other) = (SessionToken::random(), SessionToken::random());
        assert_ne!(one, other);
        assert_ne!(one.id(), other.id());
    }

    #[test]
    fn a_token_has_one_spelling() {
        let zeros = "A".repeat(43);
        assert!(SessionToken::parse(&zeros).is_some());
        for wrong in [
            "",
            &"A".repeat(42),
            &"A".repeat(44),
            &format!("{zeros}="),
            &format!(" {zeros}"),
            &format!("{}B", "A".repeat(42)),
            &format!("+{}", "A".repeat(42)),
            &format!("/{}", "A".repeat(42)),
            &format!("\u{e9}{}", "A".repeat(41)),
        ] {
            assert_eq!(SessionToken::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn an_id_is_the_hash_of_the_tokens_bytes() {
        let token = SessionToken::parse(&"A".repeat(43)).unwrap();
        // `printf '\0%.0s' {1..32} | sha256sum`
        let hash = "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925";
        assert_eq!(token.id().as_str(), hash);
        assert_eq!(SessionId::parse(hash), Some(token.id()));
        for wrong in ["", &hash[1..], &hash.to_uppercase(), &format!("{hash}0"), &hash.replace('6', "g")] {
            assert_eq!(SessionId::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_token_shows_nothing_of_itself() {
        assert_eq!(format!("{:?}", SessionToken::random()), "SessionToken(..)");
    }
}

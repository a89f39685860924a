//! API keys: what another service shows to run commands.
//!
//! A key is `lg_<id>_<secret>`: 12 lower-case hexadecimal digits that name its row, and 256 random bits in base64url,
//! 43 characters. The row holds the SHA-256 of the secret. A slow hash is for passwords, which people choose and
//! others guess; nobody guesses 256 random bits, however fast each try is.

mod stored;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

pub use self::stored::{StoredKey, USE_NOTED_EVERY};

/// What every key begins with, so that scanners for leaked secrets can know one.
const PREFIX: &str = "lg_";

/// Bytes of an id: enough that no two keys of one deployment meet.
const ID_BYTES: usize = 6;

/// An API key. `Debug` shows its id alone, and there is no `Display`.
#[derive(Clone)]
pub struct ApiKey {
    id: ApiKeyId,
    secret: [u8; 32],
}

impl ApiKey {
    /// A new key.
    ///
    /// # Panics
    ///
    /// When the system has no random numbers to give: nothing safe can be made then.
    pub fn generate() -> Self {
        let (mut id, mut secret) = ([0; ID_BYTES], [0; 32]);
        getrandom::fill(&mut id).expect("the system gives random numbers");
        getrandom::fill(&mut secret).expect("the system gives random numbers");
        Self { id: ApiKeyId(hex::encode(id)), secret }
    }

    /// Reads a key as [`Self::encode`] wrote it; any other spelling is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let secret = URL_SAFE_NO_PAD.decode(secret).ok()?.try_into().ok()?;
        Some(Self { id: ApiKeyId::parse(id)?, secret })
    }

    /// The key as text, for the one who asked for it: 59 characters.
    pub fn encode(&self) -> String {
        format!("{PREFIX}{}_{}", self.id.as_str(), URL_SAFE_NO_PAD.encode(self.secret))
    }

    /// The id of its row.
    pub fn id(&self) -> &ApiKeyId {
        &self.id
    }

    /// What its row holds: SHA-256 of the 32 bytes of the secret.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.secret).into()
    }

    /// Whether this is the key whose row holds `hash`, in a time that depends on neither.
    pub fn matches(&self, hash: &[u8; 32]) -> bool {
        self.hash().ct_eq(hash).into()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ApiKey({}, ..)", self.id.as_str())
    }
}

/// Names an API key: 12 lower-case hexadecimal digits. It opens nothing, so it may be logged.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApiKeyId(String);

impl ApiKeyId {
    /// An id as [`Self::as_str`] writes it, or `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 2 * ID_BYTES && text.bytes().all(digit)).then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ApiKeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "0123456789ab";

    fn key(id: &str, secret: &str) -> Option<ApiKey> {
        ApiKey::parse(&format!("lg_{id}_{secret}"))
    }

    #[test]
    fn a_key_survives_being_written_down() {
        let key = ApiKey::generate();
        assert_eq!(key.encode().len(), 59);
        let read = ApiKey::parse(&key.encode()).unwrap();
        assert_eq!(read.id(), key.id());
        assert!(read.matches(&key.hash()));
    }

    #[test]
    fn no_two_keys_are_alike() {
        let (one, other) = (ApiKey::generate(), ApiKey::generate());
        assert_ne!(one.id(), other.id());
        assert!(!one.matches(&other.hash()));
    }

    #[test]
    fn a_row_holds_the_hash_of_the_secrets_bytes() {
        // `printf '\0%.0s' {1..32} | sha256sum`
        let hash = "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925";
        assert_eq!(hex::encode(key(ID, &"A".repeat(43)).unwrap().hash()), hash);
    }

    #[test]
    fn a_hash_that_differs_in_any_bit_does_not_match() {
        let key = ApiKey::generate();
        for bit in 0..256 {
            let mut hash = key.hash();
            hash[bit / 8] ^= 1 << (bit % 8);
            assert!(!key.matches(&hash), "bit {bit}");
        }
    }

    #[test]
    fn underscores_of_a_secret_belong_to_it() {
        let secret = format!("{}_-A", "_".repeat(40));
        let key = key(ID, &secret).unwrap();
        assert_eq!(key.id().as_str(), ID);
        assert_eq!(key.encode(), format!("lg_{ID}_{secret}"));
    }

    #[test]
    fn a_key_has_one_spelling() {
        let secret = "A".repeat(43);
        assert!(key(ID, &secret).is_some());
        for (id, secret) in [
            ("", &*secret),
            ("0123456789a", &secret),
            ("0123456789abc", &secret),
            ("0123456789AB", &secret),
            ("0123456789ag", &secret),
            (ID, ""),
            (ID, &secret[1..]),
            (ID, &format!("{secret}A")),
            (ID, &format!("{secret}=")),
            (ID, &format!("{}B", &secret[1..])),
            (ID, &format!("+{}", &secret[1..])),
            (ID, &format!("\u{e9}{}", &secret[2..])),
        ] {
            assert!(key(id, secret).is_none(), "{id} {secret}");
        }
        for wrong in
            ["", "lg_", &format!("{ID}_{secret}"), &format!("LG_{ID}_{secret}"), &format!("lg_{ID}{secret}")]
        {
            assert!(ApiKey::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_key_shows_nothing_but_its_id() {
        let key = key(ID, &"A".repeat(43)).unwrap();
        assert_eq!(
            format!("{key:?} {:#?}", Some(&key)),
            format!("ApiKey({ID}, ..) Some(\n    ApiKey({ID}, ..),\n)")
        );
    }

    proptest! {
        #[test]
        fn whatever_reads_as_a_key_is_written_as_it_was(text in "lg_[0-9a-f]{12}_[A-Za-z0-9_-]{43}|.{0,80}") {
            if let Some(key) = ApiKey::parse(&text) {
                prop_assert_eq!(key.encode(), text);
            }
        }
    }
}

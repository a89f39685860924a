//! The delegation: what lets the worker, and nobody else, send an upload in a person's name.
//!
//! A session opens with its token, which only the person's browser has. While an upload is on its way, the token lies in
//! the table, sealed to the worker's public key with HPKE in its base mode (RFC 9180; X25519, HKDF-SHA256, AES-256-GCM).
//! Whoever seals needs no secret, and only the worker may read the private key. The upload's id is sealed along: the
//! delegation of one upload does not open as that of another.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hpke::aead::AesGcm256;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{
    Deserializable, HpkeError, Kem as _, OpModeR, OpModeS, Serializable, single_shot_open, single_shot_seal,
};

use super::UploadId;
use crate::session::SessionToken;

type Kem = X25519HkdfSha256;
type Public = <Kem as hpke::Kem>::PublicKey;
type Private = <Kem as hpke::Kem>::PrivateKey;
type Encapsulated = <Kem as hpke::Kem>::EncappedKey;

/// What the sealing is for.
const INFO: &[u8] = b"lambdagram delegation";

/// Bytes of a key of X25519, private, public or encapsulated (RFC 9180, section 7.1).
const KEY_BYTES: usize = 32;

/// The worker's private key. `Debug` shows none of it.
#[derive(Clone)]
pub struct DelegationKey {
    private: Private,
}

/// The worker's public key, which is no secret.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicDelegationKey(Public);

impl DelegationKey {
    /// A new key.
    ///
    /// # Panics
    ///
    /// When the system has no random numbers to give: nothing safe can be made then.
    pub fn generate() -> Self {
        Self { private: Kem::gen_keypair().0 }
    }

    /// Reads a key as [`Self::encode`] wrote it.
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self { private: Private::from_bytes(&bytes_of(text)?).ok()? })
    }

    /// The key as text: base64url without padding, 43 characters. It is a secret.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.private.to_bytes())
    }

    /// Its public half.
    pub fn public(&self) -> PublicDelegationKey {
        PublicDelegationKey(Kem::sk_to_pk(&self.private))
    }

    /// Opens what was sealed to this key for that upload. `None` for anything else.
    pub fn open(&self, sealed: &[u8], upload: &UploadId) -> Option<SessionToken> {
        let (encapsulated, sealed) = sealed.split_at_checked(KEY_BYTES)?;
        let encapsulated = Encapsulated::from_bytes(encapsulated).ok()?;
        let token = single_shot_open::<AesGcm256, HkdfSha256, Kem>(
            &OpModeR::Base,
            &self.private,
            &encapsulated,
            INFO,
            sealed,
            upload.as_str().as_bytes(),
        );
        SessionToken::parse(std::str::from_utf8(&token.ok()?).ok()?)
    }
}

impl PublicDelegationKey {
    /// Reads a key as [`Self::encode`] wrote it. One of the few of which no secret can be made is none.
    pub fn parse(text: &str) -> Option<Self> {
        let key = Self(Public::from_bytes(&bytes_of(text)?).ok()?);
        key.try_seal(&[], &[]).is_ok().then_some(key)
    }

    /// The key as text: base64url without padding, 43 characters.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.to_bytes())
    }

    /// Seals a token for one upload.
    ///
    /// # Panics
    ///
    /// When the system has no random numbers to give: nothing safe can be made then.
    pub fn seal(&self, token: &SessionToken, upload: &UploadId) -> Vec<u8> {
        let sealed = self.try_seal(token.encode().as_bytes(), upload.as_str().as_bytes());
        sealed.expect("a key that secrets cannot be made of was not taken")
    }

    fn try_seal(&self, content: &[u8], associated: &[u8]) -> Result<Vec<u8>, HpkeError> {
        let (encapsulated, sealed) = single_shot_seal::<AesGcm256, HkdfSha256, Kem>(
            &OpModeS::Base,
            &self.0,
            INFO,
            content,
            associated,
        )?;
        Ok([encapsulated.to_bytes().as_slice(), &sealed].concat())
    }
}

impl fmt::Debug for DelegationKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DelegationKey(..)")
    }
}

impl fmt::Debug for PublicDelegationKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PublicDelegationKey(..)")
    }
}

fn bytes_of(text: &str) -> Option<[u8; KEY_BYTES]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests;

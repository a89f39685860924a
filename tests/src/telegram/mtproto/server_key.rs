//! The RSA key of the simulated data centres. It is public on purpose: who has it can pretend to be the simulator.

use std::sync::LazyLock;

use grammers_crypto::aes;
use grammers_tl_types::Serializable as _;
use num_bigint::BigUint;
use pkcs1::der::pem::LineEnding;
use pkcs1::der::{Decode as _, EncodePem as _};
use pkcs1::{RsaPrivateKeyRef, RsaPublicKeyRef};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::tl_bytes;

/// Bytes of the modulus, and so of everything that is encrypted.
pub(super) const KEY_BYTES: usize = 256;

/// Bytes of data and padding inside `RSA_PAD`.
/// Source: `core.telegram.org/mtproto/auth_key`, 4.1.
const PADDED_BYTES: usize = 192;

static KEY: LazyLock<ServerKey> = LazyLock::new(|| {
    ServerKey::read(include_str!("test_key.pem")).expect("the committed key is an RSA key in PKCS#1")
});

/// The public half in the shape that clients of `MTProto` read: `BEGIN RSA PUBLIC KEY`.
pub fn public_key_pem() -> String {
    KEY.public_pem.clone()
}

/// The RSA key of every simulated data centre.
pub(super) fn server_key() -> &'static ServerKey {
    &KEY
}

/// An RSA key with both halves.
pub(super) struct ServerKey {
    modulus: BigUint,
    private_exponent: BigUint,
    fingerprint: i64,
    public_pem: String,
}

/// What a client has encrypted, opened, in either of the two ways.
pub(super) enum Opened {
    /// `RSA_PAD`: data, then padding. The hash is checked.
    Padded(Vec<u8>),
    /// The older way: the SHA-1 of the data, which ends where its TL value does, then padding.
    Hashed {
        /// The hash that the data must have.
        sha1: [u8; 20],
        /// Data and padding.
        data: Vec<u8>,
    },
}

impl ServerKey {
    fn read(pem: &str) -> pkcs1::Result<Self> {
        let (_, der) = pkcs1::der::Document::from_pem(pem)?;
        let key = RsaPrivateKeyRef::from_der(der.as_bytes())?;
        let (modulus, exponent) = (key.modulus.as_bytes(), key.public_exponent.as_bytes());
        let public = RsaPublicKeyRef { modulus: key.modulus, public_exponent: key.public_exponent };
        // As Telegram computes it: of the numbers as TL strings, the lower 64 bits.
        let mut numbers = modulus.to_bytes();
        exponent.serialize(&mut numbers);
        let hash: [u8; 20] = Sha1::digest(&numbers).into();
        Ok(Self {
            modulus: BigUint::from_bytes_be(modulus),
            private_exponent: BigUint::from_bytes_be(key.private_exponent.as_bytes()),
            fingerprint: i64::from_le_bytes(tl_bytes(&hash[12..])),
            public_pem: public.to_pem(LineEnding::LF)?,
        })
    }

    /// What names the key in a handshake.
    pub(super) const fn fingerprint(&self) -> i64 {
        self.fingerprint
    }

    /// Opens what was encrypted with the public half; `None` if it is malformed.
    pub(super) fn open(&self, encrypted: &[u8]) -> Option<Opened> {
        if encrypted.len() != KEY_BYTES {
            return None;
        }
        let number = BigUint::from_bytes_be(encrypted);
        if number >= self.modulus {
            return None;
        }
        let opened = number_bytes(&number.modpow(&self.private_exponent, &self.modulus));
        if let Some(data) = without_rsa_pad(&opened) {
            return Some(Opened::Padded(data));
        }
        // 255 bytes: a modulus of 256 has room for all of them.
        let [0, rest @ ..] = &opened else { return None };
        Some(Opened::Hashed { sha1: tl_bytes(&rest[..20]), data: rest[20..].to_vec() })
    }
}

/// A number of up to 2048 bits, big-endian, with leading zeros.
pub(super) fn number_bytes(number: &BigUint) -> [u8; KEY_BYTES] {
    let digits = number.to_bytes_be();
    let mut bytes = [0; KEY_BYTES];
    bytes[KEY_BYTES - digits.len()..].copy_from_slice(&digits);
    bytes
}

/// The inverse of `RSA_PAD`; `None` if the hash inside is wrong.
fn without_rsa_pad(opened: &[u8; KEY_BYTES]) -> Option<Vec<u8>> {
    let (hidden_key, encrypted) = opened.split_at(32);
    let hash = Sha256::digest(encrypted);
    let temp_key: [u8; 32] = std::array::from_fn(|index| hidden_key[index] ^ hash[index]);
    let mut content = encrypted.to_vec();
    aes::ige_decrypt(&mut content, &temp_key, &[0; 32]);
    let (data, hash) = content.split_at_mut(PADDED_BYTES);
    data.reverse();
    let expected = Sha256::new().chain_update(temp_key).chain_update(&*data).finalize();
    (*hash == *expected).then(|| data.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_has_2048_bits_and_its_public_half_can_be_given_away() {
        assert_eq!(server_key().modulus.bits(), 2048);
        let pem = public_key_pem();
        assert!(pem.starts_with("-----BEGIN RSA PUBLIC KEY-----\n"), "{pem}");
        assert!(!pem.contains("PRIVATE"), "{pem}");
    }

    #[test]
    fn what_is_too_short_or_too_large_is_not_opened() {
        assert!(server_key().open(&[1; 255]).is_none());
        assert!(server_key().open(&[0xff; 256]).is_none());
    }
}

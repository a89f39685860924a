//! The RSA keys by which servers are known.

use grammers_client::tl::Serializable;
use grammers_crypto::rsa;
use num_bigint::BigUint;
use pkcs1::{DecodeRsaPublicKey, RsaPublicKeyOwned};
use sha1::{Digest, Sha1};
use spki::{Document, SubjectPublicKeyInfoRef};

/// Bits of every RSA key of MTProto: what is encrypted is 256 bytes long.
const BITS: u64 = 2048;

/// A server's public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerKey {
    fingerprint: i64,
    modulus: BigUint,
    exponent: BigUint,
}

impl ServerKey {
    /// Reads a key in PEM: PKCS#1 (`BEGIN RSA PUBLIC KEY`) or SPKI (`BEGIN PUBLIC KEY`). `None` for anything else, and
    /// for a key that has not 2048 bits.
    pub fn from_pem(pem: &str) -> Option<Self> {
        let key = RsaPublicKeyOwned::from_pkcs1_pem(pem).ok().or_else(|| from_spki(pem))?;
        let modulus = BigUint::from_bytes_be(key.modulus.as_bytes());
        let exponent = BigUint::from_bytes_be(key.public_exponent.as_bytes());
        if modulus.bits() != BITS || exponent.bits() < 2 || !modulus.bit(0) {
            return None;
        }
        Some(Self { fingerprint: fingerprint(&modulus, &exponent), modulus, exponent })
    }

    /// What a server calls it by: the lower 64 bits of a SHA-1 (<https://core.telegram.org/mtproto/auth_key>).
    pub fn fingerprint(&self) -> i64 {
        self.fingerprint
    }

    /// `RSA_PAD` of at most 144 bytes, with 224 random ones.
    pub(super) fn encrypt(&self, data: &[u8], random: &[u8; 224]) -> Option<Vec<u8>> {
        let key = rsa::Key::new(&self.modulus.to_string(), &self.exponent.to_string())?;
        (data.len() <= 144).then(|| rsa::encrypt_hashed(data, &key, random))
    }
}

fn from_spki(pem: &str) -> Option<RsaPublicKeyOwned> {
    let (label, document) = Document::from_pem(pem).ok()?;
    let info = SubjectPublicKeyInfoRef::try_from(document.as_bytes()).ok()?;
    let is_rsa = label == "PUBLIC KEY" && info.algorithm.oid == pkcs1::ALGORITHM_OID;
    if is_rsa { RsaPublicKeyOwned::from_pkcs1_der(info.subject_public_key.as_bytes()?).ok() } else { None }
}

fn fingerprint(modulus: &BigUint, exponent: &BigUint) -> i64 {
    let mut bytes = modulus.to_bytes_be().to_bytes();
    exponent.to_bytes_be().serialize(&mut bytes);
    let hash: [u8; 20] = Sha1::digest(&bytes).into();
    i64::from_le_bytes(std::array::from_fn(|at| hash[12 + at]))
}

#[cfg(test)]
mod tests;

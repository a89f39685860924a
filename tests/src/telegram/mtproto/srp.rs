//! The server's side of two-step verification: SRP as core.telegram.org/api/srp describes it.
//!
//! The server keeps `v = g^x mod p` and the two salts, and never the password. Each question for the password's
//! parameters makes a new exponent `b`, and one answer to it is checked.

use hmac::{Hmac, KeyInit, Mac};
use num_bigint::BigUint;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256, Sha512};

pub(super) use super::handshake::GENERATOR;
use super::handshake::PRIME;
use super::random;
use super::server_key::{KEY_BYTES, number_bytes};
use super::store::hex_bytes;

/// Rounds of PBKDF2, part of the algorithm's name.
const ROUNDS: usize = 100_000;

/// The prime, big-endian.
pub(super) fn prime() -> Vec<u8> {
    PRIME.to_bytes_be()
}

/// What is kept of a password.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Verifier {
    #[serde(with = "hex_bytes")]
    pub(super) salt1: Vec<u8>,
    #[serde(with = "hex_bytes")]
    pub(super) salt2: Vec<u8>,
    #[serde(with = "hex_bytes")]
    v: Vec<u8>,
}

/// A question for a proof of the password.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Challenge {
    /// `srp_id`.
    pub(super) id: i64,
    #[serde(with = "hex_bytes")]
    secret: Vec<u8>,
    /// `srp_B`.
    #[serde(with = "hex_bytes")]
    pub(super) public: Vec<u8>,
    /// The salt of the password that was asked for; another one means that the password was changed.
    #[serde(with = "hex_bytes")]
    salt1: Vec<u8>,
}

impl Verifier {
    /// Takes 0.1 s of computing and more.
    pub(super) fn new(password: &[u8]) -> Self {
        // Telegram's own salts have these lengths.
        let (salt1, salt2) = (random::bytes::<40>().to_vec(), random::bytes::<16>().to_vec());
        let x = BigUint::from_bytes_be(&password_hash(password, &salt1, &salt2));
        let v = number_bytes(&BigUint::from(GENERATOR).modpow(&x, &PRIME)).to_vec();
        Self { salt1, salt2, v }
    }
}

impl Challenge {
    pub(super) fn new(verifier: &Verifier) -> Self {
        let generator = BigUint::from(GENERATOR);
        let multiplier = hash(&[&number_bytes(&PRIME), &number_bytes(&generator)]);
        let masked = BigUint::from_bytes_be(&multiplier) * BigUint::from_bytes_be(&verifier.v);
        let secret = random::bytes::<KEY_BYTES>().to_vec();
        let power = generator.modpow(&BigUint::from_bytes_be(&secret), &PRIME);
        let public = number_bytes(&((masked + power) % &*PRIME)).to_vec();
        Self { id: random::id(), secret, public, salt1: verifier.salt1.clone() }
    }

    /// Whether this challenge asks for that password, and not for one that was changed since.
    pub(super) fn asks_for(&self, verifier: &Verifier) -> bool {
        self.salt1 == verifier.salt1
    }

    /// Whether `A` and `M1` prove that their sender knows the password.
    pub(super) fn is_met(&self, verifier: &Verifier, a: &[u8], m1: &[u8]) -> bool {
        let number = BigUint::from_bytes_be(a);
        // A multiple of the prime would make the shared secret 0 for everybody.
        if a.len() > KEY_BYTES || (&number % &*PRIME) == BigUint::ZERO {
            return false;
        }
        let a = number_bytes(&number);
        let mixer = BigUint::from_bytes_be(&hash(&[&a, &self.public]));
        let mixed_in = BigUint::from_bytes_be(&verifier.v).modpow(&mixer, &PRIME);
        let shared = (number * mixed_in).modpow(&BigUint::from_bytes_be(&self.secret), &PRIME);
        proof(verifier, &a, &self.public, &shared) == m1
    }
}

/// `M1`, with which both sides show that they have computed the same secret.
fn proof(verifier: &Verifier, a: &[u8], b: &[u8], shared: &BigUint) -> Vec<u8> {
    let of_prime = hash(&[&number_bytes(&PRIME)]);
    let of_generator = hash(&[&number_bytes(&BigUint::from(GENERATOR))]);
    let mixed: Vec<u8> = of_prime.iter().zip(of_generator).map(|(left, right)| left ^ right).collect();
    let (salt1, salt2) = (hash(&[&verifier.salt1]), hash(&[&verifier.salt2]));
    hash(&[&mixed, &salt1, &salt2, a, b, &hash(&[&number_bytes(shared)])])
}

fn hash(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().to_vec()
}

/// `PH2` of the description.
fn password_hash(password: &[u8], salt1: &[u8], salt2: &[u8]) -> Vec<u8> {
    let salted = |bytes: &[u8], salt: &[u8]| hash(&[salt, bytes, salt]);
    let first = salted(&salted(password, salt1), salt2);
    salted(&stretched(&first, salt1), salt2)
}

/// The first block of PBKDF2-HMAC-SHA512, which is all that is needed of it.
fn stretched(password: &[u8], salt: &[u8]) -> Vec<u8> {
    let Ok(keyed) = Hmac::<Sha512>::new_from_slice(password) else { return Vec::new() };
    let round = |message: &[u8]| keyed.clone().chain_update(message).finalize().into_bytes();
    let mut last = round(&[salt, &1_u32.to_be_bytes()].concat());
    let mut sum = last;
    for _ in 1..ROUNDS {
        last = round(&last);
        for (sum, last) in sum.iter_mut().zip(&last) {
            *sum ^= last;
        }
    }
    sum.to_vec()
}

#[cfg(test)]
mod tests {
    use grammers_crypto::two_factor_auth::calculate_2fa;

    use super::*;

    fn answer(verifier: &Verifier, challenge: &Challenge, password: &str) -> ([u8; 32], [u8; 256]) {
        let public = challenge.public.clone();
        let secret = random::bytes::<KEY_BYTES>().to_vec();
        calculate_2fa(&verifier.salt1, &verifier.salt2, &prime(), &GENERATOR.into(), public, secret, password)
    }

    #[test]
    fn only_the_password_meets_a_challenge() {
        let verifier = Verifier::new(b"correct horse");
        let challenge = Challenge::new(&verifier);
        let (m1, a) = answer(&verifier, &challenge, "correct horse");
        assert!(challenge.is_met(&verifier, &a, &m1));
        let (m1, a) = answer(&verifier, &challenge, "correct Horse");
        assert!(!challenge.is_met(&verifier, &a, &m1));
    }

    #[test]
    fn an_answer_to_another_challenge_meets_none() {
        let verifier = Verifier::new(b"x");
        let (first, second) = (Challenge::new(&verifier), Challenge::new(&verifier));
        let (m1, a) = answer(&verifier, &first, "x");
        assert!(first.is_met(&verifier, &a, &m1));
        assert!(!second.is_met(&verifier, &a, &m1));
        assert_ne!(first.id, second.id);
    }

    #[test]
    fn no_multiple_of_the_prime_opens_an_account() {
        let verifier = Verifier::new(b"x");
        let challenge = Challenge::new(&verifier);
        // With A = 0 the shared secret is 0, which needs no password.
        for a in [vec![0; 256], prime()] {
            let m1 = proof(&verifier, &a, &challenge.public, &BigUint::ZERO);
            assert!(!challenge.is_met(&verifier, &a, &m1));
        }
        assert!(!challenge.is_met(&verifier, &[7; 300], &[7; 32]));
    }

    #[test]
    fn a_changed_password_is_noticed() {
        let verifier = Verifier::new(b"x");
        let challenge = Challenge::new(&verifier);
        assert!(challenge.asks_for(&verifier));
        assert!(!challenge.asks_for(&Verifier::new(b"x")));
    }
}

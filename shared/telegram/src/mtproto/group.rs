//! Numbers modulo a safe prime: the group of the key exchange and of the password proof, checked before it is used
//! (<https://core.telegram.org/mtproto/security_guidelines#diffie-hellman-key-exchange>).

use std::sync::{LazyLock, Mutex, PoisonError};

use grammers_crypto::two_factor_auth::check_p_and_g;
use num_bigint::BigUint;
use sha2::{Digest, Sha256};

/// Bytes of the prime, and of everything modulo it.
pub(super) const SIZE: usize = 256;

/// The prime Telegram has used since it began: a safe one, so it need not be proved again (`TDLib` carries it too).
pub(super) const TELEGRAMS_PRIME: &[u8] = b"C71CAEB9C6B1C9048E6C522F70F13F73980D40238E3E21C14934D037563D930F\
48198A0AA7C14058229493D22530F4DBFA336F6E0AC925139543AED44CCE7C3720FD51F69458705AC68CD4FE6B6B13AB\
DC9746512969328454F18FAF8C595F642477FE96BB2A941D5BCD1D4AC8CC49880708FA9B378E3C4F3A9060BEE67CF9A4\
A4A695811051907E162753B56B0F6B410DBA74D8A84B2A14B3144E0EF1284754FD17ED950D5965B4B9DD46582DB1178D\
169C6BC465B0D6FF9CA3928FEF5B9AE4E418FC15E83EBEA0F87FA9FF5EED70050DED2849F47BF959D956850CE929851F\
0D8115F635B105EE2E4E15D04B2454BF6F4FADF034B10403119CD8E3B92FCC5B";

static KNOWN: LazyLock<Option<BigUint>> = LazyLock::new(|| BigUint::parse_bytes(TELEGRAMS_PRIME, 16));

/// Hashes of other primes that were proved in this process: a proof takes a good part of a second.
static PROVED: Mutex<Vec<[u8; 32]>> = Mutex::new(Vec::new());

/// Proofs remembered at once; servers have one prime, or very few.
const REMEMBERED: usize = 8;

/// A safe prime of 2048 bits with a generator that fits it.
#[derive(Clone)]
pub(super) struct Group {
    prime: BigUint,
    generator: u32,
}

impl Group {
    /// `None` when the prime is none, not safe or not of 2048 bits, or the generator makes no large subgroup.
    pub(super) fn new(prime: &[u8], generator: i32) -> Option<Self> {
        let generator = u32::try_from(generator).ok()?;
        if prime.len() != SIZE || prime[0] < 0x80 {
            return None;
        }
        let number = BigUint::from_bytes_be(prime);
        (generator_fits(&number, generator) && is_safe_prime(prime, &number))
            .then_some(Self { prime: number, generator })
    }

    /// The generator to the power of `exponent`.
    pub(super) fn power(&self, exponent: &BigUint) -> BigUint {
        BigUint::from(self.generator).modpow(exponent, &self.prime)
    }

    /// `base` to the power of `exponent`, in 256 bytes.
    pub(super) fn shared(&self, base: &BigUint, exponent: &BigUint) -> [u8; SIZE] {
        let mut key = [0; SIZE];
        let bytes = base.modpow(exponent, &self.prime).to_bytes_be();
        key[SIZE - bytes.len()..].copy_from_slice(&bytes);
        key
    }

    /// Whether the other side's half is far enough from both ends: more than 2^(2048-64) from each.
    pub(super) fn accepts(&self, half: &BigUint) -> bool {
        let margin = BigUint::from(1_u8) << (2048 - 64);
        *half > margin && *half < &self.prime - margin
    }
}

/// Whether the generator's subgroup has the order (p - 1) / 2, by quadratic reciprocity.
fn generator_fits(prime: &BigUint, generator: u32) -> bool {
    let rest = |modulus: u32| u32::try_from(prime % modulus).unwrap_or(0);
    match generator {
        2 => rest(8) == 7,
        3 => rest(3) == 2,
        4 => true,
        5 => matches!(rest(5), 1 | 4),
        6 => matches!(rest(24), 19 | 23),
        7 => matches!(rest(7), 3 | 5 | 6),
        _ => false,
    }
}

fn is_safe_prime(bytes: &[u8], number: &BigUint) -> bool {
    if KNOWN.as_ref() == Some(number) {
        return true;
    }
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    if PROVED.lock().unwrap_or_else(PoisonError::into_inner).contains(&hash) {
        return true;
    }
    // Any safe prime goes with 4, so this asks about the prime alone.
    let safe = check_p_and_g(bytes, &4);
    let mut proved = PROVED.lock().unwrap_or_else(PoisonError::into_inner);
    if safe && proved.len() < REMEMBERED {
        proved.push(hash);
    }
    safe
}

#[cfg(test)]
mod tests;

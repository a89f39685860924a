//! The number `pq` of a handshake: two primes that a client has to find.

use super::random;

/// A number below 2^63 with its two prime factors, the smaller first. Each has 31 bits, as with Telegram.
pub(super) struct Pq {
    pub(super) product: u64,
    pub(super) p: u32,
    pub(super) q: u32,
}

/// A new number, different from the one before.
pub(super) fn fresh() -> Pq {
    let p = prime();
    let q = std::iter::repeat_with(prime).find(|q| *q != p).expect("there are other primes");
    Pq { product: u64::from(p) * u64::from(q), p: p.min(q), q: p.max(q) }
}

/// A prime of 31 bits.
fn prime() -> u32 {
    let candidates = std::iter::repeat_with(|| (u32::from_le_bytes(random::bytes()) >> 1) | 0x4000_0001);
    candidates.into_iter().find(|number| is_prime(*number)).expect("primes are frequent")
}

/// Miller and Rabin's test. These three witnesses decide every number below 4,759,123,141.
/// Source: Jaeschke, "On strong pseudoprimes to several bases", 1993.
fn is_prime(number: u32) -> bool {
    if number < 2 || number.is_multiple_of(2) {
        return number == 2;
    }
    let twos = (number - 1).trailing_zeros();
    [2, 7, 61].into_iter().filter(|witness| !number.is_multiple_of(*witness)).all(|witness| {
        let mut power = pow_mod(witness.into(), (number - 1) >> twos, number.into());
        (0..twos).any(|step| {
            let passes = power == u64::from(number) - 1 || (step == 0 && power == 1);
            power = power * power % u64::from(number);
            passes
        })
    })
}

fn pow_mod(mut base: u64, mut exponent: u32, modulus: u64) -> u64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent % 2 == 1 {
            result = result * base % modulus;
        }
        base = base * base % modulus;
        exponent /= 2;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_primes_are_told_from_other_numbers() {
        let plainly = |number: u32| number > 1 && !(2..number).any(|divisor| number.is_multiple_of(divisor));
        for number in 0..3000 {
            assert_eq!(is_prime(number), plainly(number), "{number}");
        }
    }

    #[test]
    fn a_client_can_take_the_number_apart() {
        let Pq { product, p, q } = fresh();
        assert_eq!(grammers_crypto::factorize(product), (p.into(), q.into()));
        assert_eq!(product.to_be_bytes().len(), 8);
        assert!(product < 1 << 63);
    }
}

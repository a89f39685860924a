//! The proof of work at the start: a number of at most 63 bits, taken apart into its two primes.

use grammers_crypto::factorize;

/// Witnesses that tell primes from composites below 2^64 without error (Sinclair, 2011; as in FLINT and PARI).
const WITNESSES: [u64; 7] = [2, 325, 9_375, 28_178, 450_775, 9_780_504, 1_795_265_022];

/// Both primes, the smaller one first, in as few bytes as they need. `None` where `product` is not the product of two
/// different odd primes below 2^63 in all.
///
/// What is no such product is refused before it is tried: the search for factors of a prime would not end.
pub(super) fn factors(product: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let number = product
        .iter()
        .try_fold(0_u64, |number, byte| number.checked_mul(256).map(|number| number | u64::from(*byte)))?;
    let root = number.isqrt();
    if number > i64::MAX.unsigned_abs()
        || number.is_multiple_of(2)
        || root * root == number
        || is_prime(number)
    {
        return None;
    }
    // Below this the search has no parameter to start from.
    if number < 1_000 {
        return None;
    }
    let (p, q) = factorize(number);
    let (p, q) = (p.min(q), p.max(q));
    let right = p.checked_mul(q) == Some(number) && p < q && is_prime(p) && is_prime(q);
    right.then(|| (shortest(p), shortest(q)))
}

fn shortest(number: u64) -> Vec<u8> {
    number.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect()
}

/// Miller and Rabin's test.
fn is_prime(number: u64) -> bool {
    if number < 4 || number.is_multiple_of(2) {
        return number == 2 || number == 3;
    }
    let halvings = (number - 1).trailing_zeros();
    let odd = (number - 1) >> halvings;
    WITNESSES.iter().all(|witness| {
        let base = witness % number;
        if base == 0 {
            return true;
        }
        let mut power = power(base, odd, number);
        if power == 1 || power == number - 1 {
            return true;
        }
        (1..halvings).any(|_| {
            power = multiply(power, power, number);
            power == number - 1
        })
    })
}

fn power(mut base: u64, mut exponent: u64, modulus: u64) -> u64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = multiply(result, base, modulus);
        }
        base = multiply(base, base, modulus);
        exponent >>= 1;
    }
    result
}

fn multiply(a: u64, b: u64, modulus: u64) -> u64 {
    u64::try_from(u128::from(a) * u128::from(b) % u128::from(modulus)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_of_two_primes_is_taken_apart() {
        // The example of core.telegram.org/mtproto/samples-auth_key.
        let (p, q) = factors(&0x17ED_4894_1A08_F981_u64.to_be_bytes()).unwrap();
        assert_eq!((p, q), (vec![0x49, 0x4C, 0x55, 0x3B], vec![0x53, 0x91, 0x10, 0x73]));
        assert!(factors(&(1_009_u64 * 1_013).to_be_bytes()).is_some());
    }

    #[test]
    fn what_is_no_product_of_two_primes_is_refused() {
        let wrong = [
            0,
            1,
            15,
            2_147_483_647,                 // a prime
            9_223_372_036_854_775_783,     // the largest prime below 2^63
            2_147_483_647 * 2_147_483_647, // a square
            2_147_483_647 * 2,             // even
            1_009 * 1_013 * 1_019,         // three primes
            4_294_967_291 * 4_294_967_279, // more than 63 bits
        ];
        for number in wrong {
            let number: u64 = number;
            assert_eq!(factors(&number.to_be_bytes()), None, "{number}");
        }
        assert_eq!(factors(&[1; 9]), None);
    }

    #[test]
    fn primes_are_told_from_composites() {
        let primes: Vec<u64> = (0..60).filter(|number| is_prime(*number)).collect();
        assert_eq!(primes, [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59]);
        // Strong pseudoprimes to the bases 2, 3 and 5.
        for composite in [25_326_001, 161_304_001, 960_946_321, 3_215_031_751] {
            assert!(!is_prime(composite), "{composite}");
        }
    }
}

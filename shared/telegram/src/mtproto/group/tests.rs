use super::*;

/// Group 14 of RFC 3526: a safe prime of 2048 bits that is not Telegram's. 7 modulo 8, so 2 generates.
const ANOTHER: &[u8] =
    b"FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD\
EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED\
EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F\
83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B\
E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510\
15728E5A8AACAA68FFFFFFFFFFFFFFFF";

fn bytes(hexadecimal: &[u8]) -> Vec<u8> {
    BigUint::parse_bytes(hexadecimal, 16).unwrap().to_bytes_be()
}

#[test]
fn telegrams_prime_goes_with_the_generators_that_fit_it() {
    let fitting: Vec<i32> = (-1..10).filter(|g| Group::new(&bytes(TELEGRAMS_PRIME), *g).is_some()).collect();
    assert_eq!(fitting, [3, 4, 7]);
}

#[test]
fn telegrams_prime_is_a_safe_one() {
    assert!(check_p_and_g(&bytes(TELEGRAMS_PRIME), &4));
}

#[test]
fn another_safe_prime_is_proved_and_remembered() {
    let prime = bytes(ANOTHER);
    assert!(Group::new(&prime, 2).is_some());
    let hash: [u8; 32] = Sha256::digest(&prime).into();
    assert!(PROVED.lock().unwrap().contains(&hash));
    assert!(Group::new(&prime, 2).is_some());
}

#[test]
fn what_is_no_safe_prime_of_2048_bits_is_refused() {
    let prime = BigUint::from_bytes_be(&bytes(TELEGRAMS_PRIME));
    let composite = &prime + 2_u8;
    assert!(Group::new(&composite.to_bytes_be(), 4).is_none());
    // (p - 1) / 2 is a prime of 2047 bits.
    let short = (&prime - 1_u8) / 2_u8;
    assert!(Group::new(&short.to_bytes_be(), 4).is_none());
    // A prime of 2048 bits whose half is none.
    assert!(Group::new(&bytes(include_bytes!("tests/unsafe_prime.txt").trim_ascii()), 4).is_none());
    // A safe prime of 2047 bits, which fill 256 bytes too.
    let short = bytes(include_bytes!("tests/safe_prime_of_2047_bits.txt").trim_ascii());
    assert_eq!(short.len(), SIZE);
    assert!(Group::new(&short, 4).is_none());
    assert!(Group::new(&[&[0][..], &bytes(TELEGRAMS_PRIME)].concat(), 3).is_none());
    assert!(Group::new(&[], 3).is_none());
}

#[test]
fn halves_near_either_end_are_refused() {
    let group = Group::new(&bytes(TELEGRAMS_PRIME), 3).unwrap();
    let margin: BigUint = BigUint::from(1_u8) << 1984;
    for wrong in [
        BigUint::ZERO,
        BigUint::from(1_u8),
        margin.clone(),
        &group.prime - &margin,
        &group.prime - 1_u8,
        group.prime.clone(),
        &group.prime + &margin,
    ] {
        assert!(!group.accepts(&wrong));
    }
    assert!(group.accepts(&(&margin + 1_u8)));
    assert!(group.accepts(&(&group.prime - &margin - 1_u8)));
}

use super::*;

const PRODUCTION: &str = include_str!("../keys/production.pem");

#[test]
fn telegrams_keys_have_the_fingerprints_its_servers_name() {
    // As the production servers and the test servers send them in resPQ.
    let production = ServerKey::from_pem(PRODUCTION).unwrap();
    let test = ServerKey::from_pem(include_str!("../keys/test.pem")).unwrap();
    assert_eq!(production.fingerprint(), -3_414_540_481_677_951_611);
    assert_eq!(test.fingerprint(), -5_595_554_452_916_591_101);
}

#[test]
fn a_key_may_be_written_in_both_usual_ways() {
    let spki = include_str!("tests/production_spki.pem");
    assert_eq!(ServerKey::from_pem(spki), ServerKey::from_pem(PRODUCTION));
}

#[test]
fn what_is_no_rsa_key_of_2048_bits_is_refused() {
    assert_eq!(ServerKey::from_pem(""), None);
    assert_eq!(ServerKey::from_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), None);
    assert_eq!(ServerKey::from_pem(include_str!("tests/short.pem")), None);
    assert_eq!(ServerKey::from_pem(include_str!("tests/elliptic.pem")), None);
    assert_eq!(ServerKey::from_pem(&PRODUCTION.replace("RSA PUBLIC", "PUBLIC")), None);
}

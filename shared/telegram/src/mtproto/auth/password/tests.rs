use super::*;
use crate::mtproto::group::TELEGRAMS_PRIME;

fn state(change: impl FnOnce(&mut types::account::Password, &mut Algorithm)) -> types::account::Password {
    let prime = BigUint::parse_bytes(TELEGRAMS_PRIME, 16).unwrap().to_bytes_be();
    let mut algorithm = Algorithm { salt1: vec![1; 40], salt2: vec![2; 16], g: 3, p: prime };
    let mut state = types::account::Password {
        has_recovery: false,
        has_secure_values: false,
        has_password: true,
        current_algo: None,
        srp_b: Some(vec![0x70; SIZE]),
        srp_id: Some(4),
        hint: None,
        email_unconfirmed_pattern: None,
        new_algo: enums::PasswordKdfAlgo::Unknown,
        new_secure_algo: enums::SecurePasswordKdfAlgo::Unknown,
        secure_random: Vec::new(),
        pending_reset_date: None,
        login_email_pattern: None,
    };
    change(&mut state, &mut algorithm);
    if state.has_password && state.current_algo.is_none() {
        state.current_algo = Some(algorithm.into());
    }
    state
}

type Algorithm = types::PasswordKdfAlgoSha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow;

fn proof(state: types::account::Password) -> Result<enums::InputCheckPasswordSrp, TelegramError> {
    prove(state, &Password::parse("correct horse").unwrap())
}

#[test]
fn a_proof_names_the_servers_parameters_and_is_new_each_time() {
    let [first, second] = [(); 2].map(|()| match proof(state(|_, _| {})) {
        Ok(enums::InputCheckPasswordSrp::Srp(proof)) => proof,
        other => panic!("{other:?}"),
    });
    assert_eq!((first.srp_id, first.a.len(), first.m1.len()), (4, 256, 32));
    assert_ne!(first.a, second.a);
    assert_ne!(first.m1, second.m1);
}

#[test]
fn parameters_that_are_unknown_missing_or_not_safe_get_no_proof() {
    let lies: [fn(&mut types::account::Password, &mut Algorithm); 11] = [
        |state, _| state.has_password = false,
        |state, _| state.current_algo = Some(enums::PasswordKdfAlgo::Unknown),
        |state, _| state.srp_id = None,
        |state, _| state.srp_b = None,
        |state, _| state.srp_b = Some(Vec::new()),
        |state, _| state.srp_b = Some(vec![1]),
        |state, _| state.srp_b = Some(vec![0xFF; SIZE]),
        |state, _| state.srp_b = Some(vec![0x70; SIZE + 1]),
        |_, algorithm| algorithm.g = 2,
        |_, algorithm| algorithm.g = 8,
        |_, algorithm| algorithm.p = vec![0xC7; SIZE],
    ];
    for (number, lie) in lies.into_iter().enumerate() {
        assert!(matches!(proof(state(lie)), Err(TelegramError::Protocol(_))), "{number}");
    }
}

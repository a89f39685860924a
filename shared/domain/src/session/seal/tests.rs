use proptest::prelude::*;

use super::super::cipher::NONCE;
use super::super::content::tests::any_session;
use super::*;

fn secret(name: &str) -> Secret {
    Secret::new(format!("{name}, a master secret of the tests"))
}

fn only(name: &str) -> MasterKeys {
    MasterKeys::new(&secret(name), None)
}

fn sample() -> Session {
    super::super::content::tests::code_sent()
}

/// Encrypts `content` as a seal does, whatever it is.
fn sealed_bytes(owner: &Sealer, content: &[u8]) -> Sealed {
    let keys = &owner.current;
    let associated = owner.associated_data(Kind::Pending, 1, &keys.master_id);
    let bytes = cipher::seal_with([7; NONCE], &keys.seal, &associated, content);
    Sealed { key_id: keys.master_id.clone(), bytes }
}

proptest! {
    #[test]
    fn what_was_sealed_opens(session in any_session(), version: u64, account: bool) {
        let owner = only("a").sealer(&SessionToken::random());
        let kind = if account { Kind::Account } else { Kind::Pending };
        let sealed = owner.seal(kind, version, &session);
        prop_assert_eq!(owner.open(kind, version, &sealed), Ok(session));
    }

    #[test]
    fn a_flipped_bit_anywhere_does_not_open(session in any_session(), at: prop::sample::Index, bit in 0..8_u8) {
        let owner = only("a").sealer(&SessionToken::random());
        let mut sealed = owner.seal(Kind::Account, 1, &session);
        let at = at.index(sealed.bytes.len());
        sealed.bytes[at] ^= 1_u8 << bit;
        prop_assert_eq!(owner.open(Kind::Account, 1, &sealed), Err(OpenError::Forged));
    }

    #[test]
    fn another_version_does_not_open(sealed_as: u64, opened_as: u64) {
        prop_assume!(sealed_as != opened_as);
        let owner = only("a").sealer(&SessionToken::random());
        let sealed = owner.seal(Kind::Account, sealed_as, &sample());
        prop_assert_eq!(owner.open(Kind::Account, opened_as, &sealed), Err(OpenError::Forged));
    }
}

#[test]
fn every_byte_counts_and_none_may_be_missing_or_added() {
    let owner = only("a").sealer(&SessionToken::random());
    let sealed = owner.seal(Kind::Account, 1, &sample());
    let opened = |bytes: &[u8]| {
        owner.open(Kind::Account, 1, &Sealed { key_id: sealed.key_id.clone(), bytes: bytes.to_vec() })
    };
    for at in 0..sealed.bytes.len() {
        let mut changed = sealed.bytes.clone();
        changed[at] ^= 1;
        assert_eq!(opened(&changed), Err(OpenError::Forged), "byte {at}");
        assert_eq!(opened(&sealed.bytes[..at]), Err(OpenError::Forged), "the first {at} bytes");
    }
    assert_eq!(opened(&[&sealed.bytes[..], &[0]].concat()), Err(OpenError::Forged));
}

#[test]
fn another_token_kind_or_session_does_not_open() {
    let keys = only("a");
    let owner = keys.sealer(&SessionToken::random());
    let sealed = owner.seal(Kind::Pending, 1, &sample());
    let other = keys.sealer(&SessionToken::random());
    assert_eq!(other.open(Kind::Pending, 1, &sealed), Err(OpenError::Forged));
    assert_eq!(owner.open(Kind::Account, 1, &sealed), Err(OpenError::Forged));
    let moved = Sealer { id: other.id.clone(), ..owner.clone() };
    assert_eq!(moved.open(Kind::Pending, 1, &sealed), Err(OpenError::Forged));
    assert_eq!(owner.open(Kind::Pending, 1, &sealed), Ok(sample()));
}

#[test]
fn after_a_rotation_what_the_old_secret_sealed_opens_and_the_new_one_seals() {
    let token = SessionToken::random();
    let old = only("a").sealer(&token).seal(Kind::Account, 1, &sample());
    let rotated = MasterKeys::new(&secret("b"), Some(&secret("a"))).sealer(&token);
    assert_eq!(rotated.open(Kind::Account, 1, &old), Ok(sample()));
    let new = rotated.seal(Kind::Account, 2, &sample());
    assert_ne!(new.key_id, old.key_id);
    assert_eq!(only("b").sealer(&token).open(Kind::Account, 2, &new), Ok(sample()));
}

#[test]
fn an_unknown_master_secret_is_told_apart_from_a_forgery() {
    let token = SessionToken::random();
    let sealed = only("a").sealer(&token).seal(Kind::Account, 1, &sample());
    let other = MasterKeys::new(&secret("b"), Some(&secret("c"))).sealer(&token);
    assert_eq!(other.open(Kind::Account, 1, &sealed), Err(OpenError::UnknownKey));
    let relabelled = Sealed { key_id: other.current.master_id.clone(), ..sealed };
    assert_eq!(other.open(Kind::Account, 1, &relabelled), Err(OpenError::Forged));
}

#[test]
fn two_master_secrets_of_one_id_are_still_two() {
    let token = SessionToken::random();
    let one = only("a").sealer(&token);
    let mut other = only("b").sealer(&token);
    other.current.master_id.clone_from(&one.current.master_id);
    let sealed = one.seal(Kind::Account, 1, &sample());
    assert_eq!(other.open(Kind::Account, 1, &sealed), Err(OpenError::Forged));
}

#[test]
fn a_form_of_a_newer_program_is_told_apart_from_a_forgery() {
    let owner = only("a").sealer(&SessionToken::random());
    let mut content = sample().to_bytes();
    assert_eq!(owner.open(Kind::Pending, 1, &sealed_bytes(&owner, &content)), Ok(sample()));
    content[0] += 1;
    let newer = sealed_bytes(&owner, &content);
    assert_eq!(owner.open(Kind::Pending, 1, &newer), Err(OpenError::UnknownForm));
}

/// When this fails, sessions that people have would not open.
#[test]
fn the_seal_is_the_one_that_is_stored() {
    let owner = only("a").sealer(&SessionToken::parse(&"A".repeat(43)).unwrap());
    let sealed = sealed_bytes(&owner, b"content");
    assert_eq!(
        (sealed.key_id, hex::encode(&sealed.bytes[NONCE..])),
        ("e9f75598".to_owned(), "e25dfe0625c0a9795f86a1858645cc18d4217f610a24e0".to_owned())
    );
    assert_eq!(
        owner.mark("code", "12345"),
        "d0e67175c6e3ea82b99bf075113bb30a75caea85e3a46ae688814e167d046781"
    );
}

#[test]
fn no_two_seals_are_alike_and_none_shows_what_it_holds() {
    let owner = only("a").sealer(&SessionToken::random());
    let one = owner.seal(Kind::Account, 1, &sample());
    let other = owner.seal(Kind::Account, 1, &sample());
    assert_ne!(one.bytes[..NONCE], other.bytes[..NONCE]);
    assert_ne!(one.bytes[NONCE..], other.bytes[NONCE..]);
    let content = sample().to_bytes();
    for known in [&b"15551234567"[..], b"a code's hash", &[0xa5; 16]] {
        let holds = |bytes: &[u8]| bytes.windows(known.len()).any(|window| window == known);
        assert!(holds(&content) && !holds(&one.bytes));
    }
}

#[test]
fn a_mark_is_known_again_by_its_session_its_purpose_and_its_text() {
    let token = SessionToken::random();
    let keys = only("a");
    let owner = keys.sealer(&token);
    let mark = owner.mark("code", "12345");
    assert_eq!(mark, keys.sealer(&token).mark("code", "12345"));
    assert!(owner.is_mark_of(&mark, "code", "12345"));
    assert!(!owner.is_mark_of(&mark, "code", "12346"));
    assert!(!owner.is_mark_of(&mark, "password", "12345"));
    assert!(!owner.is_mark_of("no mark", "code", "12345"));
    assert!(!keys.sealer(&SessionToken::random()).is_mark_of(&mark, "code", "12345"));
    assert_ne!(owner.mark("a", "bc"), owner.mark("ab", "c"));

    assert!(!only("b").sealer(&token).is_mark_of(&mark, "code", "12345"));
    let rotated = MasterKeys::new(&secret("b"), Some(&secret("a"))).sealer(&token);
    assert!(rotated.is_mark_of(&mark, "code", "12345"));
}

#[test]
fn keys_and_seals_show_nothing_of_themselves() {
    let keys = MasterKeys::new(&secret("a"), Some(&secret("b")));
    let owner = keys.sealer(&SessionToken::random());
    let shown = format!("{keys:?}");
    assert!(!shown.contains("master secret of the tests"), "{shown}");
    assert_eq!(format!("{owner:?}"), "Sealer(..)");
    let sealed = Sealed { key_id: "0123abcd".to_owned(), bytes: vec![1, 2, 3] };
    assert_eq!(format!("{sealed:?}"), "Sealed { key_id: \"0123abcd\", .. }");
}

#[test]
fn every_kind_is_found_by_its_name() {
    for kind in [Kind::Pending, Kind::Account] {
        assert_eq!(Kind::parse(kind.name()), Some(kind));
    }
    assert_eq!(Kind::parse("gone"), None);
}

//! Delegations open for one upload, with one key, and as they were sealed.

use proptest::prelude::*;

use super::*;

#[test]
fn a_token_opens_with_the_key_and_for_the_upload_it_was_sealed_for() {
    let (key, other) = (DelegationKey::generate(), DelegationKey::generate());
    let (upload, another) = (UploadId::random(), UploadId::random());
    let token = SessionToken::random();
    let sealed = key.public().seal(&token, &upload);
    assert_eq!(key.open(&sealed, &upload), Some(token));
    assert_eq!(key.open(&sealed, &another), None);
    assert_eq!(other.open(&sealed, &upload), None);
}

#[test]
fn keys_survive_being_text() {
    let key = DelegationKey::generate();
    let (private, public) = (key.encode(), key.public().encode());
    assert_eq!((private.len(), public.len()), (43, 43));
    assert_ne!(private, public);
    let (token, upload) = (SessionToken::random(), UploadId::random());
    let sealed = PublicDelegationKey::parse(&public).unwrap().seal(&token, &upload);
    let read = DelegationKey::parse(&private).unwrap();
    assert_eq!(read.open(&sealed, &upload), Some(token));
    assert_eq!(read.public(), key.public());
    for wrong in ["", "A", &format!("{private}="), &format!("{private}A"), &"+".repeat(43)] {
        assert!(DelegationKey::parse(wrong).is_none(), "{wrong}");
        assert!(PublicDelegationKey::parse(wrong).is_none(), "{wrong}");
    }
}

#[test]
fn a_public_key_that_gives_no_secret_is_none() {
    // The points 0 and 1, of low order (RFC 7748, section 6.1).
    assert!(PublicDelegationKey::parse(&"A".repeat(43)).is_none());
    assert!(PublicDelegationKey::parse(&format!("AQ{}", "A".repeat(41))).is_none());
}

#[test]
fn every_sealing_is_another() {
    let (key, token, upload) =
        (DelegationKey::generate().public(), SessionToken::random(), UploadId::random());
    assert_ne!(key.seal(&token, &upload), key.seal(&token, &upload));
}

#[test]
fn what_is_altered_or_cut_does_not_open() {
    let (key, upload) = (DelegationKey::generate(), UploadId::random());
    let sealed = key.public().seal(&SessionToken::random(), &upload);
    // The encapsulated key, the token's text and the tag.
    assert_eq!(sealed.len(), 32 + 43 + 16);
    for at in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[at] ^= 1;
        assert_eq!(key.open(&altered, &upload), None, "{at}");
        assert_eq!(key.open(&sealed[..at], &upload), None, "{at}");
    }
}

#[test]
fn keys_show_nothing_of_themselves() {
    let key = DelegationKey::generate();
    assert_eq!(format!("{key:?} {:?}", key.public()), "DelegationKey(..) PublicDelegationKey(..)");
}

proptest! {
    #[test]
    fn any_bytes_open_to_nothing(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let key = DelegationKey::parse(&"A".repeat(43)).unwrap();
        prop_assert_eq!(key.open(&bytes, &UploadId::random()), None);
    }
}

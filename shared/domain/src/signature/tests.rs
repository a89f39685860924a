//! Tests of signatures: the published vector, and what must not pass.

use proptest::prelude::*;

use super::*;

// The vector of Standard Webhooks' own libraries (libraries/go/webhook_test.go and the others).
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const SENT_AT: UnixTime = UnixTime(1_614_265_330);
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

const HEADERS: Headers<'_> = Headers { id: ID, timestamp: "1614265330", signature: SIGNATURE };

fn secret() -> SigningSecret {
    SigningSecret::parse(SECRET).unwrap()
}

fn check(headers: Headers<'_>, body: &[u8]) -> Result<(), SignatureError> {
    verify(&[secret()], headers, body, SENT_AT)
}

#[test]
fn the_published_vector_is_signed_as_published() {
    assert_eq!(sign(&[secret()], ID, SENT_AT, BODY), SIGNATURE);
    assert_eq!(check(HEADERS, BODY), Ok(()));
}

#[test]
fn a_change_in_any_part_is_refused() {
    for headers in [
        Headers { id: "msg_p5jXN8AQM9LWM0D4loKWxJeK", ..HEADERS },
        Headers { timestamp: "1614265331", ..HEADERS },
        Headers { signature: "v1,h0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", ..HEADERS },
        Headers { signature: "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", ..HEADERS },
        Headers { signature: "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", ..HEADERS },
        Headers { signature: "v1,g0hM9SsE", ..HEADERS },
        Headers { signature: "v1,", ..HEADERS },
        Headers { signature: "", ..HEADERS },
    ] {
        assert_eq!(check(headers, BODY), Err(SignatureError::Invalid), "{headers:?}");
    }
    assert_eq!(check(HEADERS, br#"{"test": 2432232315}"#), Err(SignatureError::Invalid));
    assert_eq!(check(HEADERS, b""), Err(SignatureError::Invalid));
    assert_eq!(verify(&[], HEADERS, BODY, SENT_AT), Err(SignatureError::Invalid));
}

#[test]
fn malformed_headers_are_told_apart_from_wrong_signatures() {
    for headers in [
        Headers { id: "", ..HEADERS },
        Headers { timestamp: "", ..HEADERS },
        Headers { timestamp: "+1614265330", ..HEADERS },
        Headers { timestamp: "01614265330", ..HEADERS },
        Headers { timestamp: "-1", ..HEADERS },
        Headers { timestamp: "1614265330.5", ..HEADERS },
        Headers { timestamp: "99999999999999999999", ..HEADERS },
        Headers { timestamp: "now", ..HEADERS },
    ] {
        assert_eq!(check(headers, BODY), Err(SignatureError::Malformed), "{headers:?}");
    }
}

#[test]
fn the_border_between_id_and_body_cannot_be_moved() {
    let signature = sign(&[secret()], "a", UnixTime(100), b"1614265330.{}");
    let headers = Headers { id: "a.100", timestamp: "1614265330", signature: &signature };
    assert_eq!(check(headers, b"{}"), Err(SignatureError::Malformed));
}

#[test]
fn five_minutes_either_way_are_allowed() {
    let at = |now| verify(&[secret()], HEADERS, BODY, UnixTime(now));
    assert_eq!(at(SENT_AT.0 + 300), Ok(()));
    assert_eq!(at(SENT_AT.0 - 300), Ok(()));
    assert_eq!(at(SENT_AT.0 + 301), Err(SignatureError::TooOld));
    assert_eq!(at(SENT_AT.0 - 301), Err(SignatureError::TooNew));
}

#[test]
fn age_is_told_only_of_what_is_genuine() {
    let headers = Headers { id: "other", ..HEADERS };
    let late = UnixTime(SENT_AT.0 + 10_000);
    assert_eq!(verify(&[secret()], headers, BODY, late), Err(SignatureError::Invalid));
}

#[test]
fn either_side_may_replace_its_secret_first() {
    let (old, new) = (secret(), SigningSecret::generate());
    let signature = sign(&[new.clone(), old.clone()], ID, SENT_AT, BODY);
    assert_eq!(signature.split(' ').count(), 2);
    let both = Headers { signature: &signature, ..HEADERS };
    for secrets in [vec![old.clone()], vec![new.clone()], vec![SigningSecret::generate(), old.clone()]] {
        assert_eq!(verify(&secrets, both, BODY, SENT_AT), Ok(()));
    }
    assert_eq!(verify(&[new, old], HEADERS, BODY, SENT_AT), Ok(()));
    assert_eq!(verify(&[SigningSecret::generate()], both, BODY, SENT_AT), Err(SignatureError::Invalid));
}

#[test]
fn signatures_of_other_versions_may_stand_beside_ours() {
    let signature = format!("v1a,AAAA v1,!!! v3 {SIGNATURE} v1,AAAA");
    assert_eq!(check(Headers { signature: &signature, ..HEADERS }, BODY), Ok(()));
}

#[test]
fn a_secret_survives_being_written_down() {
    assert_eq!(secret().encode(), SECRET);
    let secret = SigningSecret::generate();
    assert_eq!(secret.encode().len(), 50);
    assert_eq!(SigningSecret::parse(&secret.encode()).unwrap().0, secret.0);
}

#[test]
fn a_secret_too_short_too_long_or_misspelt_is_none() {
    let of_length = |bytes| format!("whsec_{}", STANDARD.encode(vec![0; bytes]));
    assert!(SigningSecret::parse(&of_length(24)).is_ok());
    assert!(SigningSecret::parse(&of_length(64)).is_ok());
    for wrong in [
        "",
        "whsec_",
        &SECRET[6..],
        "whsec_!!!",
        "WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        &of_length(23),
        &of_length(65),
    ] {
        let error = SigningSecret::parse(wrong).unwrap_err();
        assert_eq!(error.to_string(), "a signing secret is `whsec_` and 24 to 64 bytes in base64");
    }
}

#[test]
fn a_secret_shows_nothing_of_itself() {
    assert_eq!(format!("{:?}", secret()), "SigningSecret(..)");
}

proptest! {
    #[test]
    fn what_was_signed_passes_and_another_body_does_not(
        id in "[A-Za-z0-9_-]{1,40}",
        seconds in any::<u32>(),
        body in any::<Vec<u8>>(),
        other in any::<Vec<u8>>(),
    ) {
        let sent_at = UnixTime(seconds.into());
        let (timestamp, signature) = (seconds.to_string(), sign(&[secret()], &id, sent_at, &body));
        let headers = Headers { id: &id, timestamp: &timestamp, signature: &signature };
        prop_assert_eq!(verify(&[secret()], headers, &body, sent_at), Ok(()));
        prop_assert_eq!(verify(&[secret()], headers, &other, sent_at).is_ok(), other == body);
    }
}

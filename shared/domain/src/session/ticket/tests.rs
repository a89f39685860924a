use proptest::prelude::*;

use super::*;
use crate::secret::Secret;
use crate::session::Sealed;

const EXPIRY: UnixTime = UnixTime(1_698_400_800);
const BEFORE: UnixTime = UnixTime(EXPIRY.0 - 1);

fn secret(name: &str) -> Secret {
    Secret::new(format!("{name}, a master secret of the tests"))
}

fn keys(name: &str) -> MasterKeys {
    MasterKeys::new(&secret(name), None)
}

fn message(number: i32) -> MessageId {
    MessageId::new(number).unwrap()
}

#[test]
fn a_ticket_opens_its_message_for_its_session() {
    let token = SessionToken::random();
    let ticket = keys("a").issue_ticket(&token, message(7), EXPIRY);
    assert_eq!(keys("a").open_ticket(&ticket, message(7), BEFORE), Ok(token.clone()));
    assert_eq!(keys("a").open_ticket(&ticket, message(7), UnixTime(0)), Ok(token));
}

#[test]
fn a_ticket_may_stand_in_a_url_as_it_is() {
    let ticket = keys("a").issue_ticket(&SessionToken::random(), message(i32::MAX), UnixTime(u64::MAX));
    assert_eq!(ticket.len(), 96);
    assert!(ticket.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{ticket}");
}

#[test]
fn a_ticket_opens_no_other_message() {
    let ticket = keys("a").issue_ticket(&SessionToken::random(), message(7), EXPIRY);
    for other in [1, 6, 8, 70, i32::MAX] {
        assert_eq!(
            keys("a").open_ticket(&ticket, message(other), BEFORE),
            Err(TicketError::Invalid),
            "{other}"
        );
    }
}

#[test]
fn a_ticket_expires_and_only_a_genuine_one_does() {
    let keys = keys("a");
    let ticket = keys.issue_ticket(&SessionToken::random(), message(7), EXPIRY);
    for now in [EXPIRY, UnixTime(EXPIRY.0 + 1), UnixTime(u64::MAX)] {
        assert_eq!(keys.open_ticket(&ticket, message(7), now), Err(TicketError::Expired));
        assert_eq!(keys.open_ticket(&ticket, message(8), now), Err(TicketError::Invalid));
    }
}

#[test]
fn what_was_changed_anywhere_is_no_ticket() {
    let keys = keys("a");
    let bytes =
        URL_SAFE_NO_PAD.decode(keys.issue_ticket(&SessionToken::random(), message(7), EXPIRY)).unwrap();
    let open = |bytes: &[u8]| keys.open_ticket(&URL_SAFE_NO_PAD.encode(bytes), message(7), BEFORE);
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            let expected = if at < ID { TicketError::UnknownKey } else { TicketError::Invalid };
            assert_eq!(open(&changed), Err(expected), "bit {bit} of byte {at}");
        }
        assert_eq!(open(&bytes[..at]), Err(TicketError::Invalid), "the first {at} bytes");
    }
    assert_eq!(open(&[&bytes[..], &[0]].concat()), Err(TicketError::Invalid));
}

#[test]
fn a_ticket_has_one_spelling() {
    let keys = keys("a");
    let ticket = keys.issue_ticket(&SessionToken::random(), message(7), EXPIRY);
    for wrong in
        [format!("{ticket}="), format!(" {ticket}"), format!("{ticket}\n"), ticket.replace('-', "+") + "+"]
    {
        assert_eq!(keys.open_ticket(&wrong, message(7), BEFORE), Err(TicketError::Invalid), "{wrong:?}");
    }
}

#[test]
fn after_a_rotation_tickets_of_the_old_secret_open_and_the_new_one_issues() {
    let token = SessionToken::random();
    let old = keys("a").issue_ticket(&token, message(7), EXPIRY);
    let rotated = MasterKeys::new(&secret("b"), Some(&secret("a")));
    assert_eq!(rotated.open_ticket(&old, message(7), BEFORE), Ok(token.clone()));
    assert_eq!(keys("b").open_ticket(&old, message(7), BEFORE), Err(TicketError::UnknownKey));
    let new = rotated.issue_ticket(&token, message(7), EXPIRY);
    assert_eq!(keys("b").open_ticket(&new, message(7), BEFORE), Ok(token));
}

#[test]
fn a_ticket_under_another_secrets_id_is_invalid() {
    let other = keys("b").issue_ticket(&SessionToken::random(), message(7), EXPIRY);
    let mut bytes = URL_SAFE_NO_PAD.decode(other).unwrap();
    bytes[..ID].copy_from_slice(&hex::decode(&keys("a").current().id).unwrap());
    let relabelled = URL_SAFE_NO_PAD.encode(bytes);
    assert_eq!(keys("a").open_ticket(&relabelled, message(7), BEFORE), Err(TicketError::Invalid));
}

#[test]
fn a_ticket_shows_nothing_of_its_session_and_no_two_are_alike() {
    let token = SessionToken::random();
    let issue = || keys("a").issue_ticket(&token, message(7), EXPIRY);
    let bytes = URL_SAFE_NO_PAD.decode(issue()).unwrap();
    assert!(!bytes.windows(8).any(|window| token.bytes().windows(8).any(|known| known == window)));
    assert_ne!(issue(), issue());
}

#[test]
fn a_ticket_is_no_seal_of_the_session() {
    let (keys, token) = (keys("a"), SessionToken::random());
    let bytes = URL_SAFE_NO_PAD.decode(keys.issue_ticket(&token, message(7), EXPIRY)).unwrap();
    let sealed = Sealed { key_id: keys.current().id.clone(), bytes: bytes[ID..].to_vec() };
    assert!(keys.sealer(&token).open_shelf(message(7), EXPIRY, &sealed).is_err());
}

proptest! {
    #[test]
    fn a_ticket_opens_until_it_expires(number in 1..=i32::MAX, expires_at: u64, now: u64) {
        let (keys, token) = (keys("a"), SessionToken::random());
        let ticket = keys.issue_ticket(&token, message(number), UnixTime(expires_at));
        let expected = if now < expires_at { Ok(token) } else { Err(TicketError::Expired) };
        prop_assert_eq!(keys.open_ticket(&ticket, message(number), UnixTime(now)), expected);
    }

    #[test]
    fn no_text_opens_anything(text in "[A-Za-z0-9_-]{96}|.*") {
        prop_assert!(keys("a").open_ticket(&text, message(7), BEFORE).is_err());
    }
}

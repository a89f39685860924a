use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;
use crate::login::CodeKind;

fn number() -> PhoneNumber {
    PhoneNumber::parse("+15551234567").unwrap()
}

/// A session in the stage that holds the most secrets.
pub(crate) fn code_sent() -> Session {
    let info = CodeInfo {
        kind: CodeKind::SmsPhrase,
        length: Some(5),
        next: Some(CodeKind::Call),
        timeout_s: Some(60),
    };
    let stage = Stage::CodeSent { phone: number(), code_hash: "a code's hash".to_owned(), info };
    let mut session = Session::new(2, stage);
    session.keys.insert(2, DcKey { key: AuthKey::new([0xa5; 256]), salt: -1 });
    session
}

fn media_servers() -> MediaServers {
    let addresses = [(2, "149.154.167.151:443"), (4, "[2001:db8::4]:443")];
    let addresses = addresses.map(|(dc, address)| (dc, address.parse().unwrap()));
    MediaServers { addresses: addresses.into(), good_until: UnixTime(1_698_400_800) }
}

fn signed_in() -> Stage {
    Stage::SignedIn {
        user: AccountUser {
            id: UserId(777),
            first_name: "Ada".to_owned(),
            last_name: Some("Lovelace".to_owned()),
            username: Some("adal".to_owned()),
            premium: true,
        },
    }
}

fn moved() -> Stage {
    let Stage::SignedIn { user } = signed_in() else { unreachable!() };
    let to = SessionToken::parse(&"A".repeat(43)).unwrap();
    Stage::Moved { to, user }
}

fn any_stage() -> impl Strategy<Value = Stage> {
    let phone = || "[1-9][0-9]{6,14}".prop_map(|digits| PhoneNumber::parse(&format!("+{digits}")).unwrap());
    let text = || prop::option::of(any::<String>());
    let kind = || prop::sample::select(CodeKind::ALL.to_vec());
    let info = (kind(), any::<Option<u32>>(), prop::option::of(kind()), any::<Option<u32>>())
        .prop_map(|(kind, length, next, timeout_s)| CodeInfo { kind, length, next, timeout_s });
    let user = (any::<i64>(), any::<String>(), text(), text(), any::<bool>()).prop_map(
        |(id, first_name, last_name, username, premium)| AccountUser {
            id: UserId(id),
            first_name,
            last_name,
            username,
            premium,
        },
    );
    prop_oneof![
        phone().prop_map(|phone| Stage::Starting { phone }),
        (phone(), any::<String>(), info).prop_map(|(phone, code_hash, info)| Stage::CodeSent {
            phone,
            code_hash,
            info
        }),
        phone().prop_map(|phone| Stage::Decoy { phone }),
        (prop::option::of(phone()), text()).prop_map(|(phone, hint)| Stage::PasswordNeeded { phone, hint }),
        Just(Stage::Qr),
        user.clone().prop_map(|user| Stage::SignedIn { user }),
        user.prop_map(|user| Stage::Moved { to: SessionToken::random(), user }),
    ]
}

pub(crate) fn any_session() -> impl Strategy<Value = Session> {
    let key = (prop::array::uniform32(any::<u8>()), any::<i64>()).prop_map(|(part, salt)| {
        let bytes = part.repeat(8).try_into().unwrap();
        DcKey { key: AuthKey::new(bytes), salt }
    });
    let keys = prop::collection::btree_map(any::<i32>(), key, 0..4);
    (any::<i32>(), keys, any_stage(), any_media_servers()).prop_map(|(home_dc, keys, stage, media)| Session {
        home_dc,
        keys,
        stage,
        media,
    })
}

fn any_media_servers() -> impl Strategy<Value = MediaServers> {
    let addresses = prop::collection::btree_map(any::<i32>(), any::<SocketAddr>(), 0..4);
    (addresses, any::<u64>()).prop_map(|(addresses, good_until)| {
        // A flow label and a scope are not part of an address that is told.
        let plain = |(dc, address): (i32, SocketAddr)| (dc, SocketAddr::new(address.ip(), address.port()));
        MediaServers {
            addresses: addresses.into_iter().map(plain).collect(),
            good_until: UnixTime(good_until),
        }
    })
}

/// As sessions were stored before they held addresses.
fn first_form(session: &Session) -> Vec<u8> {
    let content = postcard::to_allocvec(&(session.home_dc, &session.keys, &session.stage)).unwrap();
    [&[first_form::FORM][..], &content].concat()
}

proptest! {
    #[test]
    fn a_session_survives_being_bytes(session in any_session()) {
        let bytes = session.to_bytes();
        prop_assert_eq!(Session::from_bytes(&bytes), Some(session));
        prop_assert_eq!(Session::from_bytes(&bytes[..bytes.len() - 1]), None);
        prop_assert_eq!(Session::from_bytes(&[&bytes[..], &[0]].concat()), None);
    }

    #[test]
    fn bytes_of_any_kind_are_read_or_refused(bytes: Vec<u8>) {
        let _ = Session::from_bytes(&bytes);
        for form in [first_form::FORM, FORM] {
            let _ = Session::from_bytes(&[&[form][..], &bytes].concat());
        }
    }

    #[test]
    fn a_session_of_the_first_form_is_read_and_has_no_addresses(session in any_session()) {
        let bytes = first_form(&session);
        let expected = Session { media: MediaServers::default(), ..session };
        prop_assert_eq!(Session::from_bytes(&bytes), Some(expected));
        prop_assert_eq!(Session::from_bytes(&bytes[..bytes.len() - 1]), None);
        prop_assert_eq!(Session::from_bytes(&[&bytes[..], &[0]].concat()), None);
    }
}

#[test]
fn another_form_is_none() {
    let mut bytes = code_sent().to_bytes();
    assert_eq!(bytes[0], FORM);
    bytes[0] += 1;
    assert_eq!(Session::from_bytes(&bytes), None);
    assert_eq!(Session::from_bytes(&[]), None);
}

fn all_stages() -> [Stage; 7] {
    [
        Stage::Starting { phone: number() },
        code_sent().stage,
        Stage::Decoy { phone: number() },
        Stage::PasswordNeeded { phone: Some(number()), hint: Some("dog".to_owned()) },
        Stage::Qr,
        signed_in(),
        moved(),
    ]
}

/// The hash of every stage in that form, and of every kind of code.
fn hash_of_the_form(stored: impl Fn(&Session) -> Vec<u8>) -> String {
    let mut digest = Sha256::new();
    for stage in all_stages() {
        digest.update(stored(&Session { stage, media: media_servers(), ..code_sent() }));
    }
    for kind in CodeKind::ALL {
        digest.update(postcard::to_allocvec(&kind).unwrap());
    }
    hex::encode(digest.finalize())
}

/// When this fails, sessions that people have would not open: give the form a new number, and keep reading this one.
#[test]
fn the_form_is_the_one_that_is_stored() {
    assert_eq!(
        hash_of_the_form(Session::to_bytes),
        "88c66d3bec0bf9887bd3501d99d7a2b686b34b38fcf251b45577bc603d04852a"
    );
}

/// When this fails, the test of the first form above no longer reads what was stored in it.
#[test]
fn the_first_form_is_the_one_that_was_stored() {
    assert_eq!(
        hash_of_the_form(first_form),
        "39bb2d363658122ca62a8587c7b918f1bcdb25281999b93c9ee0a8d4458fc6a7"
    );
}

#[test]
fn two_keys_and_five_addresses_take_less_than_seven_hundred_bytes() {
    let mut session = Session::new(2, signed_in());
    for dc in [2, 4] {
        session.keys.insert(dc, DcKey { key: AuthKey::new([0xa5; 256]), salt: i64::MIN });
    }
    session.media = media_servers();
    session.media.addresses.extend((1..=5).map(|dc| (dc, "149.154.167.151:443".parse().unwrap())));
    assert!(session.to_bytes().len() < 700, "{}", session.to_bytes().len());
}

#[test]
fn a_session_shows_how_far_it_is_and_nothing_else() {
    assert_eq!(format!("{:?}", code_sent()), "Session { stage: CodeSent, .. }");
    assert_eq!(format!("{:?}", Session::new(1, signed_in())), "Session { stage: SignedIn, .. }");
    let hint = Stage::PasswordNeeded { phone: Some(number()), hint: Some("dog".to_owned()) };
    assert_eq!(format!("{hint:?}"), "PasswordNeeded");
    let Stage::SignedIn { user } = signed_in() else { unreachable!() };
    assert_eq!(format!("{user:?}"), "AccountUser(..)");
}

#[test]
fn an_authorization_key_shows_nothing_of_itself() {
    let key = DcKey { key: AuthKey::new([0xa5; 256]), salt: 3 };
    assert_eq!(format!("{:?}", key.key), "AuthKey(..)");
    assert_eq!(format!("{key:?}"), "DcKey(..)");
}

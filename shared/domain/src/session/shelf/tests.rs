use super::*;
use crate::media::{About, Media, Origin, Photo, PictureSize};
use crate::secret::Secret;
use crate::session::{Kind, MasterKeys, Session, SessionToken, Stage};

const EXPIRY: UnixTime = UnixTime(1_698_400_800);

fn secret(name: &str) -> Secret {
    Secret::new(format!("{name}, a master secret of the tests"))
}

fn keys(name: &str) -> MasterKeys {
    MasterKeys::new(&secret(name), None)
}

fn photo(number: i32) -> SeenFile {
    let message = MessageId::new(number).unwrap();
    let about = About { id: message, sent_at: EXPIRY, caption: String::new() };
    let origin = Origin { dc: 2, id: 11, access_hash: -12, file_reference: vec![7; 30] };
    let stripped = PictureSize::Stripped([&[1, 40, 30][..], &[0x5a; 100]].concat());
    let plain = PictureSize::Plain { name: "x".to_owned(), width: 800, height: 600, bytes: 50_000 };
    let photo = Photo { origin, sizes: vec![stripped, plain] };
    SeenFile { message, location: Media::of_photo(about, photo).location }
}

fn lowest() -> MessageId {
    MessageId::new(3).unwrap()
}

fn files() -> Vec<SeenFile> {
    [9, 5, 3].map(photo).into()
}

#[test]
fn what_was_shelved_opens_for_its_session() {
    let token = SessionToken::random();
    let owner = keys("a").sealer(&token);
    for files in [files(), vec![]] {
        let sealed = owner.seal_shelf(lowest(), EXPIRY, &files);
        assert_eq!(keys("a").sealer(&token).open_shelf(lowest(), EXPIRY, &sealed), Ok(files));
    }
}

#[test]
fn another_session_place_or_expiry_does_not_open() {
    let owner = keys("a").sealer(&SessionToken::random());
    let sealed = owner.seal_shelf(lowest(), EXPIRY, &files());
    let other = keys("a").sealer(&SessionToken::random());
    assert_eq!(other.open_shelf(lowest(), EXPIRY, &sealed), Err(OpenError::Forged));
    let place = MessageId::new(4).unwrap();
    assert_eq!(owner.open_shelf(place, EXPIRY, &sealed), Err(OpenError::Forged));
    assert_eq!(owner.open_shelf(lowest(), UnixTime(EXPIRY.0 + 1), &sealed), Err(OpenError::Forged));
}

#[test]
fn a_flipped_bit_or_a_missing_byte_does_not_open() {
    let owner = keys("a").sealer(&SessionToken::random());
    let sealed = owner.seal_shelf(lowest(), EXPIRY, &[photo(3)]);
    for at in 0..sealed.bytes.len() {
        let mut bytes = sealed.bytes.clone();
        bytes[at] ^= 0x10;
        let flipped = Sealed { bytes, ..sealed.clone() };
        assert_eq!(owner.open_shelf(lowest(), EXPIRY, &flipped), Err(OpenError::Forged), "byte {at}");
        let cut = Sealed { bytes: sealed.bytes[..at].to_vec(), ..sealed.clone() };
        assert_eq!(owner.open_shelf(lowest(), EXPIRY, &cut), Err(OpenError::Forged), "{at} bytes");
    }
}

#[test]
fn a_shelf_is_no_session_and_a_session_no_shelf() {
    let owner = keys("a").sealer(&SessionToken::random());
    let shelf = owner.seal_shelf(lowest(), EXPIRY, &files());
    assert_eq!(owner.open(Kind::Account, 3, &shelf), Err(OpenError::Forged));
    let session = owner.seal(Kind::Account, 3, &Session::new(2, Stage::Qr));
    assert_eq!(owner.open_shelf(lowest(), EXPIRY, &session), Err(OpenError::Forged));
}

#[test]
fn after_a_rotation_what_was_shelved_before_opens() {
    let token = SessionToken::random();
    let sealed = keys("a").sealer(&token).seal_shelf(lowest(), EXPIRY, &files());
    let rotated = MasterKeys::new(&secret("b"), Some(&secret("a"))).sealer(&token);
    assert_eq!(rotated.open_shelf(lowest(), EXPIRY, &sealed), Ok(files()));
    let stranger = keys("b").sealer(&token);
    assert_eq!(stranger.open_shelf(lowest(), EXPIRY, &sealed), Err(OpenError::UnknownKey));
    assert_eq!(rotated.seal_shelf(lowest(), EXPIRY, &[]).key_id, stranger.current().master_id);
}

#[test]
fn a_form_of_a_newer_program_is_told_apart_from_a_forgery() {
    let owner = keys("a").sealer(&SessionToken::random());
    let keys = owner.current();
    let associated = owner.shelf_data(lowest(), EXPIRY, &keys.master_id);
    let bytes = cipher::seal(&keys.shelf, &associated, &[u8::MAX]);
    let sealed = Sealed { key_id: keys.master_id.clone(), bytes };
    assert_eq!(owner.open_shelf(lowest(), EXPIRY, &sealed), Err(OpenError::UnknownForm));
}

#[test]
fn nothing_of_what_is_shelved_shows() {
    let owner = keys("a").sealer(&SessionToken::random());
    let one = owner.seal_shelf(lowest(), EXPIRY, &files());
    assert_ne!(one.bytes, owner.seal_shelf(lowest(), EXPIRY, &files()).bytes);
    let content = shelved(&files());
    for known in [&b"photo_9.jpg"[..], &[7; 30], &[0x5a; 50]] {
        let holds = |bytes: &[u8]| bytes.windows(known.len()).any(|window| window == known);
        assert!(holds(&content) && !holds(&one.bytes));
    }
}

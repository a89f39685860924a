use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;
use crate::media::preview::inflate;
use crate::media::{FileKind, Thumbnail, ThumbnailContent};

fn message(number: i32) -> MessageId {
    MessageId::new(number).unwrap()
}

fn remote(name: &str, width: u32, height: u32) -> Thumbnail {
    let content = ThumbnailContent::Remote { bytes: 54_321 };
    Thumbnail { name: name.to_owned(), width, height, content }
}

/// One that came stripped, of so many bytes.
fn preview(length: usize) -> Thumbnail {
    let picture = inflate(&[&[1, 40, 30][..], &vec![0x5a; length - 3]].concat()).unwrap();
    Thumbnail { content: ThumbnailContent::Inline(picture), ..remote("i", 0, 0) }
}

/// A photo as Telegram describes them: a preview, and four sizes to be fetched.
fn photo(number: i32) -> SeenFile {
    let thumbnails = vec![
        preview(300),
        remote("s", 90, 67),
        remote("m", 320, 240),
        remote("x", 800, 600),
        remote("y", 1280, 960),
    ];
    let location = FileLocation {
        dc: 4,
        kind: FileKind::Photo { size_name: "y".to_owned() },
        id: 5_368_709_120_123_456_789 + i64::from(number),
        access_hash: -5_368_709_120_123_456_789,
        file_reference: vec![7; 30],
        size: 123_456,
        name: format!("photo_{number}.jpg"),
        mime_type: "image/jpeg".to_owned(),
        thumbnails,
    };
    SeenFile { message: message(number), location }
}

/// A document of a long name, with a small picture of its own.
fn document(number: i32) -> SeenFile {
    let cached = Thumbnail { content: ThumbnailContent::Inline(vec![9; 20]), ..remote("m", 9, 9) };
    let location = FileLocation {
        kind: FileKind::Document,
        size: 2_000_000_000,
        name: "ж".repeat(127),
        mime_type: "application/pdf".to_owned(),
        thumbnails: vec![preview(400), cached],
        ..photo(number).location
    };
    SeenFile { message: message(number), location }
}

fn any_file() -> impl Strategy<Value = SeenFile> {
    let inline = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..1000),
        prop::collection::vec(any::<u8>(), 1..1000)
            .prop_map(|pixels| inflate(&[&[1, 40, 30], &pixels[..]].concat()).unwrap()),
    ];
    let content = prop_oneof![
        any::<u64>().prop_map(|bytes| ThumbnailContent::Remote { bytes }),
        inline.prop_map(ThumbnailContent::Inline),
    ];
    let thumbnail = (any::<String>(), any::<u32>(), any::<u32>(), content)
        .prop_map(|(name, width, height, content)| Thumbnail { name, width, height, content });
    let kind = prop_oneof![
        any::<String>().prop_map(|size_name| FileKind::Photo { size_name }),
        Just(FileKind::Document),
    ];
    let numbers = (1..=i32::MAX, any::<i32>(), any::<i64>(), any::<i64>(), any::<u64>());
    let texts = (any::<String>(), any::<String>(), prop::collection::vec(any::<u8>(), 0..99));
    (kind, numbers, texts, prop::collection::vec(thumbnail, 0..4)).prop_map(
        |(kind, (number, dc, id, access_hash, size), (name, mime_type, file_reference), thumbnails)| {
            let location =
                FileLocation { dc, kind, id, access_hash, file_reference, size, name, mime_type, thumbnails };
            SeenFile { message: message(number), location }
        },
    )
}

proptest! {
    #[test]
    fn files_survive_being_shelved(files in prop::collection::vec(any_file(), 0..5)) {
        let shelf = shelved(&files);
        prop_assert_eq!(unshelved(&shelf), Some(files));
    }

    #[test]
    fn bytes_of_any_kind_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _files = unshelved(&bytes);
        let _files = unshelved(&[&[FORM][..], &bytes].concat());
    }
}

#[test]
fn another_form_is_none_and_so_is_half_a_file() {
    let shelf = shelved(&[photo(1)]);
    assert_eq!(unshelved(&[]), None);
    assert_eq!(unshelved(&[FORM]), Some(vec![]));
    assert_eq!(unshelved(&[&[FORM + 1], &shelf[1..]].concat()), None);
    assert_eq!(unshelved(&shelf[..shelf.len() - 1]), None);
}

/// When this fails, what was seen by the program before is misread: give the form a new number.
#[test]
fn the_form_is_the_one_that_is_stored() {
    let hash = hex::encode(Sha256::digest(shelved(&[photo(1), document(2)])));
    assert_eq!(hash, "2185cb3d719224a6aa06c1f241904696d8333e2c7428961009c805624244dcb6");
}

#[test]
fn a_hundred_files_take_less_than_sixty_kilobytes() {
    let files: Vec<_> = (1..=50).flat_map(|number| [photo(number), document(100 + number)]).collect();
    let bytes = shelved(&files).len();
    assert!((40_000..60_000).contains(&bytes), "{bytes}");
}

#[test]
fn files_for_which_there_is_no_room_are_left_out() {
    let mut large = photo(1);
    large.location.thumbnails = vec![Thumbnail {
        content: ThumbnailContent::Inline(vec![0; LARGEST_SHELF]),
        ..remote("x", 800, 600)
    }];
    let files: Vec<_> = std::iter::once(large).chain((2..=1000).map(photo)).collect();
    let shelf = shelved(&files);
    assert!((LARGEST_SHELF - 1000..=LARGEST_SHELF).contains(&shelf.len()), "{}", shelf.len());
    let kept = unshelved(&shelf).unwrap();
    assert_eq!(kept, files[1..=kept.len()]);
}

#[test]
fn nothing_of_a_file_shows_in_debug() {
    let shown = "SeenFile { message: MessageId(7), location: FileLocation(..) }";
    assert_eq!(format!("{:?}", photo(7)), shown);
}

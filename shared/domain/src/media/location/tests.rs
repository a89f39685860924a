use proptest::prelude::*;

use super::*;

fn remote(name: &str, width: u32, height: u32) -> Thumbnail {
    let content = ThumbnailContent::Remote { bytes: 1000 };
    Thumbnail { name: name.to_owned(), width, height, content }
}

fn inline(name: &str, width: u32, height: u32) -> Thumbnail {
    Thumbnail { content: ThumbnailContent::Inline(vec![1, 2, 3]), ..remote(name, width, height) }
}

fn file(kind: FileKind, thumbnails: Vec<Thumbnail>) -> FileLocation {
    FileLocation {
        dc: 2,
        kind,
        id: 0x1f,
        access_hash: -12,
        file_reference: vec![1, 2, 3],
        size: 90_000,
        name: "a.jpg".to_owned(),
        mime_type: "image/jpeg".to_owned(),
        thumbnails,
    }
}

fn photo(size_name: &str) -> FileLocation {
    file(FileKind::Photo { size_name: size_name.to_owned() }, vec![])
}

fn found(file: &FileLocation, side: u32) -> Option<&str> {
    file.thumbnail(side).map(|thumbnail| thumbnail.name.as_str())
}

#[test]
fn the_smallest_picture_that_is_large_enough_is_taken() {
    let sizes = [inline("i", 0, 0), remote("s", 100, 75), remote("m", 240, 320), remote("x", 800, 600)];
    let file = file(FileKind::Document, sizes.into());
    for (side, name) in
        [(0, "i"), (40, "i"), (41, "s"), (100, "s"), (101, "m"), (320, "m"), (321, "x"), (800, "x")]
    {
        assert_eq!(found(&file, side), Some(name), "{side}");
    }
}

#[test]
fn where_none_is_large_enough_the_largest_is_taken() {
    let small = file(FileKind::Document, vec![inline("i", 0, 0), remote("s", 90, 51)]);
    assert_eq!(found(&small, 320), Some("s"));
    let tiny = file(FileKind::Document, vec![inline("i", 0, 0)]);
    assert_eq!(found(&tiny, u32::MAX), Some("i"));
    assert_eq!(found(&file(FileKind::Document, vec![]), 0), None);
}

#[test]
fn a_picture_without_sides_counts_by_its_letter() {
    for (name, side) in [
        ("i", 40),
        ("s", 100),
        ("a", 160),
        ("m", 320),
        ("b", 320),
        ("c", 640),
        ("x", 800),
        ("y", 1280),
        ("d", 1280),
        ("w", 2560),
    ] {
        let larger = remote("larger", 5000, 5000);
        let file = file(FileKind::Document, vec![remote(name, 0, 0), larger]);
        assert_eq!((found(&file, side), found(&file, side + 1)), (Some(name), Some("larger")));
    }
    let unknown = file(FileKind::Document, vec![remote("?", 0, 0), inline("i", 0, 0)]);
    assert_eq!(found(&unknown, 10), Some("i"));
}

#[test]
fn of_two_pictures_alike_the_one_that_is_here_is_taken() {
    for sizes in
        [[remote("m", 320, 200), inline("b", 320, 200)], [inline("b", 320, 200), remote("m", 320, 200)]]
    {
        let file = file(FileKind::Document, sizes.into());
        assert_eq!((found(&file, 320), found(&file, 800)), (Some("b"), Some("b")));
    }
}

#[test]
fn a_tag_names_the_file_and_nothing_that_changes() {
    let document = file(FileKind::Document, vec![]);
    assert_eq!(document.etag(), "\"d-1f\"");
    assert_eq!(document.etag_of_thumbnail(&remote("m", 320, 200)), "\"d-1f-m\"");
    assert_eq!(photo("y").etag(), "\"p-1f-y\"");
    assert_eq!(photo("y").etag_of_thumbnail(&inline("i", 0, 0)), "\"p-1f-i\"");
    assert_eq!(photo("").etag(), "\"p-1f-\"");
    let moved = FileLocation { dc: 4, file_reference: vec![9], name: "b".to_owned(), ..document };
    assert_eq!(moved.etag(), "\"d-1f\"");
    assert_eq!(FileLocation { id: -1, ..moved }.etag(), "\"d-ffffffffffffffff\"");
}

#[test]
fn a_file_is_the_same_with_another_reference_and_at_another_data_centre() {
    let here = photo("y");
    let there = FileLocation { dc: 4, file_reference: vec![9], access_hash: 3, ..here.clone() };
    assert!(here.is_same_file(&here) && here.is_same_file(&there));
    for other in [
        photo("x"),
        FileLocation { id: 2, ..here.clone() },
        FileLocation { size: 1, ..here.clone() },
        FileLocation { kind: FileKind::Document, ..here.clone() },
    ] {
        assert!(!here.is_same_file(&other));
    }
}

proptest! {
    #[test]
    fn every_tag_is_a_tag_and_no_two_sizes_share_one(one: String, other: String) {
        let file = photo(&one);
        let thumbnail = remote(&other, 0, 0);
        let tags = [file.etag(), file.etag_of_thumbnail(&thumbnail)];
        for tag in &tags {
            let opaque = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap();
            prop_assert!(opaque.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"'), "{tag}");
        }
        prop_assert_eq!(tags[0] == tags[1], one == other);
    }

    #[test]
    fn a_thumbnail_is_found_wherever_there_is_one(
        sides in prop::collection::vec((0..2000_u32, 0..2000_u32, any::<bool>()), 1..6),
        side in 0..2500_u32,
    ) {
        let of = |&(width, height, here): &(u32, u32, bool)| {
            if here { inline("?", width, height) } else { remote("?", width, height) }
        };
        let file = file(FileKind::Document, sides.iter().map(of).collect());
        let found = file.thumbnail(side).unwrap().longer_side();
        let all = || file.thumbnails.iter().map(Thumbnail::longer_side);
        let expected = all().filter(|longer| *longer >= side).min().or_else(|| all().max());
        prop_assert_eq!(Some(found), expected);
    }
}

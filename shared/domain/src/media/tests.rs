//! What photos and documents become.

use proptest::prelude::*;

use super::*;

fn about() -> About {
    About { id: MessageId::new(7).unwrap(), sent_at: UnixTime(1_698_400_800), caption: "Hi".to_owned() }
}

fn origin() -> Origin {
    Origin { dc: 2, id: 11, access_hash: -12, file_reference: vec![1, 2, 3] }
}

fn plain(name: &str, width: u32, height: u32, bytes: u64) -> PictureSize {
    PictureSize::Plain { name: name.to_owned(), width, height, bytes }
}

fn stripped() -> PictureSize {
    PictureSize::Stripped(vec![1, 30, 40, 9, 9])
}

fn photo(sizes: Vec<PictureSize>) -> Media {
    Media::of_photo(about(), Photo { origin: origin(), sizes })
}

fn document(mime_type: &str, attributes: Vec<Attribute>, thumbnails: Vec<PictureSize>) -> Media {
    let mime_type = mime_type.to_owned();
    Media::of_document(about(), Document { origin: origin(), mime_type, size: 99, attributes, thumbnails })
}

fn video(round: bool) -> Attribute {
    Attribute::Video { width: 640, height: 480, seconds: 12.3456, round }
}

fn audio(voice: bool) -> Attribute {
    Attribute::Audio { seconds: 3.0, voice }
}

#[test]
fn a_message_has_a_number_above_zero() {
    for (text, number) in [("1", Some(1)), ("007", Some(7)), ("2147483647", Some(i32::MAX))] {
        assert_eq!(MessageId::parse(text).map(MessageId::get), number);
    }
    for wrong in ["", "0", "-1", "+1", " 1", "1.0", "2147483648", "99999999999999999999", "x", "١"] {
        assert_eq!(MessageId::parse(wrong), None, "{wrong}");
    }
    assert_eq!(MessageId::new(0), None);
    assert_eq!(MessageId::new(i32::MIN), None);
}

#[test]
fn a_photo_is_its_largest_size() {
    let media = photo(vec![stripped(), plain("x", 800, 600, 50_000), plain("y", 1280, 960, 90_000)]);
    let expected = MediaItem {
        id: MessageId::new(7).unwrap(),
        kind: MediaKind::Photo,
        name: "photo_7.jpg".to_owned(),
        mime_type: "image/jpeg".to_owned(),
        size: 90_000,
        timestamp: UnixTime(1_698_400_800),
        caption: "Hi".to_owned(),
        width: Some(1280),
        height: Some(960),
        duration: None,
        has_thumbnail: true,
        preview: preview::inflate(&[1, 30, 40, 9, 9]),
    };
    assert!(media.item == expected, "{media:?}");
    assert!(media.item.preview.is_some());
    assert!(media.location.kind == FileKind::Photo { size_name: "y".to_owned() });
    assert_eq!((media.location.dc, media.location.id, media.location.access_hash), (2, 11, -12));
    let names: Vec<_> = media.location.thumbnails.iter().map(|size| size.name.as_str()).collect();
    assert_eq!(names, ["i", "x", "y"]);
}

#[test]
fn a_photos_bytes_are_those_of_every_kind_of_size() {
    let progressive =
        PictureSize::Progressive { name: "y".to_owned(), width: 9, height: 9, prefixes: vec![10, 20, 70] };
    let cached = PictureSize::Cached { name: "m".to_owned(), width: 9, height: 9, bytes: vec![0; 33] };
    let empty = PictureSize::Progressive { name: "y".to_owned(), width: 9, height: 9, prefixes: Vec::new() };
    for (sizes, bytes) in [
        (vec![plain("s", 1, 1, 5), progressive.clone()], 70),
        (vec![cached, plain("s", 1, 1, 5)], 33),
        (vec![plain("s", 1, 1, 5), empty], 0),
        (vec![stripped(), plain("s", 0, 0, 5)], 5),
        (vec![stripped()], 0),
        (vec![], 0),
    ] {
        assert_eq!(photo(sizes.clone()).item.size, bytes, "{sizes:?}");
    }
}

#[test]
fn a_photo_without_sizes_is_listed_without_a_picture() {
    let item = photo(vec![]).item;
    assert_eq!((item.width, item.height, item.has_thumbnail, item.preview), (None, None, false, None));
}

#[test]
fn the_narrowest_kind_that_attributes_allow_is_taken() {
    let name = Attribute::FileName("a.bin".to_owned());
    let image = Attribute::Image { width: 1, height: 1 };
    for (attributes, kind) in [
        (vec![video(false), Attribute::Animated, Attribute::Sticker], MediaKind::Sticker),
        (vec![image.clone(), Attribute::Sticker], MediaKind::Sticker),
        (vec![video(false), Attribute::Animated], MediaKind::Animation),
        (vec![video(true)], MediaKind::VideoNote),
        (vec![name.clone(), video(false)], MediaKind::Video),
        (vec![audio(true)], MediaKind::Voice),
        (vec![audio(false), name.clone()], MediaKind::Audio),
        (vec![name, image], MediaKind::Document),
        (vec![], MediaKind::Document),
    ] {
        assert_eq!(MediaKind::of(&attributes), kind, "{attributes:?}");
    }
}

#[test]
fn kinds_have_names_and_are_found_by_them() {
    let names = MediaKind::ALL.map(MediaKind::name);
    let expected = ["photo", "video", "audio", "voice", "video_note", "animation", "sticker", "document"];
    assert_eq!(names, expected);
    assert_eq!(names.map(MediaKind::parse), MediaKind::ALL.map(Some));
    for wrong in ["", "Photo", "photos", "gif"] {
        assert_eq!(MediaKind::parse(wrong), None);
    }
}

#[test]
fn a_document_is_named_by_its_sender_or_by_its_kind() {
    let named = |name: &str| vec![Attribute::FileName(name.to_owned()), video(false)];
    for (attributes, name) in [
        (named("Отпуск\n.mp4"), "Отпуск.mp4"),
        (named("../"), "video_7.mp4"),
        (vec![video(false)], "video_7.mp4"),
        (vec![audio(true)], "voice_7.mp4"),
    ] {
        assert_eq!(document("video/mp4", attributes, vec![]).item.name, name);
    }
}

#[test]
fn a_document_tells_its_sides_and_its_time() {
    let item = document("video/mp4", vec![video(false)], vec![]).item;
    assert_eq!((item.width, item.height), (Some(640), Some(480)));
    assert_eq!(item.duration, Some(Duration::from_millis(12_345)));
    let sound = document("audio/ogg", vec![audio(true)], vec![]).item;
    assert_eq!((sound.width, sound.duration), (None, Some(Duration::from_secs(3))));
    for seconds in [f64::NAN, f64::INFINITY, -1.0, 1e300] {
        let attributes = vec![Attribute::Video { width: 0, height: 1, seconds, round: false }];
        let item = document("video/mp4", attributes, vec![]).item;
        assert_eq!((item.width, item.height, item.duration), (None, Some(1), None), "{seconds}");
    }
}

#[test]
fn a_document_has_a_thumbnail_where_a_picture_of_it_can_be_had() {
    for (thumbnails, has) in [
        (vec![plain("m", 320, 240, 900)], true),
        (vec![stripped()], true),
        (vec![PictureSize::Stripped(vec![7])], false),
        (vec![], false),
    ] {
        assert_eq!(document("video/mp4", vec![], thumbnails).item.has_thumbnail, has);
    }
}

#[test]
fn nothing_of_a_file_shows_in_debug() {
    let name = Attribute::FileName("hunter2.txt".to_owned());
    let media = document("text/plain", vec![name], vec![plain("m", 1, 1, 1)]);
    let shown = "Media { item: MediaItem(Document 7), location: FileLocation(..) }";
    assert_eq!(format!("{media:?}"), shown);
    assert_eq!(format!("{:?}", media.location.thumbnails), "[Thumbnail(..)]");
    assert_eq!(format!("{:?}", media.location.thumbnails[0].content), "ThumbnailContent(..)");
}

#[test]
fn a_location_is_the_same_after_it_was_kept() {
    let media = photo(vec![stripped(), plain("x", 800, 600, 50_000)]);
    let kept = postcard::to_allocvec(&media.location).unwrap();
    assert!(postcard::from_bytes::<FileLocation>(&kept).unwrap() == media.location);
}

fn any_size() -> impl Strategy<Value = PictureSize> {
    let bytes = prop::collection::vec(any::<u8>(), 0..20);
    prop_oneof![
        (".{0,2}", any::<u32>(), any::<u32>(), any::<u64>())
            .prop_map(|(name, width, height, bytes)| PictureSize::Plain { name, width, height, bytes }),
        (".{0,2}", any::<u32>(), any::<u32>(), prop::collection::vec(any::<u64>(), 0..4)).prop_map(
            |(name, width, height, prefixes)| PictureSize::Progressive { name, width, height, prefixes }
        ),
        (".{0,2}", any::<u32>(), any::<u32>(), bytes.clone())
            .prop_map(|(name, width, height, bytes)| PictureSize::Cached { name, width, height, bytes }),
        bytes.prop_map(PictureSize::Stripped),
    ]
}

fn any_attribute() -> impl Strategy<Value = Attribute> {
    prop_oneof![
        any::<String>().prop_map(Attribute::FileName),
        (any::<u32>(), any::<u32>()).prop_map(|(width, height)| Attribute::Image { width, height }),
        (any::<u32>(), any::<u32>(), any::<f64>(), any::<bool>())
            .prop_map(|(width, height, seconds, round)| Attribute::Video { width, height, seconds, round }),
        (any::<f64>(), any::<bool>()).prop_map(|(seconds, voice)| Attribute::Audio { seconds, voice }),
        Just(Attribute::Animated),
        Just(Attribute::Sticker),
    ]
}

proptest! {
    #[test]
    fn every_document_and_every_photo_can_be_listed(
        mime_type in any::<String>(),
        size in any::<u64>(),
        attributes in prop::collection::vec(any_attribute(), 0..5),
        sizes in prop::collection::vec(any_size(), 0..5),
    ) {
        let photo = photo(sizes.clone());
        let described = Document { origin: origin(), mime_type, size, attributes, thumbnails: sizes };
        let document = Media::of_document(about(), described);
        for media in [photo, document] {
            prop_assert_eq!(stored_name(&media.item.name), Some(media.item.name.clone()));
            prop_assert!(media.item.mime_type.is_ascii() && media.item.mime_type.contains('/'));
            prop_assert_eq!(media.item.has_thumbnail, !media.location.thumbnails.is_empty());
            prop_assert!(media.item.preview.is_none() || media.item.has_thumbnail);
            prop_assert!(media.item.size == media.location.size);
        }
    }
}

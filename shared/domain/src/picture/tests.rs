use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageEncoder, RgbImage, RgbaImage};
use img_parts::jpeg::{Jpeg, JpegSegment};
use img_parts::png::{Png, PngChunk};
use img_parts::riff::{RiffChunk, RiffContent};
use img_parts::webp::WebP;
use img_parts::{Bytes, ImageEXIF, ImageICC};
use proptest::prelude::*;

use super::*;

/// Stands in every place that must not survive.
const SECRET: &[u8] = b"48.8584N 2.2945E";

const FORMATS: [Format; 3] = [Format::Jpeg, Format::Png, Format::WebP];

fn gradient(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let shade = |value: u32| u8::try_from(value % 256).unwrap();
        image::Rgb([shade(x), shade(y), shade(x + y)])
    })
}

fn encoded(image: impl Into<DynamicImage>, format: Format) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format.image_format()).unwrap();
    bytes.into_inner()
}

fn picture(width: u32, height: u32, format: Format) -> Picture {
    Picture::parse(encoded(gradient(width, height), format)).unwrap()
}

fn pixels(bytes: &[u8]) -> RgbaImage {
    image::load_from_memory(bytes).unwrap().into_rgba8()
}

fn holds_secret(bytes: &[u8]) -> bool {
    bytes.windows(SECRET.len()).any(|window| window == SECRET)
}

/// An Exif block with an orientation and, behind it, the secret: what a camera's GPS directory looks like to a reader
/// that searches for it.
fn exif(orientation: u8) -> Bytes {
    let mut block = b"II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    block.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    block.extend(SECRET);
    Bytes::from(block)
}

/// The same picture with the secret in every part of its format that can hold one.
fn with_secrets(bytes: Vec<u8>, format: Format, orientation: u8) -> Vec<u8> {
    let behind = |prefix: &[u8]| Bytes::from([prefix, SECRET].concat());
    let mut bytes = match format {
        Format::Jpeg => {
            let mut jpeg = Jpeg::from_bytes(bytes.into()).unwrap();
            let parts: [(u8, &[u8]); 7] = [
                (0xe0, b"JFXX\0"),
                (0xe1, b"http://ns.adobe.com/xap/1.0/\0"),
                (0xe1, b"http://ns.adobe.com/xmp/extension/\0"),
                (0xe2, b"MPF\0"),
                (0xed, b"Photoshop 3.0\0"),
                (0xef, b""),
                (0xfe, b""),
            ];
            for (marker, prefix) in parts {
                jpeg.segments_mut().insert(1, JpegSegment::new_with_contents(marker, behind(prefix)));
            }
            jpeg.set_exif(Some(exif(orientation)));
            jpeg.encoder().bytes().to_vec()
        }
        Format::Png => {
            let mut png = Png::from_bytes(bytes.into()).unwrap();
            for (kind, prefix) in [
                (*b"tEXt", &b"Raw profile type exif\0"[..]),
                (*b"iTXt", b"XML:com.adobe.xmp\0"),
                (*b"tIME", b""),
                (*b"prVt", b""),
            ] {
                png.chunks_mut().insert(1, PngChunk::new(kind, behind(prefix)));
            }
            png.set_exif(Some(exif(orientation)));
            png.encoder().bytes().to_vec()
        }
        Format::WebP => {
            let mut webp = WebP::from_bytes(bytes.into()).unwrap();
            for id in [*b"XMP ", *b"priv"] {
                webp.chunks_mut().push(RiffChunk::new(id, RiffContent::Data(behind(b""))));
            }
            webp.set_exif(Some(exif(orientation)));
            webp.encoder().bytes().to_vec()
        }
    };
    bytes.extend(SECRET);
    bytes
}

fn orientation_of(bytes: &[u8], format: Format) -> Orientation {
    decoder_of(bytes, format).unwrap().orientation().unwrap()
}

#[test]
fn the_format_is_what_the_bytes_are() {
    for format in FORMATS {
        let picture = picture(30, 20, format);
        assert_eq!((picture.format(), picture.width(), picture.height()), (format, 30, 20));
    }
    for other in [&b""[..], b"GIF89a", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", b"BM", b"RIFF0000WAVE"]
    {
        assert_eq!(Picture::parse(other.to_vec()), Err(PictureError::UnknownFormat));
    }
}

#[test]
fn a_header_that_ends_too_early_is_damaged() {
    for format in FORMATS {
        let bytes = encoded(gradient(30, 20), format);
        assert_eq!(Picture::parse(bytes[..14].to_vec()), Err(PictureError::Damaged), "{format:?}");
    }
}

#[test]
fn a_bomb_is_refused_before_it_is_decoded() {
    let mut png = Png::from_bytes(encoded(gradient(1, 1), Format::Png).into()).unwrap();
    let header = png.chunks_mut().iter_mut().find(|chunk| chunk.kind() == *b"IHDR").unwrap();
    let mut contents = header.contents().to_vec();
    contents[..8].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    *header = PngChunk::new(*b"IHDR", contents.into());
    let bytes = png.encoder().bytes().to_vec();
    assert_eq!(Picture::parse(bytes), Err(PictureError::TooManyPixels { width: 65_536, height: 65_536 }));
}

#[test]
fn nothing_but_pixels_colours_and_orientation_survives() {
    for format in FORMATS {
        let plain = encoded(gradient(40, 30), format);
        let secret = with_secrets(plain.clone(), format, 6);
        assert!(holds_secret(&secret), "{format:?}");
        let cleaned = Picture::parse(secret).unwrap().into_bytes();
        assert!(!holds_secret(&cleaned), "{format:?}");
        assert_eq!(pixels(&cleaned), pixels(&plain), "{format:?}");
        assert_eq!(orientation_of(&cleaned, format), Orientation::Rotate90, "{format:?}");
    }
}

#[test]
fn a_picture_that_stands_upright_says_nothing_about_it() {
    for format in FORMATS {
        let secret = with_secrets(encoded(gradient(40, 30), format), format, 1);
        let cleaned = Picture::parse(secret).unwrap().into_bytes();
        assert!(!cleaned.windows(4).any(|window| window == b"II\x2a\0"), "{format:?}");
    }
}

#[test]
fn a_colour_profile_stays() {
    let mut jpeg = Jpeg::from_bytes(encoded(gradient(40, 30), Format::Jpeg).into()).unwrap();
    jpeg.set_icc_profile(Some(Bytes::from_static(b"a colour profile")));
    let bytes = jpeg.encoder().bytes().to_vec();
    let cleaned = Picture::parse(bytes).unwrap().into_bytes();
    let profile = Jpeg::from_bytes(cleaned.into()).unwrap().icc_profile();
    assert_eq!(profile, Some(Bytes::from_static(b"a colour profile")));
}

#[test]
fn within_the_limits_a_picture_goes_as_it_is() {
    for format in FORMATS {
        let picture = picture(400, 20, format);
        assert_eq!(picture.clone().for_telegram(), Ok(Delivery::Photo(picture)));
    }
}

#[test]
fn sides_that_are_too_long_are_scaled_in_proportion() {
    let Ok(Delivery::Photo(photo)) = picture(9_000, 1_500, Format::Png).for_telegram() else {
        panic!("a photo")
    };
    assert_eq!((photo.format(), photo.width(), photo.height()), (Format::Jpeg, 2560, 427));
}

#[test]
fn a_picture_that_lies_on_its_side_is_scaled_upright() {
    let bytes = with_secrets(encoded(gradient(9_000, 1_500), Format::Jpeg), Format::Jpeg, 6);
    let Ok(Delivery::Photo(photo)) = Picture::parse(bytes).unwrap().for_telegram() else { panic!("a photo") };
    assert_eq!((photo.width(), photo.height()), (427, 2560));
    assert_eq!(orientation_of(photo.bytes(), Format::Jpeg), Orientation::NoTransforms);
}

#[test]
fn transparent_places_turn_white() {
    let clear = RgbaImage::from_pixel(9_000, 1_500, image::Rgba([0, 0, 0, 0]));
    let Ok(Delivery::Photo(photo)) = Picture::parse(encoded(clear, Format::Png)).unwrap().for_telegram()
    else {
        panic!("a photo")
    };
    assert_eq!(pixels(photo.bytes()).get_pixel(100, 100).0, [255; 4]);
}

#[test]
fn a_picture_of_too_many_bytes_becomes_a_smaller_photo() {
    let mut state = 1_u32;
    let noise = RgbImage::from_fn(2_000, 1_900, |_, _| {
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        image::Rgb([next(), next(), next()])
    });
    let noise = Picture::parse(encoded(noise, Format::Png)).unwrap();
    assert!(noise.bytes().len() > PHOTO_BYTES);
    let Ok(Delivery::Photo(photo)) = noise.for_telegram() else { panic!("a photo") };
    assert_eq!((photo.width(), photo.height()), (2_000, 1_900));
    assert!(photo.bytes().len() <= PHOTO_BYTES);
}

#[test]
fn what_no_scaling_makes_a_photo_goes_as_a_document() {
    let strip = picture(2_100, 100, Format::Png);
    assert_eq!(strip.clone().for_telegram(), Ok(Delivery::Document(strip)));
    let mut undecodable = Png::from_bytes(encoded(gradient(9_000, 1_500), Format::Png).into()).unwrap();
    for chunk in undecodable.chunks_mut().iter_mut().filter(|chunk| chunk.kind() == *b"IDAT") {
        *chunk = PngChunk::new(*b"IDAT", Bytes::from_static(b"no compressed data"));
    }
    let undecodable = undecodable.encoder().bytes().to_vec();
    let undecodable = Picture::parse(undecodable).unwrap();
    assert_eq!(undecodable.clone().for_telegram(), Ok(Delivery::Document(undecodable)));
}

#[test]
fn debug_output_shows_no_bytes() {
    assert!(format!("{:?}", picture(30, 20, Format::Png)).starts_with("Picture(Png, 30 x 20, "));
}

#[test]
fn a_grey_jpeg_with_a_second_file_behind_it_ends_where_it_ends() {
    let mut bytes = Vec::new();
    JpegEncoder::new(&mut bytes).write_image(&[7; 64], 8, 8, image::ExtendedColorType::L8).unwrap();
    let joined = [bytes.clone(), encoded(gradient(8, 8), Format::Jpeg)].concat();
    let cleaned = Picture::parse(joined).unwrap();
    assert_eq!(cleaned.bytes(), bytes);
}

fn format() -> impl Strategy<Value = Format> {
    prop::sample::select(FORMATS.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn whatever_goes_to_telegram_is_within_its_limits(width in 1..11_000_u32, height in 1..300_u32, swap: bool, format in format()) {
        let (width, height) = if swap { (height, width) } else { (width, height) };
        match picture(width, height, format).for_telegram().unwrap() {
            Delivery::Photo(photo) => {
                prop_assert!(photo.bytes().len() <= PHOTO_BYTES);
                prop_assert!(photo.width() + photo.height() <= PHOTO_SIDES);
                prop_assert!(!photo.is_too_narrow());
                let decoded = pixels(photo.bytes());
                prop_assert_eq!(decoded.dimensions(), (photo.width(), photo.height()));
            }
            Delivery::Document(document) => {
                prop_assert!(document.is_too_narrow());
                prop_assert!(document.bytes().len() <= DOCUMENT_BYTES);
            }
        }
    }

    #[test]
    fn taking_metadata_out_leaves_the_pixels(width in 1..60_u32, height in 1..60_u32, orientation in 1..=8_u8, format in format()) {
        let plain = encoded(gradient(width, height), format);
        let secret = with_secrets(plain.clone(), format, orientation);
        let cleaned = Picture::parse(secret).unwrap().into_bytes();
        prop_assert!(!holds_secret(&cleaned));
        prop_assert_eq!(pixels(&cleaned), pixels(&plain));
        prop_assert_eq!(orientation_of(&cleaned, format).to_exif(), orientation);
    }

    #[test]
    fn a_picture_damaged_anywhere_never_panics(format in format(), cut in any::<prop::sample::Index>(), flip in any::<prop::sample::Index>(), value: u8) {
        let mut bytes = with_secrets(encoded(gradient(30, 20), format), format, 6);
        let at = flip.index(bytes.len());
        bytes[at] ^= value;
        bytes.truncate(cut.index(bytes.len() + 1));
        if let Ok(picture) = Picture::parse(bytes) {
            let _ = scale::to_photo(&picture);
            prop_assert!(picture.for_telegram().is_ok());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(start in 0..4_usize, rest in proptest::collection::vec(any::<u8>(), 0..300)) {
        let starts: [&[u8]; 4] = [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x10\0\0\0WEBP"];
        let _ = Picture::parse([starts[start], &rest].concat());
    }
}

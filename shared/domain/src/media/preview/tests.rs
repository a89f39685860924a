use image::{ImageDecoder, ImageFormat, ImageReader};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::io::Cursor;

use super::*;

/// One grey block of each component: no brightness, no colour, no detail, then the padding of the last byte.
///
/// 4:2:0 codes four blocks of brightness (`00` for a difference of nothing, `1010` for no detail) and one of each colour
/// (`00`, then `00`).
const GREY: [u8; 4] = [0b0010_1000, 0b1010_0010, 0b1000_1010, 0b0000_0000];

fn stripped(height: u8, width: u8, pixels: &[u8]) -> Vec<u8> {
    [&[1, height, width], pixels].concat()
}

#[test]
fn the_header_is_the_one_that_telegrams_apps_put_in_front() {
    let header = header(0, 0);
    assert_eq!(header.len(), HEADER);
    let hash = hex::encode(Sha256::digest(&header));
    assert_eq!(hash, "c2d6c960e35c3d94de4a0d85a39e0d9def693ee107fa374354960f2df47d82d4");
    // Where those apps write height and width.
    assert_eq!(super::header(40, 30)[164], 30);
    assert_eq!(super::header(40, 30)[166], 40);
}

#[test]
fn a_stripped_picture_becomes_a_jpeg_of_its_sides() {
    let jpeg = inflate(&stripped(12, 16, &GREY)).unwrap();
    let decoder = ImageReader::with_format(Cursor::new(&jpeg), ImageFormat::Jpeg).into_decoder().unwrap();
    assert_eq!(decoder.dimensions(), (16, 12));
    let picture = image::load_from_memory(&jpeg).unwrap().into_rgb8();
    assert!(picture.pixels().all(|pixel| pixel.0.iter().all(|level| level.abs_diff(128) <= 1)));
}

#[test]
fn what_is_no_stripped_picture_has_no_preview() {
    for wrong in [&[][..], &[1], &[1, 40], &[1, 40, 40], &[2, 40, 40, 0], &[1, 0, 40, 0], &[1, 40, 0, 0]] {
        assert_eq!(inflate(wrong), None, "{wrong:?}");
    }
    assert!(inflate(&stripped(40, 40, &vec![0; LONGEST_STRIPPED - 3])).is_some());
    assert_eq!(inflate(&stripped(40, 40, &vec![0; LONGEST_STRIPPED - 2])), None);
}

#[test]
fn only_a_jpeg_that_was_stripped_is_stripped_again() {
    let jpeg = inflate(&stripped(12, 16, &GREY)).unwrap();
    assert_eq!(strip(&jpeg), Some(stripped(12, 16, &GREY)));
    assert_eq!(strip(&[]), None);
    assert_eq!(strip(&jpeg[..jpeg.len() - 1]), None);
    assert_eq!(strip(&jpeg[..HEADER]), None);
    assert_eq!(strip(&[&jpeg[..HEADER], &END].concat()), None);
    for at in (0..HEADER).filter(|at| ![HEIGHT, WIDTH].contains(at)) {
        let mut other = jpeg.clone();
        other[at] ^= 1;
        assert_eq!(strip(&other), None, "byte {at}");
    }
    let long = [&jpeg[..HEADER], &[0; LONGEST_STRIPPED], &END].concat();
    assert_eq!(strip(&long), None);
}

#[test]
fn a_data_url_says_what_it_is() {
    assert_eq!(jpeg_data_url(b"hi"), "data:image/jpeg;base64,aGk=");
}

proptest! {
    #[test]
    fn a_preview_is_the_header_the_pixels_and_the_end(
        height in 1_u8.., width in 1_u8.., pixels in prop::collection::vec(any::<u8>(), 1..1000),
    ) {
        let jpeg = inflate(&stripped(height, width, &pixels)).unwrap();
        prop_assert_eq!(&jpeg[..623], &header(width, height)[..]);
        prop_assert_eq!(&jpeg[623..jpeg.len() - 2], &pixels[..]);
        prop_assert_eq!(&jpeg[jpeg.len() - 2..], &[0xff, 0xd9][..]);
        prop_assert_eq!(strip(&jpeg), Some(stripped(height, width, &pixels)));
    }

    #[test]
    fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        let _preview = inflate(&bytes);
        let _stripped = strip(&bytes);
    }
}

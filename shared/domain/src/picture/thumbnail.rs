//! Makes a thumbnail of a picture that goes as a file: apps show it before they have the file.

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder};

use super::scale::{has_too_many_scans, put_on_white};
use super::{Format, decoder_of, moves};

/// The longer side of a thumbnail, in pixels (core.telegram.org/constructor/inputMediaUploadedDocument: 320 at most).
const LONGEST_SIDE: u32 = 320;

/// Bytes of a thumbnail at most (the same page: 200 kB).
const MOST_BYTES: usize = 200_000;

/// The most pixels that are decoded for one: those of most phones. A progressive JPEG of them takes 225 MB for a moment.
const MOST_DECODED_PIXELS: u64 = 25_000_000;

/// The quality of the JPEG: 320 x 320 pixels of noise take 70 kB at it.
const QUALITY: u8 = 80;

/// A small JPEG of the picture in `bytes`, upright and on white; `None` where it is none, moves, or costs more than a
/// thumbnail is worth.
pub fn thumbnail(bytes: &[u8]) -> Option<Vec<u8>> {
    let format = Format::of(bytes)?;
    if (format == Format::WebP && moves(bytes)) || has_too_many_scans(bytes, format) {
        return None;
    }
    let mut decoder = decoder_of(bytes, format).ok()?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MOST_DECODED_PIXELS {
        return None;
    }
    let orientation = decoder.orientation().ok()?;
    let mut image = DynamicImage::from_decoder(decoder).ok()?;
    put_on_white(&mut image);
    if image.width().max(image.height()) > LONGEST_SIDE {
        image = image.thumbnail(LONGEST_SIDE, LONGEST_SIDE);
    }
    image.apply_orientation(orientation);
    let mut small = Vec::new();
    JpegEncoder::new_with_quality(&mut small, QUALITY).encode_image(&image.into_rgb8()).ok()?;
    (small.len() <= MOST_BYTES).then_some(small)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    fn noise(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut state = 1_u32;
        let image = RgbImage::from_fn(width, height, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let [_, a, b, c] = state.to_le_bytes();
            Rgb([a, b, c])
        });
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn sides(jpeg: &[u8]) -> (u32, u32) {
        assert_eq!(Format::of(jpeg), Some(Format::Jpeg));
        decoder_of(jpeg, Format::Jpeg).unwrap().dimensions()
    }

    #[test]
    fn a_picture_becomes_a_small_jpeg_of_the_same_shape() {
        for (width, height, format, small) in [
            (1_600, 800, ImageFormat::Jpeg, (320, 160)),
            (300, 900, ImageFormat::Png, (107, 320)),
            (320, 320, ImageFormat::WebP, (320, 320)),
            (5, 3, ImageFormat::Png, (5, 3)),
        ] {
            let bytes = thumbnail(&noise(width, height, format)).unwrap();
            assert!(bytes.len() <= MOST_BYTES, "{}", bytes.len());
            assert_eq!(sides(&bytes), small);
        }
    }

    #[test]
    fn what_shows_through_is_white() {
        let mut bytes = Cursor::new(Vec::new());
        RgbaImage::from_pixel(8, 8, Rgba([0, 0, 0, 0])).write_to(&mut bytes, ImageFormat::Png).unwrap();
        let small = thumbnail(bytes.get_ref()).unwrap();
        let image = image::load_from_memory(&small).unwrap().into_rgb8();
        assert!(image.pixels().all(|Rgb(colours)| colours.iter().all(|colour| *colour > 250)));
    }

    #[test]
    fn there_is_none_of_what_is_no_picture_or_claims_too_much() {
        assert_eq!(thumbnail(b"plain text"), None);
        assert_eq!(thumbnail(b"\xff\xd8\xff\xe0 and nothing more"), None);
        let mut claims = noise(64, 64, ImageFormat::Jpeg);
        assert!(thumbnail(&claims).is_some());
        // The height and the width in the frame's header; what is missing of the picture would be grey.
        let frame = claims.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
        claims[frame + 5..frame + 9].copy_from_slice(&[0x20, 0, 0x20, 0]);
        assert_eq!(thumbnail(&claims), None);
    }
}

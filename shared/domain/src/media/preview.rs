//! Previews: a few hundred bytes inside the message itself, from which a blurred JPEG is made.
//!
//! Telegram strips such a JPEG of everything that is the same in all of them (core.telegram.org/api/files#stripped-thumbnails):
//! what is left is one byte that says so, one each for height and width, and the compressed pixels.

mod tables;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use self::tables::{
    AC_CHROMINANCE, AC_LUMINANCE, CHROMINANCE, Codes, DC_CHROMINANCE, DC_LUMINANCE, LUMINANCE,
};

/// The first byte of a stripped JPEG; no other form is known.
const STRIPPED: u8 = 1;

/// Bytes of a stripped JPEG at most. Telegram's have 40 pixels on the longer side, and a few hundred bytes; a list of 500
/// must stay small.
const LONGEST_STRIPPED: usize = 2 * 1024;

/// Bytes in front of the compressed pixels.
const HEADER: usize = 623;

/// Where among them the height is.
const HEIGHT: usize = 164;

/// Where among them the width is.
const WIDTH: usize = 166;

/// The end of the image.
const END: [u8; 2] = [0xff, 0xd9];

/// Makes a JPEG of a stripped one. `None` where it is none, or too long to be one of Telegram's.
pub fn inflate(stripped: &[u8]) -> Option<Vec<u8>> {
    match stripped {
        [STRIPPED, height @ 1..=u8::MAX, width @ 1..=u8::MAX, pixels @ ..]
            if !pixels.is_empty() && stripped.len() <= LONGEST_STRIPPED =>
        {
            let mut jpeg = header(*width, *height);
            jpeg.extend_from_slice(pixels);
            jpeg.extend_from_slice(&END);
            Some(jpeg)
        }
        _ => None,
    }
}

/// What [`inflate`] made this JPEG of, or `None` where it did not.
pub(super) fn strip(jpeg: &[u8]) -> Option<Vec<u8>> {
    let (header, rest) = jpeg.split_at_checked(HEADER)?;
    let pixels = rest.strip_suffix(&END)?;
    let stripped = [&[STRIPPED, header[HEIGHT], header[WIDTH]], pixels].concat();
    (inflate(&stripped)? == jpeg).then_some(stripped)
}

/// A JPEG as a data URL.
pub fn jpeg_data_url(jpeg: &[u8]) -> String {
    format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg))
}

/// Everything in front of the compressed pixels: JFIF 1.1, baseline, three components, colour at half the resolution.
fn header(width: u8, height: u8) -> Vec<u8> {
    let mut header = vec![0xff, 0xd8];
    segment(&mut header, 0xe0, &[b"JFIF\0", &[1, 1, 0, 0, 1, 0, 1, 0, 0][..]]);
    segment(&mut header, 0xdb, &[&[0], &LUMINANCE]);
    segment(&mut header, 0xdb, &[&[1], &CHROMINANCE]);
    segment(&mut header, 0xc0, &[&[8, 0, height, 0, width, 3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]]);
    codes(&mut header, 0x00, &DC_LUMINANCE);
    codes(&mut header, 0x10, &AC_LUMINANCE);
    codes(&mut header, 0x01, &DC_CHROMINANCE);
    codes(&mut header, 0x11, &AC_CHROMINANCE);
    segment(&mut header, 0xda, &[&[3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0]]);
    header
}

fn codes(header: &mut Vec<u8>, place: u8, codes: &Codes) {
    segment(header, 0xc4, &[&[place], &codes.lengths, codes.values]);
}

/// Appends a segment, whose length counts itself. None here is longer than a byte counts.
fn segment(header: &mut Vec<u8>, marker: u8, parts: &[&[u8]]) {
    let length = parts.iter().map(|part| part.len()).sum::<usize>() + 2;
    header.extend_from_slice(&[0xff, marker, 0, u8::try_from(length).unwrap_or(u8::MAX)]);
    for part in parts {
        header.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests;

//! Takes out of a picture what its pixels do not need: place, camera, comments, thumbnails, appended files.
//!
//! Each format names the parts that stay; whatever is not named goes, so a part nobody thought of goes too. The
//! compressed pixels are copied as they are.

use image::metadata::Orientation;
use img_parts::jpeg::{Jpeg, JpegSegment};
use img_parts::png::Png;
use img_parts::riff::{RiffChunk, RiffContent};
use img_parts::webp::WebP;
use img_parts::{Bytes, ImageEXIF};

use super::{Format, PictureError};

/// PNG chunks that stay: pixels, colours, resolution, animation (PNG third edition, chapter 11).
const PNG_CHUNKS: [&[u8; 4]; 19] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"cICP",
    b"mDCV", b"cLLI", b"bKGD", b"pHYs", b"hIST", b"acTL", b"fcTL", b"fdAT",
];

/// WebP chunks that stay (WebP container specification).
const WEBP_CHUNKS: [&[u8; 4]; 7] = [b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];

/// The bit of a WebP header that announces an XMP chunk.
const WEBP_XMP_FLAG: u8 = 0b0000_0100;

pub(super) fn remove(bytes: Vec<u8>, format: Format) -> Result<Vec<u8>, PictureError> {
    let bytes = Bytes::from(bytes);
    match format {
        Format::Jpeg => remove_from_jpeg(bytes),
        Format::Png => remove_from_png(bytes),
        Format::WebP => remove_from_webp(bytes),
    }
}

fn remove_from_jpeg(bytes: Bytes) -> Result<Vec<u8>, PictureError> {
    let mut jpeg = Jpeg::from_bytes(bytes).map_err(|_| PictureError::Damaged)?;
    let orientation = orientation_of(jpeg.exif());
    jpeg.segments_mut().retain(|segment| match segment.marker() {
        0xe0 => segment.contents().starts_with(b"JFIF\0"),
        0xe2 => segment.contents().starts_with(b"ICC_PROFILE\0"),
        // Adobe's says how the colours are coded.
        0xee => segment.contents().starts_with(b"Adobe"),
        0xe1..=0xef | 0xfe => false,
        _ => true,
    });
    jpeg.set_exif(orientation);
    let scan_bytes = |segment: &JpegSegment| segment.len_with_entropy() - segment.len();
    let scan: usize = jpeg.segments().iter().map(scan_bytes).sum();
    let mut bytes = jpeg.encoder().bytes().to_vec();
    // The scan was copied up to the end of the file; other files may follow the picture there.
    let scan = bytes.len() - scan;
    bytes.truncate(scan + end_of_image(&bytes[scan..]));
    Ok(bytes)
}

/// Where the picture ends in what follows the header of its first scan: behind the EOI marker, or at the end of a
/// picture that lacks it.
fn end_of_image(data: &[u8]) -> usize {
    let mut at = 0;
    while let Some(&[first, second]) = data.get(at..at + 2) {
        at += match (first, second) {
            (0xff, 0xd9) => return at + 2,
            // Compressed data, stuffed bytes, fill bytes and markers that stand alone.
            (0xff, 0x00 | 0x01 | 0xd0..=0xd8) => 2,
            (0xff, 0x02..=0xfe) => 2 + segment_length(&data[at + 2..]),
            _ => 1,
        };
    }
    data.len()
}

/// The length a segment between two scans gives itself, its own two bytes included.
fn segment_length(data: &[u8]) -> usize {
    data.first_chunk().map_or(data.len(), |length| usize::from(u16::from_be_bytes(*length)))
}

fn remove_from_png(bytes: Bytes) -> Result<Vec<u8>, PictureError> {
    let mut png = Png::from_bytes(bytes).map_err(|_| PictureError::Damaged)?;
    let orientation = orientation_of(png.exif());
    png.chunks_mut().retain(|chunk| PNG_CHUNKS.contains(&&chunk.kind()));
    png.set_exif(orientation);
    Ok(png.encoder().bytes().to_vec())
}

fn remove_from_webp(bytes: Bytes) -> Result<Vec<u8>, PictureError> {
    let mut webp = WebP::from_bytes(bytes).map_err(|_| PictureError::Damaged)?;
    let orientation = orientation_of(webp.exif());
    webp.chunks_mut().retain(|chunk| WEBP_CHUNKS.contains(&&chunk.id()));
    webp.set_exif(orientation);
    // `set_exif` corrects the header's flags for what it knows of; XMP it leaves announced.
    let header = webp.chunks_mut().iter_mut().find(|chunk| chunk.id() == *b"VP8X");
    if let Some(RiffContent::Data(data)) = header.map(RiffChunk::content_mut) {
        let mut changed = data.to_vec();
        changed.iter_mut().take(1).for_each(|flags| *flags &= !WEBP_XMP_FLAG);
        *data = Bytes::from(changed);
    }
    Ok(webp.encoder().bytes().to_vec())
}

/// An Exif block that says nothing but the orientation of `exif`; none where there is nothing to turn.
fn orientation_of(exif: Option<Bytes>) -> Option<Bytes> {
    let orientation = Orientation::from_exif_chunk(&exif?)?;
    if orientation == Orientation::NoTransforms {
        return None;
    }
    // TIFF 6.0, little-endian: the header, then a directory of one entry at offset 8 (tag 0x0112, SHORT, one value).
    let mut block = b"II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    block.extend([orientation.to_exif(), 0, 0, 0]);
    block.extend([0; 4]);
    Some(Bytes::from(block))
}

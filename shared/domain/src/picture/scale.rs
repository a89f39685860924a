//! Makes a photo of a picture that is too large for one.

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageBuffer, ImageDecoder, ImageEncoder, Pixel, Primitive};

use super::{Format, PHOTO_BYTES, Picture, decoder_of};

/// The longer side of a scaled picture: the largest size of a photo that Telegram keeps (`w`, 2560 pixels,
/// core.telegram.org/api/files#image-thumbnail-types), so nothing is lost that anybody would see.
const LONGEST_SIDE: u32 = 2560;

/// The most pixels that are decoded: 8192 x 6144, a 50 megapixel phone. A progressive JPEG takes nine bytes for each
/// while it is decoded, 460 MB in all, which the worker's 1024 MB of memory have room for.
const MOST_DECODED_PIXELS: u64 = 51_000_000;

/// The most scans of a JPEG that are decoded. Cameras and editors write about ten; every one is a pass over all of the
/// picture, and takes few enough bytes that a small file can have a hundred thousand.
const MOST_SCANS: usize = 100;

/// Bytes of a colour profile that is carried over at most; those of displays have 0.5 to 4 kB.
const PROFILE_BYTES: usize = 64 * 1024;

/// JPEG qualities that are tried until the photo is small enough. The first nearly always is: 2560 x 2560 pixels of
/// noise take 7 MB at it.
const QUALITIES: [u8; 3] = [88, 75, 50];

/// The picture scaled down, turned upright and written as JPEG; `None` when its pixels cannot be decoded, or only at a
/// cost that no real picture asks for.
pub(super) fn to_photo(picture: &Picture) -> Option<Picture> {
    if u64::from(picture.width) * u64::from(picture.height) > MOST_DECODED_PIXELS
        || has_too_many_scans(&picture.bytes, picture.format)
    {
        return None;
    }
    let mut decoder = decoder_of(&picture.bytes, picture.format).ok()?;
    let orientation = decoder.orientation().ok()?;
    let profile = decoder.icc_profile().ok()?.filter(|profile| is_for_rgb(profile));
    let mut image = DynamicImage::from_decoder(decoder).ok()?;
    put_on_white(&mut image);
    if image.width().max(image.height()) > LONGEST_SIDE {
        image = image.thumbnail(LONGEST_SIDE, LONGEST_SIDE);
    }
    image.apply_orientation(orientation);
    let image = image.into_rgb8();
    let (width, height) = image.dimensions();
    QUALITIES.into_iter().find_map(|quality| {
        let mut bytes = Vec::new();
        let mut encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
        if let Some(profile) = &profile {
            encoder.set_icc_profile(profile.clone()).ok()?;
        }
        encoder.encode_image(&image).ok()?;
        (bytes.len() <= PHOTO_BYTES).then_some(Picture { bytes, format: Format::Jpeg, width, height })
    })
}

/// In compressed data 0xFF is always followed by zero or a restart marker, so each such pair begins a scan.
pub(super) fn has_too_many_scans(bytes: &[u8], format: Format) -> bool {
    let scans = bytes.windows(2).filter(|pair| *pair == [0xff, 0xda]);
    format == Format::Jpeg && scans.count() > MOST_SCANS
}

/// Without its profile a picture of a wide-gamut camera fades. What is written is RGB, where a profile for grey or for
/// printing inks would be wrong; a profile names its colours at byte 16 (ICC.1, 7.2).
fn is_for_rgb(profile: &[u8]) -> bool {
    profile.len() <= PROFILE_BYTES && profile.get(16..20) == Some(b"RGB ")
}

/// JPEG knows no transparency, and what shows through where it is dropped is black. Done before scaling, which would mix
/// the invisible colours into the edges.
pub(super) fn put_on_white(image: &mut DynamicImage) {
    match image {
        DynamicImage::ImageLumaA8(pixels) => flatten(pixels),
        DynamicImage::ImageRgba8(pixels) => flatten(pixels),
        DynamicImage::ImageLumaA16(pixels) => flatten(pixels),
        DynamicImage::ImageRgba16(pixels) => flatten(pixels),
        _ => {}
    }
}

fn flatten<P>(pixels: &mut ImageBuffer<P, Vec<P::Subpixel>>)
where
    P: Pixel<Subpixel: Primitive + Into<u32> + TryFrom<u32>>,
{
    let white = P::Subpixel::DEFAULT_MAX_VALUE;
    let most: u32 = white.into();
    for pixel in pixels.pixels_mut() {
        let Some((alpha, colours)) = pixel.channels_mut().split_last_mut() else { continue };
        let opacity: u32 = (*alpha).into();
        for colour in colours {
            let own: u32 = (*colour).into();
            let mixed = (own * opacity + most * (most - opacity)) / most;
            *colour = P::Subpixel::try_from(mixed).unwrap_or(white);
        }
        *alpha = white;
    }
}

//! Makes a photo of a picture that is too large for one.

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, Rgb, RgbImage, Rgba};

use super::{Format, PHOTO_BYTES, Picture, decoder_of};

/// The longer side of a scaled picture: the largest size of a photo that Telegram keeps (`w`, 2560 pixels,
/// core.telegram.org/api/files#image-thumbnail-types), so nothing is lost that anybody would see.
const LONGEST_SIDE: u32 = 2560;

/// JPEG qualities that are tried until the photo is small enough. The first nearly always is: 2560 x 2560 pixels of
/// noise take 7 MB at it.
const QUALITIES: [u8; 3] = [88, 75, 50];

/// The picture scaled down, turned upright and written as JPEG; `None` when its pixels cannot be decoded.
pub(super) fn to_photo(picture: &Picture) -> Option<Picture> {
    let mut decoder = decoder_of(&picture.bytes, picture.format).ok()?;
    let orientation = decoder.orientation().ok()?;
    let mut image = DynamicImage::from_decoder(decoder).ok()?;
    if image.width().max(image.height()) > LONGEST_SIDE {
        image = image.thumbnail(LONGEST_SIDE, LONGEST_SIDE);
    }
    image.apply_orientation(orientation);
    let image = on_white(image);
    let (width, height) = image.dimensions();
    QUALITIES.into_iter().find_map(|quality| {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(&image).ok()?;
        (bytes.len() <= PHOTO_BYTES).then_some(Picture { bytes, format: Format::Jpeg, width, height })
    })
}

/// JPEG knows no transparency, and black shows through where it is dropped.
fn on_white(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let image = image.into_rgba8();
    RgbImage::from_fn(image.width(), image.height(), |x, y| {
        let Rgba([red, green, blue, alpha]) = *image.get_pixel(x, y);
        let over_white = |colour: u8| {
            let mixed = u32::from(colour) * u32::from(alpha) + 255 * (255 - u32::from(alpha));
            u8::try_from(mixed / 255).unwrap_or(u8::MAX)
        };
        Rgb([over_white(red), over_white(green), over_white(blue)])
    })
}

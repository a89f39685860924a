//! Pictures: what is one, what must not travel with it, and how Telegram takes it.
//!
//! A picture is what its bytes say, never what its sender says. Its sides are read from its header; the pixels are
//! decoded only when Telegram's limits ask for a smaller picture, and never for one that claims too many of them.

mod data_url;
mod metadata;
mod scale;
mod thumbnail;

use std::fmt;
use std::io::Cursor;

use image::{ImageDecoder, ImageFormat, ImageReader, Limits};
use thiserror::Error;

pub use self::data_url::decode_data_url;
pub use self::thumbnail::thumbnail;

/// The most pixels a picture may have: more than phones' and cameras' usual sensors give, and 400 MB once decoded. A
/// few hundred bytes can claim billions.
pub const MOST_PIXELS: u64 = 100_000_000;

/// Bytes of a photo at most (core.telegram.org/bots/api#sendphoto: 10 MB).
pub const PHOTO_BYTES: usize = 10_000_000;

/// Width and height of a photo together at most (core.telegram.org/bots/api#sendphoto).
pub const PHOTO_SIDES: u32 = 10_000;

/// The longer side of a photo at most, as a multiple of the shorter (core.telegram.org/bots/api#sendphoto).
pub const PHOTO_RATIO: u32 = 20;

/// Bytes of a document at most (core.telegram.org/bots/api#senddocument: 50 MB).
pub const DOCUMENT_BYTES: usize = 50_000_000;

/// The bit of a WebP header that announces an animation (WebP container specification).
const WEBP_ANIMATION_FLAG: u8 = 0b0000_0010;

/// Why something is no picture that can be taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PictureError {
    /// The text is not `data:...;base64,...`.
    #[error("It is not a base64 data URL.")]
    NotADataUrl,
    /// The bytes begin like none of the three formats.
    #[error("It is neither JPEG, PNG nor WebP.")]
    UnknownFormat,
    /// The bytes begin like a picture and do not go on like one.
    #[error("It is damaged.")]
    Damaged,
    /// It claims more than [`MOST_PIXELS`].
    #[error("It has {width} x {height} pixels; 100 million are the most.")]
    TooManyPixels {
        /// Claimed width in pixels.
        width: u32,
        /// Claimed height in pixels.
        height: u32,
    },
    /// It fits Telegram neither as a photo nor as a document.
    #[error("It is larger than 50 MB.")]
    TooLarge,
}

/// The formats that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG; of an animated one, Telegram shows the first frame.
    Png,
    /// WebP; an animated one goes as a still of its first frame.
    WebP,
}

impl Format {
    fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
            _ => None,
        }
    }

    fn image_format(self) -> ImageFormat {
        match self {
            Self::Jpeg => ImageFormat::Jpeg,
            Self::Png => ImageFormat::Png,
            Self::WebP => ImageFormat::WebP,
        }
    }
}

/// A picture: its bytes, free of metadata, and what its header says of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    bytes: Vec<u8>,
    format: Format,
    width: u32,
    height: u32,
}

/// How a picture goes to Telegram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// As a photo, within Telegram's limits for photos.
    Photo(Picture),
    /// As a document, within Telegram's limit for documents.
    Document(Picture),
}

impl Picture {
    /// Reads the header of `bytes`, and takes out what tells where and with what the picture was taken. The pixels stay
    /// as they are, and so do the orientation and the colour profile, without which it looks wrong.
    ///
    /// # Errors
    ///
    /// [`PictureError::UnknownFormat`], [`PictureError::Damaged`], [`PictureError::TooManyPixels`].
    pub fn parse(bytes: Vec<u8>) -> Result<Self, PictureError> {
        let format = Format::of(&bytes).ok_or(PictureError::UnknownFormat)?;
        let bytes = metadata::remove(bytes, format)?;
        let (width, height) = decoder_of(&bytes, format)?.dimensions();
        if width == 0 || height == 0 {
            return Err(PictureError::Damaged);
        }
        if u64::from(width) * u64::from(height) > MOST_PIXELS {
            return Err(PictureError::TooManyPixels { width, height });
        }
        Ok(Self { bytes, format, width, height })
    }

    /// The picture as Telegram takes it: as it is where it may be a photo; scaled down to a photo where it is too
    /// large; as a document where no scaling makes it one or its pixels cannot be decoded.
    ///
    /// # Errors
    ///
    /// [`PictureError::TooLarge`].
    pub fn for_telegram(self) -> Result<Delivery, PictureError> {
        if self.is_too_narrow() {
            return self.into_document();
        }
        let fits = self.width + self.height <= PHOTO_SIDES && self.bytes.len() <= PHOTO_BYTES;
        if fits && !self.is_animated_webp() {
            return Ok(Delivery::Photo(self));
        }
        match scale::to_photo(&self) {
            Some(photo) => Ok(Delivery::Photo(photo)),
            None => self.into_document(),
        }
    }

    fn into_document(self) -> Result<Delivery, PictureError> {
        if self.bytes.len() > DOCUMENT_BYTES {
            return Err(PictureError::TooLarge);
        }
        Ok(Delivery::Document(self))
    }

    fn is_too_narrow(&self) -> bool {
        let (short, long) = (self.width.min(self.height), self.width.max(self.height));
        u64::from(long) > u64::from(short) * u64::from(PHOTO_RATIO)
    }

    /// Decoders of stills refuse such files; they know the others as stills, animated PNGs included.
    fn is_animated_webp(&self) -> bool {
        self.format == Format::WebP && moves(&self.bytes)
    }

    /// What it is, by its bytes.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Width in pixels, before any orientation is applied.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels, before any orientation is applied.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, without a copy.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Its media type.
    pub fn content_type(&self) -> &'static str {
        match self.format {
            Format::Jpeg => "image/jpeg",
            Format::Png => "image/png",
            Format::WebP => "image/webp",
        }
    }

    /// The end of its file name, without a dot.
    pub fn file_extension(&self) -> &'static str {
        match self.format {
            Format::Jpeg => "jpg",
            Format::Png => "png",
            Format::WebP => "webp",
        }
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bytes, format, width, height } = self;
        write!(formatter, "Picture({format:?}, {width} x {height}, {} bytes)", bytes.len())
    }
}

/// Whether the header of a WebP picture announces an animation.
pub(crate) fn moves(webp: &[u8]) -> bool {
    let flags = webp.get(20).filter(|_| webp[12..].starts_with(b"VP8X"));
    flags.is_some_and(|flags| flags & WEBP_ANIMATION_FLAG != 0)
}

/// A decoder that has read the header. It refuses to allocate more than the largest picture needs.
fn decoder_of(bytes: &[u8], format: Format) -> Result<impl ImageDecoder + '_, PictureError> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(4 * MOST_PIXELS + PHOTO_BYTES as u64);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format.image_format());
    reader.limits(limits);
    reader.into_decoder().map_err(|_| PictureError::Damaged)
}

#[cfg(test)]
mod tests;

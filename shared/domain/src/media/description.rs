//! Photos and documents as Telegram describes them, without its wire format: numbers below zero are 0 already.

use super::MessageId;
use crate::time::UnixTime;

/// The message a file is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Its number.
    pub id: MessageId,
    /// When it was sent.
    pub sent_at: UnixTime,
    /// Its text.
    pub caption: String,
}

/// What names a file to Telegram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The data centre that has it.
    pub dc: i32,
    /// Its number.
    pub id: i64,
    /// What proves that it was seen.
    pub access_hash: i64,
    /// What proves where it was seen, for some hours (core.telegram.org/api/file-references).
    pub file_reference: Vec<u8>,
}

/// A photo.
#[derive(Clone, Debug, PartialEq)]
pub struct Photo {
    /// What names it.
    pub origin: Origin,
    /// The sizes it comes in.
    pub sizes: Vec<PictureSize>,
}

/// Anything else that is a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// What names it.
    pub origin: Origin,
    /// The media type its sender gave.
    pub mime_type: String,
    /// Bytes.
    pub size: u64,
    /// What else is known of it.
    pub attributes: Vec<Attribute>,
    /// Smaller pictures of it.
    pub thumbnails: Vec<PictureSize>,
}

/// One thing that is known of a document.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// The name its sender gave it.
    FileName(String),
    /// It is a picture.
    Image {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// It is a video.
    Video {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// How long it plays.
        seconds: f64,
        /// It was recorded as a round video message.
        round: bool,
    },
    /// It is sound.
    Audio {
        /// How long it plays.
        seconds: f64,
        /// It was recorded as a voice message.
        voice: bool,
    },
    /// It plays over and over, without sound.
    Animated,
    /// It is a sticker, or an emoji of somebody's own.
    Sticker,
}

/// A picture in one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PictureSize {
    /// To be fetched.
    Plain {
        /// The letter Telegram names the size by.
        name: String,
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// Bytes.
        bytes: u64,
    },
    /// To be fetched; the first bytes of it are the same picture, less sharp.
    Progressive {
        /// The letter Telegram names the size by.
        name: String,
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// How many bytes make a picture, rising; the last makes the whole.
        prefixes: Vec<u64>,
    },
    /// Sent along.
    Cached {
        /// The letter Telegram names the size by.
        name: String,
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// The picture.
        bytes: Vec<u8>,
    },
    /// Sent along, in a form of its own: see [`super::preview`].
    Stripped(Vec<u8>),
}

impl PictureSize {
    /// `None` for what is never fetched.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Plain { name, .. } | Self::Progressive { name, .. } | Self::Cached { name, .. } => {
                Some(name)
            }
            Self::Stripped(_) => None,
        }
    }

    /// Width and height.
    pub(super) fn sides(&self) -> (u32, u32) {
        match *self {
            Self::Plain { width, height, .. }
            | Self::Progressive { width, height, .. }
            | Self::Cached { width, height, .. } => (width, height),
            Self::Stripped(_) => (0, 0),
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Plain { bytes, .. } => *bytes,
            Self::Progressive { prefixes, .. } => prefixes.iter().copied().max().unwrap_or(0),
            Self::Cached { bytes, .. } | Self::Stripped(bytes) => bytes.len() as u64,
        }
    }

    /// What the largest has most of: pixels, then bytes.
    pub(super) fn rank(&self) -> (u64, u64) {
        let (width, height) = self.sides();
        (u64::from(width) * u64::from(height), self.bytes())
    }
}

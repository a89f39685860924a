//! Files in messages: what a person is told of one, and what it takes to fetch it.
//!
//! Telegram describes a photo by the sizes it comes in and anything else, a document, by its attributes. From both the
//! same is made here: an item of a list, with a kind, a name, a type and a size whatever Telegram left out, and the
//! location of the file. All of it is somebody's input: no number and no text may break anything.

mod description;
mod kind;
mod location;
mod name;
mod parts;
pub mod preview;
mod seen;
mod served;

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::description::{About, Attribute, Document, Origin, Photo, PictureSize};
pub use self::kind::MediaKind;
pub use self::location::{FileKind, FileLocation, Thumbnail, ThumbnailContent};
pub use self::name::stored_name;
pub use self::parts::{LARGEST_PART, Part, Parts};
pub use self::seen::{SeenFile, Shelf};
pub use self::served::{content_disposition, content_type};

pub(crate) use self::seen::{shelved, unshelved};

use self::name::{generated_name, media_type};
use crate::time::UnixTime;

/// The media type of every photo: Telegram keeps no other.
const PHOTO_TYPE: &str = "image/jpeg";

/// A message, within one account: private chats and basic groups share the numbers (core.telegram.org/api/saved-messages).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(i32);

impl MessageId {
    /// `None` for a number that no message has: they begin at 1.
    pub fn new(number: i32) -> Option<Self> {
        (number > 0).then_some(Self(number))
    }

    /// A number as it came in a path or a query: digits alone.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten().and_then(Self::new)
    }

    /// The number, at least 1.
    pub fn get(self) -> i32 {
        self.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A file in a message, as an item of a list. `Debug` shows its message and its kind alone.
#[derive(Clone, PartialEq)]
pub struct MediaItem {
    /// The message.
    pub id: MessageId,
    /// What kind of file it is.
    pub kind: MediaKind,
    /// Its name: the sender's without controls and folders, or one made of kind, message and type. Never empty.
    pub name: String,
    /// Its media type, without parameters.
    pub mime_type: String,
    /// Bytes.
    pub size: u64,
    /// When the message was sent.
    pub timestamp: UnixTime,
    /// The message's text; empty when it has none.
    pub caption: String,
    /// Width in pixels, where it is known.
    pub width: Option<u32>,
    /// Height in pixels, where it is known.
    pub height: Option<u32>,
    /// How long it plays, in whole milliseconds.
    pub duration: Option<Duration>,
    /// Whether a smaller picture of it can be had.
    pub has_thumbnail: bool,
    /// A tiny JPEG.
    pub preview: Option<Vec<u8>>,
}

impl fmt::Debug for MediaItem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "MediaItem({:?} {})", self.kind, self.id)
    }
}

/// A file in a message: what a person is told of it, and where it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Media {
    /// For a list.
    pub item: MediaItem,
    /// For whoever fetches it.
    pub location: FileLocation,
}

impl Media {
    /// What a photo is. The file is its largest size.
    pub fn of_photo(about: About, photo: Photo) -> Self {
        let largest = photo.sizes.iter().filter(|size| size.name().is_some()).max_by_key(|size| size.rank());
        let (width, height) = largest.map_or((0, 0), PictureSize::sides);
        let size = largest.map_or(0, PictureSize::bytes);
        let size_name = largest.and_then(PictureSize::name).unwrap_or_default().to_owned();
        let preview = preview_of(&photo.sizes);
        let thumbnails = location::thumbnails(photo.sizes);
        let item = MediaItem {
            id: about.id,
            kind: MediaKind::Photo,
            name: generated_name(MediaKind::Photo, about.id, PHOTO_TYPE),
            mime_type: PHOTO_TYPE.to_owned(),
            size,
            timestamp: about.sent_at,
            caption: about.caption,
            width: known(width),
            height: known(height),
            duration: None,
            has_thumbnail: !thumbnails.is_empty(),
            preview,
        };
        let kind = FileKind::Photo { size_name };
        Self { location: FileLocation::new(photo.origin, kind, &item, thumbnails), item }
    }

    /// What a document is.
    pub fn of_document(about: About, document: Document) -> Self {
        let kind = MediaKind::of(&document.attributes);
        let mime_type = media_type(&document.mime_type);
        let given = document.attributes.iter().find_map(|attribute| match attribute {
            Attribute::FileName(name) => stored_name(name),
            _ => None,
        });
        let sides = document.attributes.iter().find_map(|attribute| match *attribute {
            Attribute::Image { width, height } | Attribute::Video { width, height, .. } => {
                Some((width, height))
            }
            _ => None,
        });
        let seconds = document.attributes.iter().find_map(|attribute| match *attribute {
            Attribute::Video { seconds, .. } | Attribute::Audio { seconds, .. } => Some(seconds),
            _ => None,
        });
        let preview = preview_of(&document.thumbnails);
        let thumbnails = location::thumbnails(document.thumbnails);
        let item = MediaItem {
            id: about.id,
            kind,
            name: given.unwrap_or_else(|| generated_name(kind, about.id, &mime_type)),
            mime_type,
            size: document.size,
            timestamp: about.sent_at,
            caption: about.caption,
            width: sides.and_then(|(width, _)| known(width)),
            height: sides.and_then(|(_, height)| known(height)),
            duration: seconds.and_then(whole_milliseconds),
            has_thumbnail: !thumbnails.is_empty(),
            preview,
        };
        Self { location: FileLocation::new(document.origin, FileKind::Document, &item, thumbnails), item }
    }
}

/// A side that is told; Telegram writes 0 for one it does not know.
fn known(side: u32) -> Option<u32> {
    (side > 0).then_some(side)
}

/// `None` for what is no time.
fn whole_milliseconds(seconds: f64) -> Option<Duration> {
    let exact = Duration::try_from_secs_f64(seconds).ok()?;
    Some(Duration::new(exact.as_secs(), exact.subsec_millis() * 1_000_000))
}

fn preview_of(sizes: &[PictureSize]) -> Option<Vec<u8>> {
    sizes.iter().find_map(|size| match size {
        PictureSize::Stripped(bytes) => preview::inflate(bytes),
        _ => None,
    })
}

#[cfg(test)]
mod tests;

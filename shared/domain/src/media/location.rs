//! Where a file is: what is kept between listing a file and fetching it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::preview::inflate;
use super::{MediaItem, Origin, PictureSize};

/// What it takes to fetch a file, and to describe it while that is done. Whoever has it and the account can fetch the
/// file, so `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileLocation {
    /// The data centre that has it.
    pub dc: i32,
    /// How it is asked for.
    pub kind: FileKind,
    /// Its number.
    pub id: i64,
    /// What proves that it was seen.
    pub access_hash: i64,
    /// What proves where it was seen, for some hours (core.telegram.org/api/file-references).
    pub file_reference: Vec<u8>,
    /// Bytes.
    pub size: u64,
    /// Its name, as [`MediaItem::name`].
    pub name: String,
    /// Its media type, as [`MediaItem::mime_type`].
    pub mime_type: String,
    /// Smaller pictures of it, from the smallest to the largest.
    pub thumbnails: Vec<Thumbnail>,
}

/// How a file is asked for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileKind {
    /// As a size of a photo.
    Photo {
        /// The letter of its largest size, which is the file. Empty when the photo has no size at all.
        size_name: String,
    },
    /// As a document.
    Document,
}

/// A smaller picture of a file. `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thumbnail {
    /// The letter Telegram names the size by.
    pub name: String,
    /// Pixels; 0 where they are not known.
    pub width: u32,
    /// Pixels; 0 where they are not known.
    pub height: u32,
    /// Where it is.
    pub content: ThumbnailContent,
}

/// Where a smaller picture is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ThumbnailContent {
    /// At Telegram, as a size of the file.
    Remote {
        /// Bytes.
        bytes: u64,
    },
    /// Here.
    Inline(Vec<u8>),
}

impl FileLocation {
    pub(super) fn new(origin: Origin, kind: FileKind, item: &MediaItem, thumbnails: Vec<Thumbnail>) -> Self {
        Self {
            dc: origin.dc,
            kind,
            id: origin.id,
            access_hash: origin.access_hash,
            file_reference: origin.file_reference,
            size: item.size,
            name: item.name.clone(),
            mime_type: item.mime_type.clone(),
            thumbnails,
        }
    }
}

/// The sizes that are pictures, from the smallest to the largest.
pub(super) fn thumbnails(mut sizes: Vec<PictureSize>) -> Vec<Thumbnail> {
    sizes.sort_by_key(PictureSize::rank);
    sizes
        .into_iter()
        .filter_map(|size| {
            let (bytes, (width, height)) = (size.bytes(), size.sides());
            let (name, content) = match size {
                PictureSize::Plain { name, .. } | PictureSize::Progressive { name, .. } => {
                    (name, ThumbnailContent::Remote { bytes })
                }
                PictureSize::Cached { name, bytes, .. } => (name, ThumbnailContent::Inline(bytes)),
                // The letter that Telegram has for it.
                PictureSize::Stripped(bytes) => ("i".to_owned(), ThumbnailContent::Inline(inflate(&bytes)?)),
            };
            Some(Thumbnail { name, width, height, content })
        })
        .collect()
}

impl fmt::Debug for FileLocation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FileLocation(..)")
    }
}

impl fmt::Debug for FileKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Photo { .. } => "Photo",
            Self::Document => "Document",
        })
    }
}

impl fmt::Debug for Thumbnail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Thumbnail(..)")
    }
}

impl fmt::Debug for ThumbnailContent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ThumbnailContent(..)")
    }
}

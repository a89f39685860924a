//! Where a file is: what is kept between listing a file and fetching it.

mod kept;

use std::fmt;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
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
    Inline(#[serde(with = "kept")] Vec<u8>),
}

impl FileLocation {
    /// The smallest picture whose longer side has at least `side` pixels, or else the largest there is. Of two that are
    /// alike, the one that need not be fetched.
    pub fn thumbnail(&self, side: u32) -> Option<&Thumbnail> {
        let enough = self.thumbnails.iter().filter(|thumbnail| thumbnail.longer_side() >= side);
        let smallest = enough.min_by_key(|thumbnail| (thumbnail.longer_side(), thumbnail.is_remote()));
        smallest.or_else(|| {
            let by_size = |thumbnail: &&Thumbnail| (thumbnail.longer_side(), !thumbnail.is_remote());
            self.thumbnails.iter().max_by_key(by_size)
        })
    }

    /// The file's entity tag, strong and with its quotes. What a number names at Telegram never changes.
    pub fn etag(&self) -> String {
        match &self.kind {
            FileKind::Photo { size_name } => self.etag_of_size(size_name),
            FileKind::Document => format!("\"d-{:x}\"", self.id),
        }
    }

    /// The entity tag of one of its smaller pictures, strong and with its quotes.
    pub fn etag_of_thumbnail(&self, thumbnail: &Thumbnail) -> String {
        self.etag_of_size(&thumbnail.name)
    }

    /// Whether bytes from there continue bytes from here. A file reference may be newer, and the data centre another.
    pub fn is_same_file(&self, other: &Self) -> bool {
        (self.id, self.size, &self.kind) == (other.id, other.size, &other.kind)
    }

    fn etag_of_size(&self, size_name: &str) -> String {
        let kind = match self.kind {
            FileKind::Photo { .. } => 'p',
            FileKind::Document => 'd',
        };
        format!("\"{kind}-{:x}-{}\"", self.id, utf8_percent_encode(size_name, NON_ALPHANUMERIC))
    }

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

impl Thumbnail {
    /// Pixels. Where they are not told: what its letter stands for at most (core.telegram.org/api/files#image-thumbnail-types).
    fn longer_side(&self) -> u32 {
        match (self.width.max(self.height), self.name.as_str()) {
            (0, "i") => 40,
            (0, "s") => 100,
            (0, "a") => 160,
            (0, "m" | "b") => 320,
            (0, "c") => 640,
            (0, "x") => 800,
            (0, "y" | "d") => 1280,
            (0, "w") => 2560,
            (side, _) => side,
        }
    }

    fn is_remote(&self) -> bool {
        matches!(self.content, ThumbnailContent::Remote { .. })
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

#[cfg(test)]
mod tests;

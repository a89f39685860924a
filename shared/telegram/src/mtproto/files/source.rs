//! Where a file's bytes come from.

use std::fmt;

use grammers_client::tl::{Serializable, enums, functions, types};
use lambdagram_domain::media::{FileKind, FileLocation, Part};

use super::Place;

/// What of a file is fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The file itself.
    File,
    /// The smaller picture of it that Telegram names by this letter.
    Size(String),
}

impl Piece {
    /// How Telegram is asked for it.
    pub fn of(&self, file: &FileLocation) -> enums::InputFileLocation {
        let (id, access_hash) = (file.id, file.access_hash);
        let file_reference = file.file_reference.clone();
        let thumb_size = match (self, &file.kind) {
            (Self::Size(size), _) | (Self::File, FileKind::Photo { size_name: size }) => size.clone(),
            (Self::File, FileKind::Document) => String::new(),
        };
        match file.kind {
            FileKind::Photo { .. } => {
                types::InputPhotoFileLocation { id, access_hash, file_reference, thumb_size }.into()
            }
            FileKind::Document => {
                types::InputDocumentFileLocation { id, access_hash, file_reference, thumb_size }.into()
            }
        }
    }
}

/// A piece of a file at the data centre that has it. `Debug` shows none of the file and the key.
#[derive(Clone)]
pub struct Source {
    /// Where it is asked for.
    pub place: Place,
    /// The piece, as [`Piece::of`] says it.
    pub file: enums::InputFileLocation,
}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Source").field("place", &self.place).finish_non_exhaustive()
    }
}

/// The call that asks for a part.
pub(super) fn request(file: &enums::InputFileLocation, part: Part) -> Vec<u8> {
    functions::upload::GetFile {
        precise: true,
        cdn_supported: false,
        location: file.clone(),
        offset: i64::try_from(part.offset).unwrap_or(i64::MAX),
        limit: i32::try_from(part.limit).unwrap_or(i32::MAX),
    }
    .to_bytes()
}

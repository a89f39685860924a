//! Where a file's bytes come from.

use std::fmt;
use std::net::SocketAddr;

use grammers_client::tl::{Serializable, enums, functions, types};
use lambdagram_domain::media::{FileKind, FileLocation, Part};
use lambdagram_domain::session::DcKey;

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

/// A piece of a file at an address of the data centre that has it. `Debug` shows none of the file and the key.
#[derive(Clone)]
pub struct Source {
    /// The data centre.
    pub dc: i32,
    /// The address that is asked.
    pub address: SocketAddr,
    /// The data centre's key, signed in there.
    pub key: DcKey,
    /// The piece, as [`Piece::of`] says it.
    pub file: enums::InputFileLocation,
    /// Whether the connection may outlive its reader, and stand beside others of the same login: one to an address for
    /// files alone may, one to a main address may not.
    pub keep: bool,
}

impl Source {
    /// Whether one connection serves both.
    pub(super) fn shares_connection(&self, other: &Self) -> bool {
        self.key.key == other.key.key
            && (self.dc, self.address, self.keep) == (other.dc, other.address, other.keep)
    }

    /// The call that asks for a part.
    pub(super) fn request(&self, part: Part) -> Vec<u8> {
        functions::upload::GetFile {
            precise: true,
            cdn_supported: false,
            location: self.file.clone(),
            offset: i64::try_from(part.offset).unwrap_or(i64::MAX),
            limit: i32::try_from(part.limit).unwrap_or(i32::MAX),
        }
        .to_bytes()
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Source")
            .field("dc", &self.dc)
            .field("keep", &self.keep)
            .finish_non_exhaustive()
    }
}

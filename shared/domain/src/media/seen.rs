//! Files that were seen in a chat, kept for a while for whoever fetches them, and their form inside the seal.
//!
//! The form is one byte that numbers it, then each file as postcard, one after the other. They live for minutes, so a
//! change of what they are made of is a new number, and no older form is read: whoever finds one looks again.

use serde::{Deserialize, Serialize};

use super::{FileLocation, MessageId};

/// The number of the form.
const FORM: u8 = 1;

/// Bytes of a form at most. An answer of DynamoDB's queries holds 1 MB, an item 400 kB: three of these are one answer.
const LARGEST_SHELF: usize = 256 * 1024;

/// A file that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenFile {
    /// The message it is in.
    pub message: MessageId,
    /// Where it is.
    pub location: FileLocation,
}

/// What one look at a chat found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shelf {
    /// The lowest message that was looked at.
    pub lowest: MessageId,
    /// The files from there on.
    pub files: Vec<SeenFile>,
}

/// The form of these files, without those for which there is no room.
pub(crate) fn shelved(files: &[SeenFile]) -> Vec<u8> {
    files.iter().fold(vec![FORM], |mut shelf, file| {
        let bytes = postcard::to_allocvec(file).expect("memory takes what is written");
        if shelf.len() + bytes.len() <= LARGEST_SHELF {
            shelf.extend(bytes);
        }
        shelf
    })
}

/// `None` when the form is not known here.
pub(crate) fn unshelved(bytes: &[u8]) -> Option<Vec<SeenFile>> {
    let mut rest = bytes.strip_prefix(&[FORM])?;
    let mut files = Vec::new();
    while !rest.is_empty() {
        let (file, after) = postcard::take_from_bytes(rest).ok()?;
        files.push(file);
        rest = after;
    }
    Some(files)
}

#[cfg(test)]
mod tests;

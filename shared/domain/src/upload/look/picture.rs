//! Pictures: their sides, from their headers.

use std::io;

use super::super::kind::{Form, may_be_photo};
use super::glance::Glance;

/// Pixels of a side at most: what fits into the sixteen bits that most formats have for it. Claims of more are none.
const LONGEST_SIDE: u32 = 65_535;

/// Width and height in pixels.
///
/// # Errors
///
/// Whatever it is not here, and where it makes no sense.
pub(super) fn sides(file: &mut Glance<'_>) -> io::Result<(u32, u32)> {
    let read = imagesize::reader_size(file).map_err(|_| io::ErrorKind::InvalidData)?;
    let known = |pixels: usize| u32::try_from(pixels).ok().filter(|side| (1..=LONGEST_SIDE).contains(side));
    known(read.width).zip(known(read.height)).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// What a picture is: a photo in the formats that Telegram takes for one, within its limits.
pub(super) fn form(mime_type: &str, width: u32, height: u32, size: u64) -> Form {
    let is_photo = matches!(mime_type, "image/jpeg" | "image/png" | "image/webp");
    if is_photo && may_be_photo(width, height, size) {
        Form::Photo { width, height }
    } else {
        Form::Picture { width, height, moves: mime_type == "image/gif" }
    }
}

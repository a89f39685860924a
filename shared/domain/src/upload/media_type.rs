//! The media type of a file: what its bytes say, then its name, then its sender.

use mime_guess::Mime;

/// The type of what has none.
const UNKNOWN_TYPE: &str = "application/octet-stream";

/// What bytes alone can only guess: other types are written in these, and a name says which.
const VAGUE: [&str; 6] = [
    "application/x-ole-storage",
    "application/zip",
    "text/html",
    "text/x-shellscript",
    "text/xml",
    UNKNOWN_TYPE,
];

/// What bytes are known by that have another name where they lie in a file: `audio/opus` is Opus on a line, and in a file it
/// is in Ogg (RFC 7845, section 9).
const IN_FILES: [(&str, &str); 1] = [("audio/opus", "audio/ogg")];

/// The type that the first bytes of a file tell, if they tell any, and the ending that names of such files have.
pub(super) fn type_of_bytes(head: &[u8]) -> Option<(&'static str, &'static str)> {
    let found = infer::get(head)?;
    let in_files = IN_FILES.into_iter().find(|(name, _)| *name == found.mime_type());
    Some((in_files.map_or(found.mime_type(), |(_, in_files)| in_files), found.extension()))
}

/// The type of a file of which the bytes say that much.
pub(super) fn type_of(by_bytes: Option<&str>, name: Option<&str>, claimed: Option<&str>) -> String {
    let by_name = || {
        let ending = name?.rsplit_once('.')?.1;
        mime_guess::from_ext(ending).first_raw()
    };
    let by_sender =
        || claimed.and_then(|claimed| Some(claimed.parse::<Mime>().ok()?.essence_str().to_owned()));
    match by_bytes {
        Some(sure) if !VAGUE.contains(&sure) => sure.to_owned(),
        vague => by_name()
            .map(str::to_owned)
            .or_else(|| vague.map(str::to_owned))
            .or_else(by_sender)
            .unwrap_or_else(|| UNKNOWN_TYPE.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_believed_before_a_name_and_a_name_before_a_sender() {
        for (by_bytes, name, claimed, expected) in [
            (Some("image/png"), Some("a.jpg"), Some("text/plain"), "image/png"),
            (None, Some("a.jpg"), Some("text/plain"), "image/jpeg"),
            (None, Some("Отчёт.PDF"), None, "application/pdf"),
            (None, Some("a.unheard-of"), Some("Text/Plain; charset=utf-8"), "text/plain"),
            (None, Some("without ending"), Some("no type"), "application/octet-stream"),
            (None, None, Some("text/csv"), "text/csv"),
            (None, None, None, "application/octet-stream"),
            (Some("application/zip"), Some("book.epub"), None, "application/epub+zip"),
            (Some("application/zip"), Some("book"), Some("a/b"), "application/zip"),
            (Some("text/xml"), Some("drawing.svg"), None, "image/svg+xml"),
        ] {
            assert_eq!(type_of(by_bytes, name, claimed), expected, "{by_bytes:?} {name:?} {claimed:?}");
        }
    }

    #[test]
    fn first_bytes_tell_what_a_file_is() {
        for (head, expected) in [
            (&b"\xff\xd8\xff\xe0"[..], Some(("image/jpeg", "jpg"))),
            (b"%PDF-1.7", Some(("application/pdf", "pdf"))),
            (b"OggS\0\x02", Some(("audio/ogg", "ogg"))),
            (
                b"OggS\0\x02\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0\x01\x13OpusHead",
                Some(("audio/ogg", "opus")),
            ),
            (b"plain text", None),
            (b"", None),
        ] {
            assert_eq!(type_of_bytes(head), expected);
        }
    }
}

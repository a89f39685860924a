//! Names of files, and their media types.

use super::{MediaKind, MessageId};

/// Bytes of a name at most: what file systems take.
const LONGEST_NAME: usize = 255;

/// Bytes of an ending that is kept when a name is cut.
const LONGEST_ENDING: usize = 16;

/// Letters of a media type at most (RFC 6838, section 4.2: 127 for each half).
const LONGEST_TYPE: usize = 255;

/// The type of what has none.
pub(super) const UNKNOWN_TYPE: &str = "application/octet-stream";

/// Endings by media type.
const ENDINGS: [(&str, &str); 30] = [
    ("application/gzip", "gz"),
    ("application/json", "json"),
    ("application/pdf", "pdf"),
    ("application/x-7z-compressed", "7z"),
    ("application/x-tgsticker", "tgs"),
    ("application/zip", "zip"),
    ("audio/aac", "aac"),
    ("audio/flac", "flac"),
    ("audio/m4a", "m4a"),
    ("audio/mp3", "mp3"),
    ("audio/mp4", "m4a"),
    ("audio/mpeg", "mp3"),
    ("audio/ogg", "ogg"),
    ("audio/opus", "opus"),
    ("audio/wav", "wav"),
    ("audio/x-flac", "flac"),
    ("audio/x-m4a", "m4a"),
    ("audio/x-wav", "wav"),
    ("image/gif", "gif"),
    ("image/heic", "heic"),
    ("image/jpeg", "jpg"),
    ("image/png", "png"),
    ("image/svg+xml", "svg"),
    ("image/webp", "webp"),
    ("text/csv", "csv"),
    ("text/plain", "txt"),
    ("video/mp4", "mp4"),
    ("video/quicktime", "mov"),
    ("video/webm", "webm"),
    ("video/x-matroska", "mkv"),
];

/// A name as it is kept, whoever sent it: without folders, without controls (those that turn the direction of writing
/// included, with which `exe.jpg` is made to look like a picture's name), of at most 255 bytes. Letters of all scripts,
/// quotes and spaces stay. `None` where nothing is left that names a file.
pub fn stored_name(text: &str) -> Option<String> {
    let last = text.rsplit(['/', '\\']).next().unwrap_or_default();
    let visible: String = last.chars().filter(|character| !is_hidden(*character)).collect();
    let name = visible.trim();
    let names_something = name.chars().any(|character| character != '.');
    names_something.then(|| shortened(name))
}

/// Controls, ends of lines, and embeddings, overrides and isolates of the bidirectional algorithm (Unicode UAX #9,
/// section 2). Its marks stay: they turn nothing but themselves, and some scripts are written with them.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Cuts what stands before the ending.
fn shortened(name: &str) -> String {
    if name.len() <= LONGEST_NAME {
        return name.to_owned();
    }
    let ending = name.rfind('.').map_or("", |dot| &name[dot..]);
    let ending = if ending.len() <= LONGEST_ENDING { ending } else { "" };
    let stem = &name[..name.floor_char_boundary(LONGEST_NAME - ending.len())];
    format!("{}{ending}", stem.trim_end())
}

/// A name for a file whose sender gave it none.
pub(super) fn generated_name(kind: MediaKind, id: MessageId, mime_type: &str) -> String {
    let known = ENDINGS.iter().find(|(known, _)| *known == mime_type).map(|(_, ending)| *ending);
    let ending = known.unwrap_or(match kind {
        MediaKind::Photo => "jpg",
        MediaKind::Video | MediaKind::VideoNote | MediaKind::Animation => "mp4",
        MediaKind::Audio => "mp3",
        MediaKind::Voice => "ogg",
        MediaKind::Sticker => "webp",
        MediaKind::Document => "bin",
    });
    format!("{}_{id}.{ending}", kind.name())
}

/// A media type in lower case and without parameters, or the one of unknown bytes where the text is none.
pub(super) fn media_type(text: &str) -> String {
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_type = essence.len() <= LONGEST_TYPE
        && essence.split_once('/').is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype));
    if is_type { essence } else { UNKNOWN_TYPE.to_owned() }
}

/// A half of a media type (RFC 6838, section 4.2).
pub(super) fn is_token(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
    text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_keeps_its_letters_and_loses_folders_and_controls() {
        for (sent, stored) in [
            ("report.pdf", "report.pdf"),
            ("Отчёт за год.pdf", "Отчёт за год.pdf"),
            ("تقرير.pdf", "تقرير.pdf"),
            ("👩‍👩‍👧 family.jpg", "👩‍👩‍👧 family.jpg"),
            ("a \"quoted\" 'name'.txt", "a \"quoted\" 'name'.txt"),
            ("two\r\nlines\t.txt", "twolines.txt"),
            ("a\u{2028}b\u{2029}c.txt", "abc.txt"),
            ("invoice\u{202e}gpj.exe", "invoicegpj.exe"),
            ("\u{2067}\u{2066}a\u{2069}.txt", "a.txt"),
            ("\u{200f}א\u{200e}.txt", "\u{200f}א\u{200e}.txt"),
            ("/etc/passwd", "passwd"),
            ("..\\..\\boot.ini", "boot.ini"),
            (" a . txt ", "a . txt"),
            (".gitignore", ".gitignore"),
        ] {
            assert_eq!(stored_name(sent).as_deref(), Some(stored), "{sent:?}");
        }
        for nothing in ["", " ", ".", "..", "...", "a/", "\\", "\0\u{202e}", "a/.."] {
            assert_eq!(stored_name(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending() {
        let stored = stored_name(&format!("{}.tar.gz", "я".repeat(200))).unwrap();
        assert_eq!(stored, format!("{}.gz", "я".repeat(126)));
        assert_eq!(stored_name(&"a".repeat(300)).unwrap(), "a".repeat(255));
        let no_ending = format!("a.{}", "b".repeat(300));
        assert_eq!(stored_name(&no_ending).unwrap(), no_ending[..255]);
    }

    #[test]
    fn a_file_without_a_name_gets_one_of_its_kind_and_type() {
        let id = MessageId::new(12).unwrap();
        for (kind, mime_type, name) in [
            (MediaKind::Photo, "image/jpeg", "photo_12.jpg"),
            (MediaKind::Video, "video/webm", "video_12.webm"),
            (MediaKind::Video, "application/octet-stream", "video_12.mp4"),
            (MediaKind::VideoNote, "video/mp4", "video_note_12.mp4"),
            (MediaKind::Animation, "image/gif", "animation_12.gif"),
            (MediaKind::Audio, "audio/flac", "audio_12.flac"),
            (MediaKind::Audio, "audio/unheard-of", "audio_12.mp3"),
            (MediaKind::Voice, "audio/ogg", "voice_12.ogg"),
            (MediaKind::Sticker, "application/x-tgsticker", "sticker_12.tgs"),
            (MediaKind::Sticker, "application/octet-stream", "sticker_12.webp"),
            (MediaKind::Document, "application/pdf", "document_12.pdf"),
            (MediaKind::Document, "application/octet-stream", "document_12.bin"),
        ] {
            assert_eq!(generated_name(kind, id, mime_type), name);
        }
    }

    #[test]
    fn a_media_type_is_one_or_that_of_unknown_bytes() {
        for (sent, read) in [
            ("video/mp4", "video/mp4"),
            ("Image/SVG+XML", "image/svg+xml"),
            (" text/plain; charset=utf-8", "text/plain"),
            ("", UNKNOWN_TYPE),
            ("video", UNKNOWN_TYPE),
            ("video/", UNKNOWN_TYPE),
            ("/mp4", UNKNOWN_TYPE),
            ("a/b/c", UNKNOWN_TYPE),
            ("text/html\r\nx: y", UNKNOWN_TYPE),
            ("текст/plain", UNKNOWN_TYPE),
        ] {
            assert_eq!(media_type(sent), read, "{sent:?}");
        }
    }

    #[test]
    fn endings_are_listed_in_order() {
        assert!(ENDINGS.is_sorted_by_key(|(mime_type, _)| *mime_type));
        assert!(ENDINGS.iter().all(|(mime_type, _)| media_type(mime_type) == *mime_type));
    }

    proptest! {
        #[test]
        fn what_is_stored_is_a_name_and_is_stored_as_it_is(
            text in r#"[\PC\p{Cc}\u{202a}-\u{202e}\u{2066}-\u{2069}/\\."' ]{0,300}"#,
        ) {
            if let Some(name) = stored_name(&text) {
                prop_assert!(!name.is_empty() && name.len() <= LONGEST_NAME);
                prop_assert!(!name.contains(['/', '\\']) && !name.chars().any(is_hidden));
                prop_assert!(name != "." && name != "..");
                prop_assert_eq!(stored_name(&name), Some(name));
            }
        }

        #[test]
        fn letters_of_all_scripts_stay(name in r"[\p{L}\p{N}\p{So}]{1,40}\.[a-z]{1,4}") {
            prop_assert_eq!(stored_name(&name), Some(name));
        }
    }
}

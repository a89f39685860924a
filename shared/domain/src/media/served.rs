//! How a file is served over HTTP: files are anybody's, and a page that opens one must never run it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::name::{UNKNOWN_TYPE, is_token};

/// Pictures without scripts. SVG is a document that has them.
const PICTURES: [&str; 6] = ["avif", "bmp", "gif", "jpeg", "png", "webp"];

/// What a parameter's extended value holds as it is (RFC 8187, section 3.2.1, `attr-char`); the rest is escaped.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The `Content-Type` of a file whose media type is [`super::MediaItem::mime_type`], and whether a browser may show it
/// in place: raster pictures, sound, videos and PDF. Everything else is bytes to be saved, whatever it claims to be.
pub fn content_type(mime_type: &str) -> (&str, bool) {
    let shown = mime_type.split_once('/').is_some_and(|(kind, subtype)| match kind {
        "image" => PICTURES.contains(&subtype),
        "audio" | "video" => is_token(subtype),
        _ => mime_type == "application/pdf",
    });
    if shown { (mime_type, true) } else { (UNKNOWN_TYPE, false) }
}

/// The `Content-Disposition` of a file (RFC 6266): shown in place, or saved under its name. The name comes twice: in
/// plain ASCII for old clients, and as it is. At most about 1.1 kB for a name of 255 bytes.
pub fn content_disposition(name: &str, inline: bool) -> String {
    let disposition = if inline { "inline" } else { "attachment" };
    let plain: String = name.chars().map(plain).collect();
    let exact = utf8_percent_encode(name, ESCAPED);
    format!("{disposition}; filename=\"{plain}\"; filename*=UTF-8''{exact}")
}

/// Quotes and backslashes are read differently by different clients, and some decode what follows a percent sign
/// (RFC 6266, appendix D).
fn plain(character: char) -> char {
    match character {
        '"' | '\\' | '/' | '%' => '_',
        ' '..='~' => character,
        _ => '_',
    }
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_cannot_run_is_shown_in_place() {
        for shown in [
            "image/jpeg",
            "image/png",
            "image/gif",
            "image/webp",
            "image/avif",
            "image/bmp",
            "audio/ogg",
            "audio/mpeg",
            "video/mp4",
            "video/x-matroska",
            "application/pdf",
        ] {
            assert_eq!(content_type(shown), (shown, true));
        }
    }

    #[test]
    fn everything_else_is_bytes_to_be_saved() {
        for saved in [
            "",
            "text/html",
            "text/plain",
            "text/xml",
            "application/xhtml+xml",
            "application/xml",
            "image/svg+xml",
            "image/tiff",
            "image/",
            "application/javascript",
            "application/pdf+x",
            "application/octet-stream",
            "multipart/x-mixed-replace",
            "pdf",
            "video/",
            "video/mp4; codecs=x",
            "video/mp4\r\nset-cookie: a=b",
            "VIDEO/mp4",
        ] {
            assert_eq!(content_type(saved), ("application/octet-stream", false), "{saved:?}");
        }
    }

    #[test]
    fn a_name_is_told_in_ascii_and_as_it_is() {
        for (name, plain, exact) in [
            ("report.pdf", "report.pdf", "report.pdf"),
            ("my report (1).pdf", "my report (1).pdf", "my%20report%20%281%29.pdf"),
            ("Отчёт.pdf", "_____.pdf", "%D0%9E%D1%82%D1%87%D1%91%D1%82.pdf"),
            ("a\"b\\c.txt", "a_b_c.txt", "a%22b%5Cc.txt"),
            ("100%41.txt", "100_41.txt", "100%2541.txt"),
            ("a/b\r\nc\u{7f}.txt", "a_b__c_.txt", "a%2Fb%0D%0Ac%7F.txt"),
            ("it's; *, 😀.txt", "it's; *, _.txt", "it%27s%3B%20%2A%2C%20%F0%9F%98%80.txt"),
            ("!#$&+-.^_`|~", "!#$&+-.^_`|~", "!#$&+-.^_`|~"),
        ] {
            let expected = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}");
            assert_eq!(content_disposition(name, false), expected);
        }
        assert_eq!(content_disposition("a", true), "inline; filename=\"a\"; filename*=UTF-8''a");
    }

    proptest! {
        #[test]
        fn every_name_makes_one_header_and_can_be_read_from_it(name: String, inline: bool) {
            let header = content_disposition(&name, inline);
            prop_assert!(header.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{header}");
            let parts: Vec<_> = header.split('"').collect();
            prop_assert_eq!(parts.len(), 3);
            prop_assert_eq!(parts[1].len(), name.chars().count());
            let exact = parts[2].strip_prefix("; filename*=UTF-8''").unwrap();
            prop_assert!(!exact.contains([' ', ';', '\'', '*']));
            prop_assert_eq!(percent_decode_str(exact).decode_utf8().unwrap(), name);
        }

        #[test]
        fn no_type_breaks_a_header(mime_type in "(image|audio|video|application|text)/.*|.*") {
            let (served, inline) = content_type(&mime_type);
            prop_assert!(served.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert_eq!(inline, served != UNKNOWN_TYPE);
        }
    }
}

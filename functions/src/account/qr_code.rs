//! A link as a QR code, so that a page needs no code of its own to show one.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

/// Pixels of one side at least; it is drawn in lines, and can be shown at any size.
const SIDE: u32 = 240;

/// A picture of `link` as a data URL, black on white with the margin that readers need. `None` for what is too long for
/// a code: links of a login never are.
pub(super) fn data_url(link: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(link, EcLevel::M).ok()?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(SIDE, SIDE).build();
    Some(format!("data:image/svg+xml;base64,{}", STANDARD.encode(picture)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_a_picture_of_its_own() {
        let picture = data_url("tg://login?token=AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA").unwrap();
        let drawn = STANDARD.decode(picture.strip_prefix("data:image/svg+xml;base64,").unwrap()).unwrap();
        let drawn = String::from_utf8(drawn).unwrap();
        assert!(drawn.starts_with("<?xml") && drawn.contains("<path"), "{drawn}");
        assert_ne!(data_url("tg://login?token=B").unwrap(), picture);
        assert_eq!(data_url(&"x".repeat(5_000)), None);
    }
}

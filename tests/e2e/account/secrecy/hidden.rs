//! What must not be found, and the forms in which it would be there all the same.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// Something that must not be found.
pub(super) struct Hidden {
    pub(super) name: String,
    bytes: Vec<u8>,
    /// Text in which these bytes would be hidden: hexadecimal, and base64 at each of its three alignments.
    encoded: Vec<String>,
    /// Short, so that it may be a part of other numbers by chance: only what stands alone counts.
    stands_alone: bool,
}

impl Hidden {
    pub(super) fn new(name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        let hexadecimal = hex::encode(&bytes);
        let mut encoded = vec![hexadecimal.to_uppercase(), hexadecimal];
        for before in 0..3 {
            let padded = [&vec![0; before][..], &bytes].concat();
            for engine in [STANDARD, URL_SAFE_NO_PAD] {
                let text = engine.encode(&padded);
                // Characters at the ends carry bits of what stands before and behind.
                let whole = text.trim_end_matches('=');
                let whole = &whole[[0, 2, 3][before]..];
                encoded.push(
                    if padded.len().is_multiple_of(3) { whole } else { &whole[..whole.len() - 1] }.to_owned(),
                );
            }
        }
        Self { name: name.to_owned(), bytes, encoded, stands_alone: false }
    }

    pub(super) fn text(name: &str, text: &str) -> Self {
        Self::new(name, text.as_bytes())
    }

    /// A login code: five digits.
    pub(super) fn code(code: &str) -> Self {
        Self { stands_alone: true, ..Self::text("a code", code) }
    }

    pub(super) fn is_in(&self, place: &[u8]) -> bool {
        let found = |wanted: &[u8]| place.windows(wanted.len()).any(|part| part == wanted);
        let clear = if self.stands_alone {
            place.split(|byte| !byte.is_ascii_alphanumeric()).any(|word| word == self.bytes)
        } else {
            found(&self.bytes)
        };
        clear || self.encoded.iter().any(|encoded| found(encoded.as_bytes()))
    }
}

#[test]
fn what_is_hidden_is_found_in_each_of_its_forms() {
    let key: Vec<u8> = (0..=255).collect();
    let hidden = Hidden::new("a key", &key[7..40]);
    for before in 0..4 {
        let part = &key[before..50];
        for place in [part.to_vec(), hex::encode(part).into(), STANDARD.encode(part).into()] {
            assert!(hidden.is_in(&place), "{before}");
        }
    }
    assert!(!hidden.is_in(&key[8..]));
    let code = Hidden::code("12345");
    assert!(code.is_in(br#"{"code":"12345"}"#) && code.is_in(b"MTIzNDU="));
    assert!(!code.is_in(b"1712345678") && !code.is_in(b"ab12345c"));
}

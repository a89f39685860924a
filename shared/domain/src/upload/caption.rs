//! The text beside a file.

use thiserror::Error;

/// Characters of a caption at most (core.telegram.org/api/config, `caption_length_limit_default`).
const LONGEST: usize = 1024;

/// The same for subscribers of Telegram Premium (`caption_length_limit_premium`). Telegram has raised it since; this is
/// what every account of theirs could always send.
const LONGEST_PREMIUM: usize = 2048;

/// The caption is too long for that account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the caption has {length} characters; {limit} are the most")]
pub struct CaptionTooLong {
    /// Characters, as Telegram counts them.
    pub length: usize,
    /// The most that account may send.
    pub limit: usize,
}

/// Whether Telegram takes the caption. It counts Unicode scalar values: it takes 4,096 emoji of two UTF-16 units each as
/// a text of 4,096 characters, and refuses one more (measured, FerroxLabs/wayland#934). Offsets into texts are what it
/// counts in UTF-16.
///
/// # Errors
///
/// [`CaptionTooLong`].
pub fn check_caption(caption: &str, premium: bool) -> Result<(), CaptionTooLong> {
    let limit = if premium { LONGEST_PREMIUM } else { LONGEST };
    let length = caption.chars().count();
    if length > limit { Err(CaptionTooLong { length, limit }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caption_is_as_long_as_it_has_characters_whatever_their_bytes() {
        for letter in ["a", "я", "語", "😀"] {
            assert_eq!(check_caption(&letter.repeat(1024), false), Ok(()), "{letter}");
            let wrong = CaptionTooLong { length: 1025, limit: 1024 };
            assert_eq!(check_caption(&letter.repeat(1025), false), Err(wrong), "{letter}");
            assert_eq!(check_caption(&letter.repeat(2048), true), Ok(()), "{letter}");
            let wrong = CaptionTooLong { length: 2049, limit: 2048 };
            assert_eq!(check_caption(&letter.repeat(2049), true), Err(wrong), "{letter}");
        }
        assert_eq!(check_caption("", false), Ok(()));
    }

    #[test]
    fn a_letter_and_its_accent_are_two_characters() {
        assert_eq!(check_caption(&"e\u{301}".repeat(512), false), Ok(()));
        assert!(check_caption(&"e\u{301}".repeat(513), false).is_err());
    }
}

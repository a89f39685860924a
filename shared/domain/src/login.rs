//! What a person proves who they are with, and where Telegram sent it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Characters of a login code at most. Telegram's longest are phrases of a few words (core.telegram.org/api/auth,
/// `auth.sentCodeTypeSmsPhrase`).
const LONGEST_CODE: usize = 64;

/// Bytes of a password at most: Telegram names no limit, its clients stop far below this.
const LONGEST_PASSWORD: usize = 1024;

/// A login code as Telegram compares it. `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginCode(String);

impl LoginCode {
    /// Reads a code as typed. A code of digits loses its spaces and hyphens; in one with letters, a word or a phrase,
    /// words are one space apart. `None` when nothing is left, or more than 64 characters, or a control character.
    pub fn parse(typed: &str) -> Option<Self> {
        let words: Vec<&str> = typed.split_whitespace().collect();
        let code = if typed.contains(char::is_alphabetic) {
            words.join(" ")
        } else {
            words.concat().replace('-', "")
        };
        let fits = (1..=LONGEST_CODE).contains(&code.chars().count()) && !code.contains(char::is_control);
        fits.then_some(Self(code))
    }

    /// The code itself, for the request that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for LoginCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LoginCode(..)")
    }
}

/// The password of an account with two-step verification. `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// A password exactly as typed: spaces are part of it. `None` when it is empty or longer than 1024 bytes.
    pub fn parse(typed: &str) -> Option<Self> {
        (1..=LONGEST_PASSWORD).contains(&typed.len()).then(|| Self(typed.to_owned()))
    }

    /// The password itself, for the proof that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(..)")
    }
}

/// Where a code went, and what is left to try (core.telegram.org/constructor/auth.sentCode).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeInfo {
    /// How it was sent.
    pub kind: CodeKind,
    /// Its length in characters, where Telegram tells it.
    pub length: Option<u32>,
    /// How the next one would be sent.
    pub next: Option<CodeKind>,
    /// Seconds after which the next one may be asked for.
    pub timeout_s: Option<u32>,
}

/// A way in which codes are sent. Stored sessions number these in their order: a new one goes to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeKind {
    /// A message in the person's other Telegram apps.
    App,
    /// A text message.
    Sms,
    /// A call that says the code.
    Call,
    /// A call whose number is the code, read by the app.
    FlashCall,
    /// A call whose number's last digits are the code, typed by the person.
    MissedCall,
    /// An email.
    Email,
    /// The anonymous numbers' site, fragment.com.
    Fragment,
    /// A text message with a word.
    SmsWord,
    /// A text message with a phrase.
    SmsPhrase,
}

impl CodeKind {
    /// Every kind, for tests and tables.
    pub const ALL: [Self; 9] = [
        Self::App,
        Self::Sms,
        Self::Call,
        Self::FlashCall,
        Self::MissedCall,
        Self::Email,
        Self::Fragment,
        Self::SmsWord,
        Self::SmsPhrase,
    ];

    /// The name that clients are told.
    pub fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Sms => "sms",
            Self::Call => "call",
            Self::FlashCall => "flash_call",
            Self::MissedCall => "missed_call",
            Self::Email => "email",
            Self::Fragment => "fragment",
            Self::SmsWord => "sms_word",
            Self::SmsPhrase => "sms_phrase",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(typed: &str) -> Option<String> {
        LoginCode::parse(typed).map(|code| code.expose().to_owned())
    }

    #[test]
    fn a_code_of_digits_is_read_however_it_is_spaced() {
        for typed in ["12345", " 12345 ", "12 345", "123-45", "1 2 3 4 5\n"] {
            assert_eq!(read(typed).as_deref(), Some("12345"), "{typed:?}");
        }
        assert_eq!(read("007").as_deref(), Some("007"));
    }

    #[test]
    fn words_stay_one_space_apart() {
        assert_eq!(read("  green   apple tree ").as_deref(), Some("green apple tree"));
        assert_eq!(read("Well-being").as_deref(), Some("Well-being"));
        assert_eq!(read("зелёное  яблоко").as_deref(), Some("зелёное яблоко"));
    }

    #[test]
    fn a_code_has_between_1_and_64_characters() {
        let longest = "7".repeat(64);
        assert_eq!(read(&longest), Some(longest.clone()));
        for wrong in ["", "   ", "---", "12\u{0}345", &format!("{longest}7")] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_password_is_taken_as_it_is() {
        let read = |typed: &str| Password::parse(typed).map(|password| password.expose().to_owned());
        assert_eq!(read(" my pass ").as_deref(), Some(" my pass "));
        assert_eq!(read(&"é".repeat(512)), Some("é".repeat(512)));
        assert_eq!(read(""), None);
        assert_eq!(read(&"é".repeat(513)), None);
    }

    #[test]
    fn codes_and_passwords_show_nothing_of_themselves() {
        assert_eq!(format!("{:?}", LoginCode::parse("12345").unwrap()), "LoginCode(..)");
        assert_eq!(format!("{:?}", Password::parse("hunter2").unwrap()), "Password(..)");
    }

    #[test]
    fn a_kind_is_named_alike_in_json() {
        for kind in CodeKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}

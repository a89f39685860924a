//! Phone numbers as people type them, and as Telegram takes them.

use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// Characters of a number as typed that are looked at: the longest of 15 digits, with a separator behind each.
const LONGEST_TYPED: usize = 32;

/// Digits after the plus at least: the shortest numbers that countries give, with the country's code.
const FEWEST_DIGITS: usize = 7;

/// Digits after the plus at most (ITU-T E.164, section 6).
const MOST_DIGITS: usize = 15;

/// A phone number in its international form. `Debug` shows none of it, and there is no `Display`.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Reads a number with its country's code behind `+` or `00`, with or without ASCII spaces, hyphens, dots and
    /// round brackets anywhere. `None` for everything else: a number without a country's code could be anybody's.
    pub fn parse(typed: &str) -> Option<Self> {
        if typed.len() > LONGEST_TYPED {
            return None;
        }
        let plain: String = typed.chars().filter(|letter| !" -.()".contains(*letter)).collect();
        let digits = plain.strip_prefix('+').or_else(|| plain.strip_prefix("00"))?;
        let fits = (FEWEST_DIGITS..=MOST_DIGITS).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        fits.then(|| Self(format!("+{digits}")))
    }

    /// The number as E.164 writes it: `+` and 7 to 15 digits.
    pub fn e164(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PhoneNumber(..)")
    }
}

impl<'de> Deserialize<'de> for PhoneNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let typed = String::deserialize(deserializer)?;
        Self::parse(&typed).ok_or_else(|| D::Error::custom("not an international phone number"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(typed: &str) -> Option<String> {
        PhoneNumber::parse(typed).map(|number| number.e164().to_owned())
    }

    #[test]
    fn a_number_is_read_however_it_is_spaced() {
        for typed in [
            "+15551234567",
            "+1 (555) 123-4567",
            "+1.555.123.4567",
            " +1 555 1234567 ",
            "(+1) 555-123-4567",
            "0015551234567",
            "00 1 555 123 4567",
        ] {
            assert_eq!(read(typed).as_deref(), Some("+15551234567"), "{typed}");
        }
        assert_eq!(read("+1234567").as_deref(), Some("+1234567"));
        assert_eq!(read("+123456789012345").as_deref(), Some("+123456789012345"));
    }

    #[test]
    fn what_is_no_international_number_is_refused() {
        for (typed, why) in [
            ("", "empty"),
            ("   ", "only spaces"),
            ("+", "only a plus"),
            ("00", "only a prefix"),
            ("15551234567", "no country's code to be seen"),
            ("5551234567", "a national number"),
            ("+123456", "too short"),
            ("+1234567890123456", "too long"),
            ("+05551234567", "a code that begins with 0"),
            ("00015551234567", "a code that begins with 0"),
            ("+0015551234567", "both prefixes"),
            ("++15551234567", "two pluses"),
            ("1+5551234567", "a plus in the middle"),
            ("+1555+1234567", "a second plus"),
            ("+1555CALLNOW", "letters"),
            ("+1555123456x7", "a letter"),
            ("+1555123456\u{664}", "an Arabic digit"),
            ("+\u{ff11}5551234567", "a full-width digit"),
            ("\u{ff0b}15551234567", "a full-width plus"),
            ("+15551234567\n", "a line end"),
            ("+1\t5551234567", "a tab"),
            ("+1\u{a0}5551234567", "a no-break space"),
            ("+15551234567\0", "a zero byte"),
            ("+1-5-5-5-1-2-3-4-5-6-7-----------", "more than 32 characters"),
            ("+15551234567;ext=1", "an extension"),
            ("tel:+15551234567", "a URI"),
        ] {
            assert_eq!(PhoneNumber::parse(typed), None, "{why}: {typed:?}");
        }
    }

    #[test]
    fn a_number_shows_nothing_of_itself() {
        let number = PhoneNumber::parse("+15551234567").unwrap();
        assert_eq!(format!("{number:?}"), "PhoneNumber(..)");
    }

    #[test]
    fn a_number_in_json_is_checked_and_its_error_does_not_repeat_it() {
        let number: PhoneNumber = serde_json::from_str("\"+1 555 123 4567\"").unwrap();
        assert_eq!(serde_json::to_string(&number).unwrap(), "\"+15551234567\"");
        let error = serde_json::from_str::<PhoneNumber>("\"5551234567\"").unwrap_err();
        assert!(!error.to_string().contains("555"), "{error}");
    }

    proptest! {
        #[test]
        fn a_number_that_was_read_reads_as_itself(digits in "[1-9][0-9]{6,14}") {
            let number = PhoneNumber::parse(&format!("+{digits}")).unwrap();
            prop_assert_eq!(number.e164(), format!("+{digits}"));
            prop_assert_eq!(PhoneNumber::parse(number.e164()), Some(number));
        }

        #[test]
        fn whatever_is_typed_gives_an_international_number_or_none(typed in "[-+0-9 .()a]{0,40}|.{0,40}") {
            if let Some(number) = PhoneNumber::parse(&typed) {
                let digits = number.e164().strip_prefix('+').unwrap();
                prop_assert!((7..=15).contains(&digits.len()));
                prop_assert!(digits.bytes().all(|byte| byte.is_ascii_digit()));
                prop_assert!(!digits.starts_with('0'));
                prop_assert_eq!(PhoneNumber::parse(number.e164()), Some(number));
            }
        }
    }
}

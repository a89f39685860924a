//! Which bytes of a file a request asks for (RFC 9110, section 14).
//!
//! One range of bytes is answered. A request for several is answered as if it asked for none, as the RFC allows: players
//! and download managers ask for one at a time, and parts in one answer would have to be fetched out of order.

/// Bytes of a file, both ends included: there is always at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    /// The first byte, counted from 0.
    pub first: u64,
    /// The last byte, not before the first.
    pub last: u64,
}

impl ByteRange {
    /// All of `size` bytes; `None` when there are none.
    pub fn whole(size: u64) -> Option<Self> {
        Some(Self { first: 0, last: size.checked_sub(1)? })
    }

    /// How many bytes it has.
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(self) -> u64 {
        (self.last - self.first).saturating_add(1)
    }

    /// Its first `most` bytes, or the first one where `most` is 0.
    #[must_use]
    pub fn cut(self, most: u64) -> Self {
        let last = self.first.saturating_add(most.saturating_sub(1));
        Self { last: self.last.min(last), ..self }
    }
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of the file: an answer with 200.
    Whole,
    /// These bytes, which the file has: an answer with 206.
    Part(ByteRange),
    /// Bytes that the file does not have: an answer with 416.
    Unsatisfiable,
}

/// What the `Range` and `If-Range` headers of a request ask for, of a file of `size` bytes with the entity tag `etag`.
///
/// Several ranges, another unit and what is malformed are [`Wanted::Whole`], and so is any range whose `If-Range` is
/// not exactly this file's tag: a date, a weak tag, the tag of another file. An end beyond the file is the file's end.
/// A file without bytes has no range, but its end may be asked for, which is all of it.
pub fn wanted(range: Option<&str>, if_range: Option<&str>, etag: &str, size: u64) -> Wanted {
    let current = if_range.is_none_or(|validator| validator.trim_matches(BLANK) == etag && !is_weak(etag));
    match range.filter(|_| current).and_then(Specifier::parse) {
        None => Wanted::Whole,
        Some(specifier) => specifier.of(size),
    }
}

/// Optional white space (RFC 9110, section 5.6.3).
const BLANK: [char; 2] = [' ', '\t'];

/// The one range that a header names, before the size is known.
enum Specifier {
    /// From a byte to another, or to the end.
    From { first: u64, last: Option<u64> },
    /// That many bytes at the end.
    Suffix(u64),
}

impl Specifier {
    /// `None` where the header is to be passed over.
    fn parse(header: &str) -> Option<Self> {
        let (unit, set) = header.trim_matches(BLANK).split_once('=')?;
        if !unit.eq_ignore_ascii_case("bytes") {
            return None;
        }
        // A list may have empty elements (RFC 9110, section 5.6.1).
        let mut specifiers =
            set.split(',').map(|each| each.trim_matches(BLANK)).filter(|each| !each.is_empty());
        let (Some(one), None) = (specifiers.next(), specifiers.next()) else { return None };
        match one.split_once('-')? {
            ("", length) => Some(Self::Suffix(number(length)?)),
            (first, "") => Some(Self::From { first: number(first)?, last: None }),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Self::From { first, last: Some(last) })
            }
        }
    }

    fn of(self, size: u64) -> Wanted {
        match (self, size.checked_sub(1)) {
            (Self::Suffix(0), _) | (Self::From { .. }, None) => Wanted::Unsatisfiable,
            (Self::Suffix(_), None) => Wanted::Whole,
            (Self::Suffix(length), Some(last)) => {
                Wanted::Part(ByteRange { first: size.saturating_sub(length), last })
            }
            (Self::From { first, .. }, Some(end)) if first > end => Wanted::Unsatisfiable,
            (Self::From { first, last }, Some(end)) => {
                Wanted::Part(ByteRange { first, last: last.map_or(end, |last| last.min(end)) })
            }
        }
    }
}

/// A number of digits alone. One beyond 64 bits is as good as the largest: no file is as long.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

fn is_weak(etag: &str) -> bool {
    etag.starts_with("W/")
}

#[cfg(test)]
mod tests;

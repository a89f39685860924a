//! Which sizes the parts of a file may have (core.telegram.org/api/files#uploading-files): all the same, one that divides
//! 512 KiB, the last one smaller where it has to be. Parts come in any order.

use serde::{Deserialize, Serialize};

/// The largest part, in bytes; every part size divides it.
pub(in super::super) const LARGEST_PART: u32 = 512 * 1024;

/// What part sizes are multiples of, in bytes.
const GRAIN: u32 = 1024;

/// The part is too short for a part size, or too long for a last part.
const INVALID: &str = "FILE_PART_SIZE_INVALID";

/// The part differs from those before.
const CHANGED: &str = "FILE_PART_SIZE_CHANGED";

/// What the parts that came so far tell of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shape {
    /// The size of every part but the last.
    full: Option<u32>,
    /// The last part, by its number and its size, once one has come that can only be that.
    last: Option<(i32, u32)>,
    /// The highest number so far.
    highest: Option<i32>,
}

impl Shape {
    /// Takes one more part, or names what is wrong with it. `is_last` is known when the client says of how many
    /// parts the file is.
    pub(super) fn take(&mut self, number: i32, size: u32, is_last: Option<bool>) -> Result<(), &'static str> {
        let taken = match is_last {
            Some(true) => self.with_last(number, size)?,
            Some(false) => self.with_full(number, size)?,
            None => self.with_either(number, size)?,
        };
        let highest = taken.highest.map_or(number, |highest| highest.max(number));
        *self = Self { highest: Some(highest), ..taken };
        Ok(())
    }

    fn with_full(self, number: i32, size: u32) -> Result<Self, &'static str> {
        if !is_part_size(size) {
            return Err(INVALID);
        }
        let fits_last = self.last.is_none_or(|(last, shorter)| number < last && size >= shorter);
        if self.full.is_some_and(|full| full != size) || !fits_last {
            return Err(CHANGED);
        }
        Ok(Self { full: Some(size), ..self })
    }

    fn with_last(self, number: i32, size: u32) -> Result<Self, &'static str> {
        let fits = self.full.is_none_or(|full| size <= full)
            && self.highest.is_none_or(|highest| highest <= number)
            && self.last.is_none_or(|(last, _)| last == number);
        if fits { Ok(Self { last: Some((number, size)), ..self }) } else { Err(CHANGED) }
    }

    fn with_either(self, number: i32, size: u32) -> Result<Self, &'static str> {
        let is_known_last = self.last.is_some_and(|(last, _)| last == number);
        match self.full {
            // The first one may be the last, if its size allows nothing else.
            None if !is_known_last && is_part_size(size) => self.with_full(number, size),
            Some(full) if size == full && !is_known_last => self.with_full(number, size),
            // What came before was the last part, and could not be told from another.
            Some(full) if size > full && self.last.is_none() && self.highest > Some(number) => {
                let last = self.highest.map(|highest| (highest, full));
                Self { full: None, last, ..self }.with_full(number, size)
            }
            None => self.with_last(number, size),
            Some(full) if size < full => {
                let wrong = if is_part_size(size) { CHANGED } else { INVALID };
                self.with_last(number, size).map_err(|_| wrong)
            }
            Some(_) => Err(CHANGED),
        }
    }
}

/// Whether every part but the last may have this size.
const fn is_part_size(size: u32) -> bool {
    size > 0 && size.is_multiple_of(GRAIN) && LARGEST_PART.is_multiple_of(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: u32 = 1024;

    /// What becomes of parts, given by number and size, of a file of so many.
    fn take(parts: &[(i32, u32)], total: Option<i32>) -> Result<(), &'static str> {
        let mut shape = Shape::default();
        parts.iter().try_for_each(|(number, size)| {
            shape.take(*number, *size, total.map(|total| *number == total - 1))
        })
    }

    #[test]
    fn parts_of_one_size_and_a_shorter_last_one_are_taken_in_any_order() {
        let orders: [&[(i32, u32)]; 7] = [
            &[(0, 512 * KIB), (1, 512 * KIB), (2, 100)],
            &[(2, 100), (0, 512 * KIB), (1, 512 * KIB)],
            &[(1, 512 * KIB), (2, 128 * KIB), (0, 512 * KIB)],
            &[(2, 128 * KIB), (1, 512 * KIB), (0, 512 * KIB)],
            &[(0, 512 * KIB), (0, 512 * KIB), (2, 512 * KIB), (1, 512 * KIB)],
            &[(2, 1), (2, 1), (0, KIB), (1, KIB)],
            &[(0, 512 * KIB), (2, 100), (1, 512 * KIB), (2, 100)],
        ];
        for parts in orders {
            assert_eq!(take(parts, None), Ok(()), "{parts:?}");
            assert_eq!(take(parts, Some(3)), Ok(()), "{parts:?}");
        }
        assert_eq!(take(&[(0, 7)], None), Ok(()));
        assert_eq!(take(&[(0, 7)], Some(1)), Ok(()));
    }

    #[test]
    fn other_sizes_are_refused_by_telegrams_names() {
        let cases = [
            (&[(0, 100)][..], Some(2), INVALID),
            (&[(0, 3 * KIB)], Some(2), INVALID),
            (&[(0, 512 * KIB), (1, 256 * KIB)], Some(3), CHANGED),
            (&[(0, 256 * KIB), (1, 512 * KIB)], Some(2), CHANGED),
            (&[(1, 512 * KIB), (0, 256 * KIB)], Some(2), CHANGED),
            (&[(0, 512 * KIB), (2, 512 * KIB), (1, 100)], None, INVALID),
            (&[(0, 512 * KIB), (2, 512 * KIB), (1, 256 * KIB)], None, CHANGED),
            (&[(0, 512 * KIB), (1, 100), (2, 512 * KIB)], None, CHANGED),
            (&[(0, 512 * KIB), (1, 100), (2, 100)], None, INVALID),
            (&[(0, 256 * KIB), (1, 256 * KIB), (2, 512 * KIB)], None, CHANGED),
        ];
        for (parts, total, name) in cases {
            assert_eq!(take(parts, total), Err(name), "{parts:?} {total:?}");
        }
    }
}

//! The parts in which a file goes to Telegram (core.telegram.org/api/files#uploading-files).

use thiserror::Error;

/// Bytes of every part but the last: the largest that Telegram takes, so that there are the fewest of them.
pub const PART_SIZE: u32 = 512 * 1024;

/// Parts of a file at most (core.telegram.org/api/config, `upload_max_fileparts_default`).
const MOST_PARTS: u32 = 4_000;

/// The same for subscribers of Telegram Premium (`upload_max_fileparts_premium`).
const MOST_PARTS_PREMIUM: u32 = 8_000;

/// Bytes of a file that is saved as a small one at most: 10 MB as Telegram's apps count them.
const LARGEST_SMALL: u64 = 10 * 1024 * 1024;

/// Why a file of that size cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SizeError {
    /// Telegram takes no empty file.
    #[error("the file is empty")]
    Empty,
    /// It is larger than the account may send.
    #[error("the file is larger than {limit} bytes")]
    TooLarge {
        /// Bytes that account may send at most.
        limit: u64,
    },
}

/// How a file of some size is cut up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadPlan {
    size: u64,
    parts: u32,
}

/// One part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadPart {
    /// Its number, from 0.
    pub number: u32,
    /// Its first byte, counted from 0.
    pub offset: u64,
    /// Its bytes, from 1 to [`PART_SIZE`].
    pub length: u32,
}

impl UploadPlan {
    /// The plan for a file of `size` bytes.
    ///
    /// # Errors
    ///
    /// [`SizeError`].
    pub fn of(size: u64, premium: bool) -> Result<Self, SizeError> {
        let limit = Self::largest(premium);
        match size {
            0 => Err(SizeError::Empty),
            _ if size > limit => Err(SizeError::TooLarge { limit }),
            _ => {
                let parts = u32::try_from(size.div_ceil(PART_SIZE.into()));
                parts.map(|parts| Self { size, parts }).map_err(|_| SizeError::TooLarge { limit })
            }
        }
    }

    /// Bytes of the largest file an account may send.
    pub fn largest(premium: bool) -> u64 {
        let parts = if premium { MOST_PARTS_PREMIUM } else { MOST_PARTS };
        u64::from(parts) * u64::from(PART_SIZE)
    }

    /// Bytes of the file, at least 1.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// How many parts it has, at least 1.
    pub fn parts(&self) -> u32 {
        self.parts
    }

    /// Whether it is saved with `upload.saveBigFilePart`, and otherwise with `upload.saveFilePart`.
    pub fn is_big(&self) -> bool {
        self.size > LARGEST_SMALL
    }

    /// The part of that number, if there is one.
    pub fn part(&self, number: u32) -> Option<UploadPart> {
        let offset = u64::from(number) * u64::from(PART_SIZE);
        let length = self.size.checked_sub(offset)?.min(PART_SIZE.into());
        let length = u32::try_from(length).ok().filter(|length| *length > 0)?;
        Some(UploadPart { number, offset, length })
    }

    /// Bytes of the first `parts` parts.
    pub fn bytes_of(&self, parts: u32) -> u64 {
        (u64::from(parts) * u64::from(PART_SIZE)).min(self.size)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MIB: u64 = 1024 * 1024;

    #[test]
    fn a_file_has_parts_of_half_a_mebibyte_and_a_shorter_last_one() {
        for (size, parts, last, is_big) in [
            (1, 1, 1, false),
            (524_287, 1, 524_287, false),
            (524_288, 1, 524_288, false),
            (524_289, 2, 1, false),
            (10 * MIB, 20, 524_288, false),
            (10 * MIB + 1, 21, 1, true),
            (4_000 * MIB / 2, 4_000, 524_288, true),
        ] {
            let plan = UploadPlan::of(size, false).unwrap();
            assert_eq!((plan.size(), plan.parts(), plan.is_big()), (size, parts, is_big));
            assert_eq!(plan.part(parts - 1).unwrap().length, last, "{size}");
            assert_eq!(plan.part(parts), None, "{size}");
            assert_eq!((plan.bytes_of(0), plan.bytes_of(parts)), (0, size));
        }
    }

    #[test]
    fn the_largest_file_depends_on_the_subscription_and_an_empty_one_is_none() {
        let (largest, largest_premium) = (2_000 * MIB, 4_000 * MIB);
        assert_eq!(UploadPlan::of(largest + 1, false), Err(SizeError::TooLarge { limit: largest }));
        assert_eq!(UploadPlan::of(largest + 1, true).unwrap().parts(), 4_001);
        assert_eq!(UploadPlan::of(largest_premium, true).unwrap().parts(), 8_000);
        let wrong = SizeError::TooLarge { limit: largest_premium };
        assert_eq!(UploadPlan::of(largest_premium + 1, true), Err(wrong));
        assert_eq!(UploadPlan::of(u64::MAX, true), Err(wrong));
        assert_eq!(UploadPlan::of(0, true), Err(SizeError::Empty));
    }

    proptest! {
        #[test]
        fn parts_follow_one_another_from_the_first_byte_to_the_last(size in 1..=4_000 * MIB) {
            let plan = UploadPlan::of(size, true).unwrap();
            let mut end = 0;
            for number in 0..plan.parts() {
                let part = plan.part(number).unwrap();
                prop_assert_eq!((part.number, part.offset), (number, end));
                end += u64::from(part.length);
                prop_assert_eq!(plan.bytes_of(number + 1), end);
            }
            prop_assert_eq!(end, size);
            prop_assert_eq!(plan.part(plan.parts()), None);
            prop_assert_eq!(plan.part(u32::MAX), None);
        }
    }
}

//! The parts in which a file comes to the bucket: not those in which Telegram gets it.

use lambdagram_aws::StagedPart;
use serde::Deserialize;

use crate::http::{ApiError, deserialize_whole};

/// Bytes of every part but the last. S3 wants 5 MiB at least and 10,000 parts at most; with 8 MiB, the 4,000 MiB of the
/// largest file are 500 URLs, and what a lost connection costs is little.
pub(super) const PART_SIZE: u64 = 8 * 1024 * 1024;

/// Letters of an entity tag at most; S3's have 32 to 40.
const LONGEST_ETAG: usize = 128;

/// A part as a client names it.
#[derive(Deserialize)]
pub(super) struct Named {
    #[serde(deserialize_with = "deserialize_whole")]
    number: u32,
    etag: String,
}

/// The numbers and lengths of the parts of a file of `size` bytes, at least 1.
pub(super) fn parts_of(size: u64) -> impl Iterator<Item = (u32, u64)> {
    let starts = (0..size).step_by(usize::try_from(PART_SIZE).unwrap_or(usize::MAX));
    (1..).zip(starts.map(move |start| PART_SIZE.min(size - start)))
}

/// Numbers and entity tags of the parts that a client names, if those are all parts of the file, in order.
///
/// # Errors
///
/// [`ApiError::WrongPart`] for the first that is not.
pub(super) fn all_of(size: u64, named: &[Named]) -> Result<Vec<(u32, String)>, ApiError> {
    let count = parts_of(size).count();
    let wrong = |number, problem| Err(ApiError::WrongPart { number, problem });
    let mut parts = Vec::with_capacity(count);
    for (expected, part) in (1..).zip(named) {
        if part.number == 0 || part.number as usize > count {
            return wrong(part.number, "is none of this file");
        }
        if part.number != expected {
            let comes_later = named.iter().any(|other| other.number == expected);
            let (number, problem) =
                if comes_later { (part.number, "is not in its place") } else { (expected, "is missing") };
            return wrong(number, problem);
        }
        let etag = part.etag.trim().trim_matches('"');
        let is_tag = !etag.is_empty() && etag.len() <= LONGEST_ETAG;
        if !is_tag || !etag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return wrong(part.number, "has no valid etag");
        }
        parts.push((part.number, etag.to_owned()));
    }
    match u32::try_from(parts.len() + 1) {
        Ok(next) if parts.len() < count => wrong(next, "is missing"),
        _ => Ok(parts),
    }
}

/// Numbers and entity tags of the parts that the bucket has, if those are all parts of the file.
///
/// # Errors
///
/// [`ApiError::WrongPart`] for the first that is not there.
pub(in crate::saved_messages) fn all_there(
    size: u64,
    there: &[StagedPart],
) -> Result<Vec<(u32, String)>, ApiError> {
    let part = |(number, length)| {
        let part = there.iter().find(|part| part.number == number && part.size == length);
        let part = part.ok_or(ApiError::WrongPart { number, problem: "has not arrived" })?;
        Ok((number, part.etag.clone()))
    };
    parts_of(size).map(part).collect()
}

/// Which of the parts is not as the bucket has it, where one is.
pub(super) fn difference(parts: &[(u32, String)], there: &[StagedPart]) -> Option<ApiError> {
    parts.iter().find_map(|(number, etag)| {
        let problem = match there.iter().find(|part| part.number == *number) {
            None => "has not arrived",
            Some(part) if part.etag != *etag => "has another etag",
            Some(_) => return None,
        };
        Some(ApiError::WrongPart { number: *number, problem })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(parts: &[(u32, &str)]) -> Vec<Named> {
        parts.iter().map(|(number, etag)| Named { number: *number, etag: (*etag).to_owned() }).collect()
    }

    #[test]
    fn a_file_has_parts_of_eight_mebibytes_and_a_shorter_last_one() {
        let parts = |size| parts_of(size).collect::<Vec<_>>();
        assert_eq!(parts(1), [(1, 1)]);
        assert_eq!(parts(PART_SIZE), [(1, PART_SIZE)]);
        assert_eq!(parts(2 * PART_SIZE + 5), [(1, PART_SIZE), (2, PART_SIZE), (3, 5)]);
        assert_eq!(parts_of(4_000 * 1024 * 1024).count(), 500);
    }

    #[test]
    fn all_parts_in_order_are_a_file() {
        let parts = named(&[(1, "\"a1\""), (2, "b2"), (3, " \"c-3\" ")]);
        let parts = all_of(2 * PART_SIZE + 1, &parts).unwrap();
        assert_eq!(parts, [(1, "a1".to_owned()), (2, "b2".to_owned()), (3, "c-3".to_owned())]);
    }

    #[test]
    fn the_first_part_that_is_wrong_is_named() {
        let size = 2 * PART_SIZE;
        for (parts, problem) in [
            (&[][..], "Part 1 is missing."),
            (&[(1, "a")], "Part 2 is missing."),
            (&[(2, "b")], "Part 1 is missing."),
            (&[(2, "b"), (1, "a")], "Part 2 is not in its place."),
            (&[(1, "a"), (1, "a")], "Part 2 is missing."),
            (&[(1, "a"), (2, "b"), (2, "b")], "Part 3 is missing."),
            (&[(0, "a")], "Part 0 is none of this file."),
            (&[(1, "a"), (2, "b"), (3, "c")], "Part 3 is none of this file."),
            (&[(1, "\"\"")], "Part 1 has no valid etag."),
            (&[(1, "a\r\nb")], "Part 1 has no valid etag."),
        ] {
            let error = all_of(size, &named(parts)).unwrap_err().to_string();
            assert_eq!(error, problem, "{parts:?}");
        }
    }

    #[test]
    fn a_part_that_the_bucket_has_otherwise_is_named() {
        let parts = [(1, "a".to_owned()), (2, "b".to_owned())];
        let there = |number, etag: &str| StagedPart { number, etag: etag.to_owned(), size: 1 };
        let told = |there: &[StagedPart]| difference(&parts, there).map(|error| error.to_string());
        assert_eq!(told(&[there(1, "a"), there(2, "b")]), None);
        assert_eq!(told(&[there(2, "b")]).unwrap(), "Part 1 has not arrived.");
        assert_eq!(told(&[there(1, "a"), there(2, "c")]).unwrap(), "Part 2 has another etag.");
    }

    #[test]
    fn all_parts_of_a_file_are_there_or_the_first_that_is_not_is_named() {
        let there = |number, size| StagedPart { number, etag: format!("e{number}"), size };
        let size = PART_SIZE + 5;
        let told = |parts: &[StagedPart]| all_there(size, parts).map_err(|error| error.to_string());
        let all = [there(1, PART_SIZE), there(2, 5)];
        assert_eq!(told(&all).unwrap(), [(1, "e1".to_owned()), (2, "e2".to_owned())]);
        assert_eq!(told(&all[1..]).unwrap_err(), "Part 1 has not arrived.");
        assert_eq!(told(&[there(1, PART_SIZE), there(2, 6)]).unwrap_err(), "Part 2 has not arrived.");
    }
}

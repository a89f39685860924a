use proptest::prelude::*;

use super::*;

const ETAG: &str = "\"d-1\"";

fn of(range: &str, size: u64) -> Wanted {
    wanted(Some(range), None, ETAG, size)
}

fn part(first: u64, last: u64) -> Wanted {
    Wanted::Part(ByteRange { first, last })
}

#[test]
fn without_a_range_the_whole_file_is_wanted() {
    for size in [0, 1, 1000] {
        assert_eq!(wanted(None, None, ETAG, size), Wanted::Whole);
        assert_eq!(wanted(None, Some(ETAG), ETAG, size), Wanted::Whole);
        assert_eq!(wanted(None, Some("\"other\""), ETAG, size), Wanted::Whole);
    }
}

#[test]
fn one_range_is_found_within_the_file() {
    for (range, wanted) in [
        ("bytes=0-499", part(0, 499)),
        ("bytes=500-999", part(500, 999)),
        ("bytes=500-", part(500, 999)),
        ("bytes=0-", part(0, 999)),
        ("bytes=0-0", part(0, 0)),
        ("bytes=0-1", part(0, 1)),
        ("bytes=999-999", part(999, 999)),
        ("bytes=999-", part(999, 999)),
        ("bytes=-500", part(500, 999)),
        ("bytes=-1", part(999, 999)),
        ("bytes=-1000", part(0, 999)),
        ("bytes=007-08", part(7, 8)),
    ] {
        assert_eq!(of(range, 1000), wanted, "{range}");
    }
}

#[test]
fn an_end_beyond_the_file_is_the_files_end() {
    for range in
        ["bytes=0-1000", "bytes=0-18446744073709551615", "bytes=0-99999999999999999999", "bytes=-1001"]
    {
        assert_eq!(of(range, 1000), part(0, 999), "{range}");
    }
    assert_eq!(of("bytes=-99999999999999999999", u64::MAX), part(0, u64::MAX - 1));
}

#[test]
fn a_beginning_beyond_the_file_cannot_be_had() {
    for range in ["bytes=1000-", "bytes=1000-1001", "bytes=99999999999999999999-", "bytes=-0", "bytes=-000"] {
        assert_eq!(of(range, 1000), Wanted::Unsatisfiable, "{range}");
    }
    assert_eq!(of("bytes=99999999999999999999-", u64::MAX), Wanted::Unsatisfiable);
}

#[test]
fn a_file_without_bytes_has_an_end_and_no_range() {
    for range in ["bytes=0-", "bytes=0-0", "bytes=5-7", "bytes=-0"] {
        assert_eq!(of(range, 0), Wanted::Unsatisfiable, "{range}");
    }
    assert_eq!(of("bytes=-1", 0), Wanted::Whole);
    assert_eq!(of("bytes=2-1", 0), Wanted::Whole);
}

#[test]
fn what_names_no_single_range_of_bytes_is_passed_over() {
    for range in [
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes=5",
        "bytes=2-1",
        "bytes=--1",
        "bytes=1--2",
        "bytes=0-1-2",
        "bytes=+0-1",
        "bytes=0x0-1",
        "bytes=a-b",
        "bytes=0 - 1",
        "bytes=٠-١",
        "bytes =0-1",
        "bytes:0-1",
        "0-1",
        "items=0-1",
        "bytes=0-1,5-6",
        "bytes=0-1,-1",
        "bytes=0-1;5-6",
    ] {
        assert_eq!(of(range, 1000), Wanted::Whole, "{range:?}");
    }
}

#[test]
fn blanks_empty_elements_and_the_case_of_the_unit_do_not_matter() {
    for range in ["Bytes=3-4", " bytes=3-4\t", "bytes=3-4,", "bytes=, ,3-4 ,", "BYTES= 3-4"] {
        assert_eq!(of(range, 1000), part(3, 4), "{range:?}");
    }
}

#[test]
fn a_range_counts_only_while_the_file_is_the_one_that_was_begun() {
    let with = |if_range, etag| wanted(Some("bytes=3-4"), Some(if_range), etag, 1000);
    assert_eq!(with(ETAG, ETAG), part(3, 4));
    assert_eq!(with(" \"d-1\" ", ETAG), part(3, 4));
    for if_range in [
        "",
        "*",
        "d-1",
        "\"d-2\"",
        "\"D-1\"",
        "W/\"d-1\"",
        "\"d-1\", \"d-2\"",
        "Fri, 27 Oct 2023 10:00:00 GMT",
    ] {
        assert_eq!(with(if_range, ETAG), Wanted::Whole, "{if_range}");
    }
    assert_eq!(with("W/\"d-1\"", "W/\"d-1\""), Wanted::Whole);
    assert_eq!(wanted(Some("bytes=1000-"), Some("\"d-2\""), ETAG, 1000), Wanted::Whole);
}

#[test]
fn a_range_is_cut_to_what_one_answer_takes() {
    let range = ByteRange { first: 10, last: 19 };
    assert_eq!(range.len(), 10);
    for (most, last) in [(0, 10), (1, 10), (9, 18), (10, 19), (11, 19), (u64::MAX, 19)] {
        assert_eq!(range.cut(most), ByteRange { first: 10, last }, "{most}");
    }
    let end = ByteRange { first: u64::MAX - 1, last: u64::MAX };
    assert_eq!((end.cut(7), end.len()), (end, 2));
    assert_eq!(ByteRange { first: 0, last: u64::MAX }.len(), u64::MAX);
}

proptest! {
    #[test]
    fn a_part_lies_within_the_file(text in "bytes=[0-9]{0,21}-[0-9]{0,21}", size: u64) {
        match of(&text, size) {
            Wanted::Part(range) => prop_assert!(range.first <= range.last && range.last < size),
            Wanted::Whole | Wanted::Unsatisfiable => {}
        }
    }

    #[test]
    fn every_range_of_a_file_can_be_had(size in 1_u64.., ends: (u64, u64)) {
        let (one, other) = (ends.0 % size, ends.1 % size);
        let (first, last) = (one.min(other), one.max(other));
        prop_assert_eq!(of(&format!("bytes={first}-{last}"), size), part(first, last));
        prop_assert_eq!(of(&format!("bytes={first}-"), size), part(first, size - 1));
        prop_assert_eq!(of(&format!("bytes=-{}", size - first), size), part(first, size - 1));
    }

    #[test]
    fn no_text_breaks_it(range: String, if_range: Option<String>, size: u64) {
        let _ = wanted(Some(&range), if_range.as_deref(), ETAG, size);
        let _ = of(&format!("bytes={range}"), size);
    }
}

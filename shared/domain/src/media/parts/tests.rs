use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// No two kilobytes of it are alike.
static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()
    };
    (0..MIB).flat_map(|_| next()).collect()
});

/// Answers as a data centre does, and insists on what it does.
fn get_file(file: &[u8], offset: u64, limit: u32) -> &[u8] {
    let limit = u64::from(limit);
    assert!(offset.is_multiple_of(KIB), "OFFSET_INVALID: {offset}");
    assert!(limit > 0 && limit.is_multiple_of(KIB) && limit <= MIB, "LIMIT_INVALID: {limit}");
    assert_eq!(offset / MIB, (offset + limit - 1) / MIB, "LIMIT_INVALID: {offset} and {limit} bytes");
    let at = |place: u64| usize::try_from(place).unwrap().min(file.len());
    &file[at(offset)..at(offset + limit)]
}

fn parts(first: u64, last: u64, size: u64) -> Vec<(u64, u32, usize, usize)> {
    let parts = Parts::new(ByteRange { first, last }, size);
    parts.map(|part| (part.offset, part.limit, part.skip, part.take)).collect()
}

/// What a range becomes when its parts are fetched, and the parts.
fn fetched(file: &[u8], range: ByteRange) -> (Vec<u8>, Vec<Part>) {
    let parts: Vec<_> = Parts::new(range, file.len() as u64).collect();
    let pieces = parts.iter().map(|part| {
        let answer = get_file(file, part.offset, part.limit);
        &answer[part.skip..part.skip + part.take]
    });
    (pieces.collect::<Vec<_>>().concat(), parts)
}

/// Sizes of every kind, with those more often that are near a border.
fn any_size() -> impl Strategy<Value = u64> {
    let border = prop::sample::select(vec![KIB, 4 * KIB, 512 * KIB, MIB, 3 * MIB / 2, 2 * MIB, 3 * MIB]);
    prop_oneof![1..4 * MIB, 1..5 * KIB, (border, 0..5_u64).prop_map(|(border, more)| border + more - 2)]
}

fn any_range() -> impl Strategy<Value = (u64, ByteRange)> {
    any_size().prop_flat_map(|size| {
        let place = prop_oneof![0..size, Just(0), Just(size - 1)];
        (Just(size), place.clone(), place)
            .prop_map(|(size, one, other)| (size, ByteRange { first: one.min(other), last: one.max(other) }))
    })
}

#[test]
fn two_bytes_cost_a_kilobyte_or_two() {
    assert_eq!(parts(0, 1, 9000), [(0, 1024, 0, 2)]);
    assert_eq!(parts(5000, 5001, 9000), [(4096, 1024, 904, 2)]);
    assert_eq!(parts(1023, 1024, 9000), [(0, 2048, 1023, 2)]);
    assert_eq!(parts(524_287, 524_288, MIB), [(523_264, 1024, 1023, 1), (524_288, 1024, 0, 1)]);
}

#[test]
fn a_whole_file_is_whole_parts_and_a_rest() {
    assert_eq!(parts(0, 0, 1), [(0, 1024, 0, 1)]);
    assert_eq!(parts(0, 524_287, 524_288), [(0, 524_288, 0, 524_288)]);
    assert_eq!(
        parts(0, 1_049_000, 1_049_001),
        [(0, 524_288, 0, 524_288), (524_288, 524_288, 0, 524_288), (1_048_576, 1024, 0, 425)]
    );
}

#[test]
fn a_range_begins_and_ends_within_its_first_and_last_part() {
    assert_eq!(
        parts(1_500, 1_100_000, 2_000_000),
        [(1024, 523_264, 476, 522_788), (524_288, 524_288, 0, 524_288), (1_048_576, 52_224, 0, 51_425)]
    );
}

#[test]
fn what_the_file_does_not_have_is_not_asked_for() {
    assert_eq!(parts(10, u64::MAX, 12), [(0, 1024, 10, 2)]);
    assert_eq!(parts(12, 20, 12), []);
    assert_eq!(parts(0, 0, 0), []);
    assert_eq!(parts(7, u64::MAX, 0), []);
}

#[test]
fn the_largest_file_there_could_be_has_a_last_part() {
    assert_eq!(parts(u64::MAX - 3, u64::MAX, u64::MAX), [(u64::MAX - 1023, 1024, 1020, 3)]);
}

proptest! {
    #[test]
    fn the_parts_of_a_range_are_the_range((size, range) in any_range()) {
        let file = &BYTES[..usize::try_from(size).unwrap()];
        let (bytes, parts) = fetched(file, range);
        let expected = usize::try_from(range.first).unwrap()..=usize::try_from(range.last).unwrap();
        prop_assert!(bytes == file[expected], "{range:?} of {size}");

        let asked: u64 = parts.iter().map(|part| u64::from(part.limit)).sum();
        prop_assert!(asked < range.len() + 2 * GRAIN, "{asked} bytes asked for {range:?}");
        if let [_, between @ .., _] = &parts[..] {
            prop_assert!(between.iter().all(|part| part.limit == LARGEST_PART));
        }
    }

    #[test]
    fn parts_keep_the_rules_anywhere_in_a_file_of_any_size(size in 1_u64.., at: u64, length in 1..20 * MIB) {
        let first = at % size;
        let range = ByteRange { first, last: (size - 1).min(first.saturating_add(length - 1)) };
        let mut next = range.first;
        for part in Parts::new(range, size) {
            let limit = u64::from(part.limit);
            prop_assert!(part.offset.is_multiple_of(KIB) && limit.is_multiple_of(KIB));
            prop_assert!((KIB..=u64::from(LARGEST_PART)).contains(&limit));
            prop_assert_eq!(part.offset / MIB, (part.offset + (limit - 1)) / MIB);
            prop_assert!((part.offset + (limit - 1)) / KIB <= (size - 1) / KIB);
            prop_assert_eq!(part.offset + part.skip as u64, next);
            prop_assert!(part.take > 0 && part.skip + part.take <= part.limit as usize);
            next += part.take as u64;
        }
        prop_assert_eq!(next, range.last + 1);
    }
}

//! Any range of any file is what Telegram holds there.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::{noise, read_all};
use crate::account::{Browser, PHONE};
use crate::support::TestStack;

/// A size, and where in it a range begins and ends, in millionths.
type Case = (u64, u32, u32, Form);

#[derive(Clone, Copy, Debug)]
enum Form {
    Closed,
    Open,
    Suffix,
}

/// The borders that parts have.
const BORDERS: [u64; 5] = [1, 1024, 4096, 524_288, 1_048_576];

fn case() -> impl Strategy<Value = Case> {
    let near = (0..BORDERS.len(), 0_u64..4, 0_u64..6)
        .prop_map(|(border, times, off)| (BORDERS[border] * (times + 1) + off).saturating_sub(3).max(1));
    let size = prop_oneof![1_u64..2_000, 1_u64..4_000_000, near];
    let form = prop_oneof![Just(Form::Closed), Just(Form::Open), Just(Form::Suffix)];
    (size, 0..=1_000_000_u32, 0..=1_000_000_u32, form)
}

/// A place in a file, often at a border of parts.
fn place(size: u64, millionths: u32) -> u64 {
    let place = (size - 1) * u64::from(millionths) / 1_000_000;
    match millionths % 4 {
        0 => place,
        1 => place.next_multiple_of(524_288).min(size - 1),
        2 => place.next_multiple_of(1024).min(size - 1),
        _ => place.next_multiple_of(1024).saturating_sub(1).min(size - 1),
    }
}

#[tokio::test]
async fn any_range_of_any_file_is_exact() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    for number in 0..48 {
        let (size, one, other, form) = case().new_tree(&mut runner).unwrap().current();
        let dc = 1 + number % 2;
        let id = noise(&stack, PHONE, size, dc);
        let held = read_all(&stack, PHONE, id);
        assert_eq!(held.len() as u64, size);
        let (one, other) = (place(size, one), place(size, other));
        let (first, last) = (one.min(other), one.max(other));
        let (range, first, last) = match form {
            Form::Closed => (format!("bytes={first}-{last}"), first, last),
            Form::Open => (format!("bytes={first}-"), first, size - 1),
            Form::Suffix => (format!("bytes=-{}", size - first), first, size - 1),
        };
        let told = format!("{range} of {size} in {dc}");
        let fetched = browser.stream(id, &[("range", &range)]).await;
        assert_eq!(fetched.status, 206, "{told}: {}", String::from_utf8_lossy(&fetched.bytes));
        assert_eq!(fetched.header("content-range"), format!("bytes {first}-{last}/{size}"), "{told}");
        let (first, last) = (usize::try_from(first).unwrap(), usize::try_from(last).unwrap());
        assert!(fetched.bytes == held[first..=last], "{told}");
        if number % 6 == 0 {
            assert!(browser.stream(id, &[]).await.bytes == held, "all of {size} in {dc}");
        }
    }
    stack.end_accounts().await;
}

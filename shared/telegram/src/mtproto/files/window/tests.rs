use proptest::prelude::*;

use super::*;

/// Parts of which each says its number.
fn parts(count: u64) -> impl Iterator<Item = Part> + Send + 'static {
    (0..count).map(|number| Part { offset: number * 1024, limit: 1024, skip: 0, take: 1024 })
}

fn bytes(number: u64) -> Bytes {
    Bytes::copy_from_slice(&number.to_le_bytes())
}

fn asked(window: &mut Window) -> Vec<u64> {
    std::iter::from_fn(|| window.ask()).map(|(number, _)| number).collect()
}

#[test]
fn as_many_parts_are_asked_for_as_fit_and_one_more_for_each_handed_out() {
    let mut window = Window::new(parts(5), 3);
    assert!(window.wants());
    assert_eq!(asked(&mut window), [0, 1, 2]);
    assert!(!window.wants());
    window.put(1, bytes(1));
    window.put(2, bytes(2));
    assert_eq!(window.hand_out(), None);
    assert_eq!(asked(&mut window), [] as [u64; 0], "what is here and not handed out takes room");
    assert!(window.is_next_asked());
    window.put(0, bytes(0));
    assert_eq!(window.hand_out(), Some(bytes(0)));
    assert_eq!(asked(&mut window), [3]);
    assert_eq!([window.hand_out(), window.hand_out()], [Some(bytes(1)), Some(bytes(2))]);
    assert_eq!(asked(&mut window), [4]);
    window.put(3, bytes(3));
    window.put(4, bytes(4));
    assert_eq!([window.hand_out(), window.hand_out()], [Some(bytes(3)), Some(bytes(4))]);
    assert!(window.is_over() && !window.wants());
}

#[test]
fn what_is_missing_is_asked_for_again_before_anything_new() {
    let mut window = Window::new(parts(9), 4);
    assert_eq!(asked(&mut window), [0, 1, 2, 3]);
    window.put(0, bytes(0));
    window.miss(2);
    assert!(window.hand_out().is_some());
    assert!(window.wants());
    assert_eq!(asked(&mut window), [2, 4]);
    window.put(3, bytes(3));
    window.miss_all();
    assert_eq!(asked(&mut window), [1, 2, 4], "what is here stays here");
}

#[test]
fn what_was_not_asked_for_changes_nothing() {
    let mut window = Window::new(parts(2), 1);
    window.put(0, bytes(9));
    assert_eq!(asked(&mut window), [0]);
    window.put(1, bytes(9));
    window.put(0, bytes(0));
    window.put(0, bytes(9));
    window.miss(0);
    assert_eq!(window.part(0), None);
    assert_eq!(window.hand_out(), Some(bytes(0)));
    window.put(0, bytes(9));
    assert_eq!((window.part(0), window.hand_out()), (None, None));
}

proptest! {
    #[test]
    fn every_part_is_handed_out_once_and_in_order_whatever_happens(
        count in 0_u64..40,
        size in 1_usize..12,
        turns in prop::collection::vec((0_usize..12, 0_u8..10), 0..400),
    ) {
        let mut window = Window::new(parts(count), size);
        let (mut under_way, mut out) = (Vec::new(), Vec::new());
        let end = std::iter::repeat((0, 0));
        for (which, what) in turns.into_iter().chain(end) {
            while let Some((number, part)) = window.ask() {
                prop_assert_eq!(part.offset, number * 1024);
                under_way.push(number);
            }
            prop_assert!(window.slots.len() <= size);
            if window.is_over() {
                break;
            }
            if !under_way.is_empty() {
                match what {
                    9 => {
                        under_way.clear();
                        window.miss_all();
                    }
                    8 => window.miss(under_way.swap_remove(which % under_way.len())),
                    _ => {
                        let number = under_way.swap_remove(which % under_way.len());
                        window.put(number, bytes(number));
                    }
                }
            }
            while let Some(next) = window.hand_out() {
                out.push(next);
            }
        }
        prop_assert_eq!(out, (0..count).map(bytes).collect::<Vec<_>>());
    }
}

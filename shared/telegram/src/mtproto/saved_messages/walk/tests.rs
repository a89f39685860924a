//! Walks through chats that change meanwhile.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn id(number: i32) -> MessageId {
    MessageId::new(number).unwrap()
}

/// What Telegram would answer at the moment the chat is this.
fn page(chat: &BTreeSet<i32>, before: Option<MessageId>, skip: i32, limit: i32) -> Page {
    let older = chat.iter().rev().filter(|number| before.is_none_or(|before| **number < before.get()));
    let (skip, limit) = (usize::try_from(skip).unwrap(), usize::try_from(limit).unwrap());
    let entries = older.skip(skip).take(limit).map(|number| Entry { id: id(*number), media: None });
    Page { entries: entries.collect() }
}

/// A step whose pages all see the same chat.
fn step(walk: &mut Walk, chat: &BTreeSet<i32>, pages: i32) -> Vec<i32> {
    let before = walk.position();
    let pages = (0..pages).map(|number| Ok(page(chat, before, number * STRIDE, LARGEST_PAGE)));
    let entries = walk.take(pages.collect::<Vec<_>>()).unwrap();
    entries.into_iter().map(|entry| entry.id.get()).collect()
}

fn newest_first(numbers: impl DoubleEndedIterator<Item = i32>) -> Vec<i32> {
    numbers.rev().collect()
}

#[test]
fn pages_follow_one_another_without_gap_or_repeat() {
    let chat: BTreeSet<_> = (1..=1000).collect();
    let mut walk = Walk::before(None);
    assert_eq!(step(&mut walk, &chat, 8), newest_first(208..=1000));
    assert_eq!((walk.position(), walk.has_ended()), (Some(id(208)), false));
    assert_eq!(step(&mut walk, &chat, 8), newest_first(1..=207));
    assert!(walk.has_ended());
}

#[test]
fn a_walk_begins_below_the_message_it_is_told() {
    let chat: BTreeSet<_> = (1..=10).collect();
    let mut walk = Walk::before(Some(id(4)));
    assert_eq!(step(&mut walk, &chat, 2), [3, 2, 1]);
    assert!(walk.has_ended());
    let mut walk = Walk::before(Some(id(1)));
    assert_eq!(step(&mut walk, &chat, 2), Vec::<i32>::new());
    assert_eq!((walk.position(), walk.has_ended()), (Some(id(1)), true));
}

#[test]
fn an_empty_chat_is_over_at_once() {
    let mut walk = Walk::before(None);
    assert_eq!(step(&mut walk, &BTreeSet::new(), 2), Vec::<i32>::new());
    assert_eq!((walk.position(), walk.has_ended()), (None, true));
}

#[test]
fn a_short_page_is_not_the_end() {
    let entry = |number| Entry { id: id(number), media: None };
    let mut walk = Walk::before(None);
    let short = Page { entries: vec![entry(500), entry(499)] };
    let further = Page { entries: vec![entry(300)] };
    let taken = walk.take([Ok(short), Ok(further)]).unwrap();
    assert_eq!(taken.iter().map(|entry| entry.id.get()).collect::<Vec<_>>(), [500, 499]);
    assert_eq!((walk.position(), walk.has_ended()), (Some(id(499)), false));
}

#[test]
fn a_full_page_before_an_empty_one_is_not_the_end() {
    let mut chat: BTreeSet<_> = (1..=101).collect();
    let first = page(&chat, None, 0, LARGEST_PAGE);
    // Two that were read are deleted before the second page is made.
    chat.remove(&50);
    chat.remove(&51);
    let second = page(&chat, None, STRIDE, LARGEST_PAGE);
    assert!(second.entries.is_empty());
    let mut walk = Walk::before(None);
    assert_eq!(walk.take([Ok(first), Ok(second)]).unwrap().len(), 100);
    assert!(!walk.has_ended());
    assert_eq!(step(&mut walk, &chat, 2), [1]);
    assert!(walk.has_ended());
}

#[test]
fn an_error_counts_where_nothing_came_before_it() {
    let flood = || Err(TelegramError::Flood { seconds: 9 });
    let chat: BTreeSet<_> = (1..=300).collect();
    let mut walk = Walk::before(None);
    assert_eq!(walk.take([flood(), Ok(page(&chat, None, 0, 100))]), Err(TelegramError::Flood { seconds: 9 }));
    assert_eq!(walk, Walk::before(None));
    assert_eq!(walk.take([Ok(page(&chat, None, 0, 100)), flood()]).unwrap().len(), 100);
    assert_eq!((walk.position(), walk.has_ended()), (Some(id(201)), false));
}

#[test]
fn a_server_that_repeats_itself_is_no_endless_walk() {
    let chat: BTreeSet<_> = (1..=300).collect();
    let mut walk = Walk::before(Some(id(50)));
    let error = walk.take([Ok(page(&chat, None, 0, 100))]).unwrap_err();
    assert_eq!(error, TelegramError::Protocol("a page of messages leads nowhere"));
}

#[test]
fn as_many_pages_are_asked_for_as_messages_are_wanted_and_one_more() {
    for (wanted, pages) in
        [(0, 2), (1, 2), (99, 2), (100, 3), (198, 3), (500, 7), (693, 8), (10_000, 8), (usize::MAX, 8)]
    {
        assert_eq!(pages_for(wanted), pages, "{wanted}");
    }
}

proptest! {
    /// Whatever is sent and deleted between any two pages: what is read falls, what stayed is read, and what is read was
    /// there.
    #[test]
    fn nothing_is_missed_or_repeated_in_a_chat_that_changes(
        length in 0..1500_i32,
        steps in prop::collection::vec(1..=MOST_PAGES, 1..40),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0..60_usize, 0..30_i32), 1..60),
    ) {
        let mut chat: BTreeSet<i32> = (1..=length).collect();
        let mut ever = chat.clone();
        let mut stayed = chat.clone();
        let mut newest = length;
        let mut changes = changes.into_iter().cycle();
        let mut walk = Walk::before(None);
        let mut read = Vec::new();
        let mut steps = steps.into_iter().cycle();
        for _ in 0..2000 {
            let mut pages = Vec::new();
            for number in 0..steps.next().unwrap() {
                pages.push(Ok(page(&chat, walk.position(), number * STRIDE, LARGEST_PAGE)));
                let (place, deleted, sent) = changes.next().unwrap();
                for number in chat.iter().copied().skip(place.index(chat.len() + 1)).take(deleted).collect::<Vec<_>>() {
                    chat.remove(&number);
                    stayed.remove(&number);
                }
                for _ in 0..sent {
                    newest += 1;
                    chat.insert(newest);
                    ever.insert(newest);
                }
            }
            read.extend(walk.take(pages).unwrap().into_iter().map(|entry| entry.id.get()));
            if walk.has_ended() {
                break;
            }
        }
        prop_assert!(walk.has_ended());
        prop_assert!(read.is_sorted_by(|newer, older| newer > older));
        prop_assert!(read.iter().all(|number| ever.contains(number)));
        let missed: Vec<_> = stayed.iter().filter(|number| !read.contains(number)).collect();
        prop_assert!(missed.is_empty(), "{:?}", missed);
    }
}

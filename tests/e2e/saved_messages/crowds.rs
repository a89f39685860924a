//! Many streams at once: of many people, and of one who has had enough.

use futures_util::future::join_all;
use serde_json::json;

use super::begun::{Begun, CROWD};
use super::{noise, read_all};
use crate::account::{Browser, PHONE};
use crate::faults::Random;
use crate::support::TestStack;

/// Streams that a session may have at once.
const MOST: usize = 8;

/// Bytes that take so long on a slow line that all streams of a test are under way together.
const VERY_LONG: u64 = 60_000_000;

async fn refused(browser: &Browser<'_>, id: i32) {
    let fetched = browser.stream(id, &[]).await;
    let body = json!({
        "error": "Too many requests. Please try again later.",
        "details": "Too many files are streaming at once.",
        "retry_after": 3,
    });
    assert_eq!((fetched.status, fetched.json()), (429, body));
    assert_eq!(fetched.header("retry-after"), "3");
}

async fn fill(browser: &Browser<'_>, id: i32) -> Vec<Begun> {
    join_all((0..MOST).map(|_| Begun::stream(browser, id))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_has_eight_streams_at_once_and_more_when_some_have_ended() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let long = noise(&stack, PHONE, VERY_LONG, 2);
    assert_eq!(browser.stream(long, &[("range", "bytes=0-1")]).await.status, 206);
    stack.slow_telegram(true);
    let mut begun = fill(&browser, long).await;
    assert_eq!(stack.places().await, MOST);
    refused(&browser, long).await;
    // What takes no bytes of a file takes no place, and another session has places of its own.
    let told = browser.fetch(reqwest::Method::HEAD, &format!("/stream_media/{long}"), &[]).await;
    assert_eq!(told.status, 200);
    let other = Browser::signed_in(&stack, PHONE).await;
    assert_eq!(other.stream(long, &[("range", "bytes=5-9")]).await.bytes.len(), 5);

    // One is left by its client and goes on for a while; one is read to its end.
    drop(begun.pop());
    stack.slow_telegram(false);
    let held = read_all(&stack, PHONE, long);
    for begun in begun {
        let (bytes, is_whole) = begun.rest().await;
        assert!(is_whole && bytes == held);
    }
    stack.streams_over().await;
    assert_eq!(stack.places().await, 0);
    stack.slow_telegram(true);
    drop(fill(&browser, long).await);
    stack.slow_telegram(false);
    stack.streams_over().await;
    assert_eq!(stack.places().await, 0);
    stack.end_accounts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn places_of_killed_functions_come_back_with_their_time_and_those_of_broken_streams_at_once() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let long = noise(&stack, PHONE, VERY_LONG, 2);
    stack.slow_telegram(true);
    let begun = fill(&browser, long).await;
    assert_eq!(stack.stack.lambda().kill_running("StreamMedia"), MOST);
    for begun in begun {
        let (bytes, is_whole) = begun.rest().await;
        assert!(!is_whole && (bytes.len() as u64) < VERY_LONG);
    }
    refused(&browser, long).await;
    // As long as a stream may take.
    stack.pass(150);
    assert_eq!(stack.places().await, 0);
    let begun = fill(&browser, long).await;
    refused(&browser, long).await;
    stack.fail_files("LOCATION_INVALID", 1000);
    for begun in begun {
        assert!(!begun.rest().await.1);
    }
    stack.streams_over().await;
    stack.stack.simulated().unwrap().faults().clear();
    assert_eq!(stack.places().await, 0);
    stack.slow_telegram(false);
    assert_eq!(browser.stream(long, &[("range", "bytes=5-9")]).await.bytes.len(), 5);
    stack.end_accounts().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_streams_and_ranges_of_many_people_are_exact() {
    let _crowd = CROWD.lock().await;
    let stack = TestStack::start().await;
    let mut random = Random(0x5eed);
    let mut people = Vec::new();
    for number in 0..20 {
        let phone = format!("+1555780{number:04}");
        stack.account(&json!({"phone": phone, "first_name": "Ada", "home_dc": 1 + number % 2})).await;
        let mut browser = Browser::signed_in(&stack, &phone).await;
        let sizes = [1 + random.below(1000), 500_000 + random.below(3_000_000)];
        let ids = sizes.map(|size| noise(&stack, &phone, size as u64, 1 + i32::from(number % 3 == 0)));
        // As a page does before it streams.
        browser.list("").await;
        people.push((phone, browser, ids));
    }
    let mut asked = Vec::new();
    for (phone, browser, ids) in &people {
        for _ in 0..5 {
            let id = ids[random.below(2)];
            let size = read_all(&stack, phone, id).len();
            let first = random.below(size);
            let range = (random.below(2) == 0).then(|| (first, first + random.below(size - first)));
            asked.push((phone, browser, id, range));
        }
    }
    let answers = join_all(asked.iter().map(async |(_, browser, id, range)| {
        let range = range.map(|(first, last)| format!("bytes={first}-{last}"));
        let headers: Vec<_> = range.iter().map(|range| ("range", range.as_str())).collect();
        browser.fetch_when_free(&format!("/stream_media/{id}"), &headers).await
    }));
    let answers = answers.await;
    assert_eq!(answers.len(), 100);
    for ((phone, _, id, range), fetched) in asked.iter().zip(answers) {
        let held = read_all(&stack, phone, *id);
        let (status, expected) = range.map_or((200, &held[..]), |(first, last)| (206, &held[first..=last]));
        assert_eq!(fetched.status, status, "{phone} {range:?} {}", String::from_utf8_lossy(&fetched.bytes));
        assert!(fetched.bytes == expected, "{phone} {range:?}");
    }
    stack.streams_over().await;
    assert_eq!(stack.places().await, 0);
    stack.end_accounts().await;
}

//! Streams that hold the session's lease: where a data centre has no address for files, and wherever that is wanted.

use futures_util::future::join_all;
use serde_json::json;

use super::begun::{Begun, LONG};
use super::{noise, read_all};
use crate::account::{Browser, PHONE};
use crate::support::TestStack;

async fn start() -> TestStack {
    TestStack::start_with_parameters(&[("MediaLease", "always")]).await
}

#[tokio::test]
async fn with_a_lease_always_files_come_over_main_connections_one_after_the_other() {
    let stack = start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    for dc in [2, 1, 3] {
        let id = noise(&stack, PHONE, 1_300_001, dc);
        let held = read_all(&stack, PHONE, id);
        for range in ["bytes=0-", "bytes=1300000-", "bytes=7-1048577"] {
            stack.streams_over().await;
            let fetched = browser.stream(id, &[("range", range)]).await;
            assert_eq!(fetched.status, 206, "{dc}: {}", String::from_utf8_lossy(&fetched.bytes));
            let (first, last) = range["bytes=".len()..].split_once('-').unwrap();
            let first: usize = first.parse().unwrap();
            let last = last.parse().unwrap_or(held.len() - 1);
            assert!(fetched.bytes == held[first..=last], "{dc} {range}");
        }
    }
    let calls = stack.stack.cloud().unwrap().people().file_calls();
    assert!(calls.main > 0 && calls.media == 0, "{calls:?}");
    stack.streams_over().await;
    let photos = browser.list("?type=photo&limit=1").await.body;
    let path = format!("/stream_thumbnail/{}?size=x", photos[0]["id"]);
    assert_eq!(browser.fetch(reqwest::Method::GET, &path, &[]).await.status, 200);
    stack.streams_over().await;
    stack.end_accounts().await;
}

#[tokio::test]
async fn with_a_lease_always_a_second_stream_waits_or_is_told_to() {
    let stack = start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let long = noise(&stack, PHONE, 60_000_000, 2);
    stack.slow_telegram(true);
    let begun = Begun::stream(&browser, long).await;
    // Longer than anybody waits.
    let refused = browser.stream(long, &[("range", "bytes=0-9")]).await;
    let body = json!({"error": "Too many requests. Please try again later.", "retry_after": 2});
    assert_eq!((refused.status, refused.json(), refused.header("retry-after")), (429, body, "2"));
    assert_eq!(stack.places().await, 1, "who waited in vain keeps no place");
    stack.slow_telegram(false);
    let (bytes, is_whole) = begun.rest().await;
    assert!(is_whole && bytes == read_all(&stack, PHONE, long));

    let short = noise(&stack, PHONE, 300_000, 1);
    let held = read_all(&stack, PHONE, short);
    let mut whole = 0;
    for fetched in join_all((0..6).map(|_| browser.stream(short, &[]))).await {
        match fetched.status {
            200 => {
                assert!(fetched.bytes == held);
                whole += 1;
            }
            429 => assert!(fetched.header("retry-after").parse::<u64>().unwrap() >= 1),
            status => panic!("{status}: {}", String::from_utf8_lossy(&fetched.bytes)),
        }
    }
    assert!(whole >= 1, "{whole}");
    stack.streams_over().await;
    assert_eq!(stack.places().await, 0);
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_leased_stream_survives_faults_and_gives_the_lease_back() {
    let stack = start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    for (error, goes_on) in [
        ("FLOOD_WAIT_1", true),
        ("FILE_REFERENCE_EXPIRED", true),
        ("drop", true),
        ("TIMEOUT", true),
        ("LOCATION_INVALID", false),
    ] {
        let id = noise(&stack, PHONE, LONG, 2);
        stack.slow_telegram(true);
        let begun = Begun::stream(&browser, id).await;
        stack.fail_files(error, 1);
        let (bytes, is_whole) = begun.rest().await;
        stack.slow_telegram(false);
        assert_eq!(is_whole, goes_on, "{error}: {} bytes", bytes.len());
        assert!(bytes == read_all(&stack, PHONE, id)[..bytes.len()], "{error}");
        stack.streams_over().await;
        assert_eq!(stack.places().await, 0);
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_leased_stream_whose_function_is_killed_gives_the_lease_back_with_its_time() {
    let stack = start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let id = noise(&stack, PHONE, 60_000_000, 2);
    stack.slow_telegram(true);
    let begun = Begun::stream(&browser, id).await;
    assert_eq!(stack.stack.lambda().kill_running("StreamMedia"), 1);
    assert!(!begun.rest().await.1);
    stack.slow_telegram(false);
    assert_eq!(browser.stream(id, &[("range", "bytes=0-9")]).await.status, 429);
    // As long as a stream may take, and what a lease outlives it.
    stack.pass(160);
    assert_eq!(browser.stream(id, &[("range", "bytes=0-9")]).await.bytes.len(), 10);
    stack.streams_over().await;
    stack.end_accounts().await;
}

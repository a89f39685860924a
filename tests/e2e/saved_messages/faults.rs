//! Telegram fails in front of a stream and in its middle: what can be set right is, and what cannot looks like it.

use lambdagram_tests::telegram::mtproto::accounts::Phone;
use serde_json::json;

use super::begun::{Begun, LONG};
use super::{noise, read_all};
use crate::account::{Browser, PHONE};
use crate::support::TestStack;

const TOO_MANY: &str = "Too many requests. Please try again later.";

impl TestStack {
    fn expire_references(&self) {
        let phone = Phone::parse(PHONE).unwrap();
        self.stack.cloud().unwrap().people().expire_file_references(&phone).unwrap();
    }
}

/// Fails the next calls for bytes before the first one comes, in the home data centre and in another one, when nothing is
/// known of the file and when everything is.
async fn goes_on_from_the_start(error: &str, times: u32) {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    for dc in [2, 1] {
        let id = noise(&stack, PHONE, 1_300_001, dc);
        let held = read_all(&stack, PHONE, id);
        for known in [false, true] {
            let failed = stack.failed_files();
            stack.fail_files(error, times);
            let fetched = browser.stream(id, &[]).await;
            let text =
                || String::from_utf8_lossy(&fetched.bytes[..fetched.bytes.len().min(200)]).into_owned();
            assert_eq!(fetched.status, 200, "{error} {dc} {known}: {}", text());
            assert!(fetched.bytes == held, "{error} {dc} {known}");
            assert_eq!(stack.failed_files() - failed, u64::from(times), "{error} {dc} {known}");
        }
    }
    stack.streams_over().await;
    assert_eq!(stack.places().await, 0);
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_short_flood_before_the_first_byte_is_waited_for() {
    goes_on_from_the_start("FLOOD_WAIT_1", 1).await;
    goes_on_from_the_start("FLOOD_PREMIUM_WAIT_1", 1).await;
}

#[tokio::test]
async fn a_reference_that_expired_before_the_first_byte_is_replaced() {
    goes_on_from_the_start("FILE_REFERENCE_EXPIRED", 1).await;
    goes_on_from_the_start("FILE_REFERENCE_EXPIRED", 2).await;
}

#[tokio::test]
async fn telegrams_own_failures_before_the_first_byte_are_put_up_with() {
    goes_on_from_the_start("TIMEOUT", 1).await;
    goes_on_from_the_start("INTERNAL_SERVER_ERROR", 1).await;
    goes_on_from_the_start("drop", 1).await;
}

#[tokio::test]
async fn a_long_flood_before_the_first_byte_is_told() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let id = noise(&stack, PHONE, 100_000, 2);
    for (error, seconds) in [("FLOOD_WAIT_30", 30), ("FLOOD_PREMIUM_WAIT_31", 31)] {
        stack.fail_files(error, 1);
        let fetched = browser.stream(id, &[]).await;
        assert_eq!(
            (fetched.status, fetched.json()),
            (429, json!({"error": TOO_MANY, "retry_after": seconds})),
            "{error}"
        );
        assert_eq!(fetched.header("retry-after"), seconds.to_string());
        stack.fail_files(error, 1);
        let fetched = browser.stream(id, &[("range", "bytes=5-")]).await;
        assert_eq!((fetched.status, fetched.header("retry-after")), (429, seconds.to_string().as_str()));
    }
    stack.streams_over().await;
    assert_eq!(stack.places().await, 0, "a refused stream keeps no place");
    assert_eq!(browser.stream(id, &[]).await.status, 200);
    stack.end_accounts().await;
}

#[tokio::test]
async fn what_telegram_refuses_before_the_first_byte_is_told_by_its_name() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let id = noise(&stack, PHONE, 100_000, 2);
    for error in ["LOCATION_INVALID", "LIMIT_INVALID"] {
        stack.fail_files(error, 1);
        let fetched = browser.stream(id, &[]).await;
        let body = json!({"error": "Failed to stream media.", "details": error});
        assert_eq!((fetched.status, fetched.json()), (500, body));
        assert_eq!(fetched.header("content-disposition"), "", "an error is no file");
    }
    // What is set right each time and stays wrong comes to an end.
    stack.fail_files("FILE_REFERENCE_EXPIRED", 100);
    let fetched = browser.stream(id, &[]).await;
    assert_eq!((fetched.status, &fetched.json()["error"]), (500, &json!("Failed to stream media.")));
    assert!((2..20).contains(&stack.failed_files()), "{}", stack.failed_files());
    stack.streams_over().await;
    assert_eq!(stack.places().await, 0);
    stack.end_accounts().await;
}

#[tokio::test]
async fn silence_before_the_first_byte_is_not_waited_for_forever() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let id = noise(&stack, PHONE, 100_000, 2);
    stack.fail_files("hang", 1);
    let fetched = browser.stream(id, &[]).await;
    assert_eq!(fetched.status, 200);
    assert!(fetched.bytes == read_all(&stack, PHONE, id));
    stack.end_accounts().await;
}

/// Fails calls for bytes in the middle of a long stream, which goes on all the same.
async fn goes_on_in_the_middle(error: &str, times: u32) {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    for dc in [2, 1] {
        let id = noise(&stack, PHONE, LONG, dc);
        stack.slow_telegram(true);
        let begun = Begun::stream(&browser, id).await;
        let failed = stack.failed_files();
        stack.fail_files(error, times);
        let (bytes, is_whole) = begun.rest().await;
        assert!(is_whole, "{error} {dc}: {} bytes", bytes.len());
        assert!(bytes == read_all(&stack, PHONE, id), "{error} {dc}");
        assert_eq!(stack.failed_files() - failed, u64::from(times), "{error} {dc}");
        stack.slow_telegram(false);
    }
    stack.streams_over().await;
    assert_eq!(stack.places().await, 0);
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_flood_in_the_middle_is_waited_for() {
    goes_on_in_the_middle("FLOOD_WAIT_1", 1).await;
    goes_on_in_the_middle("FLOOD_PREMIUM_WAIT_4", 1).await;
}

#[tokio::test]
async fn a_reference_that_expires_in_the_middle_is_replaced() {
    goes_on_in_the_middle("FILE_REFERENCE_EXPIRED", 1).await;
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let id = noise(&stack, PHONE, LONG, 2);
    stack.slow_telegram(true);
    let begun = Begun::stream(&browser, id).await;
    stack.expire_references();
    let (bytes, is_whole) = begun.rest().await;
    assert!(is_whole, "{} bytes", bytes.len());
    assert!(bytes == read_all(&stack, PHONE, id));
    // And once more, with a reference that is remembered and too old.
    stack.expire_references();
    stack.slow_telegram(false);
    assert!(browser.stream(id, &[("range", "bytes=9000000-")]).await.bytes == bytes[9_000_000..]);
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_middle_is_replaced() {
    goes_on_in_the_middle("drop", 1).await;
    goes_on_in_the_middle("drop", 2).await;
}

#[tokio::test]
async fn telegrams_own_failures_in_the_middle_are_put_up_with() {
    goes_on_in_the_middle("TIMEOUT", 1).await;
    goes_on_in_the_middle("INTERNAL_SERVER_ERROR", 1).await;
}

#[tokio::test]
async fn silence_in_the_middle_is_not_waited_for_forever() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let id = noise(&stack, PHONE, LONG, 2);
    stack.slow_telegram(true);
    let begun = Begun::stream(&browser, id).await;
    stack.fail_files("hang", 1);
    let (bytes, is_whole) = begun.rest().await;
    assert!(is_whole && bytes == read_all(&stack, PHONE, id), "{} bytes", bytes.len());
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_stream_that_cannot_go_on_is_short_of_its_length() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    for (error, times) in [("LOCATION_INVALID", 1), ("FLOOD_WAIT_3600", 1), ("drop", 100), ("TIMEOUT", 1000)]
    {
        let id = noise(&stack, PHONE, LONG, 2);
        stack.slow_telegram(true);
        let begun = Begun::stream(&browser, id).await;
        stack.fail_files(error, times);
        let (bytes, is_whole) = begun.rest().await;
        stack.slow_telegram(false);
        assert!(!is_whole, "{error}");
        let held = read_all(&stack, PHONE, id);
        assert!(bytes.len() < held.len() && bytes == held[..bytes.len()], "{error}: {} bytes", bytes.len());
        stack.streams_over().await;
        assert_eq!(stack.places().await, 0, "{error}: a broken stream gives its place back");
        stack.stack.simulated().unwrap().faults().clear();
        assert!(browser.stream(id, &[]).await.bytes == held, "{error}");
    }
    let broken = stack.logs.logs().iter().filter(|line| line.line.contains("The answer broke off")).count();
    assert_eq!(broken, 4);
    stack.end_accounts().await;
}

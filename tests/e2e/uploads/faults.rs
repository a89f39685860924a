//! Telegram and S3 fail a worker: what can be set right is, what has to wait waits, and the rest is told.

use lambdagram_tests::aws::Service;
use lambdagram_tests::aws::faults::{Effect, Fault, When};
use lambdagram_tests::telegram::faults::Moment;
use serde_json::json;

use super::cancelled::failed;
use super::support::{BIG, SAVE_BIG_PART, SAVE_PART, SEND_MEDIA, SMALL, WORKER, noise, phone, sha256};
use crate::account::{Browser, PHONE};
use crate::support::TestStack;

fn s3_fault(operation: &str, after_calls: u32, times: u32, when: When, effect: Effect) -> Fault {
    let function = Some(WORKER.to_owned());
    Fault {
        function,
        service: Service::S3,
        operation: operation.to_owned(),
        after_calls,
        times,
        when,
        effect,
    }
}

fn failing() -> Effect {
    Effect::Error { status: 500, code: "InternalError".to_owned() }
}

/// The method that parts of a file of that size are saved with.
fn save_part(size: usize) -> &'static str {
    if size == BIG { SAVE_BIG_PART } else { SAVE_PART }
}

#[tokio::test]
async fn an_upload_goes_on_after_each_failure_that_passes() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let mut before = stack.kept(PHONE);
    for size in [SMALL, BIG] {
        let file = noise(size);
        for (method, error, times, when) in [
            (save_part(size), "FLOOD_WAIT_2", 1, Moment::Before),
            (save_part(size), "FLOOD_WAIT_77", 3, Moment::Before),
            (save_part(size), "FLOOD_PREMIUM_WAIT_5", 2, Moment::Before),
            (save_part(size), "drop", 1, Moment::Before),
            (save_part(size), "drop", 2, Moment::After),
            (save_part(size), "TIMEOUT", 2, Moment::Before),
            (save_part(size), "INTERNAL_SERVER_ERROR", 1, Moment::After),
            (save_part(size), "FILE_PART_SIZE_CHANGED", 1, Moment::Before),
            (SEND_MEDIA, "FLOOD_WAIT_2", 1, Moment::Before),
            (SEND_MEDIA, "FLOOD_WAIT_500", 2, Moment::Before),
            (SEND_MEDIA, "drop", 1, Moment::Before),
            (SEND_MEDIA, "drop", 1, Moment::After),
            (SEND_MEDIA, "TIMEOUT", 1, Moment::Before),
            (SEND_MEDIA, "INTERNAL_SERVER_ERROR", 1, Moment::Before),
            (SEND_MEDIA, "FILE_PART_2_MISSING", 1, Moment::Before),
            (SEND_MEDIA, "FILE_PARTS_INVALID", 2, Moment::Before),
            (SEND_MEDIA, "RANDOM_ID_DUPLICATE", 1, Moment::After),
        ] {
            let row = format!("{size}: {method} {error} {times} {when:?}");
            let failures = stack.failed(method);
            stack.fail(method, error, times, when);
            let begun = browser.upload(&stack, &file).await;
            stack.stack.settle().await;
            assert_eq!(browser.state(&begun).await["state"], "done", "{row}");
            stack.check_sent(browser.message_of(&begun).await, &file);
            before += 1;
            assert_eq!(stack.kept(PHONE), before, "{row}");
            assert_eq!(stack.failed(method) - failures, u64::from(times), "{row}");
            stack.nothing_left().await;
        }
    }
    stack.end_uploads().await;
}

#[tokio::test]
async fn silence_is_not_waited_for_forever() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let before = stack.kept(PHONE);
    let file = noise(BIG);
    for method in [SAVE_BIG_PART, SEND_MEDIA] {
        stack.fail(method, "hang", 1, Moment::Before);
        browser.send_staged(&stack, &file).await;
    }
    assert_eq!(stack.kept(PHONE), before + 2);
    stack.end_uploads().await;
}

#[tokio::test]
async fn a_wait_that_telegram_orders_is_kept_by_the_account_and_by_nobody_else() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let file = noise(SMALL);
    stack.fail(SAVE_PART, "FLOOD_WAIT_1200", 1, Moment::Before);
    let first = browser.upload(&stack, &file).await;
    stack.fails(SAVE_PART, 0).await;
    let behind = browser.upload(&stack, &file).await;
    stack.workers_over().await;
    let calls = stack.people().part_calls();
    assert_eq!(browser.state(&first).await["state"], "queued");
    assert_eq!(browser.state(&behind).await["state"], "queued");

    let other = "+15557654321";
    stack.account(&json!({"phone": other, "first_name": "Eve"})).await;
    let mut eve = Browser::signed_in(&stack, other).await;
    let theirs = eve.upload(&stack, &file).await;
    while eve.state(&theirs).await["state"] != "done" {
        tokio::task::yield_now().await;
    }
    assert_eq!(browser.state(&behind).await["state"], "queued");
    assert_eq!(stack.people().part_calls().all() - calls.all(), 4, "only the other's parts came");

    let begun_s = stack.stack.clock().now_s();
    stack.stack.settle().await;
    assert!(stack.stack.clock().now_s() >= begun_s + 1_100, "it waited as long as it was told");
    for begun in [&first, &behind] {
        stack.check_sent(browser.message_of(begun).await, &file);
    }
    stack.end_uploads().await;
}

#[tokio::test]
async fn being_told_to_wait_is_no_attempt_however_often() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let file = noise(SMALL);
    stack.fail(SAVE_PART, "FLOOD_WAIT_30", 60, Moment::Before);
    browser.send_staged(&stack, &file).await;
    stack.end_uploads().await;
}

#[tokio::test]
async fn a_flood_longer_than_a_message_may_hide_is_waited_for_in_pieces() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let file = noise(SMALL);
    stack.fail(SEND_MEDIA, "FLOOD_WAIT_86000", 1, Moment::Before);
    browser.send_staged(&stack, &file).await;
    stack.end_uploads().await;
}

#[tokio::test]
async fn what_telegram_refuses_is_told_by_its_name_and_nothing_is_left() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let before = stack.kept(PHONE);
    for (method, error) in [
        (SEND_MEDIA, "CHAT_SEND_MEDIA_FORBIDDEN"),
        (SEND_MEDIA, "MEDIA_INVALID"),
        (SEND_MEDIA, "MEDIA_CAPTION_TOO_LONG"),
        (SAVE_PART, "FILE_PART_TOO_BIG"),
        (SAVE_PART, "FROZEN_METHOD_INVALID"),
    ] {
        stack.fail(method, error, 100, Moment::Before);
        let begun = browser.upload(&stack, &noise(SMALL)).await;
        stack.stack.settle().await;
        let state = browser.state(&begun).await;
        assert_eq!(state["state"], "failed", "{error}: {state}");
        assert!(state["error"].as_str().unwrap().ends_with('.'), "{error}: {state}");
        assert!(error == "MEDIA_CAPTION_TOO_LONG" || state.to_string().contains(error), "{error}: {state}");
        stack.nothing_left().await;
        stack.forgive();
    }
    assert_eq!(stack.kept(PHONE), before);
    stack.end_uploads().await;
}

#[tokio::test]
async fn parts_that_telegram_has_forgotten_are_sent_again_from_the_first() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let (before, file) = (stack.kept(PHONE), noise(BIG));
    // All parts are there when Telegram wants a wait that outlives them.
    stack.fail(SEND_MEDIA, "FLOOD_WAIT_7200", 1, Moment::Before);
    let begun = browser.upload(&stack, &file).await;
    stack.fails(SEND_MEDIA, 0).await;
    stack.workers_over().await;
    assert_eq!(stack.people().waiting_parts(&phone(PHONE)).unwrap(), 21);
    stack.people().expire_parts(&phone(PHONE)).unwrap();
    stack.stack.settle().await;
    stack.check_sent(browser.message_of(&begun).await, &file);
    assert_eq!(stack.people().part_calls().all(), 42);
    assert_eq!(stack.kept(PHONE), before + 1);

    // In the middle: what was acknowledged is not there when the message is to be made.
    stack.slow(Some(4_000_000));
    let so_far = stack.people().part_calls().all();
    let begun = browser.upload(&stack, &file).await;
    stack.people().part_calls_reach(so_far + 10).await;
    stack.people().expire_parts(&phone(PHONE)).unwrap();
    stack.slow(None);
    stack.stack.settle().await;
    stack.check_sent(browser.message_of(&begun).await, &file);
    assert_eq!(stack.kept(PHONE), before + 2);
    stack.end_uploads().await;
}

#[tokio::test]
async fn parts_that_are_forgotten_again_and_again_are_given_up() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let before = stack.kept(PHONE);
    stack.fail(SEND_MEDIA, "FILE_PART_0_MISSING", 100, Moment::Before);
    let begun = browser.upload(&stack, &noise(SMALL)).await;
    stack.stack.settle().await;
    failed(&browser.state(&begun).await, "The file could not be sent after several attempts.");
    // Once, and three times more.
    assert_eq!((stack.failed(SEND_MEDIA), stack.people().part_calls().all()), (4, 16));
    assert_eq!(stack.kept(PHONE), before);
    stack.nothing_left().await;
    stack.forgive();
    stack.end_uploads().await;
}

#[tokio::test]
async fn a_bucket_that_fails_is_read_again_from_where_it_failed() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let file = noise(BIG);
    for (after_calls, times, when) in [
        (0, 1, When::Before),
        (0, 1, When::After),
        (1, 2, When::Before),
        (1, 12, When::Before),
        (0, 40, When::Before),
    ] {
        stack.stack.aws_faults().add(s3_fault("GetObject", after_calls, times, when, failing()));
        let begun = browser.upload(&stack, &file).await;
        stack.stack.settle().await;
        assert_eq!(stack.stack.aws_faults().remaining(), [], "{after_calls} {times} {when:?}");
        stack.check_sent(browser.message_of(&begun).await, &file);
        stack.nothing_left().await;
    }
    stack.end_uploads().await;
}

#[tokio::test]
async fn a_bucket_that_is_silent_is_asked_again() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let file = noise(BIG);
    stack.stack.aws_faults().add(s3_fault("GetObject", 1, 1, When::Before, Effect::Hang));
    browser.send_staged(&stack, &file).await;
    stack.end_uploads().await;
}

#[tokio::test]
async fn a_staged_file_that_is_gone_is_told() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let before = stack.kept(PHONE);
    stack.fail(SAVE_BIG_PART, "FLOOD_WAIT_600", 1, Moment::Before);
    let begun = browser.upload(&stack, &noise(BIG)).await;
    stack.fails(SAVE_BIG_PART, 0).await;
    stack.workers_over().await;
    let bucket = &stack.stack.model().buckets[0].name;
    let key = format!("uploads/{}", begun.id);
    stack.s3().await.delete_object().bucket(bucket).key(key).send().await.unwrap();
    stack.stack.settle().await;
    failed(&browser.state(&begun).await, "The file is no longer stored.");
    assert_eq!(stack.kept(PHONE), before);
    stack.end_uploads().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_uploads_of_many_people_arrive_once_each_and_a_persons_in_their_order() {
    let stack = TestStack::start().await;
    let mut people = Vec::new();
    for number in 0..6 {
        let owner = format!("+1555790{number:04}");
        stack.account(&json!({"phone": owner, "first_name": "Ada", "home_dc": 1 + number % 3})).await;
        people.push((Browser::signed_in(&stack, &owner).await, owner));
    }
    let each = people.into_iter().enumerate().map(async |(number, (mut browser, owner))| {
        let before = stack.kept(&owner);
        let mut uploads = Vec::new();
        for turn in 0..3 {
            let file = noise(600_000 * (turn + 1) + number);
            uploads.push((browser.upload(&stack, &file).await, file));
        }
        (browser, owner, before, uploads)
    });
    let each = futures_util::future::join_all(each).await;
    stack.stack.settle().await;
    for (mut browser, owner, before, uploads) in each {
        let mut ids = Vec::new();
        for (begun, file) in &uploads {
            let id = browser.message_of(begun).await;
            let sent = stack.people().sent_sha256(&phone(&owner), id).unwrap();
            assert_eq!(sent, Some(sha256(file)));
            ids.push(id);
        }
        assert!(ids.is_sorted(), "{ids:?}");
        assert_eq!(stack.kept(&owner), before + uploads.len());
    }
    stack.end_uploads().await;
}

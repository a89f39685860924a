//! What changes between two requests, or while one runs: connections die, logins end, messages are deleted and edited.

use lambdagram_tests::lambda::ProcessState;
use lambdagram_tests::telegram::mtproto::accounts::Phone;
use reqwest::Method;

use super::begun::{Begun, LONG};
use super::streams::not_found;
use super::{noise, read_all};
use crate::account::{Browser, PHONE, error, not_authenticated};
use crate::support::TestStack;

/// How long what was seen of a chat is remembered, in seconds.
const SEEN_FOR: u64 = 600;

impl TestStack {
    fn replace_file(&self, id: i32, size: u64) {
        let phone = Phone::parse(PHONE).unwrap();
        assert!(self.stack.cloud().unwrap().people().replace_with_noise(&phone, id, size).unwrap());
    }

    fn expire_references_of(&self, phone: &str) {
        let phone = Phone::parse(phone).unwrap();
        self.stack.cloud().unwrap().people().expire_file_references(&phone).unwrap();
    }

    /// Closes every connection to a data centre, as when its servers restart.
    fn disconnect_all(&self) {
        let cluster = self.stack.cloud().unwrap().cluster().clone();
        for key in [1, 2, 3].into_iter().flat_map(|dc| cluster.keys().ids(dc)) {
            cluster.disconnect(key);
        }
    }
}

#[tokio::test]
async fn a_kept_connection_that_is_dead_is_noticed() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    for dc in [2, 1] {
        let id = noise(&stack, PHONE, 700_000, dc);
        let held = read_all(&stack, PHONE, id);
        assert!(browser.stream(id, &[]).await.bytes == held);
        stack.streams_over().await;
        let processes = stack.stack.lambda().processes().len();
        stack.disconnect_all();
        let fetched = browser.stream(id, &[]).await;
        assert!(fetched.status == 200 && fetched.bytes == held, "{dc}");
        assert_eq!(stack.stack.lambda().processes().len(), processes, "the same process");
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn connections_that_are_closed_in_the_middle_are_replaced() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let id = noise(&stack, PHONE, LONG, 2);
    stack.slow_telegram(true);
    let begun = Begun::stream(&browser, id).await;
    stack.disconnect_all();
    let (bytes, is_whole) = begun.rest().await;
    assert!(is_whole && bytes == read_all(&stack, PHONE, id), "{} bytes", bytes.len());
    stack.end_accounts().await;
}

#[tokio::test]
async fn telegrams_servers_may_move() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let ids = [1, 2, 3].map(|dc| noise(&stack, PHONE, 700_000, dc));
    for id in ids {
        assert_eq!(browser.stream(id, &[]).await.status, 200);
    }
    let cookie = browser.cookie().unwrap().to_owned();
    stack.streams_over().await;
    // Each of them listens somewhere else now. What is remembered of the files and of the servers stays.
    let stack = stack.restart().await;
    let browser = Browser::with_cookie(&stack, &cookie);
    for id in ids {
        let fetched = browser.stream(id, &[]).await;
        assert_eq!(fetched.status, 200, "{}", String::from_utf8_lossy(&fetched.bytes));
        assert!(fetched.bytes == read_all(&stack, PHONE, id));
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_data_centre_that_forgot_a_key_is_signed_in_to_again() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let id = noise(&stack, PHONE, 700_000, 1);
    let held = read_all(&stack, PHONE, id);
    assert_eq!(browser.stream(id, &[]).await.status, 200);
    let cluster = stack.stack.cloud().unwrap().cluster().clone();
    for key in cluster.keys().ids(1) {
        assert!(cluster.forget(1, key));
    }
    let fetched = browser.stream(id, &[]).await;
    assert!(fetched.bytes == held, "{}", fetched.status);
    // The key may be known, and the login that came with it not.
    for error in ["AUTH_KEY_UNREGISTERED", "SESSION_REVOKED"] {
        stack.fail_files(error, 1);
        let fetched = browser.stream(id, &[]).await;
        assert!(fetched.bytes == held, "{error}: {}", fetched.status);
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_file_that_moves_to_another_data_centre_is_followed() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let id = noise(&stack, PHONE, 700_000, 2);
    stack.fail_files("FILE_MIGRATE_1", 1);
    let fetched = browser.stream(id, &[]).await;
    assert_eq!(fetched.status, 200, "{}", String::from_utf8_lossy(&fetched.bytes));
    assert!(fetched.bytes == read_all(&stack, PHONE, id));
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_login_that_was_ended_elsewhere_is_forgotten_by_a_stream() {
    let stack = TestStack::start().await;
    for path in ["/stream_media/", "/stream_thumbnail/"] {
        // The home data centre, and what was copied to another.
        for dc in [2, 1] {
            let mut browser = Browser::signed_in(&stack, PHONE).await;
            let noise = noise(&stack, PHONE, 5_000, dc);
            let files = stack.saved_files(PHONE);
            let photo = files.iter().find(|file| file.file.as_ref().unwrap().kind == "photo").unwrap().id;
            let path = match path {
                "/stream_media/" => format!("{path}{noise}"),
                // Larger than what comes along with messages.
                _ => format!("{path}{photo}?size=x"),
            };
            assert_eq!(browser.fetch(Method::GET, &path, &[]).await.status, 200, "{path}");
            stack.end_all_logins(PHONE);
            let answered = browser.get(&path).await;
            answered.expect(401, &not_authenticated());
            assert_eq!(browser.cookie(), None, "{path}: the cookie is taken back");
            let kinds: Vec<_> = stack.sessions().await.iter().map(|row| row["kind"].clone()).collect();
            assert!(kinds.iter().all(|kind| kind.as_s().unwrap() != "account"), "{path} {kinds:?}");
        }
    }
    stack.streams_over().await;
    assert_eq!(stack.places().await, 0);
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_login_that_ends_in_the_middle_breaks_the_stream_off() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let id = noise(&stack, PHONE, LONG, 2);
    stack.slow_telegram(true);
    let begun = Begun::stream(&browser, id).await;
    stack.end_all_logins(PHONE);
    let (bytes, is_whole) = begun.rest().await;
    assert!(!is_whole && bytes.len() as u64 != LONG);
    stack.streams_over().await;
    assert_eq!(stack.places().await, 0);
    browser.get(&format!("/stream_media/{id}")).await.expect(401, &not_authenticated());
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_deleted_message_is_gone_once_what_was_seen_is_old() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let id = noise(&stack, PHONE, 5_000, 2);
    assert_eq!(browser.stream(id, &[]).await.status, 200);
    stack.delete_saved(PHONE, id);
    // Telegram hands the file out as long as its reference is good.
    assert!([200, 404].contains(&browser.stream(id, &[]).await.status));
    stack.pass(SEEN_FOR);
    for _ in 0..2 {
        let fetched = browser.stream(id, &[]).await;
        assert_eq!((fetched.status, fetched.json()), (404, not_found()));
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_deleted_message_whose_reference_expired_is_not_found_at_once() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let id = noise(&stack, PHONE, 5_000, 2);
    assert_eq!(browser.stream(id, &[]).await.status, 200);
    let files = stack.saved_files(PHONE);
    let photo = files.iter().find(|file| file.file.as_ref().unwrap().kind == "photo").unwrap().id;
    let thumbnail = format!("/stream_thumbnail/{photo}");
    assert_eq!(browser.fetch(Method::GET, &thumbnail, &[]).await.status, 200);
    for gone in [id, photo] {
        stack.delete_saved(PHONE, gone);
    }
    stack.expire_references_of(PHONE);
    for _ in 0..2 {
        let fetched = browser.stream(id, &[]).await;
        assert_eq!((fetched.status, fetched.json()), (404, not_found()));
        let fetched = browser.fetch(Method::GET, &thumbnail, &[]).await;
        let sentence = "Thumbnail not found for this message or message ID is invalid.";
        assert_eq!((fetched.status, fetched.json()), (404, error(sentence)));
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_message_that_is_deleted_in_the_middle_does_not_look_whole_when_its_file_is_out_of_reach() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let id = noise(&stack, PHONE, LONG, 2);
    stack.slow_telegram(true);
    let begun = Begun::stream(&browser, id).await;
    stack.delete_saved(PHONE, id);
    stack.expire_references_of(PHONE);
    let (bytes, is_whole) = begun.rest().await;
    assert!(!is_whole && (bytes.len() as u64) < LONG);
    stack.streams_over().await;
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_message_whose_file_is_replaced_never_gives_a_mixture() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let id = noise(&stack, PHONE, LONG, 2);
    let old = read_all(&stack, PHONE, id);
    stack.slow_telegram(true);
    let begun = Begun::stream(&browser, id).await;
    stack.replace_file(id, LONG + 5);
    stack.expire_references_of(PHONE);
    let (bytes, is_whole) = begun.rest().await;
    assert!(!is_whole && bytes == old[..bytes.len()], "what came is of the file that was begun");
    stack.slow_telegram(false);
    stack.streams_over().await;

    let new = read_all(&stack, PHONE, id);
    assert_eq!(new.len(), old.len() + 5);
    let fetched = browser.stream(id, &[]).await;
    assert!(fetched.status == 200 && fetched.bytes == new);
    let tag = fetched.header("etag").to_owned();

    // What is remembered is the file before; the reference to it is too old.
    stack.replace_file(id, 6_000);
    stack.expire_references_of(PHONE);
    let fetched = browser.stream(id, &[("range", "bytes=10-"), ("if-range", &tag)]).await;
    assert_eq!((fetched.status, fetched.bytes.len()), (200, 6_000), "the whole of another file");
    assert_ne!(fetched.header("etag"), tag);
    assert_eq!(fetched.header("content-length"), "6000");
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_process_that_was_frozen_for_long_streams_again() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let id = noise(&stack, PHONE, 700_000, 2);
    for _ in 0..3 {
        let fetched = browser.stream(id, &[]).await;
        assert!(fetched.bytes == read_all(&stack, PHONE, id));
        stack.streams_over().await;
        let idle = stack.stack.lambda().processes();
        assert!(idle.iter().all(|process| process.state != ProcessState::Running));
        // References and the addresses of servers are too old then, and so is the process.
        stack.pass(7_200);
    }
    stack.end_accounts().await;
}

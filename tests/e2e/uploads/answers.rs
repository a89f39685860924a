//! `POST /uploads` and `GET /uploads/{id}`: each answer, from the first byte to the message.

use lambdagram_tests::telegram::faults::Moment;
use reqwest::Method;
use serde_json::{Value, json};

use super::support::{BIG, Begun, PART, SAVE_BIG_PART, STAGED_PART, bring, message_id, noise, put};
use crate::account::{Answered, Browser, PHONE, error};
use crate::support::TestStack;

/// Bytes of the largest file of an account, and of a subscriber's.
const LARGEST: u64 = 4_000 * PART as u64;
const LARGEST_PREMIUM: u64 = 2 * LARGEST;

pub(super) fn not_found(answered: &Answered) {
    assert_eq!(answered.status, 404, "{answered:?}");
    assert_eq!(answered.body, error("Not found."));
}

#[tokio::test]
async fn an_upload_tells_at_each_moment_where_it_stands() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let file = noise(BIG);
    let asked =
        json!({"name": "noise.bin", "size": BIG, "mime_type": "application/x-noise", "caption": "Words"});
    let answered = browser.post("/uploads", &asked).await;
    assert_eq!(answered.status, 201, "{:?}", answered.body);
    let body = answered.body.as_object().unwrap();
    let keys: Vec<_> = body.keys().map(String::as_str).collect();
    assert_eq!(keys, ["expires_at", "id", "part_size", "parts"]);
    assert_eq!(body["part_size"], STAGED_PART);
    let in_s = body["expires_at"].as_u64().unwrap() - stack.stack.clock().now_s();
    assert!((3_500..=3_600).contains(&in_s), "{in_s}");
    let begun = Begun::read(&answered.body);
    assert!(begun.id.len() == 32 && begun.id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{}", begun.id);
    assert_eq!(begun.parts.iter().map(|part| part.0).collect::<Vec<_>>(), [1, 2]);
    if let Some(location) = answered.headers.get("location") {
        assert_eq!(location, begun.path().as_str());
    }

    let state = browser.state(&begun).await;
    expect_state(&state, &begun.id, "receiving", 0);
    assert_eq!(Begun::read(&state).parts.len(), 2);
    // A part that has come is missing no more.
    put(&stack, &begun.parts[1].1, &file[STAGED_PART..]).await;
    let state = browser.state(&begun).await;
    expect_state(&state, &begun.id, "receiving", 0);
    let missing = Begun::read(&state);
    assert_eq!(missing.parts.iter().map(|part| part.0).collect::<Vec<_>>(), [1]);

    // After a reload the page knows only what it is told.
    bring(&stack, &missing, &file).await;
    let state = browser.state(&begun).await;
    assert_eq!(state["parts"], json!([]));
    stack.fail(SAVE_BIG_PART, "FLOOD_WAIT_100", 1, Moment::Before);
    let parts = bring(&stack, &begun, &file).await;
    let answered = browser.complete(&begun, &parts).await;
    assert_eq!(answered.status, 202, "{answered:?}");
    stack.fails(SAVE_BIG_PART, 0).await;
    stack.workers_over().await;
    let state = browser.state(&begun).await;
    assert_eq!(state["state"], "queued", "{state}");
    assert_eq!(state["bytes_total"], BIG);
    assert!(state.get("parts").is_none() && state.get("message_id").is_none(), "{state}");

    stack.slow(Some(8_000_000));
    stack.pass(101);
    let before = stack.people().part_calls().all();
    stack.people().part_calls_reach(before + 8).await;
    let state = browser.state(&begun).await;
    assert_eq!(state["state"], "sending", "{state}");
    stack.slow(None);
    stack.stack.settle().await;
    let state = browser.state(&begun).await;
    expect_state(&state, &begun.id, "done", BIG);
    let id = message_id(&state);
    stack.check_sent(id, &file);
    let message = stack.message(id);
    assert_eq!(message.text, "Words");
    let sent = message.file.unwrap();
    assert_eq!((sent.name.as_deref(), sent.kind), (Some("noise.bin"), "document"));
    // A day later nobody knows of it.
    stack.pass(86_400 + 10);
    not_found(&browser.look(&begun).await);
    stack.end_uploads().await;
}

fn expect_state(state: &Value, id: &str, name: &str, sent: usize) {
    assert_eq!(
        (&state["id"], &state["state"], &state["bytes_total"], &state["bytes_sent"]),
        (&json!(id), &json!(name), &json!(BIG), &json!(sent)),
        "{state}"
    );
}

#[tokio::test]
async fn progress_grows_while_a_file_is_sent() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let file = noise(40_000_000);
    stack.slow(Some(10_000_000));
    let begun = browser.upload(&stack, &file).await;
    let mut seen = Vec::new();
    let parts = 40_000_000_u64.div_ceil(PART as u64);
    for quarter in 1..4 {
        stack.people().part_calls_reach(parts * quarter / 4).await;
        let state = browser.state(&begun).await;
        assert_eq!(state["state"], "sending", "{state}");
        seen.push(state["bytes_sent"].as_u64().unwrap());
    }
    assert!(seen[1] > 0 && seen.is_sorted() && seen[2] > seen[1], "{seen:?}");
    stack.slow(None);
    stack.stack.settle().await;
    stack.check_sent(browser.message_of(&begun).await, &file);
    stack.end_uploads().await;
}

#[tokio::test]
async fn what_is_asked_wrongly_is_told_and_leaves_nothing() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let (name, size) = ("name must be the name of a file.", "size must be the size of the file in bytes.");
    for (wrong, sentence) in [
        (json!({}), name),
        (json!([]), "The body is not the JSON this endpoint takes."),
        (json!({"name": "a"}), size),
        (json!({"size": 5}), name),
        (json!({"name": 5, "size": 5}), name),
        (json!({"name": "a", "size": "5"}), size),
        (json!({"name": "a", "size": -1}), size),
        (json!({"name": "a", "size": 1.5}), size),
        (json!({"name": "a", "size": 0}), "Invalid file type or format."),
        (json!({"name": "a", "size": 5, "as": "voice"}), "as must be auto, photo or document."),
        (json!({"name": "a", "size": 5, "caption": 5}), "caption must be a text."),
        (
            json!({"name": "a", "size": 5, "mime_type": ["a"]}),
            "mime_type must be a media type like video/mp4.",
        ),
    ] {
        let answered = browser.post("/uploads", &wrong).await;
        assert_eq!((answered.status.as_u16(), &answered.body["error"]), (400, &json!(sentence)), "{wrong}");
    }
    let request = browser.request(Method::POST, "/uploads").header("content-type", "text/plain").body("{}");
    assert_eq!(browser.send(request).await.status, 415);
    let request =
        browser.request(Method::POST, "/uploads").header("content-type", "application/json").body("{");
    assert_eq!(browser.send(request).await.status, 400);
    assert_eq!(stack.uploads().await.len(), 0);
    stack.nothing_left().await;
    stack.end_uploads().await;
}

#[tokio::test]
async fn the_largest_file_depends_on_the_subscription() {
    let stack = TestStack::start_with_parameters(&[("UploadGigabytesPerDay", "1000")]).await;
    let subscriber = "+15557654321";
    stack.account(&json!({"phone": subscriber, "first_name": "Eve", "premium": true})).await;
    for (phone, most) in [(PHONE, LARGEST), (subscriber, LARGEST_PREMIUM)] {
        let mut browser = Browser::signed_in(&stack, phone).await;
        let begun = browser.begin(&json!({"name": "a", "size": most})).await;
        assert_eq!(begun.parts.len() as u64, most.div_ceil(STAGED_PART as u64));
        assert_eq!(browser.state(&begun).await["parts"].as_array().unwrap().len(), begun.parts.len());
        assert_eq!(browser.cancel(&begun).await.status, 204);
        for size in [most + 1, u64::MAX] {
            let answered = browser.post("/uploads", &json!({"name": "a", "size": size})).await;
            let told = format!("This account may send {most} bytes at most.");
            answered.expect(413, &json!({"error": "File is too large.", "details": told}));
        }
    }
    stack.end_uploads().await;
}

#[tokio::test]
async fn a_session_has_so_many_bytes_a_day() {
    let stack = TestStack::start_with_parameters(&[("UploadGigabytesPerDay", "1")]).await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let asked = json!({"name": "a", "size": 600_000_000});
    let first = browser.begin(&asked).await;
    let answered = browser.post("/uploads", &asked).await;
    assert_eq!(answered.status, 429, "{:?}", answered.body);
    assert_eq!(answered.body["error"], "Too many requests. Please try again later.");
    let wait = answered.body["retry_after"].as_u64().unwrap();
    assert!((1..=86_400).contains(&wait), "{wait}");
    let small = browser.begin(&json!({"name": "a", "size": 300_000_000})).await;
    // Another session has bytes of its own.
    let mut other = Browser::signed_in(&stack, PHONE).await;
    let others = other.begin(&asked).await;
    assert_eq!(other.cancel(&others).await.status, 204);
    for begun in [&first, &small] {
        assert_eq!(browser.cancel(begun).await.status, 204);
    }
    stack.pass(wait);
    let again = browser.begin(&asked).await;
    assert_eq!(browser.cancel(&again).await.status, 204);
    stack.end_uploads().await;
}

#[tokio::test]
async fn an_upload_is_its_owners_alone() {
    let stack = TestStack::start().await;
    let mut owner = Browser::signed_in(&stack, PHONE).await;
    let (begun, parts) = owner.stage(&stack, &noise(100)).await;
    let other = "+15557654321";
    stack.account(&json!({"phone": other, "first_name": "Eve"})).await;
    // Somebody else, and the owner elsewhere.
    for phone in [other, PHONE] {
        let mut stranger = Browser::signed_in(&stack, phone).await;
        not_found(&stranger.look(&begun).await);
        not_found(&stranger.cancel(&begun).await);
        not_found(&stranger.complete(&begun, &parts).await);
        not_found(&stranger.post("/upload_file", &json!({"upload_id": begun.id})).await);
    }
    for id in ["0", "../x", &"0".repeat(32), &begun.id.to_uppercase()] {
        let answered = owner.get(&format!("/uploads/{id}")).await;
        assert_eq!(answered.status, 404, "{id}");
    }
    assert_eq!(owner.state(&begun).await["state"], "receiving");
    assert_eq!(owner.complete(&begun, &parts).await.status, 202);
    stack.stack.settle().await;
    owner.message_of(&begun).await;
    stack.end_uploads().await;
}

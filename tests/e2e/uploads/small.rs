//! `POST /upload_file`: a small file in one request.

use lambdagram_tests::telegram::faults::Moment;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use super::support::{BIG, Begun, PART, SAVE_BIG_PART, SAVE_PART, SEND_MEDIA, SMALL, message_id, noise};
use crate::account::{Browser, PHONE, error, not_authenticated};
use crate::support::TestStack;

const TOO_MANY: &str = "Too many requests. Please try again later.";
const FAILED: &str = "Failed to upload file to Telegram.";
const PATH: &str = "/upload_file";

fn file_part(bytes: &[u8]) -> Part {
    Part::bytes(bytes.to_vec()).file_name("noise.bin")
}

#[tokio::test]
async fn a_file_is_sent_and_answered_in_the_seeds_words() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    for size in [1, PART - 1, PART, PART + 1, SMALL, 4_400_000] {
        let (file, before) = (noise(size), stack.kept(PHONE));
        let answered = browser.send_form(file_part(&file), &[("caption", "Words")]).await;
        let id = message_id(&answered.body);
        let body = json!({"message": "File uploaded successfully.", "message_id": id});
        answered.expect(200, &body);
        stack.check_sent(id, &file);
        let message = stack.message(id);
        assert_eq!(message.text, "Words");
        assert_eq!(message.file.unwrap().name.as_deref(), Some("noise.bin"));
        assert_eq!(stack.kept(PHONE), before + 1);
        stack.nothing_left().await;
    }
    let calls = stack.people().part_calls();
    assert!(calls.main == 0 && calls.media > 0, "{calls:?}");
    stack.end_uploads().await;
}

#[tokio::test]
async fn with_a_lease_always_parts_come_over_the_main_connection() {
    let stack = TestStack::start_with_parameters(&[("MediaLease", "always")]).await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let file = noise(SMALL);
    stack.check_sent(browser.send_file("a", &file, &[]).await, &file);
    browser.send_staged(&stack, &file).await;
    let calls = stack.people().part_calls();
    assert!(calls.main > 0 && calls.media == 0, "{calls:?}");
    stack.end_uploads().await;
}

#[tokio::test]
async fn whoever_is_not_signed_in_sends_nothing() {
    let stack = TestStack::start().await;
    let mut half_way = stack.browser();
    half_way.send_code(PHONE).await;
    for mut browser in [stack.browser(), half_way, Browser::with_cookie(&stack, &"A".repeat(43))] {
        let answered = browser.send_form(file_part(b"x"), &[]).await;
        answered.expect(401, &not_authenticated());
        let id = "0".repeat(32);
        for (method, path, body) in [
            (Method::POST, PATH.to_owned(), json!({"upload_id": id})),
            (Method::POST, "/uploads".to_owned(), json!({"name": "a", "size": 5})),
            (Method::GET, format!("/uploads/{id}"), Value::Null),
            (Method::DELETE, format!("/uploads/{id}"), Value::Null),
            (
                Method::POST,
                format!("/uploads/{id}/complete"),
                json!({"parts": [{"number": 1, "etag": "\"a\""}]}),
            ),
        ] {
            let request = browser.request(method.clone(), &path);
            let request = if body.is_null() { request } else { request.json(&body) };
            let answered = browser.send(request).await;
            assert_eq!(answered.both(), (401, &not_authenticated()), "{method} {path}");
        }
    }
    stack.nothing_left().await;
    stack.end().await;
}

#[tokio::test]
async fn a_file_that_the_gateway_does_not_take_goes_through_uploads() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let answered = browser.send_form(file_part(&noise(BIG)), &[]).await;
    assert_eq!(answered.status, 413);
    assert!(answered.body["error"].as_str().unwrap().contains("POST /uploads"), "{:?}", answered.body);
    stack.end_uploads().await;
}

#[tokio::test]
async fn a_request_of_a_page_that_nobody_listed_is_refused() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    for path in [PATH, "/uploads"] {
        let request = browser.request(Method::POST, path).header("origin", "https://evil.example");
        let answer = request.multipart(Form::new().part("file", file_part(b"x"))).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{path}");
    }
    stack.nothing_left().await;
    stack.end_uploads().await;
}

#[tokio::test]
async fn a_flood_is_told_in_the_seeds_words_and_the_staged_file_is_gone() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let before = stack.kept(PHONE);
    for method in [SAVE_PART, SEND_MEDIA] {
        for (error, seconds) in [("FLOOD_WAIT_40", 40), ("FLOOD_PREMIUM_WAIT_41", 41)] {
            stack.fail(method, error, 1, Moment::Before);
            let answered = browser.send_form(file_part(&noise(SMALL)), &[]).await;
            answered.expect(429, &json!({"error": TOO_MANY, "retry_after": seconds}));
            assert_eq!(answered.headers["retry-after"], seconds.to_string());
            stack.nothing_left().await;
        }
    }
    assert_eq!(stack.kept(PHONE), before);
    for method in [SAVE_PART, SEND_MEDIA] {
        stack.fail(method, "FLOOD_WAIT_1", 1, Moment::Before);
        let file = noise(SMALL);
        stack.check_sent(browser.send_file("a", &file, &[]).await, &file);
    }
    stack.end_uploads().await;
}

#[tokio::test]
async fn a_refusal_is_told_by_its_name_and_nothing_is_left() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let before = stack.kept(PHONE);
    for (method, error) in [
        (SEND_MEDIA, "CHAT_SEND_MEDIA_FORBIDDEN"),
        (SEND_MEDIA, "MEDIA_INVALID"),
        (SAVE_PART, "FILE_PART_TOO_BIG"),
    ] {
        stack.fail(method, error, 1, Moment::Before);
        let answered = browser.send_form(file_part(&noise(SMALL)), &[]).await;
        answered.expect(500, &json!({"error": FAILED, "details": error}));
        stack.nothing_left().await;
    }
    assert_eq!(stack.kept(PHONE), before);
    stack.end_uploads().await;
}

#[tokio::test]
async fn what_passes_is_put_up_with() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let mut before = stack.kept(PHONE);
    for (method, error, when) in [
        (SAVE_PART, "drop", Moment::Before),
        (SAVE_PART, "drop", Moment::After),
        (SAVE_PART, "TIMEOUT", Moment::Before),
        (SAVE_PART, "INTERNAL_SERVER_ERROR", Moment::Before),
        (SAVE_PART, "hang", Moment::Before),
        (SEND_MEDIA, "drop", Moment::Before),
        (SEND_MEDIA, "drop", Moment::After),
        (SEND_MEDIA, "FILE_PART_1_MISSING", Moment::Before),
    ] {
        stack.fail(method, error, 1, when);
        let file = noise(SMALL);
        let id = browser.send_file("a", &file, &[]).await;
        stack.check_sent(id, &file);
        before += 1;
        assert_eq!(stack.kept(PHONE), before, "{method} {error} {when:?}");
        stack.nothing_left().await;
    }
    stack.end_uploads().await;
}

#[tokio::test]
async fn a_login_that_ended_is_told_and_nothing_is_left() {
    for is_known in [false, true] {
        let stack = TestStack::start().await;
        let mut browser = Browser::signed_in(&stack, PHONE).await;
        if is_known {
            stack.fail(SEND_MEDIA, "AUTH_KEY_UNREGISTERED", 1, Moment::Before);
        } else {
            stack.end_all_logins(PHONE);
        }
        let answered = browser.send_form(file_part(&noise(SMALL)), &[]).await;
        answered.expect(401, &not_authenticated());
        stack.nothing_left().await;
        assert!(!browser.is_authenticated().await);
        stack.end().await;
    }
}

/// The account's own data centre is asked before that is believed.
#[tokio::test]
async fn an_address_that_does_not_know_a_login_does_not_end_it() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    stack.fail(SAVE_PART, "AUTH_KEY_UNREGISTERED", 100, Moment::Before);
    let answered = browser.send_form(file_part(&noise(SMALL)), &[]).await;
    assert_eq!((answered.status.as_u16(), &answered.body["error"]), (500, &json!(FAILED)));
    stack.nothing_left().await;
    stack.forgive();
    assert!(browser.is_authenticated().await);
    let file = noise(SMALL);
    stack.check_sent(browser.send_file("a", &file, &[]).await, &file);
    stack.end_uploads().await;
}

#[tokio::test]
async fn whoever_does_not_wait_is_told_where_to_look() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let (file, before) = (noise(SMALL), stack.kept(PHONE));
    let form = Form::new().part("file", file_part(&file)).text("caption", "Later");
    let request = browser.request(Method::POST, PATH).header("prefer", "respond-async").multipart(form);
    let answered = browser.send(request).await;
    assert_eq!(answered.status, 202, "{:?}", answered.body);
    let path = answered.headers["location"].to_str().unwrap().to_owned();
    assert!(path.starts_with("/uploads/"), "{path}");
    stack.stack.settle().await;
    let state = browser.get(&path).await.body;
    assert_eq!(state["state"], "done");
    let id = message_id(&state);
    stack.check_sent(id, &file);
    assert_eq!((stack.message(id).text.as_str(), stack.kept(PHONE)), ("Later", before + 1));
    stack.end_uploads().await;
}

#[tokio::test]
async fn a_staged_file_is_sent_by_its_id_in_every_state() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let before = stack.kept(PHONE);
    // Small and whole: at once.
    let file = noise(SMALL);
    let (begun, _) = browser.stage(&stack, &file).await;
    let by_id = |begun: &Begun| json!({"upload_id": begun.id});
    let answered = browser.post(PATH, &by_id(&begun)).await;
    assert_eq!(answered.status, 200, "{:?}", answered.body);
    let id = message_id(&answered.body);
    stack.check_sent(id, &file);
    assert_eq!(browser.message_of(&begun).await, id);
    // Done: the same again.
    browser.post(PATH, &by_id(&begun)).await.expect(200, &answered.body);

    // Large: later. Queued and sending: the same.
    let file = noise(BIG);
    let (begun, _) = browser.stage(&stack, &file).await;
    let silent = stack.silence(SAVE_BIG_PART);
    for _ in 0..2 {
        let answered = browser.post(PATH, &by_id(&begun)).await;
        assert_eq!(answered.status, 202, "{:?}", answered.body);
        assert_eq!(answered.headers["location"], begun.path());
    }
    silent.await;
    assert_eq!(browser.post(PATH, &by_id(&begun)).await.status, 202);
    stack.stack.settle().await;
    stack.check_sent(browser.message_of(&begun).await, &file);

    // Not whole.
    let begun = browser.begin(&json!({"name": "a", "size": BIG})).await;
    let answered = browser.post(PATH, &by_id(&begun)).await;
    assert_eq!(answered.status, 400, "{:?}", answered.body);
    assert_eq!(browser.state(&begun).await["state"], "receiving");
    // Failed.
    assert_eq!(browser.cancel(&begun).await.status, 204);
    let answered = browser.post(PATH, &by_id(&begun)).await;
    answered.expect(409, &error("The upload was cancelled."));
    // None.
    for unknown in [json!({"upload_id": "0".repeat(32)}), json!({"upload_id": "x"})] {
        assert_eq!(browser.post(PATH, &unknown).await.status, 404, "{unknown}");
    }
    for wrong in [json!({}), json!({"upload_id": 5}), json!([])] {
        assert_eq!(browser.post(PATH, &wrong).await.status, 400, "{wrong}");
    }
    assert_eq!(stack.kept(PHONE), before + 2);
    stack.end_uploads().await;
}

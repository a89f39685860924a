//! The list as one answer: what items say, who may see them, and what is told when it fails.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use image::ImageFormat;
use lambdagram_domain::time::UnixTime;
use lambdagram_tests::telegram::mtproto::people::saved::SavedMessage;
use serde_json::{Value, json};

use super::{PATH, ids, ids_of};
use crate::account::{Browser, PHONE, error, not_authenticated};
use crate::support::{TestStack, project};

/// What is told of a file, by what Telegram holds; the name and the preview are looked at by themselves.
fn expected(message: &SavedMessage) -> Value {
    let file = message.file.as_ref().unwrap();
    let mut item = json!({
        "id": message.id,
        "type": file.kind,
        "mime_type": file.mime_type,
        "timestamp": UnixTime(message.date).rfc3339(),
        "size": file.size,
        "caption": message.text,
        "has_thumbnail": file.has_thumbnail,
    });
    if let Some((width, height)) = file.dimensions {
        item["width"] = width.into();
        item["height"] = height.into();
    }
    if let Some(seconds) = file.duration {
        // Whole seconds are written without a fraction.
        item["duration"] = serde_json::from_str(&seconds.to_string()).unwrap();
    }
    item
}

#[tokio::test]
async fn the_readme_shows_the_newest_file_of_a_new_stack_and_the_message_that_comes_next() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let listed = browser.list("?limit=1").await;
    let newest = listed.body[0]["id"].as_i64().unwrap();
    let sent = browser.send_file("example.txt", b"one more", &[]).await;
    let readme = std::fs::read_to_string(project().join("README.md")).unwrap();
    for shown in [
        format!("[{{\"id\":{newest},\"name\":\"photo_{newest}.jpg\""),
        format!("/stream_media/{newest}\n"),
        format!("/stream_thumbnail/{newest}?"),
        format!("\"message_id\":{sent}}}"),
    ] {
        assert!(readme.contains(&shown), "{shown}");
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn every_file_is_listed_with_all_that_is_known_of_it() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let answered = browser.list("").await;
    assert!(!answered.headers.contains_key("link"), "the list is whole");
    let mut items = answered.body.as_array().unwrap().clone();
    let (mut previews, mut names) = (0, Vec::new());
    for item in &mut items {
        let item = item.as_object_mut().unwrap();
        names.push(item.remove("name").unwrap().as_str().unwrap().to_owned());
        if let Some(preview) = item.remove("preview") {
            let jpeg = preview.as_str().unwrap().strip_prefix("data:image/jpeg;base64,").unwrap().to_owned();
            let jpeg = STANDARD.decode(jpeg).unwrap();
            let tiny = image::load_from_memory_with_format(&jpeg, ImageFormat::Jpeg).unwrap();
            assert!((1..=40).contains(&tiny.width()) && (1..=40).contains(&tiny.height()));
            let landscape = item["width"].as_i64() > item["height"].as_i64();
            assert_eq!(tiny.width() > tiny.height(), landscape, "{item:?}");
            previews += 1;
        }
    }
    let files = stack.saved_files(PHONE);
    assert_eq!(items, files.iter().map(expected).collect::<Vec<_>>());
    let photos = files.iter().filter(|message| message.file.as_ref().unwrap().kind == "photo").count();
    assert!(previews > photos, "every photo has a preview, and some videos do: {previews}");

    // Nothing is named twice here, and a name that was generated holds the message's id.
    for (message, name) in files.iter().zip(&names) {
        let id = message.id;
        let file = message.file.as_ref().unwrap();
        let expected = match (file.name.as_deref(), file.kind) {
            (Some("first line\nsecond line.txt"), _) => "first linesecond line.txt".to_owned(),
            (Some("../../etc/passwd"), _) => "passwd".to_owned(),
            (Some(name), _) => name.to_owned(),
            (None, "photo") => format!("photo_{id}.jpg"),
            (None, "voice") => format!("voice_{id}.ogg"),
            (None, "video_note") => format!("video_note_{id}.mp4"),
            (None, _) => format!("document_{id}.pdf"),
        };
        assert_eq!(*name, expected);
    }
    for given in ["passwd", "Отчёт за июнь.txt", "تقرير الشهر.txt", "a \"quoted\" and 'single' name.txt"]
    {
        assert!(names.iter().any(|name| name == given), "{given}");
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_list_may_be_of_one_kind_alone() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let files = stack.saved_files(PHONE);
    for kind in ["photo", "video", "audio", "voice", "video_note", "animation", "sticker", "document"] {
        let expected: Vec<_> =
            files.iter().filter(|message| message.file.as_ref().unwrap().kind == kind).cloned().collect();
        assert!(!expected.is_empty(), "{kind}");
        let (items, _) = browser.list_all(&format!("?type={kind}&limit=2")).await;
        assert_eq!(ids(&items), ids_of(&expected), "{kind}");
        assert!(items.iter().all(|item| item["type"] == kind));
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn an_account_that_keeps_nothing_has_an_empty_list() {
    let stack = TestStack::start().await;
    let phone = "+15557654321";
    stack.account(&json!({"phone": phone, "first_name": "Grace", "home_dc": 3})).await;
    let mut browser = Browser::signed_in(&stack, phone).await;
    let answered = browser.get(PATH).await;
    answered.expect(200, &json!([]));
    assert!(!answered.headers.contains_key("link"));
    stack.save_text(phone, "Only a text");
    browser.get(PATH).await.expect(200, &json!([]));
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_query_that_cannot_be_meant_is_refused() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let limit = "limit must be a whole number from 1 to 500.";
    let before = "before must be the id of a message.";
    let kind = "type must be photo, video, audio, voice, video_note, animation, sticker or document.";
    for (query, sentence) in [
        ("limit=", limit),
        ("limit=0", limit),
        ("limit=501", limit),
        ("limit=-1", limit),
        ("limit=1.5", limit),
        ("limit=%2B5", limit),
        ("limit=ten", limit),
        ("limit=99999999999999999999", limit),
        ("limit=1&limit=2", limit),
        ("before=", before),
        ("before=0", before),
        ("before=-5", before),
        ("before=2147483648", before),
        ("before=abc", before),
        ("type=", kind),
        ("type=Photo", kind),
        ("type=gif", kind),
        ("type=photo&type=video", kind),
        ("type=photo%00", kind),
    ] {
        browser.get(&format!("{PATH}?{query}")).await.expect(400, &error(sentence));
    }
    browser.list("?limit=500&before=2147483647&anything=else").await;
    stack.end_accounts().await;
}

#[tokio::test]
async fn strangers_see_nothing() {
    let stack = TestStack::start().await;
    let mut stranger = stack.browser();
    stranger.get(PATH).await.expect(401, &not_authenticated());
    // Somebody who is only about to sign in is one, too.
    stranger.send_code(PHONE).await;
    stranger.get(PATH).await.expect(401, &not_authenticated());
    let forged = "A".repeat(43);
    Browser::with_cookie(&stack, &forged).get(PATH).await.expect(401, &not_authenticated());
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_login_that_was_ended_elsewhere_is_forgotten() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    browser.list("?limit=1").await;
    stack.end_all_logins(PHONE);
    browser.get(PATH).await.expect(401, &not_authenticated());
    assert_eq!(browser.cookie(), None, "the cookie is taken back");
    assert!(stack.sessions().await.iter().all(|row| !row.contains_key("lease")));
    stack.end_accounts().await;
}

#[tokio::test]
async fn telegrams_waits_are_told_and_short_ones_waited_for() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let whole = browser.list("").await.body;
    let fault = |error: &str| json!({"method": "messages.getHistory", "error": error});
    stack.fault(fault("FLOOD_WAIT_7")).await;
    let sentence = "Too many requests. Please try again later.";
    browser.get(PATH).await.expect(429, &json!({"error": sentence, "retry_after": 7}));
    stack.fault(fault("FLOOD_WAIT_1")).await;
    browser.get(PATH).await.expect(200, &whole);
    stack.end_accounts().await;
}

#[tokio::test]
async fn what_fails_is_told_in_the_endpoints_words() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let sentence = "Failed to fetch media from Saved Messages.";
    for (fault, details) in
        [("HISTORY_GET_FAILED", "HISTORY_GET_FAILED"), ("PEER_ID_INVALID", "PEER_ID_INVALID")]
    {
        stack.fault(json!({"method": "messages.getHistory", "error": fault})).await;
        browser.get(PATH).await.expect(500, &json!({"error": sentence, "details": details}));
    }
    stack.fault(json!({"method": "messages.getHistory", "error": "drop"})).await;
    let dropped = browser.get(PATH).await;
    assert_eq!((dropped.status.as_u16(), &dropped.body["error"]), (500, &json!(sentence)));
    browser.list("").await;
    stack.end_accounts().await;
}

#[tokio::test]
async fn many_lists_at_once_share_one_connection_or_are_told_to_wait() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let cookie = browser.cookie().unwrap().to_owned();
    let expected = ids_of(&stack.saved_files(PHONE));
    let lists = (0..20).map(async |_| Browser::with_cookie(&stack, &cookie).get(PATH).await);
    let mut whole = 0;
    for answered in join_all(lists).await {
        match answered.status.as_u16() {
            200 => {
                assert_eq!(ids(answered.body.as_array().unwrap()), expected);
                whole += 1;
            }
            429 => assert!(answered.body["retry_after"].as_u64().unwrap() >= 1),
            status => panic!("{status}: {answered:?}"),
        }
    }
    assert!(whole > 0);
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_list_keeps_the_session_alive() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    for _ in 0..3 {
        // Thirty days are a session's life.
        stack.pass(20 * 86_400);
        let answered = browser.list("?limit=1").await;
        assert!(answered.headers.contains_key("set-cookie"), "the cookie lives as long");
    }
    stack.end_accounts().await;
}

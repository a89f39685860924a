//! What files are sent as: what they are, with what their containers tell, unless somebody wants it otherwise.

use lambdagram_tests::telegram::faults::Moment;
use reqwest::multipart::Part;
use serde_json::json;

use super::support::{SEND_MEDIA, etag, message_id, noise, put};
use crate::account::{Browser, PHONE};
use crate::support::{TestStack, picture};

const CONTENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/telegram/mtproto/content");

/// A file of the folder of those that accounts have from the start.
pub(super) fn content(name: &str) -> Vec<u8> {
    std::fs::read(format!("{CONTENT}/{name}")).unwrap()
}

/// A file, and what becomes of it.
struct Kind {
    file: &'static str,
    sent_as: &'static str,
    mime_type: &'static str,
    dimensions: Option<(i32, i32)>,
    duration: Option<u32>,
    has_thumbnail: bool,
}

const fn kind(file: &'static str, sent_as: &'static str, mime_type: &'static str) -> Kind {
    Kind { file, sent_as, mime_type, dimensions: None, duration: None, has_thumbnail: false }
}

const KINDS: [Kind; 8] = [
    Kind {
        dimensions: Some((1280, 853)),
        has_thumbnail: true,
        ..kind("landscape-y.jpg", "photo", "image/jpeg")
    },
    Kind { dimensions: Some((640, 360)), duration: Some(12), ..kind("video-h264.mp4", "video", "video/mp4") },
    Kind { dimensions: Some((480, 270)), duration: Some(6), ..kind("video.webm", "video", "video/webm") },
    Kind { dimensions: Some((320, 240)), duration: Some(2), ..kind("animation.mp4", "video", "video/mp4") },
    Kind { duration: Some(8), ..kind("music.mp3", "audio", "audio/mpeg") },
    Kind { duration: Some(5), ..kind("voice.ogg", "audio", "audio/ogg") },
    Kind { dimensions: Some((512, 512)), has_thumbnail: true, ..kind("sticker.webp", "photo", "image/jpeg") },
    kind("document.pdf", "document", "application/pdf"),
];

#[tokio::test]
async fn a_file_is_sent_as_what_it_is_through_the_form_and_through_the_bucket() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    for Kind { file, sent_as: kind, mime_type, dimensions, duration, has_thumbnail } in KINDS {
        let bytes = content(file);
        let form = browser.send_file(file, &bytes, &[("caption", "A caption")]).await;
        let begun = browser.upload_with(&stack, &bytes, json!({"name": file, "caption": "A caption"})).await;
        stack.stack.settle().await;
        for id in [form, browser.message_of(&begun).await] {
            stack.check_sent(id, &bytes);
            let message = stack.message(id);
            assert_eq!(message.text, "A caption");
            let sent = message.file.unwrap();
            assert_eq!(
                (sent.kind, sent.mime_type.as_str(), sent.dimensions),
                (kind, mime_type, dimensions),
                "{file}"
            );
            let seconds = sent.duration.map(|seconds| format!("{seconds:.0}"));
            assert_eq!(seconds, duration.map(|seconds| seconds.to_string()), "{file}");
            assert_eq!(sent.name.as_deref(), (kind != "photo").then_some(file));
            assert!(sent.has_thumbnail || !has_thumbnail, "{file}");
        }
    }
    stack.end_uploads().await;
}

#[tokio::test]
async fn whoever_wants_a_file_gets_one_and_whoever_wants_a_photo_is_told_if_it_cannot_be_one() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    for (file, sent_as, kind) in [
        ("landscape-y.jpg", "document", Some("document")),
        ("landscape-y.jpg", "photo", Some("photo")),
        ("landscape-y.jpg", "auto", Some("photo")),
        ("video-h264.mp4", "document", Some("document")),
        ("music.mp3", "document", Some("document")),
        ("document.pdf", "photo", None),
        ("video-h264.mp4", "photo", None),
    ] {
        let (bytes, row) = (content(file), format!("{file} as {sent_as}"));
        let before = stack.kept(PHONE);
        let part = Part::bytes(bytes.clone()).file_name(file);
        let answered = browser.send_form(part, &[("as", sent_as)]).await;
        let begun = browser.upload_with(&stack, &bytes, json!({"name": file, "as": sent_as})).await;
        stack.stack.settle().await;
        let Some(kind) = kind else {
            assert_eq!(answered.status, 400, "{row}: {:?}", answered.body);
            assert_eq!(answered.body["error"], "Invalid file type or format.", "{row}");
            let state = browser.state(&begun).await;
            assert_eq!(
                (&state["state"], &state["error"]),
                (&json!("failed"), &json!("The file cannot be sent as a photo.")),
                "{row}"
            );
            assert_eq!(stack.kept(PHONE), before, "{row}");
            continue;
        };
        assert_eq!(answered.status, 200, "{row}: {:?}", answered.body);
        for id in [message_id(&answered.body), browser.message_of(&begun).await] {
            stack.check_sent(id, &bytes);
            assert_eq!(stack.message(id).file.unwrap().kind, kind, "{row}");
        }
    }
    stack.end_uploads().await;
}

#[tokio::test]
async fn a_photo_that_telegram_does_not_take_goes_as_a_document_unless_it_must_be_one() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let bytes = picture(7);
    for error in
        ["PHOTO_INVALID_DIMENSIONS", "IMAGE_PROCESS_FAILED", "PHOTO_SAVE_FILE_INVALID", "PHOTO_EXT_INVALID"]
    {
        stack.fail(SEND_MEDIA, error, 1, Moment::Before);
        let id = browser.send_file("a.png", &bytes, &[]).await;
        assert_eq!(stack.message(id).file.unwrap().kind, "document", "{error}");
        stack.fail(SEND_MEDIA, error, 1, Moment::Before);
        let begun = browser.upload_with(&stack, &bytes, json!({"name": "a.png"})).await;
        stack.stack.settle().await;
        let id = browser.message_of(&begun).await;
        assert_eq!(stack.message(id).file.unwrap().kind, "document", "{error}");
        stack.check_sent(id, &bytes);

        let before = stack.kept(PHONE);
        stack.fail(SEND_MEDIA, error, 1, Moment::Before);
        let begun = browser.upload_with(&stack, &bytes, json!({"name": "a.png", "as": "photo"})).await;
        stack.stack.settle().await;
        let state = browser.state(&begun).await;
        assert_eq!(
            (&state["state"], &state["error"]),
            (&json!("failed"), &json!("The file cannot be sent as a photo.")),
            "{error}"
        );
        assert_eq!(stack.kept(PHONE), before);
    }
    stack.end_uploads().await;
}

/// What somebody says about a file is believed only where its bytes say nothing.
#[tokio::test]
async fn a_name_and_a_type_do_not_make_a_photo() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let bytes = noise(5_000);
    let asked = json!({"name": "holiday.jpg", "mime_type": "image/jpeg", "size": bytes.len()});
    let begun = browser.begin(&asked).await;
    let etag = etag(&put(&stack, &begun.parts[0].1, &bytes).await);
    let parts = json!({"parts": [{"number": 1, "etag": etag}]});
    assert_eq!(browser.complete(&begun, &parts).await.status, 202);
    stack.stack.settle().await;
    let id = browser.message_of(&begun).await;
    stack.check_sent(id, &bytes);
    let sent = stack.message(id).file.unwrap();
    assert_eq!((sent.kind, sent.name.as_deref()), ("document", Some("holiday.jpg")));
    stack.end_uploads().await;
}

//! Thumbnails: each size of every file, what browsers may keep of them, and what they cost.

use image::GenericImageView;
use reqwest::Method;
use serde_json::json;

use crate::account::{Browser, PHONE, error};
use crate::support::TestStack;

const NONE: &str = "Thumbnail not found for this message or message ID is invalid.";

/// What the files of the first account are bundled with.
fn bundled(name: &str) -> Vec<u8> {
    std::fs::read(crate::support::project().join("tests/src/telegram/mtproto/content").join(name)).unwrap()
}

impl TestStack {
    fn calls_for_bytes(&self) -> u64 {
        let calls = self.stack.cloud().unwrap().people().file_calls();
        calls.main + calls.media
    }
}

#[tokio::test]
async fn every_size_of_every_file_is_the_smallest_that_is_large_enough() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let items = browser.list("").await.body;
    let (mut inline, mut fetched, mut none) = (0, 0, 0);
    for item in items.as_array().unwrap() {
        let path = format!("/stream_thumbnail/{}", item["id"]);
        if item["has_thumbnail"] == false {
            for query in ["", "?size=s", "?size=m", "?size=x"] {
                let answer = browser.fetch(Method::GET, &format!("{path}{query}"), &[]).await;
                assert_eq!((answer.status, answer.json()), (404, error(NONE)), "{item}");
            }
            none += 1;
            continue;
        }
        let kind = item["type"].as_str().unwrap();
        let is_wide = item["width"].as_u64() > item["height"].as_u64();
        let shape = if is_wide { "landscape" } else { "portrait" };
        // No photo has a size for 100 pixels, and documents have one size besides the tiny one.
        let expected = match kind {
            "photo" => ["m", "m", "x"].map(|letter| bundled(&format!("{shape}-{letter}.jpg"))),
            "document" => ["m"; 3].map(|letter| bundled(&format!("landscape-{letter}.jpg"))),
            "sticker" => ["sticker-m.webp"; 3].map(bundled),
            _ => ["video-m.jpg"; 3].map(bundled),
        };
        for (size, expected) in ["s", "m", "x"].into_iter().zip(expected) {
            let path = format!("{path}?size={size}");
            let before = stack.calls_for_bytes();
            let answer = browser.fetch(Method::GET, &path, &[]).await;
            assert_eq!(answer.status, 200, "{size} {item}");
            assert!(answer.bytes == expected, "{size} {item}");
            assert_eq!(answer.header("content-length"), expected.len().to_string());
            let media_type = if kind == "sticker" { "image/webp" } else { "image/jpeg" };
            assert_eq!(answer.header("content-type"), media_type);
            assert_eq!(answer.header("cache-control"), "private, max-age=31536000, immutable");
            assert_eq!(answer.header("vary"), "Authorization, Cookie, Origin");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert_eq!(answer.header("cross-origin-resource-policy"), "same-site");
            let came_along = matches!((kind, shape, size), ("photo", "portrait", "s" | "m"));
            let calls = stack.calls_for_bytes() - before;
            assert_eq!(calls, u64::from(!came_along), "{size} {item}");
            *(if came_along { &mut inline } else { &mut fetched }) += 1;

            let tag = answer.header("etag").to_owned();
            assert!(tag.starts_with('"') && tag.ends_with('"'), "a strong tag: {tag}");
            let before = stack.calls_for_bytes();
            let kept = browser.fetch(Method::GET, &path, &[("if-none-match", &tag)]).await;
            assert_eq!((kept.status, kept.bytes.len(), kept.header("etag")), (304, 0, tag.as_str()));
            assert_eq!(kept.header("cache-control"), answer.header("cache-control"));
            assert_eq!(stack.calls_for_bytes(), before, "what the client has is not fetched");
            let other = browser.fetch(Method::GET, &path, &[("if-none-match", "\"other\"")]).await;
            assert_eq!(other.status, 200);
            let head = browser.fetch(Method::HEAD, &path, &[]).await;
            assert_eq!((head.status, head.bytes.len()), (200, 0));
            for name in ["content-length", "content-type", "etag", "cache-control", "vary"] {
                assert_eq!(head.header(name), answer.header(name), "{name}");
            }
        }
        let default = browser.fetch(Method::GET, &path, &[]).await;
        let middle = browser.fetch(Method::GET, &format!("{path}?size=m"), &[]).await;
        assert!(default.bytes == middle.bytes && default.header("etag") == middle.header("etag"));
    }
    assert!(inline >= 4 && fetched >= 10 && none >= 10, "{inline} {fetched} {none}");
    stack.end_accounts().await;
}

#[tokio::test]
async fn what_came_with_the_message_is_given_while_telegram_is_out_of_reach() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let items = browser.list("?type=photo").await.body;
    let tall = |item: &&serde_json::Value| item["width"].as_u64() < item["height"].as_u64();
    let id = items.as_array().unwrap().iter().find(tall).unwrap()["id"].clone();
    stack.fault(json!({"method": "*", "error": "FLOOD_WAIT_99", "times": 100})).await;
    let path = format!("/stream_thumbnail/{id}");
    for query in ["", "?size=s", "?size=m"] {
        let answer = browser.fetch(Method::GET, &format!("{path}{query}"), &[]).await;
        assert_eq!(answer.status, 200, "{query}");
        assert_eq!(image::load_from_memory(&answer.bytes).unwrap().dimensions(), (213, 320));
    }
    let answer = browser.fetch(Method::GET, &format!("{path}?size=x"), &[]).await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, "99"));
    stack.stack.simulated().unwrap().faults().clear();
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_size_that_cannot_be_meant_is_refused() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let items = browser.list("?type=photo&limit=1").await.body;
    let path = format!("/stream_thumbnail/{}", items[0]["id"]);
    for size in ["q", "", "S", "sm", "320", "s&size=m", "%00"] {
        let answer = browser.fetch(Method::GET, &format!("{path}?size={size}"), &[]).await;
        assert_eq!((answer.status, answer.json()), (400, error("size must be s, m or x.")), "{size}");
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn faults_of_telegram_are_told_by_thumbnails_and_set_right() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let items = browser.list("?type=photo").await.body;
    let path = format!("/stream_thumbnail/{}?size=x", items[0]["id"]);
    let whole = browser.fetch(Method::GET, &path, &[]).await.bytes;
    for error in ["FLOOD_WAIT_1", "FILE_REFERENCE_EXPIRED", "TIMEOUT", "drop"] {
        stack.fail_files(error, 1);
        let answer = browser.fetch(Method::GET, &path, &[]).await;
        assert!(answer.status == 200 && answer.bytes == whole, "{error}: {}", answer.status);
    }
    stack.fail_files("FLOOD_WAIT_30", 1);
    let answer = browser.fetch(Method::GET, &path, &[]).await;
    let too_many = json!({"error": "Too many requests. Please try again later.", "retry_after": 30});
    assert_eq!((answer.status, answer.json()), (429, too_many));
    assert_eq!(answer.header("cache-control"), "no-store", "an error is not kept");
    stack.fail_files("LOCATION_INVALID", 1);
    let answer = browser.fetch(Method::GET, &path, &[]).await;
    let failed = json!({"error": "Failed to stream thumbnail.", "details": "LOCATION_INVALID"});
    assert_eq!((answer.status, answer.json()), (500, failed));
    stack.end_accounts().await;
}

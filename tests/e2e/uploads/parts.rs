//! The bucket's side: parts that are wrong, late or missing.

use serde_json::{Value, json};

use super::answers::not_found;
use super::support::{BIG, Begun, STAGED_PART, bring, etag, noise, put};
use crate::account::{Browser, PHONE, error};
use crate::support::TestStack;

/// What completes an upload of parts with these numbers and tags.
fn parts(parts: &[(u64, &str)]) -> Value {
    let parts = parts.iter().map(|(number, etag)| json!({"number": number, "etag": etag}));
    json!({ "parts": parts.collect::<Vec<_>>() })
}

#[tokio::test]
async fn what_does_not_complete_an_upload_is_told_and_it_goes_on() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let file = noise(2 * STAGED_PART + 9);
    let begun = browser.begin(&json!({"name": "noise.bin", "size": file.len()})).await;
    let mut tags = Vec::new();
    for (number, url) in &begun.parts[..2] {
        let start = (usize::try_from(*number).unwrap() - 1) * STAGED_PART;
        tags.push(etag(&put(&stack, url, &file[start..start + STAGED_PART]).await));
    }
    let (one, two) = (tags[0].clone(), tags[1].clone());
    let absent = "\"0123456789abcdef0123456789abcdef\"";
    // The third is not there.
    let answered = browser.complete(&begun, &parts(&[(1, &one), (2, &two), (3, absent)])).await;
    answered.expect(400, &error("Part 3 has not arrived."));
    let three = etag(&put(&stack, &begun.parts[2].1, &file[2 * STAGED_PART..]).await);
    let no_list = "The body is not the JSON this endpoint takes.";
    for (row, wrong, sentence) in [
        ("none", json!({"parts": []}), "Part 1 is missing."),
        ("no list", json!({}), no_list),
        ("another tag", parts(&[(1, absent), (2, &two), (3, &three)]), "Part 1 has another etag."),
        ("tags of each other", parts(&[(1, &two), (2, &one), (3, &three)]), "Part 1 has another etag."),
        ("no tag", json!({"parts": [{"number": 1}, {"number": 2}, {"number": 3}]}), no_list),
        ("no number", json!({"parts": [{"etag": one}]}), no_list),
        ("the first missing", parts(&[(2, &two), (3, &three)]), "Part 1 is missing."),
        ("one missing between", parts(&[(1, &one), (3, &three)]), "Part 2 is missing."),
        ("the last missing", parts(&[(1, &one), (2, &two)]), "Part 3 is missing."),
        ("another order", parts(&[(2, &two), (1, &one), (3, &three)]), "Part 2 is not in its place."),
        ("one twice", parts(&[(1, &one), (2, &two), (2, &two), (3, &three)]), "Part 2 is not in its place."),
        (
            "one too many",
            parts(&[(1, &one), (2, &two), (3, &three), (4, &three)]),
            "Part 4 is none of this file.",
        ),
        ("number 0", parts(&[(0, &one), (1, &one), (2, &two), (3, &three)]), "Part 0 is none of this file."),
    ] {
        let answered = browser.complete(&begun, &wrong).await;
        assert_eq!(answered.both(), (400, &error(sentence)), "{row}");
        assert_eq!(browser.state(&begun).await["state"], "receiving", "{row}");
    }
    let right = parts(&[(1, &one), (2, &two), (3, &three)]);
    for _ in 0..2 {
        assert_eq!(browser.complete(&begun, &right).await.status, 202);
    }
    stack.stack.settle().await;
    stack.check_sent(browser.message_of(&begun).await, &file);
    // Whoever missed the answer asks again.
    let answered = browser.complete(&begun, &right).await;
    assert_eq!((answered.status.as_u16(), &answered.body["state"]), (202, &json!("done")));
    stack.end_uploads().await;
}

#[tokio::test]
async fn tags_without_quotes_are_tags() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let file = noise(10);
    let (begun, parts) = browser.stage(&stack, &file).await;
    let tag = parts["parts"][0]["etag"].as_str().unwrap().trim_matches('"').to_owned();
    let answered = browser.complete(&begun, &json!({"parts": [{"number": 1, "etag": tag}]})).await;
    assert_eq!(answered.status, 202, "{answered:?}");
    stack.stack.settle().await;
    stack.check_sent(browser.message_of(&begun).await, &file);
    stack.end_uploads().await;
}

#[tokio::test]
async fn a_part_of_another_size_does_not_come_in() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let file = noise(BIG);
    let begun = browser.begin(&json!({"name": "noise.bin", "size": BIG})).await;
    for (number, bytes) in
        [(0, &file[..100]), (1, &file[..STAGED_PART]), (1, &file[..BIG - STAGED_PART - 1]), (1, &[])]
    {
        assert_eq!(put(&stack, &begun.parts[number].1, bytes).await.status(), 403);
    }
    assert_eq!(Begun::read(&browser.state(&begun).await).parts.len(), 2);
    let parts = bring(&stack, &begun, &file).await;
    assert_eq!(browser.complete(&begun, &parts).await.status, 202);
    stack.stack.settle().await;
    stack.check_sent(browser.message_of(&begun).await, &file);
    stack.end_uploads().await;
}

#[tokio::test]
async fn urls_end_and_fresh_ones_are_to_be_had() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let file = noise(BIG);
    let begun = browser.begin(&json!({"name": "noise.bin", "size": BIG})).await;
    put(&stack, &begun.parts[0].1, &file[..STAGED_PART]).await;
    stack.pass(3_700);
    assert_eq!(put(&stack, &begun.parts[1].1, &file[STAGED_PART..]).await.status(), 403);
    let state = browser.state(&begun).await;
    let in_s = state["expires_at"].as_u64().unwrap() - stack.stack.clock().now_s();
    assert!((3_500..=3_600).contains(&in_s), "{state}");
    let fresh = Begun::read(&state);
    assert_eq!(fresh.parts.len(), 1);
    let second = etag(&put(&stack, &fresh.parts[0].1, &file[STAGED_PART..]).await);
    // The tag of a part that a page has forgotten: it brings the part again.
    stack.pass(3_700);
    let answered = browser.complete(&begun, &parts(&[(2, &second)])).await;
    assert_eq!(answered.status, 400, "{answered:?}");
    let answered = browser.post("/upload_file", &json!({"upload_id": begun.id})).await;
    assert_eq!(answered.status, 202, "{answered:?}");
    stack.stack.settle().await;
    stack.check_sent(browser.message_of(&begun).await, &file);
    stack.end_uploads().await;
}

#[tokio::test]
async fn what_never_comes_is_forgotten_with_all_that_came() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let begun = browser.begin(&json!({"name": "noise.bin", "size": BIG})).await;
    put(&stack, &begun.parts[0].1, &noise(BIG)[..STAGED_PART]).await;
    assert_eq!(stack.unfinished().await.len(), 1);
    stack.pass(86_400 - 60);
    assert_eq!(browser.state(&begun).await["state"], "receiving");
    stack.pass(120);
    not_found(&browser.look(&begun).await);
    not_found(&browser.complete(&begun, &parts(&[(1, "\"a\"")])).await);
    // S3 looks once a day, at midnight.
    stack.pass(2 * 86_400);
    assert_eq!(put(&stack, &begun.parts[1].1, b"x").await.status(), 403);
    stack.nothing_left().await;
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_page_of_a_listed_origin_brings_parts_and_reads_their_tags() {
    let stack = TestStack::start_with_parameters(&[("AllowedOrigins", "https://app.example")]).await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let begun = browser.begin(&json!({"name": "noise.bin", "size": 10})).await;
    let url = &begun.parts[0].1;
    let leave = stack.http.request(reqwest::Method::OPTIONS, url);
    let leave = leave.header("origin", "https://app.example").header("access-control-request-method", "PUT");
    let leave = leave.send().await.unwrap();
    assert_eq!(
        (leave.status().as_u16(), &leave.headers()["access-control-allow-origin"]),
        (200, &"https://app.example".parse().unwrap())
    );
    let answer =
        stack.http.put(url).header("origin", "https://app.example").body(noise(10)).send().await.unwrap();
    assert_eq!(answer.headers()["access-control-expose-headers"], "ETag");
    let tag = etag(&answer);
    let stranger = stack.http.request(reqwest::Method::OPTIONS, url);
    let stranger =
        stranger.header("origin", "https://evil.example").header("access-control-request-method", "PUT");
    assert_eq!(stranger.send().await.unwrap().status(), 403);
    assert_eq!(browser.complete(&begun, &parts(&[(1, &tag)])).await.status, 202);
    stack.stack.settle().await;
    browser.message_of(&begun).await;
    stack.end_uploads().await;
}

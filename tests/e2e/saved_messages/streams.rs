//! The bytes of files: whole, in ranges, under conditions, and to those alone who may have them.

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{noise, read_all};
use crate::account::{Browser, PHONE, error, not_authenticated};
use crate::support::TestStack;

/// An answer with bytes.
pub(crate) struct Fetched {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Fetched {
    #[track_caller]
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }
}

impl Browser<'_> {
    pub(crate) async fn fetch(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Fetched {
        let request = self.request(method, path);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Fetched { status, headers, bytes: answer.bytes().await.unwrap().into() }
    }

    /// The same once the session is free. Requests that come at once take turns at finding their way, for which each waits
    /// three seconds; one that did not get its turn is told to come again.
    pub(super) async fn fetch_when_free(&self, path: &str, headers: &[(&str, &str)]) -> Fetched {
        loop {
            let fetched = self.fetch(Method::GET, path, headers).await;
            if fetched.status != 429 || fetched.json()["retry_after"] != 2 {
                return fetched;
            }
        }
    }

    pub(super) async fn stream(&self, id: i32, headers: &[(&str, &str)]) -> Fetched {
        self.fetch(Method::GET, &format!("/stream_media/{id}"), headers).await
    }
}

pub(super) fn not_found() -> Value {
    error("Media not found or message ID is invalid.")
}

#[tokio::test]
async fn every_file_comes_as_telegram_holds_it() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let items = browser.list("").await.body;
    for item in items.as_array().unwrap() {
        let id = i32::try_from(item["id"].as_i64().unwrap()).unwrap();
        let held = read_all(&stack, PHONE, id);
        let fetched = browser.stream(id, &[]).await;
        assert_eq!(fetched.status, 200, "{item}");
        assert!(fetched.bytes == held, "{item}");
        assert_eq!(fetched.header("content-length"), held.len().to_string());
        assert_eq!(fetched.header("accept-ranges"), "bytes");
        assert_eq!(fetched.header("x-content-type-options"), "nosniff");
        assert_eq!(fetched.header("cross-origin-resource-policy"), "same-site");
        assert!(fetched.header("content-security-policy").starts_with("default-src 'none'"));
        let shown = fetched.header("content-disposition").starts_with("inline; ");
        let claimed = item["mime_type"].as_str().unwrap();
        let expected = if shown { claimed } else { "application/octet-stream" };
        assert_eq!(fetched.header("content-type"), expected, "{item}");

        let told = browser.fetch(Method::HEAD, &format!("/stream_media/{id}"), &[]).await;
        assert_eq!((told.status, told.bytes.len()), (200, 0));
        for name in ["content-length", "content-type", "content-disposition", "etag", "accept-ranges"] {
            assert_eq!(told.header(name), fetched.header(name), "{name} of {item}");
        }
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn ranges_are_cut_where_they_begin_and_end() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let size = 1_500_001;
    let id = noise(&stack, PHONE, size, 2);
    let held = read_all(&stack, PHONE, id);
    for (range, first, last) in [
        ("bytes=0-0", 0, 0),
        ("bytes=0-1", 0, 1),
        ("bytes=1023-1024", 1023, 1024),
        ("bytes=1048575-1048576", 1_048_575, 1_048_576),
        ("bytes=-1", size - 1, size - 1),
        ("bytes=-9999999", 0, size - 1),
        ("bytes=1500000-", size - 1, size - 1),
        ("bytes=0-", 0, size - 1),
        ("bytes=700000-9999999", 700_000, size - 1),
    ] {
        let fetched = browser.stream(id, &[("range", range)]).await;
        assert_eq!(fetched.status, 206, "{range}");
        assert_eq!(fetched.header("content-range"), format!("bytes {first}-{last}/{size}"));
        assert_eq!(fetched.header("content-length"), (last - first + 1).to_string());
        let (first, last) = (usize::try_from(first).unwrap(), usize::try_from(last).unwrap());
        assert!(fetched.bytes == held[first..=last], "{range}");
    }
    for range in ["bytes=1500001-", "bytes=1500001-1500002", "bytes=-0"] {
        let fetched = browser.stream(id, &[("range", range)]).await;
        assert_eq!((fetched.status, fetched.header("content-range")), (416, "bytes */1500001"), "{range}");
    }
    for range in ["bytes=0-1,5-6", "bytes=5-1", "lines=1-2", "bytes=", "bytes=x"] {
        let fetched = browser.stream(id, &[("range", range)]).await;
        assert_eq!((fetched.status, fetched.bytes.len()), (200, held.len()), "{range}");
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_client_that_has_the_file_is_told_so_and_a_range_of_another_file_is_not_given() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let id = noise(&stack, PHONE, 5_000, 2);
    let etag = browser.stream(id, &[]).await.header("etag").to_owned();
    assert!(etag.starts_with('"') && etag.ends_with('"'), "a strong tag: {etag}");
    let weak = format!("W/{etag}");
    for tags in [etag.as_str(), weak.as_str(), "*", &format!("\"other\", {etag}")] {
        let fetched = browser.stream(id, &[("if-none-match", tags), ("range", "bytes=0-1")]).await;
        assert_eq!((fetched.status, fetched.bytes.len()), (304, 0), "{tags}");
        assert_eq!(fetched.header("etag"), etag);
    }
    for (tag, status) in [(etag.as_str(), 206), ("\"other\"", 200), (weak.as_str(), 200)] {
        let fetched = browser.stream(id, &[("if-range", tag), ("range", "bytes=0-1")]).await;
        assert_eq!(fetched.status, status, "{tag}");
    }
    let date = "Sat, 29 Oct 1994 19:43:31 GMT";
    assert_eq!(browser.stream(id, &[("if-range", date), ("range", "bytes=0-1")]).await.status, 200);
    for (tag, status) in [(etag.as_str(), 200), ("*", 200), ("\"other\"", 412), (weak.as_str(), 412)] {
        assert_eq!(browser.stream(id, &[("if-match", tag)]).await.status, status, "{tag}");
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_range_is_at_most_what_is_streamed_without_slowing_down_and_a_huge_file_comes_in_ranges() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let id = noise(&stack, PHONE, 200_000_001, 2);
    let refused = browser.stream(id, &[]).await;
    assert_eq!(refused.status, 413);
    assert_eq!(refused.json(), error("Media is too large for one answer. Please use Range requests."));
    let fetched = browser.stream(id, &[("range", "bytes=0-")]).await;
    assert_eq!((fetched.status, fetched.bytes.len()), (206, 5_767_168));
    assert_eq!(fetched.header("content-range"), "bytes 0-5767167/200000001");
    let head = browser.fetch(Method::HEAD, &format!("/stream_media/{id}"), &[]).await;
    assert_eq!((head.status, head.header("content-length")), (200, "200000001"));
    stack.end_accounts().await;
}

#[tokio::test]
async fn files_of_all_data_centres_are_streamed_and_no_login_is_used_twice_at_once() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    for dc in [1, 2, 3] {
        let id = noise(&stack, PHONE, 3_000_000, dc);
        let fetched = browser.stream(id, &[]).await;
        assert_eq!(fetched.status, 200, "{dc}: {:?}", String::from_utf8_lossy(&fetched.bytes));
        assert!(fetched.bytes == read_all(&stack, PHONE, id), "{dc}");
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn what_is_not_a_file_in_saved_messages_is_not_found() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let text = stack.save_text(PHONE, "no file");
    let deleted = noise(&stack, PHONE, 10, 2);
    stack.delete_saved(PHONE, deleted);
    let elsewhere = stack.messages_elsewhere(PHONE);
    assert!(!elsewhere.is_empty());
    let numbers = elsewhere.into_iter().chain([text, deleted, 0, -1, i32::MAX]);
    let ids = numbers.map(|id| id.to_string()).chain(["2147483648", "1.5", "abc", "%20"].map(str::to_owned));
    for id in ids {
        for (path, sentence) in [
            ("stream_media", "Media not found or message ID is invalid."),
            ("stream_thumbnail", "Thumbnail not found for this message or message ID is invalid."),
        ] {
            let fetched = browser.fetch(Method::GET, &format!("/{path}/{id}"), &[]).await;
            assert_eq!((fetched.status, fetched.json()), (404, error(sentence)), "{path} {id}");
        }
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn strangers_get_nothing() {
    let stack = TestStack::start().await;
    let id = noise(&stack, PHONE, 10, 2);
    let stranger = stack.browser();
    let forged = Browser::with_cookie(&stack, "x");
    for browser in [&stranger, &forged] {
        for path in ["/stream_media/", "/stream_thumbnail/"].map(|path| format!("{path}{id}")) {
            let fetched = browser.fetch(Method::GET, &path, &[]).await;
            assert_eq!((fetched.status, fetched.json()), (401, not_authenticated()), "{path}");
        }
        let fetched = browser.fetch(Method::GET, "/stream_media/abc", &[]).await;
        assert_eq!(fetched.status, 401, "a stranger learns nothing about ids");
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_ticket_opens_one_message_for_a_while() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let [one, other] = [noise(&stack, PHONE, 5_000, 2), noise(&stack, PHONE, 6_000, 2)];
    let issued = browser.post("/media-tickets", &json!({ "message_id": one })).await;
    assert_eq!(issued.status, StatusCode::CREATED, "{issued:?}");
    assert_eq!(issued.body["expires_in"], 300);
    let url = issued.body["url"].as_str().unwrap().to_owned();
    let path = url.strip_prefix(&stack.stack.url()).unwrap().to_owned();
    let stranger = stack.browser();
    let fetched = stranger.fetch(Method::GET, &path, &[]).await;
    assert_eq!((fetched.status, fetched.bytes.len()), (200, 5_000));
    assert_eq!(fetched.header("cross-origin-resource-policy"), "cross-origin");
    let moved = path.replace(&one.to_string(), &other.to_string());
    for wrong in [moved, format!("{path}x"), path.replace("ticket=", "ticket=A")] {
        assert_eq!(stranger.fetch(Method::GET, &wrong, &[]).await.status, 401, "another file");
    }
    let nobodys = browser.post("/media-tickets", &json!({ "message_id": 0 })).await;
    assert_eq!(nobodys.both(), (404, &not_found()));
    stack.pass(300);
    assert_eq!(stranger.fetch(Method::GET, &path, &[]).await.status, 401, "expired");
    assert!(stack.logs.logs().iter().all(|line| !line.line.contains("ticket=")), "a ticket in the log");
    stack.end_accounts().await;
}

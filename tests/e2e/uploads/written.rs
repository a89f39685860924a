//! Forms that no browser writes, and those that some do.

use reqwest::Method;
use serde_json::json;

use super::support::message_id;
use crate::account::{Answered, Browser, PHONE};
use crate::support::TestStack;

const BOUNDARY: &str = "----WebKitFormBoundary7MA4YWxkTrZu0gW";

const NO_FILE: &str = "No file provided in the request.";
const INVALID: &str = "Invalid file type or format.";
const UNREADABLE: &str = "The form cannot be read.";

/// A form of fields, each with the rest of its disposition and its content.
pub(super) fn form(fields: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (disposition, content) in fields {
        let head = format!("--{BOUNDARY}\r\ncontent-disposition: form-data; {disposition}\r\n\r\n");
        body.extend([head.as_bytes(), content, b"\r\n"].concat());
    }
    body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
    body
}

impl Browser<'_> {
    pub(super) async fn send_written(&mut self, body: Vec<u8>) -> Answered {
        self.send_written_as(&format!("multipart/form-data; boundary={BOUNDARY}"), body).await
    }

    async fn send_written_as(&mut self, content_type: &str, body: Vec<u8>) -> Answered {
        let request = self.request(Method::POST, "/upload_file").header("content-type", content_type);
        self.send(request.body(body)).await
    }
}

const FILE: (&str, &[u8]) = ("name=\"file\"; filename=\"a.txt\"", b"content");

#[tokio::test]
async fn fields_come_in_any_order_and_unknown_ones_are_passed_over() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let caption = ("name=\"caption\"", "Ein Fähnchen 🏁\r\nzwei".as_bytes());
    let sent_as = ("name=\"as\"", &b"document"[..]);
    for fields in [
        vec![FILE, caption, sent_as],
        vec![caption, FILE, sent_as],
        vec![sent_as, caption, FILE],
        vec![("name=\"token\"", &b"x"[..]), caption, ("name=\"other\"; filename=\"b\"", b"y"), FILE],
    ] {
        let answered = browser.send_written(form(&fields)).await;
        assert_eq!(answered.status, 200, "{fields:?}: {:?}", answered.body);
        let id = message_id(&answered.body);
        stack.check_sent(id, b"content");
        let message = stack.message(id);
        assert_eq!(message.text.replace("\r\n", "\n"), "Ein Fähnchen 🏁\nzwei");
        assert_eq!(message.file.unwrap().name.as_deref(), Some("a.txt"));
    }
    stack.end_uploads().await;
}

#[tokio::test]
async fn a_name_with_a_path_loses_it_and_one_that_is_missing_is_made() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    for (disposition, name) in [
        ("filename=\"../../etc/passwd\"", "passwd"),
        ("filename=\"C:\\Users\\Ada\\a.txt\"", "a.txt"),
        ("filename=\"/\"", "file.bin"),
        ("filename=\"\"", "file.bin"),
        ("filename=\"..\"", "file.bin"),
        ("filename=\"a%22b%0D%0Ac.txt\"", "a\"bc.txt"),
        ("filename=\"Отчёт за июнь.txt\"", "Отчёт за июнь.txt"),
        ("filename=unquoted.txt", "unquoted.txt"),
    ] {
        let answered = browser.send_written(form(&[(&format!("name=\"file\"; {disposition}"), b"x")])).await;
        assert_eq!(answered.status, 200, "{disposition}: {:?}", answered.body);
        let sent = stack.message(message_id(&answered.body)).file.unwrap();
        assert_eq!(sent.name.as_deref(), Some(name), "{disposition}");
    }
    stack.end_uploads().await;
}

#[track_caller]
fn told(row: &str, sentence: &str, answered: &Answered) {
    assert_eq!(
        (answered.status.as_u16(), &answered.body["error"]),
        (400, &json!(sentence)),
        "{row}: {answered:?}"
    );
}

#[tokio::test]
async fn what_is_no_form_with_one_file_is_told_and_leaves_nothing() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let before = stack.kept(PHONE);
    let whole = form(&[("name=\"caption\"", b"words"), FILE]);

    for (row, body, sentence) in [
        ("no field", form(&[]), NO_FILE),
        ("no file", form(&[("name=\"caption\"", b"words")]), NO_FILE),
        ("the file under another name", form(&[("name=\"photo\"; filename=\"a\"", b"x")]), NO_FILE),
        ("an empty file", form(&[("name=\"file\"; filename=\"a.txt\"", b"")]), INVALID),
        ("an empty file field of a browser", form(&[("name=\"file\"; filename=\"\"", b"")]), NO_FILE),
        ("two files", form(&[FILE, FILE]), UNREADABLE),
        ("truncated in the file", whole[..whole.len() - BOUNDARY.len() - 10].to_vec(), UNREADABLE),
        ("truncated before the file", whole[..60].to_vec(), UNREADABLE),
        ("no end", whole[..whole.len() - 6].to_vec(), UNREADABLE),
        ("nothing at all", Vec::new(), UNREADABLE),
        ("no form", b"content".to_vec(), UNREADABLE),
        ("a caption that is no text", form(&[("name=\"caption\"", b"\xff\xfe"), FILE]), UNREADABLE),
        (
            "as what nobody knows",
            form(&[("name=\"as\"", b"voice"), FILE]),
            "as must be auto, photo or document.",
        ),
        ("two captions", form(&[("name=\"caption\"", b"a"), ("name=\"caption\"", b"b"), FILE]), UNREADABLE),
    ] {
        let answered = browser.send_written(body).await;
        told(row, sentence, &answered);
    }
    let other = format!("multipart/form-data; boundary={BOUNDARY}x");
    let answered = browser.send_written_as(&other, whole.clone()).await;
    told("another boundary", UNREADABLE, &answered);
    let answered = browser.send_written_as("multipart/form-data", whole.clone()).await;
    told("no boundary", UNREADABLE, &answered);
    for other in ["text/plain", "application/x-www-form-urlencoded", "multipart/mixed; boundary=x"] {
        let answered = browser.send_written_as(other, whole.clone()).await;
        assert_eq!(answered.status, 415, "{other}: {:?}", answered.body);
    }
    assert_eq!(stack.kept(PHONE), before);
    stack.nothing_left().await;
    stack.end_uploads().await;
}

#[tokio::test]
async fn a_caption_is_as_long_as_telegram_counts_it() {
    let stack = TestStack::start().await;
    let subscriber = "+15557654321";
    stack.account(&json!({"phone": subscriber, "first_name": "Eve", "premium": true})).await;
    for (phone, most) in [(PHONE, 1024), (subscriber, 2048)] {
        let mut browser = Browser::signed_in(&stack, phone).await;
        let before = stack.kept(phone);
        for letter in ["a", "я", "😀"] {
            let (fits, too_long) = (letter.repeat(most), letter.repeat(most + 1));
            let answered = browser.send_written(form(&[("name=\"caption\"", fits.as_bytes()), FILE])).await;
            assert_eq!(answered.status, 200, "{phone} {letter}: {:?}", answered.body);
            let answered =
                browser.send_written(form(&[FILE, ("name=\"caption\"", too_long.as_bytes())])).await;
            too_long_told(&answered, most);
            let asked = json!({"name": "a", "size": 5, "caption": too_long});
            too_long_told(&browser.post("/uploads", &asked).await, most);
        }
        assert_eq!(stack.kept(phone), before + 3);
    }
    stack.end_uploads().await;
}

fn too_long_told(answered: &Answered, most: usize) {
    assert_eq!(answered.status, 400, "{answered:?}");
    let told = [&answered.body["error"], &answered.body["details"]];
    assert!(
        told.iter().any(|told| told.as_str().is_some_and(|told| told.contains(&most.to_string()))),
        "{told:?}"
    );
}

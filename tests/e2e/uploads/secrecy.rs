//! What uploads leave in logs and tables: nothing of what somebody sends, and nothing that sends in their name.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use lambdagram_tests::lambda::Stream;
use lambdagram_tests::telegram::faults::Moment;
use serde_json::{Value, json};

use super::support::{BIG, SAVE_BIG_PART, SAVE_PART, SEND_MEDIA, bring};
use crate::account::{Browser, PHONE};
use crate::support::TestStack;

const NAME: &str = "Quittung-Zahnarzt-Zebra.txt";
const CAPTION: &str = "Caption of a zebra with words of its own";
const CONTENT: &str = "The content of the file: nobody reads about zebras but who owns it.";
const TYPE: &str = "application/x-zebra";

/// Everything of the tables, as bytes.
async fn stored(stack: &TestStack) -> Vec<Vec<u8>> {
    let mut stored = Vec::new();
    for table in ["uploads", "sessions", "limits"] {
        for (_, value) in stack.rows(table).await.into_iter().flatten() {
            stored.push(match value {
                AttributeValue::S(text) | AttributeValue::N(text) => text.into_bytes(),
                AttributeValue::B(bytes) => bytes.into_inner(),
                AttributeValue::Ss(texts) => texts.join("\n").into_bytes(),
                AttributeValue::Bool(_) | AttributeValue::Null(_) => Vec::new(),
                other => format!("{other:?}").into_bytes(),
            });
        }
    }
    let queues = stack.stack.model().queues.iter();
    stored.extend(
        queues.flat_map(|queue| stack.stack.sqs().messages(&queue.name)).map(|it| it.body.into_bytes()),
    );
    stored
}

#[tokio::test]
async fn no_log_and_no_table_tells_what_was_sent_nor_lets_anybody_send() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let small = CONTENT.repeat(100).into_bytes();
    let big = CONTENT.repeat(BIG / CONTENT.len()).into_bytes();
    let asked = json!({"name": NAME, "caption": CAPTION, "mime_type": TYPE});
    let mut seen = Vec::new();

    browser.send_file(NAME, &small, &[("caption", CAPTION)]).await;
    // Things that go wrong are logged more than others.
    for (method, error) in [
        (SAVE_PART, "FLOOD_WAIT_40"),
        (SAVE_PART, "FILE_PART_TOO_BIG"),
        (SEND_MEDIA, "MEDIA_INVALID"),
        (SEND_MEDIA, "FILE_PART_0_MISSING"),
        (SAVE_PART, "drop"),
    ] {
        stack.fail(method, error, 1, Moment::Before);
        let part = reqwest::multipart::Part::bytes(small.clone()).file_name(NAME);
        browser.send_form(part, &[("caption", CAPTION)]).await;
        stack.fail(method, error, 1, Moment::Before);
        browser.upload_with(&stack, &small, asked.clone()).await;
        stack.stack.settle().await;
        seen.extend(stored(&stack).await);
        stack.forgive();
    }
    let begun =
        browser.begin(&json!({"name": NAME, "caption": CAPTION, "mime_type": TYPE, "size": big.len()})).await;
    seen.extend(stored(&stack).await);
    let parts = bring(&stack, &begun, &big).await;
    let wrong = json!({"parts": [{"number": 1, "etag": "\"zebra\""}]});
    assert_eq!(browser.complete(&begun, &wrong).await.status, 400);
    stack.fail(SAVE_BIG_PART, "FLOOD_WAIT_60", 1, Moment::Before);
    assert_eq!(browser.complete(&begun, &parts).await.status, 202);
    stack.fails(SAVE_BIG_PART, 0).await;
    stack.workers_over().await;
    seen.extend(stored(&stack).await);
    stack.stack.settle().await;
    browser.message_of(&begun).await;
    seen.extend(stored(&stack).await);

    let cookie = browser.cookie().unwrap().to_owned();
    let signatures = begun
        .parts
        .iter()
        .filter_map(|(_, url)| Some(url.split_once("X-Amz-Signature=")?.1[..64].to_owned()));
    let signatures: Vec<String> = signatures.collect();
    assert_eq!(signatures.len(), 2);
    let hidden = [NAME, "Zebra", CAPTION, "zebra", CONTENT, "X-Amz-Signature=", &cookie, &PHONE[1..], TYPE];
    let hidden: Vec<&str> = hidden.into_iter().chain(signatures.iter().map(String::as_str)).collect();
    let logs = stack.logs.logs();
    let functions: BTreeSet<_> = logs.iter().map(|line| &*line.function).collect();
    for function in ["UploadFile", "Uploads", "UploadWorker"] {
        assert!(functions.contains(function), "{function} logged nothing");
    }
    for line in &logs {
        let found = hidden.iter().find(|hidden| line.line.contains(**hidden));
        assert!(found.is_none(), "{found:?} is in a log: {line:?}");
    }
    let documented = crate::logs::documented_fields();
    for line in logs.iter().filter(|line| line.stream != Stream::Platform) {
        let object: Value = serde_json::from_str(&line.line).unwrap();
        let unknown: Vec<_> = crate::logs::fields(&object).difference(&documented).cloned().collect();
        assert_eq!(unknown, Vec::<String>::new(), "{object}");
    }
    assert!(!seen.is_empty());
    for bytes in seen {
        let found = hidden
            .iter()
            .find(|hidden| bytes.windows(hidden.len()).any(|window| window == hidden.as_bytes()));
        assert!(found.is_none(), "{found:?} is in a table or a queue: {}", String::from_utf8_lossy(&bytes));
    }
    stack.end_uploads().await;
}

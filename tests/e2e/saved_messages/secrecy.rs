//! What streams leave behind: no log and no table tells what somebody keeps, nor how to get it; and what was kept under a
//! master secret that is gone is no error.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use lambdagram_tests::telegram::mtproto::accounts::Phone;
use lambdagram_tests::telegram::mtproto::people::sending::{SendAs, Sent};
use reqwest::Method;
use serde_json::{Value, json};

use super::begun::{Begun, LONG};
use super::{noise, read_all};
use crate::account::{Browser, PHONE};
use crate::support::TestStack;

const NAME: &str = "Quittung-Zahnarzt-Zebra.txt";
const CAPTION: &str = "Caption of a zebra with words of its own";
const CONTENT: &str = "The content of the file: nobody reads about zebras but who owns it.";

/// Sends what is looked for later.
fn save_marked(stack: &TestStack) -> i32 {
    let sent = Sent {
        name: Some(NAME.to_owned()),
        mime_type: "text/plain".to_owned(),
        caption: CAPTION.to_owned(),
        send_as: SendAs::Document,
    };
    let mut sending = stack.stack.cloud().unwrap().people().send();
    sending.write(CONTENT.repeat(50_000).as_bytes()).unwrap();
    sending.finish(&Phone::parse(PHONE).unwrap(), sent).unwrap()
}

#[tokio::test]
async fn no_log_and_no_table_tells_what_was_streamed() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let id = save_marked(&stack);
    browser.list("").await;
    let issued = browser.post("/media-tickets", &json!({ "message_id": id })).await;
    let url = issued.body["url"].as_str().unwrap().to_owned();
    let ticket = url.split_once("ticket=").unwrap().1.to_owned();
    let path = url.strip_prefix(&stack.stack.url()).unwrap().to_owned();
    let stranger = stack.browser();
    let fetched = stranger.fetch(Method::GET, &path, &[]).await;
    assert!(
        fetched.bytes == CONTENT.repeat(50_000).as_bytes()
            && fetched.header("content-disposition").contains(NAME)
    );
    let thumbnail = path.replace("stream_media", "stream_thumbnail");
    assert_eq!(stranger.fetch(Method::GET, &thumbnail, &[]).await.status, 404);
    // Things that go wrong are logged more than others.
    for error in ["LOCATION_INVALID", "FLOOD_WAIT_30", "FILE_REFERENCE_EXPIRED", "drop", "FILE_MIGRATE_9"] {
        stack.fail_files(error, 1);
        // It may break off or be refused, by which of its parts is the one that fails.
        let answer = stranger.request(Method::GET, &path).header("range", "bytes=1-").send().await.unwrap();
        let _whole_or_not = answer.bytes().await;
    }
    stack.slow_telegram(true);
    let long = noise(&stack, PHONE, LONG, 2);
    let begun = Begun::stream(&browser, long).await;
    stack.fail_files("LOCATION_INVALID", 1);
    assert!(!begun.rest().await.1);
    stack.slow_telegram(false);
    stack.fail_files("FILE_REFERENCE_EXPIRED", 100);
    assert_eq!(stranger.fetch(Method::GET, &path, &[]).await.status, 500);
    stack.stack.simulated().unwrap().faults().clear();
    for wrong in [format!("{path}x"), path.replace(&id.to_string(), "1")] {
        assert_eq!(stranger.fetch(Method::GET, &wrong, &[]).await.status, 401);
    }
    stack.streams_over().await;

    let cookie = browser.cookie().unwrap();
    let hidden = [NAME, "Zebra", CAPTION, "zebra", CONTENT, "ticket=", &ticket, cookie, &PHONE[1..]];
    let logs = stack.logs.logs();
    let functions: BTreeSet<_> = logs.iter().map(|line| &*line.function).collect();
    for function in ["StreamMedia", "StreamThumbnail", "MediaTickets"] {
        assert!(functions.contains(function), "{function} logged nothing");
    }
    for line in &logs {
        let found = hidden.iter().find(|hidden| line.line.contains(**hidden));
        assert!(found.is_none(), "{found:?} is in a log: {line:?}");
    }
    let documented = crate::logs::documented_fields();
    for line in logs.iter().filter(|line| line.stream != lambdagram_tests::lambda::Stream::Platform) {
        let object: Value = serde_json::from_str(&line.line).unwrap();
        let unknown: Vec<_> = crate::logs::fields(&object).difference(&documented).cloned().collect();
        assert_eq!(unknown, Vec::<String>::new(), "{object}");
    }

    let names: Vec<_> = stack.saved_files(PHONE).into_iter().filter_map(|file| file.file?.name).collect();
    let names = names.iter().map(String::as_str).filter(|name| name.len() > 4);
    let hidden: Vec<&str> = names.chain(hidden).chain(["application/", "image/jpeg", "JFIF"]).collect();
    for table in ["media", "sessions", "limits"] {
        let rows = stack.rows(table).await;
        assert!(!rows.is_empty(), "{table}");
        for (name, value) in rows.into_iter().flatten() {
            let bytes = match value {
                AttributeValue::S(text) | AttributeValue::N(text) => text.into_bytes(),
                AttributeValue::B(bytes) => bytes.into_inner(),
                AttributeValue::Ss(texts) => texts.join("\n").into_bytes(),
                other => panic!("{other:?}"),
            };
            let found = hidden
                .iter()
                .find(|hidden| bytes.windows(hidden.len()).any(|window| window == hidden.as_bytes()));
            assert!(found.is_none(), "{found:?} is in {name} of {table}");
        }
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn what_was_seen_under_another_secret_is_looked_for_again() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    browser.list("").await;
    let id = noise(&stack, PHONE, 5_000, 2);
    assert_eq!(browser.stream(id, &[]).await.status, 200);
    // Every row as if an old secret had sealed it, or as nobody has: what opens with no secret in force is not there.
    let table = stack.stack.model().tables.iter().find(|table| table.name.to_lowercase().contains("media"));
    let table = table.unwrap().name.clone();
    let dynamodb = stack.dynamodb().await;
    for (attribute, value) in [
        ("key_id", AttributeValue::S("of-an-old-secret".to_owned())),
        ("sealed", AttributeValue::B(aws_sdk_dynamodb::primitives::Blob::new(vec![7; 300]))),
        ("sealed", AttributeValue::B(aws_sdk_dynamodb::primitives::Blob::new(Vec::new()))),
        ("sealed", AttributeValue::N("5".to_owned())),
    ] {
        for mut row in stack.rows("media").await {
            row.insert(attribute.to_owned(), value.clone());
            dynamodb.put_item().table_name(&table).set_item(Some(row)).send().await.unwrap();
        }
        let logged = stack.logs.logs().len();
        let fetched = browser.stream(id, &[]).await;
        assert!(fetched.bytes == read_all(&stack, PHONE, id), "{attribute}: {}", fetched.status);
        stack.streams_over().await;
        let logs = stack.logs.logs();
        let errors: Vec<_> = logs[logged..].iter().filter(|line| line.line.contains("\"ERROR\"")).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn rows_of_other_sessions_and_of_other_places_do_not_open() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    browser.list("").await;
    let rows = stack.rows("media").await;
    let table = stack.stack.model().tables.iter().find(|table| table.name.to_lowercase().contains("media"));
    let table = table.unwrap().name.clone();
    let dynamodb = stack.dynamodb().await;
    // Another person's session gets a copy of each row.
    let phone = "+15557654321";
    stack.account(&json!({"phone": phone, "first_name": "Eve"})).await;
    let eve = Browser::signed_in(&stack, phone).await;
    let mine = noise(&stack, phone, 10, 2);
    assert_eq!(eve.stream(mine, &[]).await.status, 200);
    let session =
        stack.rows("media").await.into_iter().find(|row| !rows.contains(row)).unwrap()["session"].clone();
    for row in &rows {
        let mut row = row.clone();
        row.insert("session".to_owned(), session.clone());
        dynamodb.put_item().table_name(&table).set_item(Some(row)).send().await.unwrap();
    }
    let theirs = stack.saved_files(PHONE)[0].id;
    assert_eq!(eve.stream(theirs, &[]).await.status, 404);
    stack.end_accounts().await;
}

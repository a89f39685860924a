//! Logins that end while a file is on its way.

use lambdagram_tests::telegram::faults::Moment;
use serde_json::json;

use super::cancelled::At;
use super::support::{SAVE_PART, SEND_MEDIA, SMALL, WORKER, noise};
use crate::account::{Browser, PHONE};
use crate::support::TestStack;

impl TestStack {
    /// What became of each upload: its state, and why it failed.
    async fn endings(&self) -> Vec<(String, String)> {
        let text = |value: Option<&aws_sdk_dynamodb::types::AttributeValue>| {
            value.map(|value| value.as_s().unwrap().clone()).unwrap_or_default()
        };
        let rows = self.uploads().await;
        rows.iter().map(|row| (text(row.get("state")), text(row.get("failure")))).collect()
    }
}

#[tokio::test]
async fn a_login_that_ends_at_telegram_ends_what_it_was_sending() {
    for at in [At::Waiting, At::Sending] {
        let stack = TestStack::start().await;
        let mut browser = Browser::signed_in(&stack, PHONE).await;
        let before = stack.kept(PHONE);
        at.reach(&stack, &mut browser).await;
        stack.end_all_logins(PHONE);
        stack.forgive();
        stack.stack.settle().await;
        assert_eq!(stack.endings().await, [("failed".to_owned(), "session_ended".to_owned())], "{at:?}");
        assert!(!browser.is_authenticated().await, "{at:?}");
        assert_eq!(stack.kept(PHONE), before, "{at:?}");
        stack.nothing_left().await;
        stack.end_uploads().await;
    }
}

#[tokio::test]
async fn who_brings_parts_when_the_login_has_ended_is_told_and_what_came_goes_by_itself() {
    for at in [At::Nothing, At::SomeParts, At::AllParts] {
        let stack = TestStack::start().await;
        let mut browser = Browser::signed_in(&stack, PHONE).await;
        let (before, begun) = (stack.kept(PHONE), at.reach(&stack, &mut browser).await);
        stack.end_all_logins(PHONE);
        // Nobody but Telegram knows of it until somebody asks there.
        assert_eq!(browser.state(&begun).await["state"], "receiving", "{at:?}");
        if at == At::AllParts {
            let answered = browser.post("/upload_file", &json!({"upload_id": begun.id})).await;
            assert_eq!(answered.status, 202, "{answered:?}");
            stack.stack.settle().await;
            assert_eq!(stack.endings().await, [("failed".to_owned(), "session_ended".to_owned())]);
            stack.nothing_left().await;
        } else {
            stack.pass(61);
            assert!(!browser.is_authenticated().await);
            assert_eq!(browser.look(&begun).await.status, 401);
            assert_eq!(stack.endings().await, [("receiving".to_owned(), String::new())]);
            // The bucket's lifecycle, after a day.
            stack.pass(2 * 86_400);
            stack.nothing_left().await;
        }
        assert_eq!(stack.kept(PHONE), before, "{at:?}");
        stack.end_accounts().await;
    }
}

#[tokio::test]
async fn a_worker_that_is_told_so_in_the_middle_says_that_the_session_has_ended() {
    for error in ["AUTH_KEY_UNREGISTERED", "SESSION_REVOKED", "USER_DEACTIVATED"] {
        let stack = TestStack::start().await;
        let mut browser = Browser::signed_in(&stack, PHONE).await;
        stack.fail(SEND_MEDIA, error, 100, Moment::Before);
        browser.upload(&stack, &noise(SMALL)).await;
        stack.stack.settle().await;
        let ended = ("failed".to_owned(), "session_ended".to_owned());
        assert_eq!(stack.endings().await, [ended], "{error}");
        stack.nothing_left().await;
        stack.forgive();
        assert!(!browser.is_authenticated().await, "{error}");
        stack.end_uploads().await;
    }
}

#[tokio::test]
async fn a_session_that_is_gone_from_the_table_sends_nothing() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let before = stack.kept(PHONE);
    stack.fail(SAVE_PART, "FLOOD_WAIT_600", 1, Moment::Before);
    browser.upload(&stack, &noise(SMALL)).await;
    stack.fails(SAVE_PART, 0).await;
    stack.workers_over().await;
    let tables = &stack.stack.model().tables;
    let table = tables.iter().find(|table| table.name.to_lowercase().contains("sessions")).unwrap();
    let dynamodb = stack.dynamodb().await;
    for row in stack.sessions().await {
        let key = table.create["KeySchema"].as_array().unwrap().iter();
        let names = key.map(|key| key["AttributeName"].as_str().unwrap().to_owned());
        let key = names.map(|name| (name.clone(), row[&name].clone())).collect();
        dynamodb.delete_item().table_name(&table.name).set_key(Some(key)).send().await.unwrap();
    }
    stack.stack.settle().await;
    assert_eq!(stack.endings().await, [("failed".to_owned(), "session_ended".to_owned())]);
    assert_eq!((stack.kept(PHONE), stack.stack.lambda().in_flight(WORKER)), (before, 0));
    stack.end_uploads().await;
}

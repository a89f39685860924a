//! Saved Messages of people who are signed in.

mod begun;
mod changes;
mod clients;
mod crowds;
mod faults;
mod galleries;
mod leased;
mod list;
mod paging;
mod property;
mod secrecy;
mod streams;
mod thumbnails;

use lambdagram_tests::telegram::mtproto::accounts::Phone;
use lambdagram_tests::telegram::mtproto::people::saved::SavedMessage;
use lambdagram_tests::telegram::mtproto::people::sending::{SendAs, Sent};
use reqwest::Method;
use serde_json::Value;

use crate::account::{Answered, Browser};
use crate::support::TestStack;

/// Where the list is.
const PATH: &str = "/get-saved-messages-media";

/// The account with 1,200 files from the start.
pub(crate) const MANY_PHONE: &str = lambdagram_tests::telegram::mtproto::accounts::MANY_PHONE;

impl TestStack {
    /// What Telegram holds, the newest first.
    fn saved_messages(&self, phone: &str) -> Vec<SavedMessage> {
        let phone = Phone::parse(phone).unwrap();
        self.stack.cloud().unwrap().people().saved_messages(&phone).unwrap()
    }

    /// The files among it.
    pub(crate) fn saved_files(&self, phone: &str) -> Vec<SavedMessage> {
        self.saved_messages(phone).into_iter().filter(|message| message.file.is_some()).collect()
    }

    fn save_text(&self, phone: &str, text: &str) -> i32 {
        let phone = Phone::parse(phone).unwrap();
        self.stack.cloud().unwrap().people().save_text(&phone, text).unwrap()
    }

    fn messages_elsewhere(&self, phone: &str) -> Vec<i32> {
        let phone = Phone::parse(phone).unwrap();
        self.stack.cloud().unwrap().people().messages_elsewhere(&phone).unwrap()
    }

    fn delete_saved(&self, phone: &str, message_id: i32) {
        let phone = Phone::parse(phone).unwrap();
        assert!(self.stack.cloud().unwrap().people().delete_message(&phone, message_id).unwrap());
    }

    /// Sends a file from another device; the id of its message.
    async fn save_file(&self, phone: &str, name: &str, bytes: Vec<u8>) -> i32 {
        let file = reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned());
        let form = reqwest::multipart::Form::new().part("file", file).text("as", "document");
        let path = format!("/_sim/accounts/{}/saved-messages", phone.replace('+', "%2B"));
        let sent = self.request(Method::POST, &path).multipart(form).send().await.unwrap();
        assert_eq!(sent.status(), 201);
        let sent: Value = sent.json().await.unwrap();
        i32::try_from(sent["message_id"].as_i64().unwrap()).unwrap()
    }
}

impl Browser<'_> {
    /// A part of the list, which must be there.
    async fn list(&mut self, query: &str) -> Answered {
        let answered = self.get(&format!("{PATH}{query}")).await;
        assert_eq!(answered.status, 200, "{query}: {:?}", answered.body);
        answered
    }

    /// Every part of the list from this one on, and how many parts there were.
    async fn list_all(&mut self, query: &str) -> (Vec<Value>, usize) {
        let (mut items, mut parts, mut next) = (Vec::new(), 0, Some(query.to_owned()));
        while let Some(query) = next {
            let answered = self.list(&query).await;
            items.extend_from_slice(answered.body.as_array().unwrap());
            next = answered.next();
            parts += 1;
        }
        (items, parts)
    }
}

impl Answered {
    /// The query of the part after this one.
    fn next(&self) -> Option<String> {
        let link = self.headers.get("link")?.to_str().unwrap();
        let query = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
        Some(query.strip_prefix(PATH).unwrap().to_owned())
    }
}

/// The ids of items.
fn ids(items: &[Value]) -> Vec<i32> {
    items.iter().map(|item| i32::try_from(item["id"].as_i64().unwrap()).unwrap()).collect()
}

/// The ids of messages.
fn ids_of(messages: &[SavedMessage]) -> Vec<i32> {
    messages.iter().map(|message| message.id).collect()
}

/// Saves a document of noise in a data centre; the id of its message.
fn noise(stack: &TestStack, phone: &str, size: u64, dc: i32) -> i32 {
    let sent = Sent {
        name: Some("noise.bin".to_owned()),
        mime_type: "application/octet-stream".to_owned(),
        caption: String::new(),
        send_as: SendAs::Document,
    };
    let phone = Phone::parse(phone).unwrap();
    stack.stack.cloud().unwrap().people().save_noise(&phone, size, dc, sent).unwrap()
}

/// The file of a message, as Telegram holds it.
fn read_all(stack: &TestStack, phone: &str, id: i32) -> Vec<u8> {
    let phone = Phone::parse(phone).unwrap();
    stack.stack.cloud().unwrap().people().read_saved(&phone, id, 0..u64::MAX).unwrap().unwrap()
}

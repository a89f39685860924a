//! Files of any size, how a browser brings them, and what must hold when it is over.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use lambdagram_tests::lambda::ProcessState;
use lambdagram_tests::telegram::faults::{Fault, Moment};
use lambdagram_tests::telegram::mtproto::accounts::Phone;
use lambdagram_tests::telegram::mtproto::network::NetworkSettings;
use lambdagram_tests::telegram::mtproto::people::People;
use lambdagram_tests::telegram::mtproto::people::saved::SavedMessage;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::account::{Answered, Browser, PHONE};
use crate::support::TestStack;

/// The function that sends what the bucket has.
pub(super) const WORKER: &str = "UploadWorker";

/// Bytes of a part at Telegram.
pub(super) const PART: usize = 512 * 1024;

/// Bytes of a part in the bucket.
pub(super) const STAGED_PART: usize = 8 * 1024 * 1024;

/// A file that is saved in several parts, as a small one.
pub(super) const SMALL: usize = 3 * PART + 7;

/// A file that is saved as a big one and staged in two parts.
pub(super) const BIG: usize = 11_000_001;

/// The parts of files that Telegram takes.
pub(super) const SAVE_PART: &str = "upload.saveFilePart";
pub(super) const SAVE_BIG_PART: &str = "upload.saveBigFilePart";
pub(super) const SEND_MEDIA: &str = "messages.sendMedia";

/// An upload that has begun.
#[derive(Clone, Debug)]
pub(super) struct Begun {
    pub(super) id: String,
    /// Number and URL of each part that is missing.
    pub(super) parts: Vec<(u64, String)>,
}

/// Noise, another for each size and in each piece of 4 kB.
pub(super) fn noise(size: usize) -> Vec<u8> {
    const PIECE: usize = 4096;
    let mut state = (size as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut word = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let piece: Vec<u8> = (0..PIECE / 8).flat_map(|_| word()).collect();
    let mut bytes = Vec::with_capacity(size + PIECE);
    for number in 0..size.div_ceil(PIECE) {
        bytes.extend((number as u64).to_le_bytes());
        bytes.extend(&piece[8..]);
    }
    bytes.truncate(size);
    bytes
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

pub(super) fn phone(phone: &str) -> Phone {
    Phone::parse(phone).unwrap()
}

impl Begun {
    /// Reads an upload that is being received.
    pub(super) fn read(body: &Value) -> Self {
        let part =
            |part: &Value| (part["number"].as_u64().unwrap(), part["url"].as_str().unwrap().to_owned());
        let parts = body["parts"].as_array().unwrap().iter().map(part).collect();
        Self { id: body["id"].as_str().unwrap().to_owned(), parts }
    }

    pub(super) fn path(&self) -> String {
        format!("/uploads/{}", self.id)
    }
}

/// Puts bytes to a presigned URL.
pub(super) async fn put(stack: &TestStack, url: &str, bytes: &[u8]) -> Response {
    stack.http.put(url).body(bytes.to_vec()).send().await.unwrap()
}

/// The tag of a part that was put.
pub(super) fn etag(answer: &Response) -> String {
    assert_eq!(answer.status(), 200);
    answer.headers()["etag"].to_str().unwrap().to_owned()
}

/// Brings the missing parts of a file: what completes it, if no part was there before.
pub(super) async fn bring(stack: &TestStack, begun: &Begun, file: &[u8]) -> Value {
    let mut parts = Vec::new();
    for (number, url) in &begun.parts {
        let start = (usize::try_from(*number).unwrap() - 1) * STAGED_PART;
        let bytes = &file[start..file.len().min(start + STAGED_PART)];
        parts.push(json!({"number": number, "etag": etag(&put(stack, url, bytes).await)}));
    }
    json!({ "parts": parts })
}

impl Browser<'_> {
    /// Begins an upload, which must go well.
    pub(super) async fn begin(&mut self, asked: &Value) -> Begun {
        let answered = self.post("/uploads", asked).await;
        assert_eq!(answered.status, 201, "{:?}", answered.body);
        Begun::read(&answered.body)
    }

    pub(super) async fn complete(&mut self, begun: &Begun, parts: &Value) -> Answered {
        self.post(&format!("{}/complete", begun.path()), parts).await
    }

    pub(super) async fn look(&mut self, begun: &Begun) -> Answered {
        self.get(&begun.path()).await
    }

    pub(super) async fn cancel(&mut self, begun: &Begun) -> Answered {
        let request = self.request(Method::DELETE, &begun.path());
        self.send(request).await
    }

    /// Where an upload stands, for its owner.
    pub(super) async fn state(&mut self, begun: &Begun) -> Value {
        let answered = self.look(begun).await;
        assert_eq!(answered.status, 200, "{:?}", answered.body);
        answered.body
    }

    /// Brings a whole file to the bucket, as a document.
    pub(super) async fn stage(&mut self, stack: &TestStack, file: &[u8]) -> (Begun, Value) {
        self.stage_with(stack, file, json!({"name": "noise.bin"})).await
    }

    /// Brings a whole file to the bucket, of which more is said than its size.
    pub(super) async fn stage_with(
        &mut self,
        stack: &TestStack,
        file: &[u8],
        mut asked: Value,
    ) -> (Begun, Value) {
        asked["size"] = json!(file.len());
        let begun = self.begin(&asked).await;
        let parts = bring(stack, &begun, file).await;
        (begun, parts)
    }

    /// Brings a whole file to the bucket, and has it sent.
    pub(super) async fn upload(&mut self, stack: &TestStack, file: &[u8]) -> Begun {
        self.upload_with(stack, file, json!({"name": "noise.bin"})).await
    }

    pub(super) async fn upload_with(&mut self, stack: &TestStack, file: &[u8], asked: Value) -> Begun {
        let (begun, parts) = self.stage_with(stack, file, asked).await;
        let answered = self.complete(&begun, &parts).await;
        assert_eq!(answered.status, 202, "{:?}", answered.body);
        begun
    }

    /// The same, until it is done: Telegram has the file as it was brought.
    pub(super) async fn send_staged(&mut self, stack: &TestStack, file: &[u8]) {
        let begun = self.upload(stack, file).await;
        stack.stack.settle().await;
        stack.check_sent(self.message_of(&begun).await, file);
    }

    /// The message that an upload has become.
    pub(super) async fn message_of(&mut self, begun: &Begun) -> i32 {
        let state = self.state(begun).await;
        assert_eq!(state["state"], "done", "{state}");
        assert_eq!(state["bytes_sent"], state["bytes_total"], "{state}");
        message_id(&state)
    }

    /// Sends a form with a file and its fields, in this order.
    pub(super) async fn send_form(&mut self, file: Part, fields: &[(&str, &str)]) -> Answered {
        let form = Form::new().part("file", file);
        let form = fields
            .iter()
            .fold(form, |form, (name, value)| form.text((*name).to_owned(), (*value).to_owned()));
        let request = self.request(Method::POST, "/upload_file").multipart(form);
        self.send(request).await
    }

    /// Sends a small file, which must go well; the message's id.
    pub(crate) async fn send_file(&mut self, name: &str, file: &[u8], fields: &[(&str, &str)]) -> i32 {
        let part = Part::bytes(file.to_vec()).file_name(name.to_owned());
        let answered = self.send_form(part, fields).await;
        assert_eq!(answered.status, 200, "{name}: {:?}", answered.body);
        assert_eq!(answered.body["message"], "File uploaded successfully.");
        message_id(&answered.body)
    }
}

pub(super) fn message_id(body: &Value) -> i32 {
    i32::try_from(body["message_id"].as_i64().unwrap()).unwrap()
}

impl TestStack {
    pub(super) fn people(&self) -> People {
        self.stack.cloud().unwrap().people()
    }

    /// How many messages a person keeps.
    pub(super) fn kept(&self, of: &str) -> usize {
        self.people().saved_messages(&phone(of)).unwrap().len()
    }

    /// A message of the first account.
    pub(super) fn message(&self, id: i32) -> SavedMessage {
        let messages = self.people().saved_messages(&phone(PHONE)).unwrap();
        messages.into_iter().find(|message| message.id == id).unwrap()
    }

    /// Telegram has these bytes as the file of that message of the first account.
    #[track_caller]
    pub(super) fn check_sent(&self, id: i32, file: &[u8]) {
        let sent = self.people().sent_sha256(&phone(PHONE), id).unwrap();
        assert_eq!(sent, Some(sha256(file)), "message {id}");
    }

    /// Plans a failure of the next calls of a method of Telegram.
    pub(super) fn fail(&self, method: &str, error: &str, times: u32, when: Moment) {
        let fault = Fault { method: method.to_owned(), error: error.to_owned(), times, when, chat_id: None };
        self.stack.simulated().unwrap().faults().plan(fault).unwrap();
    }

    /// Telegram answers again.
    pub(super) fn forgive(&self) {
        self.stack.simulated().unwrap().faults().clear();
    }

    /// How many calls of a method have failed on purpose.
    pub(super) fn failed(&self, method: &str) -> u64 {
        self.stack.simulated().unwrap().faults().hits(method)
    }

    /// Returns once so many more calls of a method have failed than `before`.
    pub(super) async fn fails(&self, method: &str, before: u64) {
        self.stack.simulated().unwrap().faults().hit_times(method, before + 1).await;
    }

    /// Plans that Telegram is silent on the next call of a method, and returns what waits until one has come.
    pub(super) fn silence(&self, method: &'static str) -> impl Future<Output = ()> + '_ {
        let before = self.failed(method);
        self.fail(method, "hang", 1, Moment::Before);
        self.fails(method, before)
    }

    /// Returns when no worker is at work.
    pub(super) async fn workers_over(&self) {
        let is_over = |state| matches!(state, ProcessState::Idle | ProcessState::Retiring);
        let lambda = self.stack.lambda();
        lambda.wait_until(|all| all.iter().all(|one| one.function != WORKER || is_over(one.state))).await;
    }

    /// The rows of uploads and delegations.
    pub(super) async fn uploads(&self) -> Vec<HashMap<String, AttributeValue>> {
        self.rows("uploads").await
    }

    /// The multipart uploads that S3 waits for.
    pub(super) async fn unfinished(&self) -> Vec<String> {
        let bucket = &self.stack.model().buckets[0].name;
        let listed = self.s3().await.list_multipart_uploads().bucket(bucket).send().await.unwrap();
        listed.uploads().iter().map(|upload| upload.key().unwrap().to_owned()).collect()
    }

    /// No byte of an upload is in the bucket, nobody may send one in its owner's name, and all that is known of it goes by
    /// itself.
    pub(super) async fn nothing_left(&self) {
        assert_eq!(self.staged(), [""; 0], "objects");
        assert_eq!(self.unfinished().await, [""; 0], "multipart uploads");
        let now = self.stack.clock().now_s();
        for row in self.uploads().await {
            let item = row["item"].as_s().unwrap();
            assert!(!item.starts_with("delegation#"), "{item}");
            let expires_at: u64 = row["expires_at"].as_n().unwrap().parse().unwrap();
            assert!(expires_at <= now + 4 * 86_400 + 60, "{item} is there for long");
        }
    }

    /// Ends a test of uploads.
    pub(super) async fn end_uploads(self) {
        self.stack.settle().await;
        self.nothing_left().await;
        for row in self.uploads().await {
            let state = row["state"].as_s().unwrap();
            assert!(["done", "failed"].contains(&state.as_str()), "{row:?}");
        }
        self.end_accounts().await;
    }
}

impl TestStack {
    /// Lets so many bytes of a second through to Telegram, or as many as come.
    pub(super) fn slow(&self, bytes_per_second: Option<u64>) {
        let settings = NetworkSettings { bytes_per_second, ..Default::default() };
        self.stack.cloud().unwrap().network().set(settings);
    }
}

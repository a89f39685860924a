//! A stack for one test, and the people who use it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::types::AttributeValue;
use lambdagram_telegram::http::client_builder;
use lambdagram_tests::lambda::{Launcher, LogSink};
use lambdagram_tests::stack::{Options, Stack, Telegram};
use lambdagram_tests::telegram::bot_api::SentMessage;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::contract::Witness;

/// A running stack with a data folder of its own, gone at the end of the test.
pub(crate) struct TestStack {
    pub(crate) stack: Stack,
    pub(crate) logs: LogSink,
    pub(crate) http: reqwest::Client,
    folder: TempDir,
    /// Holds what the API answers against its description.
    pub(crate) witness: Witness,
}

/// The folder with `template.yaml` and `events`.
pub(crate) fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What `cargo run` would start, at a free port and with its data in `folder`.
pub(crate) fn options(folder: &Path, logs: LogSink) -> Options {
    Options {
        project: project(),
        port: 0,
        data_dir: folder.to_owned(),
        launcher: Launcher::Reexecute(env!("CARGO_BIN_EXE_local").into()),
        telegram: Telegram::Simulated,
        assignments: None,
        parameters: std::collections::BTreeMap::new(),
        overrides: std::collections::BTreeMap::new(),
        logs,
        observer: None,
    }
}

impl TestStack {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Options)) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), change).await
    }

    pub(crate) async fn start_with_parameters(parameters: &[(&str, &str)]) -> Self {
        let given = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self::start_with(|options| options.parameters = given.collect()).await
    }

    async fn start_in(folder: TempDir, change: impl FnOnce(&mut Options)) -> Self {
        let logs = LogSink::default();
        let witness = Witness::default();
        let mut options = options(folder.path(), logs.clone());
        options.observer = Some(witness.observer());
        change(&mut options);
        let stack = Box::pin(Stack::start(options)).await.unwrap();
        Self { stack, logs, http: client_builder().build().unwrap(), folder, witness }
    }

    /// Stops the stack and starts another on the same data.
    pub(crate) async fn restart(self) -> Self {
        self.restart_with(|_| {}).await
    }

    /// Stops the stack and starts another, of other options, on the same data.
    pub(crate) async fn restart_with(self, change: impl FnOnce(&mut Options)) -> Self {
        self.stack.stop().await;
        Self::start_in(self.folder, change).await
    }

    /// Ends the test: everything accepted was delivered, nothing lies among the dead letters or in the bucket, and no
    /// secret is in the logs.
    pub(crate) async fn end_clean(self) {
        self.stack.settle().await;
        let dead = self.dead_letters();
        assert!(dead.is_empty(), "dead letters: {dead:?}");
        let staged = self.staged();
        assert!(staged.is_empty(), "left in the bucket: {staged:?}");
        self.end().await;
    }

    /// Ends a test that leaves something behind on purpose.
    pub(crate) async fn end(self) {
        let logs = self.logs.logs();
        for secret in self.stack.secrets() {
            let told = logs.iter().find(|line| line.line.contains(secret.expose()));
            assert!(told.is_none(), "a secret in the log: {told:?}");
        }
        self.stack.stop().await;
    }

    /// Ends a test in which people signed in: no lease is held, and no login was used on two connections at once.
    pub(crate) async fn end_accounts(self) {
        self.stack.rest().await;
        let now = self.stack.clock().now_s();
        let is_held = |row: &HashMap<String, AttributeValue>| {
            let until = row.get("lease_until").map(|until| until.as_n().unwrap().parse::<u64>().unwrap());
            until.is_some_and(|until| until > now)
        };
        let leased: Vec<_> = self.sessions().await.into_iter().filter(is_held).collect();
        assert!(leased.is_empty(), "leases are held: {leased:?}");
        let overlaps = self.stack.cloud().unwrap().people().overlaps().unwrap();
        assert_eq!(overlaps, 0, "logins were used on two connections at once");
        self.end_clean().await;
    }

    /// The rows of the table of sessions, as they are stored.
    pub(crate) async fn sessions(&self) -> Vec<HashMap<String, AttributeValue>> {
        self.rows("sessions").await
    }

    /// The rows of the table in whose name this is, as they are stored.
    pub(crate) async fn rows(&self, name: &str) -> Vec<HashMap<String, AttributeValue>> {
        let tables = &self.stack.model().tables;
        let table = tables.iter().find(|table| table.name.to_lowercase().contains(name)).unwrap();
        let scan = self.dynamodb().await.scan().table_name(&table.name).send().await.unwrap();
        scan.items.unwrap_or_default()
    }

    /// The stack's DynamoDB.
    pub(crate) async fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.dynamodb_config().await)
    }

    /// How the stack's DynamoDB is reached.
    pub(crate) async fn dynamodb_config(&self) -> aws_config::SdkConfig {
        aws(&self.stack.endpoints().dynamodb).await
    }

    /// The stack's S3.
    pub(crate) async fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws(&self.stack.endpoints().s3).await;
        let config = aws_sdk_s3::config::Builder::from(&config).force_path_style(true);
        aws_sdk_s3::Client::from_conf(config.build())
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.stack.url()))
    }

    /// Init data of a person who opens the Mini App now.
    pub(crate) async fn init(&self, person: i64) -> String {
        self.init_with(json!({"user": {"id": person, "first_name": "Ada"}})).await
    }

    pub(crate) async fn init_with(&self, asked: Value) -> String {
        let answer = self.request(Method::POST, "/_sim/init-data").json(&asked).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        answer["init"].as_str().unwrap().to_owned()
    }

    /// Posts a picture as `person`; expects it to be accepted, and returns its id.
    pub(crate) async fn post(&self, person: i64, picture: &[u8]) -> String {
        let init = self.init(person).await;
        self.post_as(&init, picture).await
    }

    pub(crate) async fn post_as(&self, init: &str, picture: &[u8]) -> String {
        let request =
            self.request(Method::POST, "/post").json(&json!({"init": init, "url": data_url(picture)}));
        let (status, _, body) = read(request.send().await.unwrap()).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{body}");
        body["id"].as_str().unwrap().to_owned()
    }

    /// What `GET /post/{id}` tells `person`.
    pub(crate) async fn state_of(&self, person: i64, id: &str) -> Value {
        let init = self.init(person).await;
        let request =
            self.request(Method::GET, &format!("/post/{id}")).header("authorization", format!("tma {init}"));
        let (status, _, body) = read(request.send().await.unwrap()).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body
    }

    /// What the bot did in a chat.
    pub(crate) fn chat(&self, chat_id: i64) -> Vec<SentMessage> {
        self.stack.simulated().unwrap().messages(chat_id)
    }

    /// The files the bot sent into a chat, in order.
    pub(crate) async fn files(&self, chat_id: i64) -> Vec<Vec<u8>> {
        let mut files = Vec::new();
        for message in self.chat(chat_id) {
            let answer = self.http.get(message.file_url.unwrap()).send().await.unwrap();
            files.push(answer.bytes().await.unwrap().to_vec());
        }
        files
    }

    /// Plans a fault of the simulated Telegram.
    pub(crate) async fn fault(&self, fault: Value) {
        let answer = self.request(Method::POST, "/_sim/faults").json(&fault).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// What a person writes to the bot.
    pub(crate) async fn write_to_bot(&self, update: Value) {
        let answer = self.request(Method::POST, "/_sim/bot/updates").json(&update).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
    }

    /// The bodies in the dead-letter queues.
    pub(crate) fn dead_letters(&self) -> Vec<String> {
        let queues = self.stack.model().queues.iter().filter(|queue| queue.name.contains("dead"));
        let letters = queues.flat_map(|queue| self.stack.sqs().messages(&queue.name));
        letters.map(|message| message.body).collect()
    }

    /// The stack's data folder.
    pub(crate) fn data_dir(&self) -> &Path {
        self.folder.path()
    }

    /// The keys in the staging bucket that somebody has to take out again.
    pub(crate) fn staged(&self) -> Vec<String> {
        let bucket = self.folder.path().join("s3").join(&self.stack.model().buckets[0].name);
        ["photos", "commands", "uploads"]
            .into_iter()
            .flat_map(|folder| files_below(&bucket.join(folder)))
            .collect()
    }
}

/// The names of the files in a folder and the folders in it.
fn files_below(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let names = entries.map(Result::unwrap).flat_map(|entry| {
        let path = entry.path();
        if path.is_dir() { files_below(&path) } else { vec![entry.file_name().into_string().unwrap()] }
    });
    names.collect()
}

/// How the person at this machine reaches a service of the stack.
async fn aws(endpoint: &str) -> aws_config::SdkConfig {
    let http_client = aws_smithy_http_client::Builder::new().build_http();
    aws_config::defaults(aws_config::BehaviorVersion::latest())
        .http_client(http_client)
        .endpoint_url(endpoint)
        .region("eu-central-1")
        .credentials_provider(Credentials::new("test", "local", None, None, "tests"))
        .load()
        .await
}

/// Status, headers and JSON body of an answer, after checking what every answer of the API has.
pub(crate) async fn read(answer: Response) -> (StatusCode, reqwest::header::HeaderMap, Value) {
    let (status, headers) = (answer.status(), answer.headers().clone());
    assert!(headers.contains_key("x-request-id"), "{status} {headers:?}");
    let text = answer.text().await.unwrap();
    if text.is_empty() {
        return (status, headers, Value::Null);
    }
    assert_eq!(headers["content-type"], "application/json", "{text}");
    assert_eq!(headers["cache-control"], "no-store", "{text}");
    let body: Value = serde_json::from_str(&text).unwrap();
    let seconds = headers.get("retry-after").map(|value| value.to_str().unwrap().parse::<u64>().unwrap());
    assert_eq!(body.get("retry_after").and_then(Value::as_u64), seconds, "{text}");
    assert_eq!(status == StatusCode::TOO_MANY_REQUESTS, seconds.is_some() && status != StatusCode::CONFLICT);
    if status.is_client_error() || status.is_server_error() {
        assert!(body["error"].is_string(), "{text}");
    }
    (status, headers, body)
}

/// Whether a program is installed. Where it is not, that is printed: `.ci/run` counts it as a failure.
#[expect(clippy::print_stdout, reason = "a test that proves nothing says so")]
pub(crate) async fn is_installed(name: &str, program: &str, version: &str) -> bool {
    let mut command = Command::new(program);
    command.arg(version).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let is_there = command.status().await.is_ok_and(|status| status.success());
    if !is_there {
        println!("{name} was not tried: it is not installed.");
    }
    is_there
}

/// A small PNG that no other number gives.
pub(crate) fn picture(number: u32) -> Vec<u8> {
    let [_, red, green, blue] = number.to_be_bytes();
    let image = image::RgbImage::from_pixel(8, 8, image::Rgb([red, green, blue]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A picture as a Mini App sends it.
pub(crate) fn data_url(picture: &[u8]) -> String {
    use base64::Engine;
    let encoded = base64::engine::general_purpose::STANDARD.encode(picture);
    format!("data:image/jpeg;base64,{encoded}")
}

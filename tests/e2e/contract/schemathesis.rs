//! schemathesis reads the description and tries what its schemas allow and what they do not, as strangers and as those
//! who may: all its checks hold, nothing ends in a 500, and whatever is answered is described.
//!
//! It is found in the environment that `.ci/run` makes. Where it is not, these tests say so and end; `.ci/run` counts
//! that as a failure.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Stdio;

use lambdagram_tests::python::Environment;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::process::Command;

use super::Description;
use crate::account::PHONE;
use crate::support::{TestStack, data_url, picture, read};

/// What nobody comes to by trying: a code that Telegram sent, or a password that is wanted after it. What has examples
/// is tried with them in `requests.rs`.
const BY_A_SECRET: [(&str, &str); 3] =
    [("POST", "/check-password"), ("POST", "/resend-code"), ("POST", "/sign-in")];

/// What ends the session that all the others need. It has a run of its own.
const LOGOUT: &str = "logout";

/// Limits on how often are for people.
const PARAMETERS: [(&str, &str); 5] = [
    ("CommandsPerMinute", "1000000"),
    ("PhotosPerMinute", "10000"),
    ("CodesPerDay", "1000000"),
    ("MediaStreamsPerSession", "100"),
    ("UploadGigabytesPerDay", "4000"),
];

/// What a run finds at the stack.
struct People {
    session: String,
    init: String,
    key: String,
    post: String,
    command: String,
    message: i64,
    /// An upload that is sent already.
    upload: String,
    /// One that has only begun.
    begun: String,
}

#[tokio::test]
async fn what_strangers_try_is_answered_as_described() {
    let Some(environment) = environment().await else { return };
    let stack = TestStack::start_with_parameters(&PARAMETERS).await;
    run(&environment, &stack, "", &[]).await;
    let successes = stack.witness.take_successes();
    let open = [("GET", "/is-authenticated"), ("POST", "/qr-login"), ("POST", "/send-code")];
    let reached: Vec<_> = successes.keys().map(|(method, path)| (method.as_str(), path.as_str())).collect();
    assert_eq!(reached, open, "what strangers may do");
    stack.end().await;
}

#[tokio::test]
async fn what_people_with_credentials_try_is_answered_as_described() {
    let Some(environment) = environment().await else { return };
    let stack = TestStack::start_with_parameters(&PARAMETERS).await;
    let people = People::meet(&stack).await;
    let another_session = session(&stack).await;
    stack.witness.take_successes();
    run(&environment, &stack, &people.credentials(&stack), &["--exclude-operation-id", LOGOUT]).await;
    let others = People { session: another_session, ..people };
    let only_logout = ["--include-operation-id", LOGOUT, "--max-examples", "1"];
    run(&environment, &stack, &others.credentials(&stack), &only_logout).await;
    let successes = stack.witness.take_successes();
    for operation in Description::get().operations() {
        let name = (operation.method, operation.path);
        let reached = successes.contains_key(&(name.0.to_owned(), name.1.to_owned()));
        assert_eq!(reached, !BY_A_SECRET.contains(&name), "{name:?} of {successes:#?}");
    }
    stack.end().await;
}

/// Runs schemathesis with its file and `more` behind it.
async fn run(environment: &Environment, stack: &TestStack, more: &str, arguments: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("schemathesis.toml");
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let common = std::fs::read_to_string(project.join("schemathesis.toml")).unwrap();
    std::fs::write(&config, format!("{common}\n{more}")).unwrap();
    let output = Command::new(environment.python())
        .args(["-m", "schemathesis.cli", "--config-file"])
        .arg(&config)
        .args(["run", &format!("{}/openapi.yaml", stack.stack.url()), "--url", &stack.stack.url()])
        .args(["--no-color", "--warnings", "off"])
        .args(arguments)
        .current_dir(folder.path())
        .env("NO_PROXY", "*")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complained}");
}

impl People {
    /// Makes something of each kind.
    async fn meet(stack: &TestStack) -> Self {
        let init = stack.init(1).await;
        let post = stack.post_as(&init, &picture(1)).await;
        let service = stack.service("notifier").await;
        let data = json!({"chat_id": 1, "text": "hi"});
        let command = service.accepted(&json!({"command": "send_message", "data": data})).await;
        let key = service.key;
        let session = session(stack).await;
        let list = stack.request(Method::GET, "/get-saved-messages-media?type=photo").bearer_auth(&session);
        let (_, _, list) = read(list.send().await.unwrap()).await;
        let message = list[0]["id"].as_i64().unwrap();
        let file = reqwest::multipart::Part::bytes(picture(2)).file_name("a.png");
        let form = reqwest::multipart::Form::new().part("file", file);
        let sent = stack.request(Method::POST, "/upload_file").header("prefer", "respond-async");
        let (_, _, sent) = read(sent.bearer_auth(&session).multipart(form).send().await.unwrap()).await;
        let upload = sent["id"].as_str().unwrap().to_owned();
        let begun = stack.request(Method::POST, "/uploads").bearer_auth(&session);
        let begun = begun.json(&json!({"name": "a.txt", "size": 5})).send().await.unwrap();
        let begun = read(begun).await.2["id"].as_str().unwrap().to_owned();
        stack.stack.settle().await;
        Self { session, init, key, post, command, message, upload, begun }
    }

    /// Who they are and what they know of, as schemathesis is told.
    fn credentials(&self, stack: &TestStack) -> String {
        let mut text = String::new();
        let mut say = |part: std::fmt::Arguments<'_>| writeln!(text, "{part}").unwrap();
        for (scheme, kind, secret) in [
            ("apiKey", "bearer", self.key.as_str()),
            ("localSession", "api_key", &self.session),
            ("initData", "api_key", &format!("tma {}", self.init)),
            ("webhookSecret", "api_key", stack.stack.webhook_secret().expose()),
        ] {
            say(format_args!("[auth.openapi.{scheme}]\n{kind} = {}", json!(secret)));
        }
        let known: [(&str, Value); 5] = [
            ("post", json!(self.post)),
            ("command", json!(self.command)),
            ("message", json!(self.message)),
            ("upload", json!(self.upload)),
            ("begun", json!(self.begun)),
        ];
        for (name, value) in &known {
            say(format_args!("[dictionaries.{name}]\nvalues = [{value}]"));
        }
        say(format_args!("[dictionaries.picture]\nvalues = [{}]", json!(data_url(&picture(3)))));
        for (operations, parameter, name) in [
            ("getPost", "path.id", "post"),
            ("getCommand", "path.id", "command"),
            ("postPhoto", "body.url", "picture"),
            ("streamMedia", "path.message_id", "message"),
            ("headMedia", "path.message_id", "message"),
            ("streamThumbnail", "path.message_id", "message"),
            ("headThumbnail", "path.message_id", "message"),
            ("mediaTickets", "body.message_id", "message"),
            ("getUpload", "path.id", "upload"),
            ("cancelUpload", "path.id", "begun"),
            ("completeUpload", "path.id", "upload"),
            ("uploadFile", "body.upload_id", "upload"),
        ] {
            // Half of the time it is as good as any other.
            say(format_args!(
                "[[operations]]\ninclude-operation-id = \"{operations}\"\n\
                 parameters = {{ \"{parameter}\" = {{ dictionary = \"{name}\", probability = 0.5 }} }}"
            ));
        }
        text
    }
}

/// The token of somebody who is signed in.
async fn session(stack: &TestStack) -> String {
    let begun = stack.request(Method::POST, "/send-code").header("x-session-transport", "token");
    let (_, _, begun) = read(begun.json(&json!({ "phone": PHONE })).send().await.unwrap()).await;
    let code = stack.code_of(PHONE).await;
    let signed_in = stack
        .request(Method::POST, "/sign-in")
        .bearer_auth(begun["session_token"].as_str().unwrap())
        .json(&json!({"phone": PHONE, "code": code}));
    let (status, _, signed_in) = read(signed_in.send().await.unwrap()).await;
    assert_eq!(status, 200, "{signed_in}");
    signed_in["session_token"].as_str().unwrap().to_owned()
}

/// The environment with schemathesis, if it is there.
#[expect(clippy::print_stdout, reason = "a test that proves nothing says so")]
async fn environment() -> Option<Environment> {
    let environment = Environment::named("ci-venv").unwrap();
    if environment.has("schemathesis").await {
        return Some(environment);
    }
    println!("schemathesis was not tried: {} has none.", environment.folder().display());
    None
}

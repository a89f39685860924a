//! The command line as people use it: `local`, driven as a child process.

mod invoke;

use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use lambdagram_telegram::http::client_builder;
use lambdagram_tests::telegram::bot_api::DEFAULT_BOT_TOKEN;
use reqwest::StatusCode;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use crate::support::{TestStack, data_url, picture, project};

/// The binary of `cargo run`.
const LOCAL: &str = env!("CARGO_BIN_EXE_local");

/// `local` with the repository's template and nothing of this process's environment.
pub(crate) fn local(arguments: &[&str]) -> Command {
    let mut command = Command::new(LOCAL);
    command.args(arguments).env_clear().current_dir(project()).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// How a command ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// A command that does nothing, and says why in one line.
    pub(crate) fn refused(reason: &str) -> Self {
        Self { code: Some(1), stdout: String::new(), stderr: format!("{reason}\n") }
    }
}

/// Runs a command to its end.
pub(crate) async fn run(mut command: Command) -> Ended {
    let output = command.output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A stack that runs in a process of its own.
struct Running {
    child: Child,
    url: String,
    stdout: BufReader<ChildStdout>,
    stderr: ChildStderr,
    http: reqwest::Client,
}

impl Running {
    async fn start(data_dir: &Path) -> Self {
        Self::of(local(&["--port", "0", "--data-dir", text(data_dir)])).await
    }

    async fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).await.unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let Some(url) = line.strip_prefix("ready ").and_then(|rest| rest.strip_suffix('\n')) else {
            let mut reason = String::new();
            stderr.read_to_string(&mut reason).await.unwrap();
            panic!("{line:?} {reason}");
        };
        let (url, http) = (url.to_owned(), client_builder().build().unwrap());
        Self { child, url, stdout, stderr, http }
    }

    /// The stack's functions: its child processes.
    fn functions(&self) -> Vec<Function> {
        let parent = self.child.id().unwrap();
        processes().into_iter().filter(|process| process.parent == parent).collect()
    }

    /// Sends a signal and waits for the end of the stack; what it said since it was ready.
    async fn end(mut self, signal: Signal) -> Ended {
        kill_process(pid(self.child.id().unwrap()), signal).unwrap();
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stdout.read_to_string(&mut stdout).await.unwrap();
        self.stderr.read_to_string(&mut stderr).await.unwrap();
        Ended { code: self.child.wait().await.unwrap().code(), stdout, stderr }
    }

    async fn post_json(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        let answer = self.http.post(format!("{}{path}", self.url)).json(body).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    async fn init(&self) -> String {
        let (_, answer) =
            self.post_json("/_sim/init-data", &json!({"user": {"id": 1, "first_name": "Ada"}})).await;
        answer["init"].as_str().unwrap().to_owned()
    }

    async fn post_picture(&self) -> String {
        let body = json!({"init": self.init().await, "url": data_url(&picture(1))});
        let (status, answer) = self.post_json("/post", &body).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
        answer["id"].as_str().unwrap().to_owned()
    }

    async fn state_of(&self, id: &str) -> Value {
        let request = self.http.get(format!("{}/post/{id}", self.url));
        let authorization = format!("tma {}", self.init().await);
        request.header("authorization", authorization).send().await.unwrap().json().await.unwrap()
    }

    /// Returns once the picture is in the chat.
    async fn sent(&self, id: &str) {
        while self.state_of(id).await["state"] != "sent" {
            tokio::task::yield_now().await;
        }
    }
}

/// A process, as `/proc` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Function {
    pid: u32,
    parent: u32,
    /// Its state's letter: `T` is stopped, `Z` is dead and not waited for.
    state: String,
    binary: String,
}

impl Function {
    /// The process itself, whatever becomes of its number.
    fn hold(&self) -> OwnedFd {
        pidfd_open(pid(self.pid), PidfdFlags::empty()).unwrap()
    }
}

/// Returns when the processes have ended: that is when their descriptors become readable.
async fn end_of(processes: Vec<OwnedFd>) {
    let waiting = tokio::task::spawn_blocking(move || {
        for process in processes {
            poll(&mut [PollFd::new(&process, PollFlags::IN)], None).unwrap();
        }
    });
    waiting.await.unwrap();
}

fn pid(number: u32) -> Pid {
    Pid::from_raw(i32::try_from(number).unwrap()).unwrap()
}

/// The function processes of this machine.
fn processes() -> Vec<Function> {
    let folders = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    folders.filter_map(|folder| function(&folder.path())).collect()
}

fn function(folder: &Path) -> Option<Function> {
    let pid = folder.file_name()?.to_str()?.parse().ok()?;
    let command = fs::read_to_string(folder.join("cmdline")).ok()?;
    let (_, binary) = command.trim_end_matches('\0').split_once("\0function\0")?;
    let stat = fs::read_to_string(folder.join("stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    let (state, parent) = (fields.next()?.to_owned(), fields.next()?.parse().ok()?);
    Some(Function { pid, parent, state, binary: binary.to_owned() })
}

/// Which of these still live.
fn left_of(functions: &[Function]) -> Vec<Function> {
    let is_one = |process: &Function| functions.iter().any(|function| function.pid == process.pid);
    processes().into_iter().filter(|process| is_one(process) && process.state != "Z").collect()
}

fn binaries(functions: &[Function]) -> Vec<&str> {
    let mut binaries: Vec<_> = functions.iter().map(|function| function.binary.as_str()).collect();
    binaries.sort_unstable();
    binaries
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test]
async fn standard_output_says_ready_and_standard_error_what_runs() {
    let data = folder();
    let stack = Running::start(data.path()).await;
    let port: u16 = stack.url.strip_prefix("http://127.0.0.1:").unwrap().parse().unwrap();
    assert_ne!(port, 0);
    let console = format!("  {}/           the console", stack.url);
    let ended = stack.end(Signal::TERM).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
    for line in [
        console.as_str(),
        "  POST   /post                          PostPhoto",
        "  GET    /post/{id}                     GetPost",
        "  POST   /mini-app/session              MiniAppSession",
        "  POST   /telegram/webhook              TelegramWebhook",
        "  POST   /send-code                     SendCode",
        "  GET    /qr-login                      QrLogin",
        "  table  lambdagram-local-jobstable",
        "  table  lambdagram-local-sessionstable",
        "  bucket lambdagram-local-stagingbucket",
        "  queue  lambdagram-local-bot.fifo",
        "  @lambdagram_sim_bot of the simulated Telegram",
    ] {
        assert!(ended.stderr.lines().any(|told| told == line), "{line} in {}", ended.stderr);
    }
}

#[tokio::test]
async fn a_stop_ends_every_function_whatever_it_does() {
    for signal in [Signal::TERM, Signal::INT] {
        let data = folder();
        let stack = Running::start(data.path()).await;
        let hang = json!({"method": "sendPhoto", "error": "hang", "chat_id": 1});
        stack.post_json("/_sim/faults", &hang).await;
        stack.post_picture().await;
        while binaries(&stack.functions()) != ["bot_worker", "post_photo"] {
            tokio::task::yield_now().await;
        }
        let functions = stack.functions();
        let ended = stack.end(signal).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{}", ended.stderr);
        assert_eq!(left_of(&functions), []);
        assert!(!ended.stderr.contains("outlive"), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn a_stack_that_is_killed_takes_its_functions_with_it() {
    let data = folder();
    let stack = Running::start(data.path()).await;
    let id = stack.post_picture().await;
    stack.sent(&id).await;
    let functions = stack.functions();
    assert_eq!(binaries(&functions), ["bot_worker", "get_post", "post_photo"]);
    let held = functions.iter().map(Function::hold).collect();
    assert_eq!(stack.end(Signal::KILL).await.code, None);
    end_of(held).await;
    assert_eq!(left_of(&functions), []);
    // And the folder is free for the next.
    let stack = Running::start(data.path()).await;
    assert_eq!(stack.state_of(&id).await["state"], "sent");
    assert_eq!(stack.end(Signal::TERM).await.code, Some(0));
}

#[tokio::test]
async fn a_start_that_cannot_be_says_why_in_one_line() {
    let data = folder();
    let data_dir = data.path().join("data");
    let file = data.path().join("file");
    fs::write(&file, "").unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let nowhere = text(&file.join("below")).to_owned();
    let unbuilt = data.path().join("none");
    for (arguments, reason) in [
        (vec!["--port", &port], format!("port {port} is in use; choose another with --port")),
        (vec!["--data-dir", text(&file)], format!("cannot write to {}: not a directory", file.display())),
        (vec!["--data-dir", &nowhere], format!("cannot write to {nowhere}: Not a directory (os error 20)")),
        (
            vec!["--functions-dir", text(&unbuilt)],
            format!("there is no {}/post_photo; build the functions first", unbuilt.display()),
        ),
        (
            vec!["--telegram", "real"],
            "--telegram real needs BOT_TOKEN for a bot, or TELEGRAM_API_ID and TELEGRAM_API_HASH for accounts"
                .to_owned(),
        ),
    ] {
        let mut all = arguments.clone();
        for (option, value) in [("--port", "0"), ("--data-dir", text(&data_dir))] {
            if !arguments.contains(&option) {
                all.extend([option, value]);
            }
        }
        assert_eq!(run(local(&all)).await, Ended::refused(&reason), "{arguments:?}");
    }
    for (variables, reason) in [
        (vec![("TELEGRAM_API_ID", "17349")], "TELEGRAM_API_ID also needs TELEGRAM_API_HASH"),
        (vec![("TELEGRAM_API_HASH", "hunter2")], "TELEGRAM_API_HASH also needs TELEGRAM_API_ID"),
        (
            vec![("TELEGRAM_API_ID", "hunter2"), ("TELEGRAM_API_HASH", "17349")],
            "TELEGRAM_API_ID must be the api_id that my.telegram.org gives",
        ),
    ] {
        let mut half = local(&["--port", "0", "--data-dir", text(&data_dir), "--telegram", "real"]);
        half.envs(variables);
        assert_eq!(run(half).await, Ended::refused(reason));
    }
    let mut odd_token = local(&["--port", "0", "--data-dir", text(&data_dir), "--telegram", "real"]);
    odd_token.env("BOT_TOKEN", "hunter2");
    let reason = "BOT_TOKEN must be <bot id>:<secret>, as @BotFather gives it";
    assert_eq!(run(odd_token).await, Ended::refused(reason));
}

#[tokio::test]
async fn a_template_that_cannot_be_run_says_where_it_is_wrong() {
    let data = folder();
    let template = fs::read_to_string(project().join("template.yaml")).unwrap();
    let unknown_type = template.replacen("Type: AWS::S3::BucketPolicy", "Type: AWS::Kinesis::Stream", 1);
    let unknown_event = template.replacen("Type: Api\n", "Type: Cognito\n", 1);
    for (template, reason) in [
        ("a: [", "did not find expected node content"),
        (&unknown_type, "the local stack cannot run AWS::Kinesis::Stream"),
        (&unknown_event, "Cognito"),
    ] {
        fs::write(data.path().join("template.yaml"), template).unwrap();
        let data_dir = data.path().join("data");
        let arguments = ["--port", "0", "--project", text(data.path()), "--data-dir", text(&data_dir)];
        let ended = run(local(&arguments)).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
        assert!(ended.stderr.starts_with("template.yaml: "), "{}", ended.stderr);
        assert!(ended.stderr.contains(reason) && ended.stderr.lines().count() == 1, "{}", ended.stderr);
    }
}

#[tokio::test]
async fn an_option_nobody_knows_is_a_usage_error() {
    let ended = run(local(&["--frobnicate"])).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    assert!(
        ended.stderr.starts_with("error: unexpected argument '--frobnicate' found\n"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn a_data_folder_belongs_to_one_stack() {
    let data = folder();
    let stack = Running::start(data.path()).await;
    let second = run(local(&["--port", "0", "--data-dir", text(data.path())])).await;
    let reason =
        format!("another stack runs in {}; choose another folder with --data-dir", data.path().display());
    assert_eq!(second, Ended::refused(&reason));
    // The first does not mind.
    stack.post_picture().await;
    assert_eq!(stack.end(Signal::TERM).await.code, Some(0));
}

#[tokio::test]
async fn what_was_sent_is_still_known_after_a_restart() {
    let data = folder();
    let stack = Running::start(data.path()).await;
    let id = stack.post_picture().await;
    stack.sent(&id).await;
    stack.end(Signal::TERM).await;
    let stack = Running::start(data.path()).await;
    assert_eq!(stack.state_of(&id).await, json!({"id": id, "state": "sent", "message_id": 1}));
    stack.end(Signal::TERM).await;
}

#[tokio::test]
async fn a_reset_stack_is_as_good_as_new() {
    let data = folder();
    let stack = Running::start(data.path()).await;
    let welcomed = async || {
        let answer = stack.http.post(format!("{}/_sim/bot/updates", stack.url));
        answer.json(&json!({"chat_id": 1, "text": "/start"})).send().await.unwrap();
        loop {
            let chat =
                stack.http.get(format!("{}/_sim/bot/chats/1/messages", stack.url)).send().await.unwrap();
            let chat: Value = chat.json().await.unwrap();
            if chat.as_array().unwrap().len() == 3 {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    welcomed().await;
    let id = stack.post_picture().await;
    stack.sent(&id).await;
    let reset = stack.http.post(format!("{}/_sim/reset", stack.url)).send().await.unwrap();
    assert_eq!(reset.status(), StatusCode::NO_CONTENT);
    assert_eq!(stack.state_of(&id).await, json!({"error": "Not found."}));
    welcomed().await;
    stack.end(Signal::TERM).await;
}

#[tokio::test]
async fn a_real_bots_token_is_shown_nowhere_and_kept_nowhere() {
    let telegram = TestStack::start().await;
    let data = folder();
    let arguments = ["--port", "0", "--data-dir", text(data.path()), "--telegram", "real"];
    let mut command = local(&arguments);
    command.env("BOT_TOKEN", DEFAULT_BOT_TOKEN).env("BOT_API_URL", telegram.stack.bot_api_url());
    let stack = Running::of(command).await;
    telegram.write_to_bot(json!({"chat_id": 1, "text": "/start"})).await;
    while telegram.chat(1).is_empty() {
        tokio::task::yield_now().await;
    }
    // Without MINI_APP_URL there is nothing that a button could open.
    assert_eq!(
        telegram.chat(1)[0].params,
        json!({"chat_id": 1, "text": "Welcome! The camera is not set up yet."})
    );
    let ended = stack.end(Signal::TERM).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
    assert!(ended.stderr.contains("yours, at http://127.0.0.1:"), "{}", ended.stderr);
    assert!(!ended.stderr.contains(DEFAULT_BOT_TOKEN), "{}", ended.stderr);
    for file in files_below(data.path()) {
        let kept = fs::read(&file).unwrap();
        let token = DEFAULT_BOT_TOKEN.as_bytes();
        assert!(!kept.windows(token.len()).any(|bytes| bytes == token), "{}", file.display());
    }
    telegram.end().await;
}

#[tokio::test]
async fn accounts_do_without_a_bot_which_is_missed_when_it_is_called() {
    let data = folder();
    let of_accounts = |arguments: &[&str]| {
        let mut command = local(arguments);
        command.env("TELEGRAM_API_ID", "17349").env("TELEGRAM_API_HASH", "hunter2-hunter2");
        command
    };
    let stack = ["--port", "0", "--data-dir", text(data.path()), "--telegram", "real"];
    let stack = Running::of(of_accounts(&stack)).await;
    // Nothing is asked of Telegram for somebody without a session.
    let answer = stack.http.get(format!("{}/is-authenticated", stack.url)).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({"authenticated": false}));
    let (status, answer) = stack.post_json("/mini-app/session", &json!({})).await;
    assert_eq!((status, &answer["error"]), (StatusCode::BAD_GATEWAY, &json!("Internal server error.")));

    let missing = "--telegram real needs BOT_TOKEN, the token of your bot";
    for arguments in [["--data-dir", text(data.path())], ["--data-dir", text(&data.path().join("another"))]] {
        let invoke = ["invoke", "PostPhoto", "--event", "events/post_photo.json", "--telegram", "real"];
        let ended = run(of_accounts(&[&invoke[..], &arguments[..]].concat())).await;
        assert_eq!(ended, Ended::refused(missing));
    }
    let ended = stack.end(Signal::TERM).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
    let told = format!(" WARN MiniAppSession does not run: {missing}");
    assert_eq!(ended.stderr.lines().filter(|line| *line == told).count(), 1, "{}", ended.stderr);
    assert!(ended.stderr.contains("  none: there is no BOT_TOKEN\n"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
    for file in files_below(data.path()) {
        let kept = fs::read(&file).unwrap();
        assert!(!kept.windows(7).any(|bytes| bytes == b"hunter2"), "{}", file.display());
    }
}

#[tokio::test]
async fn a_bot_does_without_accounts_which_are_missed_when_somebody_signs_in() {
    let telegram = TestStack::start().await;
    let data = folder();
    let mut command = local(&["--port", "0", "--data-dir", text(data.path()), "--telegram", "real"]);
    command.env("BOT_TOKEN", DEFAULT_BOT_TOKEN).env("BOT_API_URL", telegram.stack.bot_api_url());
    let stack = Running::of(command).await;
    let (status, _) = stack.post_json("/send-code", &json!({"phone": "+15551234567"})).await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    let ended = stack.end(Signal::TERM).await;
    let told = " WARN SendCode does not run: --telegram real needs TELEGRAM_API_ID and TELEGRAM_API_HASH, \
                which my.telegram.org gives, for accounts";
    assert_eq!(ended.stderr.lines().filter(|line| *line == told).count(), 1, "{}", ended.stderr);
    telegram.end().await;
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// A folder with an executable for each function.
fn functions_dir(folder: &Path) -> PathBuf {
    let functions = folder.join("functions");
    fs::create_dir(&functions).unwrap();
    for (binary, _) in lambdagram_functions::FUNCTIONS {
        let script = functions.join(binary);
        fs::write(&script, format!("#!/bin/sh\nexec '{LOCAL}' function {binary}\n")).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    }
    functions
}

#[tokio::test]
async fn built_functions_are_run_from_their_folder() {
    let data = folder();
    let functions = functions_dir(data.path());
    let data_dir = data.path().join("data");
    let arguments = ["--port", "0", "--data-dir", text(&data_dir), "--functions-dir", text(&functions)];
    let stack = Running::of(local(&arguments)).await;
    let id = stack.post_picture().await;
    stack.sent(&id).await;
    let started = stack.functions();
    assert_eq!(binaries(&started), ["bot_worker", "get_post", "post_photo"]);
    assert_eq!(stack.end(Signal::TERM).await.code, Some(0));
    assert_eq!(left_of(&started), []);
}

//! Telethon, unchanged, as a client of the simulated cloud: what an independent implementation of `MTProto` accepts.
//!
//! Telethon is found in the environment that `.ci/run` makes. Where it is not, these tests say so and end; `.ci/run`
//! counts that as a failure.

use std::path::Path;
use std::process::Stdio;

use lambdagram_tests::clock::Clock;
use lambdagram_tests::python::Environment;
use lambdagram_tests::telegram::faults::Faults;
use lambdagram_tests::telegram::mtproto::accounts::{NewAccount, Phone};
use lambdagram_tests::telegram::mtproto::cloud::{Cloud, Options};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio_util::sync::CancellationToken;

/// The number that logs in.
const PHONE: &str = "+15557654321";

/// Its password.
const PASSWORD: &str = "correct horse battery staple";

/// Where its account lives.
const HOME_DC: i32 = 2;

#[tokio::test]
async fn telethon_logs_in_and_out_with_its_usual_transport_from_another_data_centre() {
    log_in_and_out("full", 1).await;
}

#[tokio::test]
async fn telethon_logs_in_and_out_with_the_intermediate_transport() {
    log_in_and_out("intermediate", HOME_DC).await;
}

#[tokio::test]
async fn telethon_logs_in_and_out_with_the_abridged_transport() {
    log_in_and_out("abridged", HOME_DC).await;
}

#[tokio::test]
async fn telethon_logs_in_and_out_with_the_obfuscated_transport() {
    log_in_and_out("obfuscated", HOME_DC).await;
}

async fn log_in_and_out(transport: &str, first_dc: i32) {
    let Some(environment) = environment().await else { return };
    let (folder, shutdown) = (tempfile::tempdir().unwrap(), CancellationToken::new());
    let options =
        Options { data_dir: folder.path().to_owned(), clock: Clock::default(), faults: Faults::default() };
    let cloud = Cloud::start(options, shutdown.clone()).await.unwrap();
    let phone = Phone::parse(PHONE).unwrap();
    let mut account = NewAccount::new(phone.clone(), "Ada");
    (account.home_dc, account.password) = (HOME_DC, Some(PASSWORD.to_owned()));
    let user = tokio::task::spawn_blocking({
        let people = cloud.people();
        move || people.create(account).unwrap()
    });
    let user = user.await.unwrap();

    let mut script = Script::start(&environment, &cloud, folder.path(), transport, first_dc).await;
    assert_eq!(script.line().await, "code");
    let code = cloud.people().login_code(&phone).unwrap().unwrap();
    script.tell(&code).await;
    assert_eq!(script.line().await, "signed in");
    let summary = cloud.people().summary(&phone).unwrap().unwrap();
    assert_eq!((summary.authorizations, summary.overlaps), (1, 0));
    script.tell("go on").await;
    let saw: Value = serde_json::from_str(&script.line().await).unwrap();
    let expected = json!({
        "first_dc": first_dc,
        "dcs": [1, 2, 3],
        "authorized_before": false,
        "wrong_code": "refused",
        "password": "needed",
        "wrong_password": "refused",
        "user": {"id": user, "first_name": "Ada", "phone": PHONE.trim_start_matches('+')},
        "authorized": true,
        "home_dc": HOME_DC,
        "logged_out": true,
    });
    assert_eq!(saw, expected);
    assert!(script.process.wait().await.unwrap().success());
    assert_eq!(cloud.people().summary(&phone).unwrap().unwrap().authorizations, 0);
    shutdown.cancel();
    cloud.stopped().await;
}

/// The environment with Telethon, if it is there.
#[expect(clippy::print_stdout, reason = "a test that proves nothing says so")]
async fn environment() -> Option<Environment> {
    let environment = Environment::named("ci-venv").unwrap();
    if environment.has("telethon").await {
        return Some(environment);
    }
    println!("Telethon was not tried: {} has none.", environment.folder().display());
    None
}

/// `login.py` as it runs.
struct Script {
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Script {
    async fn start(
        environment: &Environment,
        cloud: &Cloud,
        folder: &Path,
        transport: &str,
        dc: i32,
    ) -> Self {
        let key = folder.join("key.pem");
        tokio::fs::write(&key, cloud.public_key_pem()).await.unwrap();
        let addresses = cloud.cluster().addresses();
        let address = addresses.iter().find(|address| address.dc == dc && !address.media).unwrap();
        let mut process = Command::new(environment.python())
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/telethon/login.py"))
            .arg(key)
            .args([&dc.to_string(), &address.address.port().to_string(), transport, PHONE, PASSWORD])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (input, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Self { process, input, output: BufReader::new(output).lines() }
    }

    /// The next line of what it prints.
    async fn line(&mut self) -> String {
        self.output.next_line().await.unwrap().expect("the script has not failed")
    }

    async fn tell(&mut self, line: &str) {
        self.input.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }
}

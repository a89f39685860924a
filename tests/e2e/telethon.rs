//! Telethon, unchanged, as a client of the simulated cloud: what an independent implementation of `MTProto` accepts.
//!
//! Telethon is found in the environment that `.ci/run` makes. Where it is not, these tests say so and end; `.ci/run`
//! counts that as a failure.

use std::io::Cursor;
use std::path::Path;
use std::process::Stdio;

use lambdagram_tests::clock::Clock;
use lambdagram_tests::python::Environment;
use lambdagram_tests::telegram::faults::Faults;
use lambdagram_tests::telegram::mtproto::accounts::{FIRST_PHONE, FIRST_USER_ID, NewAccount, Phone};
use lambdagram_tests::telegram::mtproto::cloud::{Cloud, Options};
use lambdagram_tests::telegram::mtproto::people::saved::{SavedFile, SavedMessage};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
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

    let arguments = [transport, PHONE, PASSWORD];
    let script = ("login.py", first_dc);
    let mut script = Script::start(&environment, &cloud, folder.path(), script, &arguments).await;
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

#[tokio::test]
async fn telethon_lists_saved_messages_and_downloads_their_files() {
    let Some(environment) = environment().await else { return };
    let (folder, shutdown) = (tempfile::tempdir().unwrap(), CancellationToken::new());
    let options =
        Options { data_dir: folder.path().to_owned(), clock: Clock::default(), faults: Faults::default() };
    let cloud = Cloud::start(options, shutdown.clone()).await.unwrap();
    let (people, phone) = (cloud.people(), Phone::parse(FIRST_PHONE).unwrap());
    let saved = people.saved_messages(&phone).unwrap();
    let file = |is: &dyn Fn(&SavedFile) -> bool| {
        saved.iter().find(|message| message.file.as_ref().is_some_and(is)).unwrap().id
    };
    let photo = file(&|file| file.kind == "photo" && file.dc == HOME_DC);
    let large = file(&|file| file.size == 20_000_003);
    let far = file(&|file| file.kind == "document" && file.dc == 1);
    let far_port = port(&cloud, 1);
    let ids = [photo, large, far].map(|id| id.to_string());
    let arguments = [FIRST_PHONE, &far_port, &ids[0], &ids[1], &ids[2]];
    let mut script =
        Script::start(&environment, &cloud, folder.path(), ("files.py", HOME_DC), &arguments).await;
    assert_eq!(script.line().await, "code");
    script.tell(&people.login_code(&phone).unwrap().unwrap()).await;
    let mut saw: Value = serde_json::from_str(&script.line().await).unwrap();

    let hash = |id, range| {
        let bytes = people.read_saved(&phone, id, range).unwrap().unwrap();
        hex::encode(Sha256::digest(bytes))
    };
    let ids_of = |is: &dyn Fn(&SavedMessage) -> bool| -> Vec<i32> {
        saved.iter().filter(|message| is(message)).map(|message| message.id).collect()
    };
    let documents = ids_of(&|message| message.file.as_ref().is_some_and(|file| file.kind == "document"));
    let mut upwards = ids_of(&|_| true);
    upwards.reverse();
    let named = saved.iter().filter_map(|message| {
        let file = message.file.as_ref().filter(|file| file.kind != "photo")?;
        Some((message.id.to_string(), json!(file.name)))
    });
    let messages: Vec<_> = saved.iter().map(|message| json!([message.id, message.text])).collect();
    let thumb = saw["thumb"].take();
    assert!(thumb.as_str().unwrap() != saw["photo"].as_str().unwrap());
    let expected = json!({
        "me": FIRST_USER_ID,
        "messages": messages,
        "upwards": upwards,
        "documents": documents,
        "total": saved.len(),
        "names": named.collect::<Map<_, _>>(),
        "photo": hash(photo, 0..u64::MAX),
        "thumb": null,
        "stripped": "ffd8",
        "large": hash(large, 0..u64::MAX),
        "part": hash(large, 1_234_567..1_534_567),
        "end": hash(large, 20_000_003 - 5_000..u64::MAX),
        "far": {"dc": 1, "before": "refused", "content": hash(far, 0..u64::MAX)},
    });
    assert_eq!(saw, expected);
    assert!(script.process.wait().await.unwrap().success());
    assert_eq!(people.summary(&phone).unwrap().unwrap().overlaps, 0);
    shutdown.cancel();
    cloud.stopped().await;
}

#[tokio::test]
async fn telethon_sends_files_small_and_big_and_none_of_them_twice() {
    let Some(environment) = environment().await else { return };
    let (folder, shutdown) = (tempfile::tempdir().unwrap(), CancellationToken::new());
    let options =
        Options { data_dir: folder.path().to_owned(), clock: Clock::default(), faults: Faults::default() };
    let cloud = Cloud::start(options, shutdown.clone()).await.unwrap();
    let (people, phone) = (cloud.people(), Phone::parse(FIRST_PHONE).unwrap());
    let before = people.saved_messages(&phone).unwrap().len();
    let file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let mut picture = Cursor::new(Vec::new());
    image::RgbImage::from_fn(300, 200, |x, _| image::Rgb([if x < 150 { 255 } else { 0 }, 90, 20]))
        .write_to(&mut picture, image::ImageFormat::Png)
        .unwrap();
    // Noise is not made smaller by the packing that clients try.
    let mut noise = vec![0; 12_000_001];
    getrandom::fill(&mut noise).unwrap();
    let picture = file("picture.png", &picture.into_inner());
    let (small, big) = (file("small.txt", b"A small file.\n"), file("big.bin", &noise));
    let arguments = [FIRST_PHONE, &picture, &small, &big];
    let mut script =
        Script::start(&environment, &cloud, folder.path(), ("uploads.py", HOME_DC), &arguments).await;
    assert_eq!(script.line().await, "code");
    script.tell(&people.login_code(&phone).unwrap().unwrap()).await;
    let mut saw: Value = serde_json::from_str(&script.line().await).unwrap();
    let ids: Vec<i32> = serde_json::from_value(saw["ids"].take()).unwrap();
    let hash = |content: &[u8]| hex::encode(Sha256::digest(content));
    let expected = json!({
        "ids": null,
        "texts": ["A photo", "A document", "", "Again"],
        "photo": [300, 200],
        "names": ["small.txt", "big.bin"],
        "mime_type": "text/plain",
        "steps": 12_000_001_usize.div_ceil(128 * 1024),
        "large": hash(&noise),
        "again": hash(b"A small file.\n"),
        "twice": {"same": true, "counts": [1, 0]},
        "newest": "Twice",
    });
    assert_eq!(saw, expected);
    assert!(script.process.wait().await.unwrap().success());
    let sent = [ids[1], ids[2]].map(|id| people.sent_sha256(&phone, id).unwrap().unwrap());
    assert_eq!(sent, [hash(b"A small file.\n"), hash(&noise)]);
    assert_eq!(people.saved_messages(&phone).unwrap().len(), before + 5);
    assert_eq!(people.summary(&phone).unwrap().unwrap().overlaps, 0);
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

fn port(cloud: &Cloud, dc: i32) -> String {
    let addresses = cloud.cluster().addresses();
    let address = addresses.iter().find(|address| address.dc == dc && !address.media);
    address.unwrap().address.port().to_string()
}

/// A script as it runs.
struct Script {
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Script {
    /// Runs a script: the key's file, the data centre, its port, and what else the script wants.
    async fn start(
        environment: &Environment,
        cloud: &Cloud,
        folder: &Path,
        (script, dc): (&str, i32),
        arguments: &[&str],
    ) -> Self {
        let key = folder.join("key.pem");
        tokio::fs::write(&key, cloud.public_key_pem()).await.unwrap();
        let mut process = Command::new(environment.python())
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/telethon").join(script))
            .arg(key)
            .args([dc.to_string(), port(cloud, dc)])
            .args(arguments)
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

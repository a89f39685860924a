//! Files on their way to Telegram: from the moment at which the bucket has one whole to its message.
//!
//! `baseline/saved_messages.py` sends a file of the same size with Telethon's `send_file`, from its own disk, as a
//! document. Neither side has a connection to Telegram when it begins. A client that keeps `window` parts on their way
//! sends at most window × part in each round trip, and at most what the line takes: the lower of the two is the limit
//! that a share is a share of.

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use lambdagram_tests::lambda::{LogSink, ProcessState};
use lambdagram_tests::telegram::mtproto::accounts::{FIRST_PHONE, Phone};
use lambdagram_tests::telegram::mtproto::network::NetworkSettings;
use reqwest::header::ETAG;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use crate::common::figures::{megabytes, ms, print};
use crate::common::ground::{BenchStack, Binaries, Failure, at_rest_within, bytes_of, end_processes};
use crate::common::python::virtual_environment;
use crate::server::{self, cloud};
use crate::visitor::Visitor;

/// Bytes of the file, unless another number is asked for.
pub(crate) const FILE: u64 = 64 * 1024 * 1024;

/// Bytes of a part and parts on their way at once, of the worker.
const PART: u64 = 512 * 1024;
const WINDOW: u64 = 8;

/// The way to Telegram and back.
const ROUND_TRIP: Duration = Duration::from_millis(50);

/// Bytes of a second of a connection, where it is measured what becomes of a line's.
const LINE: u64 = 25_000_000;

/// How long an upload may take before the bench gives up.
const PATIENCE: Duration = Duration::from_hours(1);

/// What is written at once.
const STEP: usize = 1024 * 1024;

/// Longer than a message stays hidden whose worker was killed.
const HIDDEN: Duration = Duration::from_mins(1);

/// The function that sends.
const WORKER: &str = "UploadWorker";

/// The stack, the owner of the first account at it, and a file of noise.
struct Round<'a> {
    ours: &'a BenchStack,
    here: Visitor,
    file: Noise,
}

/// Noise on this machine's disk.
struct Noise {
    file: NamedTempFile,
    size: u64,
    sha256: String,
}

/// How an upload went.
struct Sent {
    taken: Duration,
    /// Bytes of the worker's process at its peak.
    memory: u64,
}

pub(crate) async fn measure(binaries: &Binaries, size: u64) -> Result<(), Failure> {
    let python = virtual_environment().await?;
    let ours = BenchStack::ours(binaries, &LogSink::default()).await?;
    let cloud = cloud(&ours)?;
    let here = Visitor::at(&ours.stack.url(), cloud).await?;
    let round = Round { ours: &ours, here, file: Noise::new(size)? };

    let far = NetworkSettings { round_trip: ROUND_TRIP, bytes_per_second: None };
    let narrow = NetworkSettings { bytes_per_second: Some(LINE), ..far };
    cloud.network().set(far);
    let (telethon, telethon_memory) = round.with_telethon(&python).await?;
    let mut rows = Vec::new();
    let mut memory = 0;
    for (network, telethon) in [(far, Some(telethon)), (narrow, None)] {
        cloud.network().set(network);
        let sent = round.upload().await?;
        memory = memory.max(sent.memory);
        let (rate, limit) = (rate(size, sent.taken), limit(network));
        rows.push([
            ms(ROUND_TRIP),
            network.bytes_per_second.map_or_else(|| "any".to_owned(), |line| per_second(as_rate(line))),
            ms(sent.taken),
            per_second(rate),
            per_second(limit),
            format!("{:.0} %", 100.0 * rate / limit),
            telethon.map_or_else(String::new, |taken| per_second(self::rate(size, taken))),
        ]);
    }
    print(
        &format!("A file of {}, from `complete` to its message", megabytes(size)),
        ["round trip", "line", "`upload_worker`", "throughput", "limit", "share", "`send_file`"],
        &rows,
    );
    cloud.network().set(far);
    round.with_a_kill().await?;
    print(
        &format!("Peak memory; a window has {}", megabytes(WINDOW * PART)),
        ["process", "peak memory"],
        &[
            ["`upload_worker`".to_owned(), megabytes(memory)],
            ["Flask and Telethon".to_owned(), megabytes(telethon_memory)],
        ],
    );
    ours.stop().await;
    Ok(())
}

impl Round<'_> {
    /// Sends the file with Telethon; how long it took, and the server's memory at its peak.
    async fn with_telethon(&self, python: &Path) -> Result<(Duration, u64), Failure> {
        let server = server::start(python, self.ours).await?;
        let there = Visitor::at(&server.url, cloud(self.ours)?).await?;
        let body = json!({"path": self.file.file.path()});
        let (answer, taken) = there.call(Method::POST, "/send_file", Some(&body)).await?;
        self.check(&answer).await?;
        let memory = bytes_of(server.process().ok_or("the server in Python runs")?, "VmHWM")?;
        server.stop().await?;
        Ok((taken, memory))
    }

    /// Uploads the file with a worker that is started for it.
    async fn upload(&self) -> Result<Sent, Failure> {
        end_processes(&self.ours.stack, WORKER).await;
        let (path, completed) = self.stage().await?;
        let began = Instant::now();
        self.here.call(Method::POST, &format!("{path}/complete"), Some(&completed)).await?;
        at_rest_within(PATIENCE, &self.ours.stack).await?;
        let taken = began.elapsed();
        self.check(&self.here.call(Method::GET, &path, None).await?.0).await?;
        let processes = self.ours.stack.lambda().processes();
        let worker = processes.iter().find(|process| process.function == WORKER);
        let id = worker.and_then(|worker| worker.pid).ok_or("the worker's process is there")?;
        Ok(Sent { taken, memory: bytes_of(id, "VmHWM")? })
    }

    /// Uploads the file, kills the worker when Telegram has half of it, and prints how much was sent twice.
    async fn with_a_kill(&self) -> Result<(), Failure> {
        let (people, lambda) = (cloud(self.ours)?.people(), self.ours.stack.lambda());
        let before = people.part_calls().all();
        let parts = self.file.size.div_ceil(PART);
        let (path, completed) = self.stage().await?;
        self.here.call(Method::POST, &format!("{path}/complete"), Some(&completed)).await?;
        people.part_calls_reach(before + parts / 2).await;
        if lambda.kill_running(WORKER) != 1 {
            return Err("one worker is at work".into());
        }
        let is_at_work = |state| matches!(state, ProcessState::Starting | ProcessState::Running);
        lambda.wait_until(|all| !all.iter().any(|one| one.function == WORKER && is_at_work(one.state))).await;
        self.ours.stack.clock().advance(HIDDEN);
        at_rest_within(PATIENCE, &self.ours.stack).await?;
        self.check(&self.here.call(Method::GET, &path, None).await?.0).await?;
        let again = people.part_calls().all() - before - parts;
        let share = 100.0 * as_rate(again) / as_rate(parts);
        print(
            "A worker that is killed half way, and another that goes on",
            ["parts of the file", "sent a second time", "share"],
            &[[parts.to_string(), again.to_string(), format!("{share:.1} %")]],
        );
        Ok(())
    }

    /// Puts the file into the bucket: the path of the upload, and what completes it.
    async fn stage(&self) -> Result<(String, Value), Failure> {
        let asked = json!({"name": "noise.bin", "size": self.file.size, "as": "document"});
        let (begun, _) = self.here.call(Method::POST, "/uploads", Some(&asked)).await?;
        let part_size = begun["part_size"].as_u64().ok_or("an upload has a part size")?;
        let mut file = self.file.file.reopen()?;
        let (http, mut parts) = (Client::new(), Vec::new());
        for part in begun["parts"].as_array().into_iter().flatten() {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut std::io::Read::take(&mut file, part_size), &mut bytes)?;
            let url = part["url"].as_str().ok_or("a part has a URL")?;
            let put = http.put(url).body(bytes).send().await?.error_for_status()?;
            let etag = put.headers().get(ETAG).ok_or("a part has a tag")?.to_str()?.to_owned();
            parts.push(json!({"number": part["number"], "etag": etag}));
        }
        let id = begun["id"].as_str().ok_or("an upload has an id")?;
        Ok((format!("/uploads/{id}"), json!({ "parts": parts })))
    }

    /// Whether the message that an answer names has the file.
    async fn check(&self, answer: &Value) -> Result<(), Failure> {
        let id = answer["message_id"].as_i64().ok_or_else(|| format!("no message came of it: {answer}"))?;
        let id = i32::try_from(id)?;
        let (people, phone) = (cloud(self.ours)?.people(), Phone::parse(FIRST_PHONE).ok_or("a number")?);
        let sent = tokio::task::spawn_blocking(move || people.sent_sha256(&phone, id)).await??;
        if sent.as_ref() == Some(&self.file.sha256) { Ok(()) } else { Err("the file is another".into()) }
    }
}

impl Noise {
    /// Writes noise, the same each time.
    fn new(size: u64) -> Result<Self, Failure> {
        let (mut file, mut hash) = (NamedTempFile::new()?, Sha256::new());
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut left = size;
        while left > 0 {
            let words = (0..STEP / 8).flat_map(|_| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state.to_le_bytes()
            });
            let mut bytes: Vec<u8> = words.collect();
            bytes.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            hash.update(&bytes);
            file.write_all(&bytes)?;
            left -= bytes.len() as u64;
        }
        Ok(Self { file, size, sha256: hex::encode(hash.finalize()) })
    }
}

/// The most that a connection lets through, in bytes a second.
fn limit(network: NetworkSettings) -> f64 {
    let window = rate(WINDOW * PART, network.round_trip);
    network.bytes_per_second.map_or(window, |line| window.min(as_rate(line)))
}

fn rate(bytes: u64, time: Duration) -> f64 {
    as_rate(bytes) / time.as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "files are far below 2^52 bytes")]
fn as_rate(bytes: u64) -> f64 {
    bytes as f64
}

fn per_second(rate: f64) -> String {
    format!("{:.1} MB/s", rate / 1e6)
}

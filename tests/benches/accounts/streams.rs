//! Whole files and single ranges, near Telegram and far from it.
//!
//! A client that keeps `window` parts on their way gets at most window × part in each round trip: the limit that a share
//! is a share of. `baseline/saved_messages.py` fetches the same file with Telethon: one part after the other, as
//! `iter_download` does, and with as many requests on their way as the functions have.

use std::time::Duration;

use lambdagram_tests::lambda::LogSink;
use lambdagram_tests::telegram::mtproto::accounts::{FIRST_HOME_DC, FIRST_PHONE, Phone};
use lambdagram_tests::telegram::mtproto::cloud::Cloud;
use lambdagram_tests::telegram::mtproto::network::NetworkSettings;
use lambdagram_tests::telegram::mtproto::people::sending::{SendAs, Sent};

use crate::common::figures::{Times, megabytes, ms, print};
use crate::common::ground::{BenchStack, Binaries, Failure, bytes_of};
use crate::common::python::virtual_environment;
use crate::server::{self, cloud};
use crate::visitor::{Fetched, Visitor};

/// Bytes of the file.
const FILE: u64 = 64 * 1024 * 1024;

/// Bytes of the file for who fetches one part after the other: it takes long enough.
const SMALLER_FILE: u64 = 16 * 1024 * 1024;

/// Bytes of a part and parts on their way at once, of the functions.
const PART: u64 = 512 * 1024;
const WINDOW: u64 = 8;

/// The way to Telegram and back.
const ROUND_TRIPS: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(20), Duration::from_millis(50), Duration::from_millis(150)];

/// Fetches of each kind; the median counts.
const RUNS: usize = 5;

/// A range in the middle of the file.
const RANGE: &str = "bytes=30000000-30065535";

/// What was found at one distance.
#[derive(Default)]
struct Found {
    /// Whole files, and their first bytes.
    whole: Times,
    first_byte: Times,
}

pub(crate) async fn measure(binaries: &Binaries) -> Result<(), Failure> {
    let python = virtual_environment().await?;
    let ours = BenchStack::ours(binaries, &LogSink::default()).await?;
    let python_server = server::start(&python, &ours).await?;
    let cloud = cloud(&ours)?;
    let (file, smaller) = (save(cloud, FILE).await?, save(cloud, SMALLER_FILE).await?);
    let here = Visitor::at(&ours.stack.url(), cloud).await?;
    let there = Visitor::at(&python_server.url, cloud).await?;
    let mut throughput = Vec::new();
    let mut first_bytes = Vec::new();
    for round_trip in ROUND_TRIPS {
        cloud.network().set(NetworkSettings { round_trip, bytes_per_second: None });
        let streamed = repeat(&here, &format!("/stream_media/{file}"), None).await?;
        let in_a_row = repeat(&there, &format!("/stream_media/{smaller}"), None).await?;
        let at_once = repeat(&there, &format!("/stream_media/{file}?window={WINDOW}"), None).await?;
        let range = repeat(&here, &format!("/stream_media/{file}"), Some(RANGE)).await?;
        let rate = rate(FILE, streamed.whole.median());
        let limit = limit(round_trip);
        throughput.push([
            ms(round_trip),
            per_second(rate),
            limit.map_or_else(|| "none".to_owned(), per_second),
            limit.map_or_else(String::new, |limit| format!("{:.0} %", 100.0 * rate / limit)),
            per_second(self::rate(SMALLER_FILE, in_a_row.whole.median())),
            per_second(self::rate(FILE, at_once.whole.median())),
        ]);
        first_bytes.push([
            ms(round_trip),
            streamed.first_byte.both(),
            range.first_byte.both(),
            in_a_row.first_byte.both(),
            at_once.first_byte.both(),
        ]);
    }
    print(
        &format!(
            "A file of {}, median of {RUNS} (the one in a row: {})",
            megabytes(FILE),
            megabytes(SMALLER_FILE)
        ),
        [
            "round trip",
            "`stream_media`",
            "window × part / round trip",
            "share",
            "`iter_download`",
            "Telethon, 8 at once",
        ],
        &throughput,
    );
    print(
        "First byte, p50 / p99, file known and connections warm",
        ["round trip", "`stream_media`", "a range of it", "`iter_download`", "Telethon, 8 at once"],
        &first_bytes,
    );
    print_memory(&ours, python_server.process().ok_or("the server in Python runs")?)?;
    python_server.stop().await?;
    ours.stop().await;
    Ok(())
}

/// Puts a file of noise into Saved Messages, in the account's own data centre: whoever downloads from another with Telethon
/// has two main connections, which ends the login.
async fn save(cloud: &Cloud, size: u64) -> Result<i32, Failure> {
    let sent = Sent {
        name: Some("noise.bin".to_owned()),
        mime_type: "application/octet-stream".to_owned(),
        caption: String::new(),
        send_as: SendAs::Document,
    };
    let phone = Phone::parse(FIRST_PHONE).ok_or("the first account has a number")?;
    let people = cloud.people();
    Ok(tokio::task::spawn_blocking(move || people.save_noise(&phone, size, FIRST_HOME_DC, sent)).await??)
}

/// Fetches once for nothing, so that all is known and connected, and then as often as counts.
async fn repeat(visitor: &Visitor, path: &str, range: Option<&str>) -> Result<Found, Failure> {
    let mut found = Found::default();
    for run in 0..=RUNS {
        let Fetched { first_byte, whole, bytes } = visitor.fetch(path, range).await?;
        if range.is_none() && bytes != FILE && bytes != SMALLER_FILE {
            return Err(format!("{path} had {bytes} bytes").into());
        }
        if run > 0 {
            found.whole.push(whole);
            found.first_byte.push(first_byte);
        }
    }
    Ok(found)
}

/// The most that the window lets through, in bytes a second; none where nothing takes time.
fn limit(round_trip: Duration) -> Option<f64> {
    (!round_trip.is_zero()).then(|| rate(WINDOW * PART, round_trip))
}

#[expect(clippy::cast_precision_loss, reason = "files are far below 2^52 bytes")]
fn rate(bytes: u64, time: Duration) -> f64 {
    bytes as f64 / time.as_secs_f64()
}

fn per_second(rate: f64) -> String {
    format!("{:.1} MB/s", rate / 1e6)
}

fn print_memory(ours: &BenchStack, python: u32) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for process in ours.stack.lambda().processes() {
        if let Some(id) = process.pid.filter(|_| process.function == "StreamMedia") {
            rows.push(["`stream_media`".to_owned(), megabytes(bytes_of(id, "VmHWM")?)]);
        }
    }
    rows.push(["Flask and Telethon".to_owned(), megabytes(bytes_of(python, "VmHWM")?)]);
    let window = megabytes(WINDOW * PART);
    print(&format!("Peak memory after all of it; a window has {window}"), ["process", "peak memory"], &rows);
    Ok(())
}

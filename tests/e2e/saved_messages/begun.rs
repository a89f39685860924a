//! A stream that a test holds in its middle, and the places that streams take.

use lambdagram_tests::lambda::{ProcessInfo, ProcessState};
use lambdagram_tests::telegram::faults::{Fault, Moment};
use lambdagram_tests::telegram::mtproto::network::NetworkSettings;
use reqwest::{Method, Response};
use tokio::sync::Mutex;

use crate::account::Browser;
use crate::support::TestStack;

/// Bytes of a file that is still under way when its first bytes have come: more than twice of what is asked for at once.
pub(super) const LONG: u64 = 9_000_001;

/// Bytes of a second of one connection: a long file takes a second or two.
const SLOW: u64 = 6_000_000;

/// Tests that start fifty processes and more at once do so one after the other: they would wait for each other too long.
pub(super) static CROWD: Mutex<()> = Mutex::const_new(());

/// A stream whose first bytes have come.
pub(super) struct Begun {
    answer: Response,
    bytes: Vec<u8>,
}

impl TestStack {
    /// Makes Telegram send slowly, or as fast as it can.
    pub(crate) fn slow_telegram(&self, is_slow: bool) {
        let settings = NetworkSettings { bytes_per_second: is_slow.then_some(SLOW), ..Default::default() };
        self.stack.cloud().unwrap().network().set(settings);
    }

    /// Plans a failure of the next calls for bytes of files.
    pub(crate) fn fail_files(&self, error: &str, times: u32) {
        let fault = Fault {
            method: "upload.getFile".to_owned(),
            error: error.to_owned(),
            times,
            when: Moment::Before,
            chat_id: None,
        };
        self.stack.simulated().unwrap().faults().plan(fault).unwrap();
    }

    /// How many calls for bytes of files have failed on purpose.
    pub(super) fn failed_files(&self) -> u64 {
        self.stack.simulated().unwrap().faults().hits("upload.getFile")
    }

    /// The places that streams take at this moment.
    pub(super) async fn places(&self) -> usize {
        let now = self.stack.clock().now_s();
        let is_taken = |place: &&String| place.split_once(' ').unwrap().0.parse::<u64>().unwrap() > now;
        let rows = self.rows("limits").await;
        let streams = rows.iter().filter(|row| row["key"].as_s().unwrap().starts_with("streams#"));
        let holders = streams.filter_map(|row| row.get("holders"));
        holders.map(|holders| holders.as_ss().unwrap().iter().filter(is_taken).count()).sum()
    }

    /// Returns when no stream runs any more: what a client saw the end of, its function may still be writing down.
    pub(crate) async fn streams_over(&self) {
        let is_at_rest = |process: &ProcessInfo| {
            !process.function.starts_with("Stream")
                || matches!(process.state, ProcessState::Idle | ProcessState::Retiring)
        };
        self.stack.lambda().wait_until(|all| all.iter().all(is_at_rest)).await;
    }
}

impl Begun {
    /// Asks for a file, and waits for its first bytes.
    pub(super) async fn stream(browser: &Browser<'_>, id: i32) -> Self {
        Self::of(browser, &format!("/stream_media/{id}")).await
    }

    async fn of(browser: &Browser<'_>, path: &str) -> Self {
        let mut answer = browser.request(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let bytes = answer.chunk().await.unwrap().unwrap().to_vec();
        assert!((bytes.len() as u64) < answer.content_length().unwrap(), "all came at once");
        Self { answer, bytes }
    }

    /// Reads to the end: what came, and whether it looks whole.
    pub(super) async fn rest(self) -> (Vec<u8>, bool) {
        let Self { mut answer, mut bytes } = self;
        loop {
            match answer.chunk().await {
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Ok(None) => return (bytes, true),
                Err(error) => {
                    assert!(!error.is_timeout(), "{error}");
                    return (bytes, false);
                }
            }
        }
    }
}

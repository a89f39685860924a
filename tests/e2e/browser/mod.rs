//! A real browser, driven by tests: headless Chromium over its `DevTools` protocol.
//!
//! The protocol's commands go over a pipe (`--remote-debugging-pipe`), as JSON that ends with a zero byte. So it needs
//! neither a port, nor a WebSocket, nor a driver program beside the browser. Some twenty commands are used here
//! (chromedevtools.github.io/devtools-protocol); `DEPS.md` says which crates were weighed, and what they would cost.
//!
//! ```ignore
//! let Some(chromium) = Chromium::start().await else { return };
//! let mut page = chromium.page().await;
//! page.open("http://127.0.0.1:3000/").await.unwrap();
//! let title: String = page.evaluate("return document.title").await.unwrap();
//! chromium.close().await;
//! ```

mod page;
mod pipe;
mod site;

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;
use tokio::process::{Child, Command};

pub(crate) use self::page::Page;
use self::pipe::Pipe;
pub(crate) use self::site::{Shown, Site};
use crate::support::is_installed;

/// What is waited for at most, whatever it is: a page, an event, the end of a script.
const PATIENCE: Duration = Duration::from_mins(1);

/// Debian's name of the browser.
const PROGRAM: &str = "chromium";

/// Gives the browser the descriptors that it reads commands from and writes answers to: 3 and 4.
const LAUNCHER: &str = r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>"$LOG""#;

/// No name is looked up, and nothing beyond this machine is asked. All pages are the tests' own, so that the sandbox,
/// which root cannot have, is not missed. Videos play without a click, and the camera is a test picture that everybody may
/// see.
const ARGUMENTS: [&str; 10] = [
    "--headless",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--no-first-run",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * 127.0.0.1",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
];

/// A running browser with a profile of its own.
pub(crate) struct Chromium {
    process: Child,
    pipe: Arc<Pipe>,
    _profile: TempDir,
}

impl Chromium {
    /// Starts the browser; `None`, which is printed, where there is none.
    pub(crate) async fn start() -> Option<Self> {
        if !is_installed("Chromium", PROGRAM, "--version").await {
            return None;
        }
        let profile = tempfile::tempdir().unwrap();
        let log = profile.path().join("log");
        let mut process = Command::new("sh")
            .args(["-c", LAUNCHER, PROGRAM])
            .args(ARGUMENTS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .env("LOG", &log)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let pipe = Pipe::new(process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let everything = json!({"discover": true, "filter": [{}]});
        if let Err(error) = pipe.call(None, "Target.setDiscoverTargets", everything).await {
            panic!("{error}: {}", std::fs::read_to_string(log).unwrap_or_default());
        }
        Some(Self { process, pipe: Arc::new(pipe), _profile: profile })
    }

    /// An empty page, which shares nothing with other pages: no cookies, no cache.
    pub(crate) async fn page(&self) -> Page {
        Page::new(Arc::clone(&self.pipe)).await.unwrap()
    }

    /// Ends the browser, and waits until it has ended.
    pub(crate) async fn close(mut self) {
        self.pipe.call(None, "Browser.close", json!({})).await.unwrap();
        tokio::time::timeout(PATIENCE, self.process.wait()).await.unwrap().unwrap();
    }
}

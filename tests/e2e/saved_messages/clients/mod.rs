//! Clients that others wrote: what a browser, a downloader and a player make of the streams.
//!
//! Where one is not installed, its tests say so and end; `.ci/run` counts that as a failure.

mod chromium;
mod chromium_pages;
mod curl;
mod ffmpeg;

use std::path::Path;
use std::process::Stdio;

use lambdagram_tests::telegram::mtproto::accounts::Phone;
use lambdagram_tests::telegram::mtproto::people::sending::{SendAs, Sent};
use serde_json::json;
use tokio::process::Command;

use crate::account::{Browser, PHONE};
use crate::support::TestStack;

/// Bytes of a file that one range gives at most.
const LARGEST_RANGE: u64 = 5_767_168;

/// Seconds of [`film`].
const FILM_SECONDS: f64 = 24.0;

impl TestStack {
    /// Sends a file of this type into Saved Messages; the id of its message.
    fn save_as(&self, mime_type: &str, bytes: &[u8]) -> i32 {
        let mut sending = self.stack.cloud().unwrap().people().send();
        sending.write(bytes).unwrap();
        let sent = Sent {
            name: Some("file".to_owned()),
            mime_type: mime_type.to_owned(),
            caption: String::new(),
            send_as: SendAs::Document,
        };
        sending.finish(&Phone::parse(PHONE).unwrap(), sent).unwrap()
    }

    /// The largest file of this type that the account holds from the start.
    fn held(&self, mime_type: &str) -> i32 {
        let files =
            self.saved_files(PHONE).into_iter().filter_map(|message| Some((message.file?, message.id)));
        let largest = files.filter(|(file, _)| file.mime_type == mime_type).max_by_key(|(file, _)| file.size);
        largest.unwrap().1
    }

    fn media_url(&self, id: i32) -> String {
        format!("{}/stream_media/{id}", self.stack.url())
    }
}

impl Browser<'_> {
    /// A URL of a file for whoever has no cookie.
    async fn ticket(&mut self, id: i32) -> String {
        let issued = self.post("/media-tickets", &json!({ "message_id": id })).await;
        assert_eq!(issued.status, 201, "{issued:?}");
        issued.body["url"].as_str().unwrap().to_owned()
    }
}

/// A URL of the stack under a name, as browsers are given it: they take a page at an address for a page of the same site
/// only if the port is the same, too.
fn seen(url: &str) -> String {
    url.replace("//127.0.0.1:", "//files.person.test:")
}

/// A video of about 25 MB whose pictures do not repeat, made in `folder` by `FFmpeg`. Its index is at the end, as in what
/// phones record, or at the start, as in what was made for the web.
async fn film(folder: &Path, index_first: bool) -> Vec<u8> {
    let made_at = folder.join("film.mp4");
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-loglevel", "error", "-y"]);
    command.args(["-f", "lavfi", "-i", &format!("testsrc2=size=640x360:rate=24:duration={FILM_SECONDS}")]);
    command.args(["-f", "lavfi", "-i", &format!("sine=frequency=440:duration={FILM_SECONDS}")]);
    command.args(["-vf", "noise=alls=60:allf=t", "-c:v", "libx264", "-preset", "ultrafast", "-g", "24"]);
    command.args(["-pix_fmt", "yuv420p", "-b:v", "8M", "-c:a", "aac"]);
    if index_first {
        command.args(["-movflags", "+faststart"]);
    }
    let made = command.arg(&made_at).stdin(Stdio::null()).status().await.unwrap();
    assert!(made.success());
    let film = tokio::fs::read(made_at).await.unwrap();
    assert!(film.len() as u64 > 3 * LARGEST_RANGE);
    film
}

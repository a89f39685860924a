//! `curl` downloads files: at once, in pieces, and on from where a download broke.

use std::path::Path;
use std::process::Stdio;

use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use super::LARGEST_RANGE;
use crate::account::{Browser, PHONE};
use crate::saved_messages::{noise, read_all};
use crate::support::{TestStack, is_installed};

/// `curl` with a cookie. It fails at errors, and prints the status.
struct Curl {
    cookie: String,
    url: String,
}

impl Curl {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("curl");
        // What the user's own configuration says stays out of it.
        command
            .args(["-q", "-fsS", "-b", &format!("session={}", self.cookie)])
            .args(arguments)
            .arg(&self.url);
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Saves into a file; the status. Some versions fail at 416, which says that there is no more, and some do not.
    async fn save(&self, file: &Path, arguments: &[&str]) -> String {
        let mut command = self.command(arguments);
        let done = command.args(["-w", "%{http_code}", "-o"]).arg(file).output().await.unwrap();
        let status = String::from_utf8(done.stdout).unwrap();
        let is_done = done.status.success() || status == "416";
        assert!(is_done, "{}", String::from_utf8_lossy(&done.stderr));
        status
    }

    /// Goes on with a file until the server says that there is no more; the statuses.
    async fn resume(&self, file: &Path) -> Vec<String> {
        let mut statuses = Vec::new();
        while statuses.last().is_none_or(|status| status != "416") {
            statuses.push(self.save(file, &["-C", "-"]).await);
        }
        statuses
    }
}

#[tokio::test]
async fn curl_goes_on_with_a_broken_download_until_the_file_is_whole() {
    if !is_installed("curl", "curl", "--version").await {
        return;
    }
    let (stack, folder) = (TestStack::start().await, tempfile::tempdir().unwrap());
    let browser = Browser::signed_in(&stack, PHONE).await;
    let id = noise(&stack, PHONE, 2 * LARGEST_RANGE + 2_000_001, 2);
    let held = read_all(&stack, PHONE, id);
    let curl = Curl { cookie: browser.cookie().unwrap().to_owned(), url: stack.media_url(id) };

    // The download breaks after this much.
    let mut broken = vec![0; 1_500_001];
    let mut process = curl.command(&["-N"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    process.stdout.take().unwrap().read_exact(&mut broken).await.unwrap();
    process.kill().await.unwrap();
    let file = folder.path().join("broken");
    tokio::fs::write(&file, &broken).await.unwrap();
    assert_eq!(curl.resume(&file).await, ["206", "206", "206", "416"]);
    assert!(tokio::fs::read(&file).await.unwrap() == held);

    // A first byte is all that is needed to begin with, however large the file.
    let file = folder.path().join("begun");
    assert_eq!(curl.save(&file, &["-r", "0-0"]).await, "206");
    assert_eq!(curl.resume(&file).await, ["206", "206", "206", "416"]);
    assert!(tokio::fs::read(&file).await.unwrap() == held);

    let file = folder.path().join("whole");
    assert_eq!(curl.resume(&file).await, ["200", "416"]);
    assert!(tokio::fs::read(&file).await.unwrap() == held);
    stack.end_accounts().await;
}

#[tokio::test]
async fn curl_gets_ranges_and_headers() {
    if !is_installed("curl", "curl", "--version").await {
        return;
    }
    let (stack, folder) = (TestStack::start().await, tempfile::tempdir().unwrap());
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let id = noise(&stack, PHONE, 3_000_000, 1);
    let held = read_all(&stack, PHONE, id);
    let file = folder.path().join("part");
    let cookie = browser.cookie().unwrap().to_owned();
    let with_cookie = Curl { cookie, url: stack.media_url(id) };
    let with_ticket = Curl { cookie: String::new(), url: browser.ticket(id).await };
    for curl in [with_cookie, with_ticket] {
        for (range, expected) in [
            ("0-0", &held[..1]),
            ("1000-1999", &held[1_000..2_000]),
            ("2999990-", &held[2_999_990..]),
            ("-500", &held[2_999_500..]),
        ] {
            assert_eq!(curl.save(&file, &["-r", range]).await, "206");
            assert!(tokio::fs::read(&file).await.unwrap() == expected, "{range}");
        }
        assert_eq!(curl.save(&file, &["-I"]).await, "200");
        let headers = tokio::fs::read_to_string(&file).await.unwrap().to_lowercase();
        for header in ["content-length: 3000000\r\n", "accept-ranges: bytes\r\n", "etag: \""] {
            assert!(headers.contains(header), "{headers}");
        }
    }
    stack.end_accounts().await;
}

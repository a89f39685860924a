//! `FFmpeg` reads files by URL, as the players do that are built on it.
//!
//! It asks for everything from some place on (`bytes=N-`), and takes an answer that ends before the file does for a broken
//! connection. With `-reconnect 1` it goes on from there; without, or without ranges (`-seekable 0`), it has to find what
//! it wants in one answer.

use std::path::Path;
use std::process::{Output, Stdio};

use tokio::process::Command;

use super::film;
use crate::account::{Browser, PHONE};
use crate::saved_messages::read_all;
use crate::support::{TestStack, is_installed};

/// What it says when an answer ends before the file does.
const ENDED_EARLY: &str = "Stream ends prematurely";

/// Reads every packet; without decoding them, so that it is the file that is compared.
const ALL: [&str; 6] = ["-map", "0", "-c", "copy", "-f", "framemd5"];

/// Decodes the first picture.
const PICTURE: [&str; 5] = ["-frames:v", "1", "-an", "-f", "framemd5"];

/// Decodes a second of sound.
const SOUND: [&str; 5] = ["-t", "1", "-vn", "-f", "framemd5"];

async fn run(program: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.args(["-hide_banner", "-v", "error"]).args(arguments);
    command.stdin(Stdio::null()).kill_on_drop(true).output().await.unwrap()
}

/// What `FFmpeg` makes of an input; it must succeed.
async fn made(before: &[&str], input: &str, after: &[&str]) -> (String, String) {
    let arguments = [before, &["-i", input], after, &["-"]].concat();
    let Output { status, stdout, stderr } = run("ffmpeg", &arguments).await;
    let [stdout, stderr] = [stdout, stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(status.success(), "{stderr}");
    (stdout, stderr)
}

/// What `ffprobe` tells of an input, but for its name.
async fn probed(input: &str) -> String {
    let what = "format=format_name,duration,size:stream=codec_name,width,height,sample_rate";
    let Output { status, stdout, stderr } = run("ffprobe", &["-show_entries", what, input]).await;
    assert!(status.success() && stderr.is_empty(), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

fn path(file: &Path) -> &str {
    file.to_str().unwrap()
}

#[tokio::test]
async fn ffmpeg_reads_and_seeks_videos_and_sound() {
    if !is_installed("FFmpeg", "ffmpeg", "-version").await {
        return;
    }
    let (stack, folder) = (TestStack::start().await, tempfile::tempdir().unwrap());
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let file = folder.path().join("held");
    for (mime_type, place, one) in [
        ("video/mp4", "7.5", &PICTURE),
        ("video/webm", "3.5", &PICTURE),
        ("audio/ogg", "2.5", &SOUND),
        ("audio/mpeg", "4.5", &SOUND),
    ] {
        let id = stack.held(mime_type);
        tokio::fs::write(&file, read_all(&stack, PHONE, id)).await.unwrap();
        let url = browser.ticket(id).await;
        assert_eq!(probed(&url).await, probed(path(&file)).await, "{mime_type}");
        for (before, after) in [(&[][..], &ALL[..]), (&["-ss", place], &one[..])] {
            let (read, complaints) = made(before, &url, after).await;
            assert_eq!(complaints, "", "{mime_type}");
            assert!(read.lines().any(|line| !line.starts_with('#')), "{mime_type}: nothing was read");
            assert_eq!(read, made(before, path(&file), after).await.0, "{mime_type}");
        }
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn ffmpeg_reads_a_long_film_over_many_ranges_if_it_may_reconnect() {
    if !is_installed("FFmpeg", "ffmpeg", "-version").await {
        return;
    }
    let (stack, folder) = (TestStack::start().await, tempfile::tempdir().unwrap());
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let file = folder.path().join("film.mp4");
    for index_first in [true, false] {
        let id = stack.save_as("video/mp4", &film(folder.path(), index_first).await);
        let url = browser.ticket(id).await;
        // An index at the end is found by a range of its own.
        assert_eq!(probed(&url).await, probed(path(&file)).await);
        let (all, _) = made(&[], path(&file), &ALL).await;

        let (read, complaints) = made(&["-reconnect", "1"], &url, &ALL).await;
        assert!(read == all, "{complaints}");
        assert!(complaints.contains(ENDED_EARLY), "{complaints}");
        let at = ["-reconnect", "1", "-ss", "20"];
        assert_eq!(made(&at, &url, &PICTURE).await.0, made(&["-ss", "20"], path(&file), &PICTURE).await.0);

        let (short, complaints) = made(&[], &url, &ALL).await;
        assert!(short.len() < all.len() && complaints.contains(ENDED_EARLY), "{complaints}");
        if index_first {
            let (read, complaints) = made(&["-seekable", "0"], &url, &ALL).await;
            assert!(read == all && complaints.is_empty(), "{complaints}");
        }
    }
    stack.end_accounts().await;
}

//! What goes wrong while a file is uploaded.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt};
use lambdagram_domain::upload::Checkpoint;
use lambdagram_telegram::mtproto::TelegramError;
use lambdagram_telegram::mtproto::uploads::{Contents, Task, UploadError, Uploader};
use lambdagram_tests::telegram::faults::Moment;
use tokio::time::Instant;

use super::support::{HOME_DC, PART, Sender, Sent, finish};

const SAVE_BIG: &str = "upload.saveBigFilePart";

/// Thirty parts, and a bit.
const SIZE: u64 = 30 * PART + 77;

/// Uploads and sends a file, and expects it whole.
async fn send_whole(sender: &mut Sender, window: usize) {
    let file = Sent::noise(SIZE);
    let mut uploader = sender.uploader(&file, Checkpoint::start(), window);
    let at = finish(&mut uploader).await.unwrap();
    uploader.close().await;
    let id = sender.send(&file, at).await.unwrap();
    sender.check(&file, id);
}

#[tokio::test]
async fn failures_that_pass_are_not_noticed() {
    let mut sender = Sender::open().await;
    let mut hits = 0;
    for error in ["FLOOD_WAIT_1", "FLOOD_PREMIUM_WAIT_1", "drop", "TIMEOUT", "INTERNAL_SERVER_ERROR"] {
        for moment in [Moment::Before, Moment::After] {
            sender.cloud.plan(SAVE_BIG, error, 3, moment);
            send_whole(&mut sender, 8).await;
            hits += 3;
            assert_eq!(sender.cloud.hits(SAVE_BIG), hits, "{error}");
        }
    }
}

#[tokio::test]
async fn a_call_that_is_never_answered_is_repeated_over_another_connection() {
    let mut sender = Sender::open().await;
    sender.cloud.plan(SAVE_BIG, "hang", 1, Moment::After);
    send_whole(&mut sender, 8).await;
    assert_eq!(sender.cloud.hits(SAVE_BIG), 1);
}

#[tokio::test]
async fn a_long_flood_is_told_with_its_seconds_and_the_upload_goes_on_afterwards() {
    let mut sender = Sender::open().await;
    let file = Sent::noise(SIZE);
    for error in ["FLOOD_WAIT_40", "FLOOD_PREMIUM_WAIT_40"] {
        let mut uploader = sender.uploader(&file, Checkpoint::start(), 4);
        uploader.next().await.unwrap();
        sender.cloud.plan(SAVE_BIG, error, 1, Moment::Before);
        let start = Instant::now();
        let told = loop {
            if let Err(error) = uploader.next().await {
                break error;
            }
        };
        assert!(matches!(told, UploadError::Telegram(TelegramError::Flood { seconds: 40 })), "{told}");
        assert!(start.elapsed() < Duration::from_secs(10));
        assert!(uploader.checkpoint().parts > 0);
        uploader.go_on(sender.destination());
        finish(&mut uploader).await.unwrap();
    }
    let mut uploader = sender.uploader(&file, Checkpoint::start(), 8);
    let at = finish(&mut uploader).await.unwrap();
    let id = sender.send(&file, at).await.unwrap();
    sender.check(&file, id);
}

#[tokio::test]
async fn what_telegram_refuses_for_good_is_told() {
    let sender = Sender::open().await;
    let file = Sent::noise(SIZE);
    for (error, starts_over) in [("FILE_PARTS_INVALID", true), ("FILE_PART_TOO_BIG", false)] {
        sender.cloud.plan(SAVE_BIG, error, 1, Moment::Before);
        let mut uploader = sender.uploader(&file, Checkpoint::start(), 1);
        let told = finish(&mut uploader).await.unwrap_err();
        assert_eq!(matches!(told, UploadError::StartOver), starts_over, "{told}");
    }
    sender.cloud.plan(SAVE_BIG, "SESSION_REVOKED", 1, Moment::Before);
    let mut uploader = sender.uploader(&file, Checkpoint::start(), 1);
    assert!(matches!(finish(&mut uploader).await, Err(UploadError::NotSignedIn(_))));
}

#[tokio::test]
async fn a_salt_that_has_passed_meanwhile_is_replaced_for_all_parts() {
    let mut sender = Sender::open().await;
    let old = sender.session.keys[&HOME_DC].clone();
    for _ in 0..2 {
        send_whole(&mut sender, 8).await;
        sender.cloud.clock.advance(Duration::from_hours(2));
        sender.session.keys.insert(HOME_DC, old.clone());
    }
}

#[tokio::test]
async fn a_kept_connection_that_the_server_has_closed_meanwhile_is_no_trouble() {
    let mut sender = Sender::open().await;
    send_whole(&mut sender, 8).await;
    assert_eq!(sender.pool.idle(), 1);
    sender.disconnect();
    send_whole(&mut sender, 8).await;
    assert_eq!(sender.pool.idle(), 1);
}

/// Bytes that break off.
struct Broken {
    file: Sent,
    at: u64,
    error: Option<io::ErrorKind>,
}

impl Contents for Broken {
    fn read(&mut self, offset: u64, length: u32) -> BoxFuture<'static, io::Result<Bytes>> {
        match self.error {
            _ if offset < self.at => self.file.read(offset, length),
            Some(error) => async move { Err(error.into()) }.boxed(),
            None => self.file.read(offset, length - 1),
        }
    }
}

#[tokio::test]
async fn bytes_that_cannot_be_read_or_are_too_few_end_the_upload_behind_what_was_sent() {
    let sender = Sender::open().await;
    for error in [Some(io::ErrorKind::TimedOut), None] {
        let file = Sent::noise(SIZE);
        let plan = file.plan();
        let contents = Broken { file, at: 9 * PART, error };
        let task = Task {
            plan,
            from: Checkpoint::start(),
            window: 4,
            deadline: Instant::now() + Duration::from_mins(1),
        };
        let (pool, telegram) = (sender.pool.clone(), sender.cloud.telegram.clone());
        let mut uploader = Uploader::new(pool, telegram, sender.destination(), contents, task);
        let told = finish(&mut uploader).await.unwrap_err();
        let expected = error.unwrap_or(io::ErrorKind::UnexpectedEof);
        assert!(matches!(&told, UploadError::Contents(error) if error.kind() == expected), "{told}");
        assert_eq!(uploader.checkpoint().parts, 9);
    }
}

#[tokio::test]
async fn uploading_ends_with_its_time() {
    let sender = Sender::open().await;
    let file = Sent::noise(SIZE);
    sender.cloud.plan(SAVE_BIG, "hang", 100, Moment::Before);
    let deadline = Instant::now() + Duration::from_millis(300);
    let task = Task { plan: file.plan(), from: Checkpoint::start(), window: 4, deadline };
    let (pool, telegram) = (sender.pool.clone(), sender.cloud.telegram.clone());
    let mut uploader = Uploader::new(pool, telegram, sender.destination(), file, task);
    let told = uploader.next().await.unwrap_err();
    assert!(matches!(told, UploadError::Telegram(TelegramError::Timeout)), "{told}");
}

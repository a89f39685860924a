//! Uploads go on where another one stopped.

use std::time::Duration;

use lambdagram_domain::upload::Checkpoint;
use lambdagram_telegram::mtproto::files::MediaPool;
use lambdagram_telegram::mtproto::uploads::UploadError;
use tokio::time::timeout;

use super::support::{PART, Sender, Sent, finish, phone};

/// Thirty parts, and a bit.
const SIZE: u64 = 30 * PART + 77;

#[tokio::test]
async fn another_process_goes_on_behind_the_last_checkpoint() {
    let mut sender = Sender::open().await;
    let file = Sent::noise(SIZE);
    let mut at = Checkpoint::start();
    let mut lost = 0;
    for _ in 0..4 {
        // What a process had dies with it: its connections too.
        sender.pool = MediaPool::new();
        let mut uploader = sender.uploader(&file, at, 4);
        for _ in 0..3 {
            at = uploader.next().await.unwrap().unwrap();
        }
        drop(uploader);
        lost += 4;
    }
    let reads = file.reads.lock().unwrap().len();
    let mut uploader = sender.uploader(&file, at, 4);
    let end = finish(&mut uploader).await.unwrap();
    assert_eq!(end.file_id, at.file_id);
    assert_eq!(file.reads.lock().unwrap()[reads], u64::from(at.parts) * PART);
    let id = sender.send(&file, end).await.unwrap();
    sender.check(&file, id);
    let (main, media) = sender.parts();
    assert_eq!(main, 0);
    assert!((31..=31 + lost).contains(&media), "{media} parts for 31, and {lost} lost at most");
}

#[tokio::test]
async fn who_winds_up_leaves_nothing_under_way() {
    let mut sender = Sender::open().await;
    let file = Sent::noise(SIZE);
    let mut at = Checkpoint::start();
    let mut turns = 0;
    while at.parts < file.plan().parts() {
        let mut uploader = sender.uploader(&file, at, 4);
        uploader.next().await.unwrap().unwrap();
        uploader.wind_up();
        at = finish(&mut uploader).await.unwrap();
        uploader.close().await;
        // What is under way may be all that came, and no more than that.
        assert_eq!(sender.parts(), (0, u64::from(at.parts)));
        turns += 1;
    }
    assert!(turns >= 31 / 8, "{turns} turns of 4 parts and those sent meanwhile");
    assert_eq!(sender.pool.idle(), 1, "the connection is good for the next one");
    let id = sender.send(&file, at).await.unwrap();
    sender.check(&file, id);
}

#[tokio::test]
async fn who_stops_waiting_loses_nothing() {
    let mut sender = Sender::open().await;
    let file = Sent::noise(SIZE);
    let mut uploader = sender.uploader(&file, Checkpoint::start(), 4);
    loop {
        // Each wait is given up wherever it happens to be.
        match timeout(Duration::from_micros(500), uploader.next()).await {
            Ok(Ok(None)) => break,
            Ok(Err(error)) => panic!("{error}"),
            Ok(Ok(Some(_))) | Err(_) => {}
        }
    }
    assert_eq!(sender.parts(), (0, 31));
    let at = uploader.checkpoint();
    let id = sender.send(&file, at).await.unwrap();
    sender.check(&file, id);
}

#[tokio::test]
async fn connections_that_are_closed_again_and_again_are_replaced() {
    let mut sender = Sender::open().await;
    let file = Sent::noise(SIZE);
    let mut uploader = sender.uploader(&file, Checkpoint::start(), 3);
    while uploader.next().await.unwrap().is_some() {
        sender.disconnect();
    }
    let at = uploader.checkpoint();
    let reads = file.reads.lock().unwrap().len();
    assert_eq!(reads, 31, "parts that are sent again are not read again");
    let id = sender.send(&file, at).await.unwrap();
    sender.check(&file, id);
}

#[tokio::test]
async fn parts_that_telegram_has_forgotten_are_noticed_and_the_file_is_sent_anew() {
    for size in [3 * PART + 1, SIZE] {
        let mut sender = Sender::open().await;
        let file = Sent::noise(size);
        let before = sender.messages();
        let mut uploader = sender.uploader(&file, Checkpoint::start(), 2);
        uploader.next().await.unwrap();
        sender.cloud.cloud.people().expire_parts(&phone()).unwrap();
        let at = finish(&mut uploader).await.unwrap();
        let error = sender.send(&file, at).await.unwrap_err();
        assert!(matches!(error, UploadError::StartOver), "{error}");
        assert_eq!(sender.messages(), before);

        let again = Checkpoint::start();
        assert_ne!(again.file_id, at.file_id);
        let mut uploader = sender.uploader(&file, again, 8);
        let at = finish(&mut uploader).await.unwrap();
        let id = sender.send(&file, at).await.unwrap();
        sender.check(&file, id);
    }
}

#[tokio::test]
async fn an_upload_that_is_done_sends_nothing_more() {
    let sender = Sender::open().await;
    let file = Sent::noise(SIZE);
    let mut uploader = sender.uploader(&file, Checkpoint { file_id: 1, parts: 31 }, 4);
    assert_eq!(uploader.next().await.unwrap(), None);
    uploader.close().await;
    assert_eq!(sender.parts(), (0, 0));
    assert!(file.reads.lock().unwrap().is_empty());
}

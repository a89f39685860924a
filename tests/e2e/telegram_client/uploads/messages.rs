//! However often a message is asked for, there is one.

use lambdagram_domain::upload::Checkpoint;
use lambdagram_telegram::mtproto::TelegramError;
use lambdagram_telegram::mtproto::uploads::UploadError;
use lambdagram_tests::telegram::faults::Moment;

use super::support::{PART, Sender, Sent, finish};

const SEND_MEDIA: &str = "messages.sendMedia";

/// A person, a file of theirs that Telegram has the parts of, and how many messages they have.
async fn uploaded() -> (Sender, Sent, Checkpoint, usize) {
    let sender = Sender::open().await;
    let file = Sent::noise(2 * PART + 9);
    let mut uploader = sender.uploader(&file, Checkpoint::start(), 4);
    let at = finish(&mut uploader).await.unwrap();
    uploader.close().await;
    let before = sender.messages();
    (sender, file, at, before)
}

#[tokio::test]
async fn a_call_whose_answer_is_lost_is_repeated_and_makes_one_message() {
    for moment in [Moment::Before, Moment::After] {
        let (mut sender, file, at, before) = uploaded().await;
        sender.cloud.plan(SEND_MEDIA, "drop", 2, moment);
        let id = sender.send(&file, at).await.unwrap();
        sender.check(&file, id);
        assert_eq!((sender.messages(), sender.cloud.hits(SEND_MEDIA)), (before + 1, 2));
    }
}

#[tokio::test]
async fn another_try_of_the_same_upload_finds_its_message() {
    let (mut sender, file, at, before) = uploaded().await;
    let id = sender.send(&file, at).await.unwrap();
    assert_eq!(sender.send(&file, at).await.unwrap(), id);
    sender.check(&file, id);
    assert_eq!(sender.messages(), before + 1);
    let other = Sent { id: lambdagram_domain::upload::UploadId::random(), ..file };
    assert_ne!(sender.send(&other, at).await.unwrap(), id);
    assert_eq!(sender.messages(), before + 2);
}

#[tokio::test]
async fn a_random_id_that_telegram_knows_leads_to_the_message_among_the_updates() {
    let (mut sender, file, at, before) = uploaded().await;
    sender.cloud.plan(SEND_MEDIA, "RANDOM_ID_DUPLICATE", 1, Moment::After);
    let id = sender.send(&file, at).await.unwrap();
    sender.check(&file, id);
    assert_eq!((sender.messages(), sender.cloud.hits(SEND_MEDIA)), (before + 1, 1));
}

#[tokio::test]
async fn a_message_that_no_update_tells_of_is_found_in_the_chat() {
    let (mut sender, file, at, before) = uploaded().await;
    sender.cloud.plan(SEND_MEDIA, "RANDOM_ID_DUPLICATE", 5, Moment::After);
    sender.cloud.plan("updates.getState", "NOT_FOUND", 5, Moment::Before);
    let id = sender.send(&file, at).await.unwrap();
    sender.check(&file, id);
    assert_eq!((sender.messages(), sender.cloud.hits(SEND_MEDIA)), (before + 1, 5));
}

#[tokio::test]
async fn what_telegram_refuses_is_told_and_sends_nothing() {
    let (mut sender, file, at, before) = uploaded().await;
    for (error, starts_over) in
        [("FILE_PART_1_MISSING", true), ("FILE_PARTS_INVALID", true), ("CHAT_RESTRICTED", false)]
    {
        sender.cloud.plan(SEND_MEDIA, error, 1, Moment::Before);
        let told = sender.send(&file, at).await.unwrap_err();
        assert_eq!(matches!(told, UploadError::StartOver), starts_over, "{told}");
    }
    sender.cloud.plan(SEND_MEDIA, "FLOOD_WAIT_40", 1, Moment::Before);
    let told = sender.send(&file, at).await.unwrap_err();
    assert!(matches!(told, UploadError::Telegram(TelegramError::Flood { seconds: 40 })), "{told}");
    sender.cloud.plan(SEND_MEDIA, "AUTH_KEY_UNREGISTERED", 1, Moment::Before);
    assert!(matches!(sender.send(&file, at).await, Err(UploadError::NotSignedIn(_))));
    assert_eq!(sender.messages(), before);
}

//! Reading Saved Messages, step by step.

use lambdagram_domain::media::MessageId;
use lambdagram_domain::phone::PhoneNumber;
use lambdagram_domain::session::Session;
use lambdagram_telegram::mtproto::TelegramError;
use lambdagram_telegram::mtproto::auth::{SignIn, send_code};
use lambdagram_telegram::mtproto::saved_messages::{Entry, LARGEST_PAGE, Walk, history_page};
use lambdagram_tests::telegram::faults::Moment;
use lambdagram_tests::telegram::mtproto::accounts::{MANY_PHONE, Phone};

use super::support::{TestCloud, fresh};

/// Signs in who has 1,200 files. They come into being when they are first looked at, which takes its time.
async fn signed_in(cloud: &TestCloud) -> Session {
    let phone = PhoneNumber::parse(MANY_PHONE).unwrap();
    let kept = cloud.cloud.people().saved_messages(&Phone::parse(MANY_PHONE).unwrap()).unwrap();
    assert!(kept.len() >= 1_200);
    let mut session = fresh(2);
    let mut link = cloud.link(&mut session);
    let code = send_code(&mut link, &phone).await.unwrap();
    assert!(matches!(cloud.sign_in(&mut link, &phone, &code).await.unwrap(), SignIn::Done(_)));
    link.close().await;
    session
}

#[tokio::test]
async fn five_hundred_files_are_read_in_two_round_trips() {
    let cloud = TestCloud::start().await;
    let mut session = signed_in(&cloud).await;
    let mut link = cloud.link(&mut session);
    let (mut walk, mut files) = (Walk::before(None), 0);
    let mut round_trips = 0;
    while files < 500 {
        let entries = walk.step(&mut link, 500 - files).await.unwrap();
        files += entries.iter().filter(|entry| entry.media.is_some()).count();
        round_trips += 1;
    }
    assert!(round_trips <= 2, "{round_trips}");
    link.close().await;
}

#[tokio::test]
async fn a_walk_goes_on_where_it_was_after_an_error() {
    let cloud = TestCloud::start().await;
    let mut session = signed_in(&cloud).await;
    let mut link = cloud.link(&mut session);
    let mut walk = Walk::before(None);
    let mut read = walk.step(&mut link, 1).await.unwrap();
    let position = walk.position();
    cloud.plan("messages.getHistory", "FLOOD_WAIT_9", 10, Moment::Before);
    assert_eq!(walk.step(&mut link, 99).await, Err(TelegramError::Flood { seconds: 9 }));
    assert_eq!(walk.position(), position);
    // The rest of the plan.
    for _ in 0..4 {
        let _refused = walk.step(&mut link, 1).await;
    }
    while !walk.has_ended() {
        read.extend(walk.step(&mut link, 700).await.unwrap());
    }
    link.close().await;
    assert!(read.is_sorted_by(|newer, older| newer.id > older.id));
    assert_eq!(read.iter().filter(|entry| entry.media.is_some()).count(), 1_200);
}

#[tokio::test]
async fn a_page_begins_where_it_is_told() {
    let cloud = TestCloud::start().await;
    let mut session = signed_in(&cloud).await;
    let mut link = cloud.link(&mut session);
    let newest = history_page(&mut link, None, 0, LARGEST_PAGE).await.unwrap().entries;
    assert_eq!(newest.len(), 100);
    let later = history_page(&mut link, Some(newest[9].id), 5, 10).await.unwrap().entries;
    // A file reference says when it was given, so only what a person sees is the same.
    let seen = |entries: &[Entry]| -> Vec<_> {
        entries.iter().map(|entry| (entry.id, entry.media.clone().map(|media| media.item))).collect()
    };
    assert_eq!(seen(&later), seen(&newest[15..25]));
    let none = history_page(&mut link, MessageId::new(1), 0, LARGEST_PAGE).await.unwrap();
    assert!(none.entries.is_empty());
    link.close().await;
}

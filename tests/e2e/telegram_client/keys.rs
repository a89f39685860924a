//! Keys, salts and connections as the data centres see them.

use std::time::Duration;

use lambdagram_telegram::mtproto::TelegramError;
use lambdagram_telegram::mtproto::auth::{send_code, who_am_i};
use tokio::time::Instant;

use super::support::{TestCloud, client, fresh, owner};

#[tokio::test]
async fn a_server_with_another_key_gets_nothing() {
    let cloud = TestCloud::start().await;
    let telegrams = include_str!("../../../shared/telegram/src/mtproto/keys/production.pem");
    let telegram = client(&cloud.cloud.dcs(), telegrams);
    let mut session = fresh(2);
    let mut link = telegram.link(&mut session, Instant::now() + Duration::from_secs(30));
    let refused = send_code(&mut link, &owner()).await.unwrap_err();
    assert_eq!(refused, TelegramError::Protocol("the server has none of the known keys"));
    link.close().await;
    assert!(session.keys.is_empty());
}

#[tokio::test]
async fn a_key_that_was_forgotten_is_a_dead_login_and_no_new_key_is_made() {
    let cloud = TestCloud::start().await;
    let mut session = cloud.signed_in().await;
    let key = session.keys[&2].key.clone();
    for id in cloud.cloud.cluster().keys().ids(2) {
        assert!(cloud.cloud.cluster().forget(2, id));
    }
    let mut link = cloud.link(&mut session);
    assert_eq!(who_am_i(&mut link).await, Err(TelegramError::Dead("404")));
    link.close().await;
    assert_eq!(session.keys[&2].key, key);
}

#[tokio::test]
async fn a_salt_that_has_passed_is_replaced_on_the_way() {
    let cloud = TestCloud::start().await;
    let mut session = cloud.signed_in().await;
    let before = session.keys[&2].salt;
    cloud.clock.advance(Duration::from_hours(2));
    let mut link = cloud.link(&mut session);
    who_am_i(&mut link).await.unwrap();
    link.close().await;
    assert_ne!(session.keys[&2].salt, before);
}

#[tokio::test]
async fn connections_one_after_the_other_never_overlap() {
    let cloud = TestCloud::start().await;
    let mut session = cloud.signed_in().await;
    for _ in 0..30 {
        let mut link = cloud.link(&mut session);
        who_am_i(&mut link).await.unwrap();
        link.close().await;
    }
    assert_eq!(cloud.overlaps(&owner()), 0);
}

#[tokio::test]
async fn two_connections_at_once_end_the_login_for_good() {
    let cloud = TestCloud::start().await;
    let mut session = cloud.signed_in().await;
    let mut copy = session.clone();
    let mut first = cloud.link(&mut session);
    let mut second = cloud.link(&mut copy);
    who_am_i(&mut first).await.unwrap();
    assert_eq!(who_am_i(&mut second).await, Err(TelegramError::Dead("AUTH_KEY_DUPLICATED")));
    assert_eq!(who_am_i(&mut first).await, Err(TelegramError::Dead("AUTH_KEY_UNREGISTERED")));
    first.close().await;
    second.close().await;
    assert_eq!(cloud.authorizations(&owner()), 0);
}

//! What goes wrong on the way, and what the caller is told.

use std::net::TcpListener;
use std::time::Duration;

use lambdagram_telegram::mtproto::TelegramError;
use lambdagram_telegram::mtproto::auth::{send_code, who_am_i};
use lambdagram_tests::telegram::faults::Moment;
use tokio::time::Instant;

use super::support::{TestCloud, client, fresh, owner};

#[tokio::test]
async fn a_connection_that_breaks_is_told_at_once_and_the_next_call_makes_another() {
    let cloud = TestCloud::start().await;
    let mut session = cloud.signed_in().await;
    for moment in [Moment::Before, Moment::After] {
        cloud.plan("users.getUsers", "drop", 1, moment);
        let mut link = cloud.link(&mut session);
        assert_eq!(who_am_i(&mut link).await, Err(TelegramError::Lost));
        who_am_i(&mut link).await.unwrap();
        link.close().await;
    }
    assert_eq!(cloud.overlaps(&owner()), 0);
}

#[tokio::test]
async fn a_call_that_hangs_ends_with_the_links_time() {
    let cloud = TestCloud::start().await;
    let mut session = cloud.signed_in().await;
    cloud.plan("users.getUsers", "hang", 1, Moment::Before);
    let deadline = Instant::now() + Duration::from_secs(1);
    let mut link = cloud.telegram.link(&mut session, deadline);
    assert_eq!(who_am_i(&mut link).await, Err(TelegramError::Timeout));
    // The call was there: what ended it is the time and not something before it.
    cloud.hit("users.getUsers").await;
    assert_eq!(who_am_i(&mut link).await, Err(TelegramError::Timeout));
    link.close().await;

    let mut link = cloud.link(&mut session);
    who_am_i(&mut link).await.unwrap();
    link.close().await;
    assert_eq!(cloud.overlaps(&owner()), 0);
}

#[tokio::test]
async fn a_short_flood_wait_is_waited_for_once_and_a_long_one_is_told() {
    let cloud = TestCloud::start().await;
    let mut session = cloud.signed_in().await;
    let mut link = cloud.link(&mut session);

    cloud.plan("users.getUsers", "FLOOD_WAIT_1", 1, Moment::Before);
    let start = Instant::now();
    who_am_i(&mut link).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1));

    cloud.plan("users.getUsers", "FLOOD_WAIT_1", 2, Moment::Before);
    assert_eq!(who_am_i(&mut link).await, Err(TelegramError::Flood { seconds: 1 }));

    cloud.plan("users.getUsers", "FLOOD_WAIT_4", 1, Moment::Before);
    assert_eq!(who_am_i(&mut link).await, Err(TelegramError::Flood { seconds: 4 }));
    link.close().await;
}

#[tokio::test]
async fn a_flood_wait_beyond_the_links_time_is_told_at_once() {
    let cloud = TestCloud::start().await;
    let mut session = cloud.signed_in().await;
    cloud.plan("users.getUsers", "FLOOD_WAIT_3", 1, Moment::Before);
    let mut link = cloud.telegram.link(&mut session, Instant::now() + Duration::from_millis(2900));
    assert_eq!(who_am_i(&mut link).await, Err(TelegramError::Flood { seconds: 3 }));
    link.close().await;
}

#[tokio::test]
async fn what_telegram_wants_repeated_is_repeated_once() {
    let cloud = TestCloud::start().await;
    let mut session = fresh(2);
    let mut link = cloud.link(&mut session);
    cloud.plan("auth.sendCode", "AUTH_RESTART", 1, Moment::Before);
    send_code(&mut link, &owner()).await.unwrap();
    cloud.plan("auth.sendCode", "AUTH_RESTART", 2, Moment::Before);
    assert!(send_code(&mut link, &owner()).await.unwrap_err().is("AUTH_RESTART"));
    assert_eq!(cloud.hits("auth.sendCode"), 3);
    link.close().await;
}

#[tokio::test]
async fn a_data_centre_that_sends_on_without_end_is_left() {
    let cloud = TestCloud::start().await;
    let mut session = fresh(2);
    let mut link = cloud.link(&mut session);
    cloud.plan("auth.sendCode", "NETWORK_MIGRATE_1", 3, Moment::Before);
    assert!(send_code(&mut link, &owner()).await.unwrap_err().is("NETWORK_MIGRATE"));
    cloud.plan("auth.sendCode", "PHONE_MIGRATE_9", 1, Moment::Before);
    let refused = send_code(&mut link, &owner()).await.unwrap_err();
    assert_eq!(refused, TelegramError::Protocol("the data centre is not known"));
    assert_eq!(link.session().home_dc, 1);
    link.close().await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let cloud = TestCloud::start().await;
    // A port that was free a moment ago.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let telegram = client(&format!("2={address}"), &cloud.cloud.public_key_pem());
    let mut session = fresh(2);
    let mut link = telegram.link(&mut session, Instant::now() + Duration::from_secs(30));
    assert_eq!(send_code(&mut link, &owner()).await, Err(TelegramError::Unreachable));
    link.close().await;
}

#[tokio::test]
async fn a_server_that_takes_connections_and_says_nothing_is_unreachable() {
    let cloud = TestCloud::start().await;
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let telegram = client(&format!("2={address}"), &cloud.cloud.public_key_pem());
    let mut session = fresh(2);
    let mut link = telegram.link(&mut session, Instant::now() + Duration::from_millis(300));
    assert_eq!(send_code(&mut link, &owner()).await, Err(TelegramError::Unreachable));
    link.close().await;
    assert!(session.keys.is_empty());
}

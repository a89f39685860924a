use lambdagram_domain::ids::UserId;
use lambdagram_domain::login::{CodeKind, LoginCode};
use lambdagram_telegram::mtproto::TelegramError;
use lambdagram_telegram::mtproto::auth::{SignIn, log_out, resend_code, send_code, sign_in, who_am_i};
use lambdagram_tests::telegram::mtproto::accounts::FIRST_USER_ID;

use super::support::{OTHER_DC, TestCloud, fresh, owner, somebody};

#[tokio::test]
async fn a_person_signs_in_with_a_code_and_is_known_from_then_on() {
    let cloud = TestCloud::start().await;
    let mut session = fresh(2);

    // Each step is an invocation of its own, with a connection of its own.
    let mut link = cloud.link(&mut session);
    let sent = send_code(&mut link, &owner()).await.unwrap();
    link.close().await;
    assert_eq!((sent.info.kind, sent.info.length), (CodeKind::App, Some(5)));
    assert_eq!(session.keys.keys().copied().collect::<Vec<_>>(), [2]);
    assert_ne!(session.keys[&2].salt, 0);

    let mut link = cloud.link(&mut session);
    let SignIn::Done(user) = cloud.sign_in(&mut link, &owner(), &sent).await.unwrap() else {
        panic!("the account has no password")
    };
    link.close().await;
    assert_eq!(user.id, UserId(FIRST_USER_ID));

    let mut link = cloud.link(&mut session);
    assert_eq!(who_am_i(&mut link).await, Ok(user));
    link.close().await;
    assert_eq!((cloud.authorizations(&owner()), cloud.overlaps(&owner())), (1, 0));
}

#[tokio::test]
async fn a_wrong_code_and_one_that_was_never_sent_are_told_apart() {
    let cloud = TestCloud::start().await;
    let mut session = fresh(2);
    let mut link = cloud.link(&mut session);
    let sent = send_code(&mut link, &owner()).await.unwrap();
    // One digit longer than the right one.
    let wrong = LoginCode::parse("123456").unwrap();
    let refused = sign_in(&mut link, &owner(), &sent.hash, sent.info.kind, &wrong).await.unwrap_err();
    assert!(refused.is("PHONE_CODE_INVALID"), "{refused}");
    let refused = sign_in(&mut link, &owner(), "never", sent.info.kind, &wrong).await.unwrap_err();
    assert!(refused.is("PHONE_CODE_EXPIRED"), "{refused}");
    link.close().await;
}

#[tokio::test]
async fn a_code_is_sent_again_in_the_next_way() {
    let cloud = TestCloud::start().await;
    let mut session = fresh(2);
    let mut link = cloud.link(&mut session);
    let sent = send_code(&mut link, &owner()).await.unwrap();
    cloud.clock.advance(std::time::Duration::from_secs(u64::from(sent.info.timeout_s.unwrap())));
    let again = resend_code(&mut link, &owner(), &sent.hash).await.unwrap();
    assert_eq!(Some(again.info.kind), sent.info.next);
    assert!(matches!(cloud.sign_in(&mut link, &owner(), &again).await, Ok(SignIn::Done(_))));
    link.close().await;
}

#[tokio::test]
async fn a_number_without_an_account_is_refused_under_telegrams_name_for_it() {
    let cloud = TestCloud::start().await;
    let mut session = fresh(2);
    let mut link = cloud.link(&mut session);
    let sent = send_code(&mut link, &somebody()).await.unwrap();
    let refused = cloud.sign_in(&mut link, &somebody(), &sent).await.unwrap_err();
    assert!(refused.is("PHONE_NUMBER_UNOCCUPIED"), "{refused}");
    link.close().await;
}

#[tokio::test]
async fn an_account_elsewhere_is_followed_to_its_data_centre() {
    let cloud = TestCloud::start().await;
    cloud.account(&somebody(), |account| account.home_dc = OTHER_DC);
    let mut session = fresh(2);
    let mut link = cloud.link(&mut session);
    let sent = send_code(&mut link, &somebody()).await.unwrap();
    assert_eq!(link.session().home_dc, OTHER_DC);
    assert!(matches!(cloud.sign_in(&mut link, &somebody(), &sent).await, Ok(SignIn::Done(_))));
    link.close().await;
    assert_eq!(session.keys.keys().copied().collect::<Vec<_>>(), [2, OTHER_DC]);

    let mut link = cloud.link(&mut session);
    who_am_i(&mut link).await.unwrap();
    link.close().await;
    assert_eq!(cloud.overlaps(&somebody()), 0);
}

#[tokio::test]
async fn a_logout_ends_the_authorization() {
    let cloud = TestCloud::start().await;
    let mut session = cloud.signed_in().await;
    let mut link = cloud.link(&mut session);
    log_out(&mut link).await.unwrap();
    assert_eq!(who_am_i(&mut link).await, Err(TelegramError::Dead("AUTH_KEY_UNREGISTERED")));
    link.close().await;
    assert_eq!(cloud.authorizations(&owner()), 0);
}

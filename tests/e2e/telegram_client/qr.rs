use lambdagram_domain::login::Password;
use lambdagram_domain::session::{Session, Stage};
use lambdagram_telegram::mtproto::auth::{LoginToken, check_password, export_login_token, who_am_i};

use super::support::{OTHER_DC, TestCloud, owner, somebody};

/// Asks once, on a connection of its own, as a poll does.
async fn poll(cloud: &TestCloud, session: &mut Session) -> LoginToken {
    let mut link = cloud.link(session);
    let token = export_login_token(&mut link).await.unwrap();
    link.close().await;
    token
}

fn url_of(token: LoginToken) -> String {
    let LoginToken::Waiting { url, expires_in } = token else { panic!("{token:?}") };
    assert!((1..=60).contains(&expires_in), "{expires_in}");
    url
}

#[tokio::test]
async fn a_scanned_code_signs_in() {
    let cloud = TestCloud::start().await;
    let mut session = Session::new(2, Stage::Qr);
    url_of(poll(&cloud, &mut session).await);
    // Each poll shows another token, and the last one is the one to scan.
    let url = url_of(poll(&cloud, &mut session).await);
    cloud.accept(&owner(), &url);
    let LoginToken::Done(user) = poll(&cloud, &mut session).await else {
        panic!("the account has no password")
    };
    let mut link = cloud.link(&mut session);
    assert_eq!(who_am_i(&mut link).await, Ok(user));
    link.close().await;
    assert_eq!((cloud.authorizations(&owner()), cloud.overlaps(&owner())), (1, 0));
}

#[tokio::test]
async fn a_code_scanned_by_an_account_elsewhere_moves_the_login_there() {
    let cloud = TestCloud::start().await;
    cloud.account(&somebody(), |account| account.home_dc = OTHER_DC);
    let mut session = Session::new(2, Stage::Qr);
    let url = url_of(poll(&cloud, &mut session).await);
    cloud.accept(&somebody(), &url);
    assert!(matches!(poll(&cloud, &mut session).await, LoginToken::Done(_)));
    assert_eq!(session.home_dc, OTHER_DC);
    let mut link = cloud.link(&mut session);
    who_am_i(&mut link).await.unwrap();
    link.close().await;
}

#[tokio::test]
async fn a_code_scanned_by_an_account_with_a_password_wants_it() {
    let cloud = TestCloud::start().await;
    cloud.account(&somebody(), |account| {
        account.home_dc = OTHER_DC;
        account.password = Some("correct horse".to_owned());
    });
    let mut session = Session::new(2, Stage::Qr);
    let url = url_of(poll(&cloud, &mut session).await);
    cloud.accept(&somebody(), &url);
    assert_eq!(poll(&cloud, &mut session).await, LoginToken::PasswordNeeded);
    let mut link = cloud.link(&mut session);
    check_password(&mut link, &Password::parse("correct horse").unwrap()).await.unwrap();
    link.close().await;
    assert_eq!(cloud.authorizations(&somebody()), 1);
}

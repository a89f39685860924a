use lambdagram_domain::login::Password;
use lambdagram_domain::session::Session;
use lambdagram_telegram::mtproto::auth::{SignIn, check_password, password_hint, send_code, who_am_i};
use lambdagram_tests::telegram::faults::Moment;

use super::support::{TestCloud, fresh, somebody};

fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

/// Somebody whose code was right, and whose account has a password.
async fn halfway(cloud: &TestCloud) -> Session {
    cloud.account(&somebody(), |account| {
        account.password = Some("correct horse".to_owned());
        account.hint = Some("xkcd".to_owned());
    });
    let mut session = fresh(2);
    let mut link = cloud.link(&mut session);
    let sent = send_code(&mut link, &somebody()).await.unwrap();
    assert_eq!(cloud.sign_in(&mut link, &somebody(), &sent).await, Ok(SignIn::PasswordNeeded));
    link.close().await;
    session
}

#[tokio::test]
async fn an_account_with_a_password_wants_it_and_takes_no_other() {
    let cloud = TestCloud::start().await;
    let mut session = halfway(&cloud).await;
    let mut link = cloud.link(&mut session);
    assert_eq!(password_hint(&mut link).await, Ok(Some("xkcd".to_owned())));
    let refused = check_password(&mut link, &password("Correct horse")).await.unwrap_err();
    assert!(refused.is("PASSWORD_HASH_INVALID"), "{refused}");
    let user = check_password(&mut link, &password("correct horse")).await.unwrap();
    assert_eq!(who_am_i(&mut link).await, Ok(user));
    link.close().await;
    assert_eq!(cloud.authorizations(&somebody()), 1);
}

#[tokio::test]
async fn parameters_that_somebody_else_has_used_up_are_asked_for_again_once() {
    let cloud = TestCloud::start().await;
    let mut session = halfway(&cloud).await;
    let mut link = cloud.link(&mut session);
    cloud.plan("auth.checkPassword", "SRP_ID_INVALID", 2, Moment::Before);
    let refused = check_password(&mut link, &password("correct horse")).await.unwrap_err();
    assert!(refused.is("SRP_ID_INVALID"), "{refused}");
    cloud.plan("auth.checkPassword", "SRP_ID_INVALID", 1, Moment::Before);
    check_password(&mut link, &password("correct horse")).await.unwrap();
    link.close().await;
}

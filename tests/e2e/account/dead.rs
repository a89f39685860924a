//! Logins that Telegram does not know any more: they are deleted, and people are told that they are not signed in.

use lambdagram_tests::telegram::mtproto::accounts::Phone;
use serde_json::json;

use super::{Browser, PHONE, error, not_authenticated};
use crate::support::TestStack;

const NO_CODE: &str = "Code has expired. Please request a new one.";

/// The names of a login that is gone (core.telegram.org/api/errors, 401 and 406).
pub(super) const DEAD: [&str; 8] = [
    "AUTH_KEY_UNREGISTERED",
    "AUTH_KEY_INVALID",
    "AUTH_KEY_PERM_EMPTY",
    "AUTH_KEY_DUPLICATED",
    "SESSION_REVOKED",
    "SESSION_EXPIRED",
    "USER_DEACTIVATED",
    "USER_DEACTIVATED_BAN",
];

#[tokio::test]
async fn a_login_that_dies_over_its_code_is_begun_anew() {
    let stack = TestStack::start_with_parameters(&[("CodesPerDay", "1000")]).await;
    for name in DEAD {
        stack.pass(3600);
        let mut browser = stack.browser();
        browser.send_code(PHONE).await;
        stack.refuse("auth.signIn", name, 1).await;
        browser.sign_in(PHONE, &stack.code_of(PHONE).await).await.expect(400, &error(NO_CODE));
        assert_eq!(stack.stored("pending").await, 0, "{name}");
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_dead_login_is_deleted_and_its_cookie_taken_back() {
    let stack = TestStack::start_with_parameters(&[("CodesPerDay", "1000")]).await;
    for name in DEAD {
        stack.pass(3600);
        let mut browser = Browser::signed_in(&stack, PHONE).await;
        stack.pass(61);
        stack.refuse("users.getUsers", name, 1).await;
        browser.get("/is-authenticated").await.expect(200, &json!({"authenticated": false}));
        assert_eq!((browser.cookie(), stack.stored("account").await), (None, 0), "{name}");

        let mut browser = Browser::signed_in(&stack, PHONE).await;
        stack.refuse("auth.logOut", name, 1).await;
        browser.post("/logout", &json!({})).await.expect(401, &not_authenticated());
        assert_eq!((browser.cookie(), stack.stored("account").await), (None, 0), "{name}");
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_key_that_telegram_has_forgotten_is_as_dead() {
    let stack = TestStack::start().await;
    let mut begun = stack.browser();
    begun.send_code(PHONE).await;
    let code = stack.code_of(PHONE).await;
    stack.forget_all_keys();
    begun.sign_in(PHONE, &code).await.expect(400, &error(NO_CODE));

    let mut looked_up = Browser::signed_in(&stack, PHONE).await;
    stack.pass(61);
    stack.forget_all_keys();
    looked_up.get("/is-authenticated").await.expect(200, &json!({"authenticated": false}));

    let mut left = Browser::signed_in(&stack, PHONE).await;
    stack.forget_all_keys();
    left.post("/logout", &json!({})).await.expect(401, &not_authenticated());
    assert_eq!((looked_up.cookie(), left.cookie()), (None, None));
    assert_eq!((stack.stored("pending").await, stack.stored("account").await), (0, 0));
    stack.end_accounts().await;
}

impl TestStack {
    /// Every data centre forgets every key.
    fn forget_all_keys(&self) {
        let cluster = self.stack.cloud().unwrap().cluster();
        for dc in 1..=3 {
            for key in cluster.keys().ids(dc) {
                assert!(cluster.forget(dc, key));
            }
        }
        let phone = Phone::parse(PHONE).unwrap();
        let left = self.stack.cloud().unwrap().people().summary(&phone).unwrap().unwrap();
        assert_eq!(left.authorizations, 0);
    }
}

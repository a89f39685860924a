//! Accounts with a password.

use serde_json::json;

use super::{Browser, error};
use crate::support::TestStack;

const PHONE: &str = "+15557654321";
const PASSWORD: &str = "correct horse, батарейка";

async fn stack_with_a_password() -> TestStack {
    let stack = TestStack::start().await;
    stack
        .account(&json!({"phone": PHONE, "first_name": "Grace", "password": PASSWORD, "premium": true}))
        .await;
    stack
}

/// A browser that has given the right code.
async fn half_way(stack: &TestStack) -> Browser<'_> {
    let mut browser = stack.browser();
    browser.send_code(PHONE).await;
    let answered = browser.sign_in(PHONE, &stack.code_of(PHONE).await).await;
    let hint = answered.body["hint"].clone();
    let mut expected = json!({"error": "Password required.", "password_required": true});
    if hint.is_string() {
        expected["hint"] = hint;
    }
    answered.expect(401, &expected);
    browser
}

#[tokio::test]
async fn a_password_is_asked_for_and_checked() {
    let stack = stack_with_a_password().await;
    let mut browser = half_way(&stack).await;
    assert!(!browser.is_authenticated().await);
    let pending = browser.cookie().unwrap().to_owned();
    for body in [json!({}), json!({"password": ""}), json!({"password": null})] {
        browser.post("/check-password", &body).await.expect(400, &error("Password is required."));
    }
    for wrong in [json!("wrong"), json!(7), json!("x".repeat(2000))] {
        let answered = browser.post("/check-password", &json!({ "password": wrong })).await;
        answered.expect(400, &error("Invalid password. Please try again."));
    }
    let answered = browser.post("/check-password", &json!({ "password": PASSWORD })).await;
    assert_eq!(
        (answered.status.as_u16(), &answered.body["user"]["premium"]),
        (200, &json!(true)),
        "{answered:?}"
    );
    assert_eq!(answered.body["message"], "Signed in successfully.");
    assert_ne!(browser.cookie(), Some(&*pending), "the token changes");
    stack.pass(61);
    assert!(browser.is_authenticated().await);
    stack.end_accounts().await;
}

#[tokio::test]
async fn code_and_password_may_come_in_one_step() {
    let stack = stack_with_a_password().await;
    let mut browser = stack.browser();
    browser.send_code(PHONE).await;
    let code = stack.code_of(PHONE).await;
    let body = json!({"phone": PHONE, "code": code, "password": "wrong"});
    browser.post("/sign-in", &body).await.expect(400, &error("Invalid password. Please try again."));
    let body = json!({"phone": PHONE, "code": code, "password": PASSWORD});
    let answered = browser.post("/sign-in", &body).await;
    assert_eq!(answered.status, 200, "{answered:?}");

    let mut browser = stack.browser();
    browser.send_code(PHONE).await;
    let body = json!({"phone": PHONE, "code": stack.code_of(PHONE).await, "password": PASSWORD});
    let answered = browser.post("/sign-in", &body).await;
    assert_eq!(answered.status, 200, "{answered:?}");
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_password_without_a_login_has_nothing_to_open() {
    let stack = stack_with_a_password().await;
    let expired = error("Code has expired. Please request a new one.");
    let mut browser = stack.browser();
    let body = json!({ "password": PASSWORD });
    browser.post("/check-password", &body).await.expect(400, &expired);
    browser.send_code(PHONE).await;
    browser.post("/check-password", &body).await.expect(400, &expired);
    assert_eq!(stack.account_of(PHONE).await["authorizations"], 0);
    stack.end_accounts().await;
}

#[tokio::test]
async fn passwords_of_a_login_are_counted() {
    let stack = stack_with_a_password().await;
    let mut browser = half_way(&stack).await;
    for _ in 0..10 {
        let answered = browser.post("/check-password", &json!({"password": "wrong"})).await;
        answered.expect(400, &error("Invalid password. Please try again."));
    }
    let answered = browser.post("/check-password", &json!({ "password": PASSWORD })).await;
    assert_eq!(answered.status, 429, "{answered:?}");
    stack.end_accounts().await;
}

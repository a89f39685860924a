//! Signing in with a QR code that another device scans.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Browser, PHONE, error, not_authenticated};
use crate::support::TestStack;

impl TestStack {
    /// Scans the code of `url` with a device of that account.
    pub(super) async fn scan(&self, phone: &str, url: &Value) {
        let token = url.as_str().unwrap().strip_prefix("tg://login?token=").unwrap();
        let path = format!("/_sim/accounts/{}/accept-login", phone.replace('+', "%2B"));
        let scanned =
            self.request(Method::POST, &path).json(&json!({ "token": token })).send().await.unwrap();
        assert!(scanned.status().is_success(), "{}", scanned.text().await.unwrap());
    }
}

#[tokio::test]
async fn a_code_that_is_scanned_signs_in() {
    let stack = TestStack::start().await;
    let mut browser = stack.browser();
    browser.get("/qr-login").await.expect(401, &not_authenticated());
    let made = browser.post("/qr-login", &json!({})).await;
    assert_eq!(made.status, 200, "{made:?}");
    let seconds = made.body["expires_in"].as_u64().unwrap();
    assert!((1..=60).contains(&seconds), "{made:?}");
    let waiting = browser.get("/qr-login").await;
    assert_eq!((waiting.status.as_u16(), &waiting.body["state"]), (200, &json!("waiting")), "{waiting:?}");

    stack.scan(PHONE, &waiting.body["url"]).await;
    let pending = browser.cookie().unwrap().to_owned();
    let done = browser.get("/qr-login").await;
    assert_eq!((done.status.as_u16(), &done.body["state"]), (200, &json!("done")), "{done:?}");
    assert_ne!(browser.cookie(), Some(&*pending), "the token changes");
    assert!(browser.is_authenticated().await);
    assert_eq!(browser.get("/qr-login").await.body["state"], "done");
    assert_eq!(stack.account_of(PHONE).await["authorizations"], 1);
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_code_that_was_not_scanned_in_time_is_replaced() {
    let stack = TestStack::start().await;
    let mut browser = stack.browser();
    let made = browser.post("/qr-login", &json!({})).await;
    stack.pass(90);
    let waiting = browser.get("/qr-login").await;
    assert_eq!(waiting.body["state"], "waiting", "{waiting:?}");
    assert_ne!(waiting.body["url"], made.body["url"]);
    stack.scan(PHONE, &waiting.body["url"]).await;
    assert_eq!(browser.get("/qr-login").await.body["state"], "done");
    stack.end_accounts().await;
}

#[tokio::test]
async fn an_account_with_a_password_or_another_home_signs_in_by_qr_too() {
    let stack = TestStack::start().await;
    let phone = "+15557650009";
    stack.account(&json!({"phone": phone, "first_name": "G", "password": "pass", "home_dc": 1})).await;
    let mut browser = stack.browser();
    let made = browser.post("/qr-login", &json!({})).await;
    stack.scan(phone, &made.body["url"]).await;
    let asked = browser.get("/qr-login").await;
    assert_eq!(
        (asked.status.as_u16(), &asked.body["state"]),
        (200, &json!("password_required")),
        "{asked:?}"
    );
    for _ in 0..12 {
        assert_eq!(browser.get("/qr-login").await.body["state"], "password_required", "asking costs no try");
    }
    let answered = browser.post("/check-password", &json!({"password": "pass"})).await;
    assert_eq!(answered.status, 200, "{answered:?}");
    stack.pass(61);
    assert!(browser.is_authenticated().await);
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_stranger_who_is_scanned_in_is_sent_away() {
    let stack = TestStack::start_with_parameters(&[("SignInAllow", PHONE)]).await;
    for (phone, password) in [("+15557650001", None), ("+15557650002", Some("pass"))] {
        stack.account(&json!({"phone": phone, "first_name": "G", "password": password})).await;
        let mut browser = stack.browser();
        let made = browser.post("/qr-login", &json!({})).await;
        stack.scan(phone, &made.body["url"]).await;
        let mut answered = browser.get("/qr-login").await;
        if password.is_some() {
            assert_eq!(answered.body["state"], "password_required", "{answered:?}");
            answered = browser.post("/check-password", &json!({ "password": password })).await;
        }
        answered.expect(403, &error("This account may not sign in here."));
        assert!(!browser.is_authenticated().await);
        assert_eq!(stack.account_of(phone).await["authorizations"], 0, "{phone}");
    }
    let mut browser = stack.browser();
    let made = browser.post("/qr-login", &json!({})).await;
    stack.scan(PHONE, &made.body["url"]).await;
    assert_eq!(browser.get("/qr-login").await.body["state"], "done");
    stack.end_accounts().await;
}

#[tokio::test]
async fn qr_logins_are_off_unless_configured() {
    let stack = TestStack::start_with_parameters(&[("QrSignIn", "off")]).await;
    let mut browser: Browser<'_> = stack.browser();
    browser.post("/qr-login", &json!({})).await.expect(404, &error("Not found."));
    browser.get("/qr-login").await.expect(404, &error("Not found."));
    stack.end_accounts().await;
}

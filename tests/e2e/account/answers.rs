//! A login from the number to the logout, with each answer whole.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Browser, PHONE, error, not_authenticated};
use crate::support::TestStack;

#[tokio::test]
async fn a_person_signs_in_with_a_code_and_logs_out() {
    let stack = TestStack::start().await;
    let mut browser = stack.browser();
    browser.get("/is-authenticated").await.expect(200, &json!({"authenticated": false}));

    let sent = browser.send_code(PHONE).await;
    let expected = json!({
        "message": "Code sent successfully.",
        "code_type": "app",
        "code_length": 5,
        "next_type": "sms",
        "timeout": sent.body["timeout"],
    });
    sent.expect(200, &expected);
    let pending = browser.cookie().unwrap().to_owned();
    assert!(!browser.is_authenticated().await);

    let signed_in = browser.sign_in(PHONE, &stack.code_of(PHONE).await).await;
    let user = signed_in.body["user"].clone();
    signed_in.expect(200, &json!({"message": "Signed in successfully.", "user": user}));
    assert_eq!(user["id"], stack.account_of(PHONE).await["id"]);
    assert!(user["first_name"].is_string() && user["premium"].is_boolean(), "{user}");
    assert_ne!(browser.cookie(), Some(&*pending), "the token changes");
    browser.get("/is-authenticated").await.expect(200, &json!({"authenticated": true, "user": user}));
    assert!(!Browser::with_cookie(&stack, &pending).is_authenticated().await);
    assert_eq!(stack.account_of(PHONE).await["authorizations"], 1);

    let copied = browser.cookie().unwrap().to_owned();
    browser.post("/logout", &json!({})).await.expect(200, &json!({"message": "Logged out successfully."}));
    assert_eq!(browser.cookie(), None, "the cookie is taken back");
    assert_eq!(stack.account_of(PHONE).await["authorizations"], 0);
    let mut thief = Browser::with_cookie(&stack, &copied);
    assert!(!thief.is_authenticated().await);
    thief.post("/logout", &json!({})).await.expect(401, &not_authenticated());
    browser.post("/logout", &json!({})).await.expect(401, &not_authenticated());
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_client_without_cookies_gets_tokens_and_gives_them_back_as_bearer() {
    let stack = TestStack::start().await;
    let mut client = stack.browser();
    let request = client.request(Method::POST, "/send-code").header("x-session-transport", "token");
    let sent = client.send(request.json(&json!({ "phone": PHONE }))).await;
    assert!(!sent.headers.contains_key("set-cookie"));
    let pending = sent.body["session_token"].as_str().unwrap().to_owned();

    let code = stack.code_of(PHONE).await;
    let body = json!({"phone": PHONE, "code": code});
    let request = client.request(Method::POST, "/sign-in").bearer_auth(&pending).json(&body);
    let signed_in = client.send(request).await;
    assert!(!signed_in.headers.contains_key("set-cookie"));
    let token = signed_in.body["session_token"].as_str().unwrap();
    assert_ne!(token, pending);

    let request = client.request(Method::GET, "/is-authenticated").bearer_auth(token);
    assert_eq!(client.send(request).await.body["authenticated"], true);
    // A page of another origin has no way to this header, so the origin is not asked about.
    let request = client.request(Method::POST, "/logout").bearer_auth(token);
    let request = request.header("origin", "https://elsewhere.example");
    client.send(request).await.expect(200, &json!({"message": "Logged out successfully."}));
    stack.end_accounts().await;
}

#[tokio::test]
async fn an_account_that_lives_in_another_data_centre_signs_in_all_the_same() {
    let stack = TestStack::start().await;
    for dc in 1..=3 {
        let phone = format!("+1555765430{dc}");
        stack.account(&json!({"phone": phone, "first_name": "Grace", "home_dc": dc})).await;
        let mut browser = Browser::signed_in(&stack, &phone).await;
        stack.pass(61);
        assert!(browser.is_authenticated().await, "home {dc}");
        browser
            .post("/logout", &json!({}))
            .await
            .expect(200, &json!({"message": "Logged out successfully."}));
        assert_eq!(stack.account_of(&phone).await["authorizations"], 0);
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_code_is_sent_again_the_next_way() {
    let stack = TestStack::start().await;
    let mut browser = stack.browser();
    let sent = browser.send_code(PHONE).await;
    stack.pass(sent.body["timeout"].as_u64().unwrap_or_default());
    let again = browser.post("/resend-code", &json!({})).await;
    assert_eq!(
        (again.status.as_u16(), &again.body["code_type"]),
        (200, &sent.body["next_type"]),
        "{again:?}"
    );
    assert_eq!(again.body["message"], "Code sent successfully.");
    let signed_in = browser.sign_in(PHONE, &stack.code_of(PHONE).await).await;
    assert_eq!(signed_in.status, 200, "{signed_in:?}");
    stack.end_accounts().await;
}

#[tokio::test]
async fn wrong_and_expired_codes_are_told_apart() {
    let stack = TestStack::start().await;
    let mut browser = stack.browser();
    let expired = error("Code has expired. Please request a new one.");
    browser.sign_in(PHONE, "12345").await.expect(400, &expired);

    browser.send_code(PHONE).await;
    let code = stack.code_of(PHONE).await;
    let wrong = if code == "11111" { "22222" } else { "11111" };
    browser.sign_in(PHONE, wrong).await.expect(400, &error("Invalid code. Please try again."));
    browser.sign_in("+15550001111", &code).await.expect(400, &expired);
    stack.pass(3600 / 4);
    browser.sign_in(PHONE, &code).await.expect(400, &expired);

    browser.send_code(PHONE).await;
    let spaced: String = stack.code_of(PHONE).await.chars().flat_map(|digit| [digit, ' ']).collect();
    let signed_in = browser.sign_in("+1 (555) 123-4567", &spaced).await;
    assert_eq!(signed_in.status, 200, "{signed_in:?}");
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_number_that_may_not_sign_in_is_told_nothing_and_telegram_is_not_asked() {
    let stack = TestStack::start_with_parameters(&[("SignInAllow", "+15559990000")]).await;
    let mut stranger = stack.browser();
    let sent = stranger.send_code(PHONE).await;
    assert_eq!(sent.status, 200, "{sent:?}");
    assert_eq!(sent.body["message"], "Code sent successfully.");
    assert!(stranger.cookie().is_some());
    assert_eq!(stack.last_code(PHONE).await, None);
    let again = stranger.post("/resend-code", &json!({})).await;
    assert_eq!(again.status, 200, "{again:?}");
    let tried = stranger.sign_in(PHONE, "12345").await;
    tried.expect(400, &error("Invalid code. Please try again."));
    assert!(!stranger.is_authenticated().await);

    stack.account(&json!({"phone": "+15559990000", "first_name": "Ada"})).await;
    let mut member = Browser::signed_in(&stack, "+15559990000").await;
    assert!(member.is_authenticated().await);
    stack.end_accounts().await;
}

#[tokio::test]
async fn what_telegram_ended_is_forgotten_within_a_minute() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    stack.end_all_logins(PHONE);
    assert!(browser.is_authenticated().await, "Telegram is asked at most once a minute");
    stack.pass(61);
    browser.get("/is-authenticated").await.expect(200, &json!({"authenticated": false}));
    assert_eq!(browser.cookie(), None, "the cookie is taken back");

    let mut browser = Browser::signed_in(&stack, PHONE).await;
    stack.end_all_logins(PHONE);
    browser.post("/logout", &json!({})).await.expect(401, &not_authenticated());
    assert_eq!(browser.cookie(), None, "the cookie is taken back");
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_session_that_is_used_lives_on_and_one_that_is_not_ends() {
    let stack = TestStack::start_with_parameters(&[("SessionDays", "2")]).await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    for _ in 0..3 {
        stack.pass(86_400 * 3 / 2);
        assert!(browser.is_authenticated().await);
    }
    stack.pass(86_400 * 2);
    browser.get("/is-authenticated").await.expect(200, &json!({"authenticated": false}));
    browser.post("/logout", &json!({})).await.expect(401, &not_authenticated());
    stack.end_accounts().await;
}

#[tokio::test]
async fn sessions_survive_a_restart() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let cookie = browser.cookie().unwrap().to_owned();
    let stack = stack.restart().await;
    stack.pass(61);
    let mut browser = Browser::with_cookie(&stack, &cookie);
    assert!(browser.is_authenticated().await);
    let answered: Value = browser.post("/logout", &json!({})).await.body;
    assert_eq!(answered, json!({"message": "Logged out successfully."}));
    stack.end_accounts().await;
}

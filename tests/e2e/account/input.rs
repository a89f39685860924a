//! Bad input: a clear error, and nothing has changed.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Browser, PHONE, error};
use crate::support::TestStack;

#[tokio::test]
async fn a_number_in_a_wrong_shape_is_refused() {
    let stack = TestStack::start().await;
    let mut browser = stack.browser();
    for body in [json!({}), json!({"phone": null}), json!({"phone": ""}), json!({"phone": "  "})] {
        browser.post("/send-code", &body).await.expect(400, &error("Phone number is required."));
    }
    let long = "+1".to_owned() + &"5".repeat(4000);
    for phone in [
        json!(15_551_234_567_i64),
        json!(["+15551234567"]),
        json!("15551234567"),
        json!("+"),
        json!("+1555"),
        json!("+1555123456789012345"),
        json!("+1555CALLNOW"),
        json!("+1555123\u{660}567"),
        json!("+15551234567\n"),
        json!(long),
    ] {
        let answered = browser.post("/send-code", &json!({ "phone": phone })).await;
        answered.expect(400, &error("Invalid phone number format."));
    }
    assert_eq!(browser.cookie(), None);
    assert_eq!(stack.last_code(PHONE).await, None);
    for phone in ["+1 555 123 4567", "+1-555-123-4567", "+1 (555) 123.4567", "0015551234567"] {
        browser.send_code(phone).await;
        assert_eq!(stack.code_of(PHONE).await.len(), 5, "{phone}");
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_number_that_telegram_does_not_know_is_no_number() {
    let stack = TestStack::start().await;
    stack.fault(json!({"method": "auth.sendCode", "error": "PHONE_NUMBER_INVALID"})).await;
    let mut browser = stack.browser();
    browser.send_code(PHONE).await.expect(400, &error("Invalid phone number format."));
    assert_eq!(browser.cookie(), None);
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_sign_in_wants_a_number_and_a_code() {
    let stack = TestStack::start().await;
    let mut browser = stack.browser();
    browser.send_code(PHONE).await;
    for body in [
        json!({}),
        json!({"phone": PHONE}),
        json!({"code": "12345"}),
        json!({"phone": "", "code": "12345"}),
        json!({"phone": PHONE, "code": " "}),
        json!({"phone": PHONE, "code": null}),
    ] {
        let answered = browser.post("/sign-in", &body).await;
        answered.expect(400, &error("Phone number and code are required."));
    }
    for code in [json!(12345), json!(["12345"]), json!("1".repeat(65)), json!("--")] {
        let answered = browser.post("/sign-in", &json!({"phone": PHONE, "code": code})).await;
        answered.expect(400, &error("Invalid code. Please try again."));
    }
    let answered = browser.post("/sign-in", &json!({"phone": "5551234567", "code": "12345"})).await;
    answered.expect(400, &error("Invalid phone number format."));
    let signed_in = browser.sign_in(PHONE, &stack.code_of(PHONE).await).await;
    assert_eq!(signed_in.status, 200, "none of it counted as a try: {signed_in:?}");
    stack.end_accounts().await;
}

#[tokio::test]
async fn what_is_no_json_is_refused() {
    let stack = TestStack::start().await;
    let mut browser = stack.browser();
    for path in ["/send-code", "/sign-in", "/check-password", "/resend-code"] {
        let request = browser.request(Method::POST, path).header("content-type", "text/plain").body("{}");
        let unsupported = error("Content-Type must be application/json.");
        browser.send(request).await.expect(415, &unsupported);
        for text in ["", "{", "[]", "\"x\"", "{\"phone\": \"\\ud800\"}"] {
            let request = browser.request(Method::POST, path).header("content-type", "application/json");
            let answered = browser.send(request.body(text)).await;
            answered.expect(400, &error("The body is not the JSON this endpoint takes."));
        }
        let huge = json!({"phone": "5".repeat(6_400_000)}).to_string();
        let request = browser.request(Method::POST, path).header("content-type", "application/json");
        assert_eq!(browser.send(request.body(huge)).await.status, 413, "{path}");
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_page_of_another_origin_may_not_sign_anybody_in_or_out() {
    let stack = TestStack::start_with_parameters(&[("AllowedOrigins", "https://app.example")]).await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let own = stack.stack.url();
    let refused = error("This origin may not do that.");
    for (path, body) in [
        ("/send-code", json!({"phone": PHONE})),
        ("/sign-in", json!({"phone": PHONE, "code": "12345"})),
        ("/check-password", json!({"password": "x"})),
        ("/qr-login", json!({})),
        ("/resend-code", json!({})),
        ("/logout", json!({})),
    ] {
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let request = browser.request(Method::POST, path).header(name, value).json(&body);
            browser.send(request).await.expect(403, &refused);
        }
    }
    assert!(browser.is_authenticated().await);
    for origin in [&*own, "https://app.example"] {
        let request = browser.request(Method::POST, "/logout").header("origin", origin).json(&json!({}));
        let answered = browser.send(request).await;
        assert_eq!(answered.status, 200, "{origin}: {answered:?}");
        let allowed = answered.headers.get("access-control-allow-origin");
        assert_eq!(allowed.is_some(), origin == "https://app.example", "{answered:?}");
        browser = Browser::signed_in(&stack, PHONE).await;
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_cookie_that_was_changed_is_nobodys() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let cookie = browser.cookie().unwrap();
    let mut flipped = cookie.to_owned();
    let last = if flipped.pop() == Some('A') { 'E' } else { 'A' };
    flipped.push(last);
    for changed in [&*flipped, &cookie[1..], &format!("{cookie}A"), &format!("{cookie}="), "", "x"] {
        let mut thief = Browser::with_cookie(&stack, changed);
        thief.get("/is-authenticated").await.expect(200, &json!({"authenticated": false}));
        thief.post("/logout", &json!({})).await.expect(401, &error("User not authenticated."));
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn limits_come_before_telegram() {
    let stack = TestStack::start_with_parameters(&[("CodesPerDay", "7")]).await;
    let limited = |answered: &super::Answered, most: u64| {
        let seconds = answered.body["retry_after"].as_u64().unwrap();
        assert!((1..=most).contains(&seconds), "{answered:?}");
        let body: Value = json!({
            "error": "Too many requests. Please try again later.",
            "retry_after": seconds,
        });
        answered.expect(429, &body);
    };
    let mut browser = stack.browser();
    for _ in 0..5 {
        assert_eq!(browser.send_code(PHONE).await.status, 200);
    }
    let before = stack.code_of(PHONE).await;
    limited(&browser.send_code(PHONE).await, 3600);
    assert_eq!(stack.code_of(PHONE).await, before);
    for phone in ["+15557650001", "+15557650002"] {
        stack.account(&json!({"phone": phone, "first_name": "A"})).await;
        assert_eq!(browser.send_code(phone).await.status, 200);
    }
    stack.account(&json!({"phone": "+15557650003", "first_name": "A"})).await;
    limited(&browser.send_code("+15557650003").await, 86_400);

    stack.pass(86_400);
    browser.send_code(PHONE).await;
    for _ in 0..10 {
        let code = if stack.code_of(PHONE).await == "11111" { "22222" } else { "11111" };
        let answered = browser.sign_in(PHONE, code).await;
        assert_eq!(answered.status, 400, "{answered:?}");
    }
    limited(&browser.sign_in(PHONE, &stack.code_of(PHONE).await).await, 1800);
    stack.end_accounts().await;
}

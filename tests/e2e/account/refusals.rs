//! Each error that Telegram documents for the calls of a login, and what a person is told of it.

use serde_json::{Value, json};

use super::dead::DEAD;
use super::{Answered, Browser, PHONE, error};
use crate::support::TestStack;

const PASSWORD: &str = "correct horse";

const NO_CODE_SENT: &str = "Failed to send code. Please try again.";
const NOT_SIGNED_IN: &str = "Failed to sign in. Please try again.";
const NOT_CHECKED: &str = "Failed to check authentication status.";
const NOT_LOGGED_OUT: &str = "Failed to log out.";

const BAD_NUMBER: &str = "Invalid phone number format.";
const BAD_CODE: &str = "Invalid code. Please try again.";
const NO_CODE: &str = "Code has expired. Please request a new one.";
const BAD_PASSWORD: &str = "Invalid password. Please try again.";

const DAY: u64 = 86_400;

/// What is told of an error.
#[derive(Clone, Copy)]
enum Told {
    /// 500 with the endpoint's sentence, and this name.
    Failed(&'static str),
    /// 500 with the endpoint's sentence, and the id under which the log has the cause.
    FailedInside,
    /// 400 with this sentence.
    Bad(&'static str),
    /// 429 with these seconds.
    Wait(u64),
}

use Told::{Bad, Failed, FailedInside, Wait};

impl Told {
    #[track_caller]
    fn check(self, sentence: &str, name: &str, answered: &Answered) {
        let (status, body) = match self {
            Failed(details) => (500, json!({ "error": sentence, "details": details })),
            FailedInside => {
                let id = answered.headers["x-request-id"].to_str().unwrap();
                (500, json!({ "error": sentence, "details": format!("Request id: {id}") }))
            }
            Bad(sentence) => (400, error(sentence)),
            Wait(seconds) => (429, wait(seconds)),
        };
        assert_eq!(answered.both(), (status, &body), "{name}");
    }
}

fn wait(seconds: u64) -> Value {
    json!({ "error": "Too many requests. Please try again later.", "retry_after": seconds })
}

/// What any call may be refused with.
const ANY_CALL: [(&str, Told); 9] = [
    ("FLOOD_WAIT_7", Wait(7)),
    ("FLOOD_PREMIUM_WAIT_4", Wait(4)),
    ("SLOWMODE_WAIT_3600", Wait(3600)),
    ("FROZEN_METHOD_INVALID", Failed("FROZEN_METHOD_INVALID")),
    ("RPC_CALL_FAIL", Failed("RPC_CALL_FAIL")),
    ("TIMEOUT", Failed("TIMEOUT")),
    ("INPUT_METHOD_INVALID_1234", Failed("INPUT_METHOD_INVALID")),
    ("CHAT_WRITE_FORBIDDEN", Failed("CHAT_WRITE_FORBIDDEN")),
    ("NETWORK_MIGRATE_9", FailedInside),
];

impl TestStack {
    /// The next `times` calls of a method are refused.
    pub(super) async fn refuse(&self, method: &str, name: &str, times: u32) {
        self.fault(json!({"method": method, "error": name, "times": times, "when": "before"})).await;
    }

    /// How many sessions of a kind are stored.
    pub(super) async fn stored(&self, kind: &str) -> usize {
        let rows = self.sessions().await;
        rows.iter().filter(|row| row["kind"].as_s().unwrap() == kind).count()
    }
}

#[tokio::test]
async fn errors_of_a_code_that_is_asked_for() {
    let table = [
        ("API_ID_INVALID", 1, Failed("API_ID_INVALID")),
        ("API_ID_PUBLISHED_FLOOD", 1, Failed("API_ID_PUBLISHED_FLOOD")),
        ("AUTH_RESTART", 2, Failed("AUTH_RESTART")),
        ("AUTH_RESTART_3", 2, Failed("AUTH_RESTART")),
        ("PHONE_NUMBER_APP_SIGNUP_FORBIDDEN", 1, Failed("PHONE_NUMBER_APP_SIGNUP_FORBIDDEN")),
        ("PHONE_NUMBER_BANNED", 1, Failed("PHONE_NUMBER_BANNED")),
        ("PHONE_NUMBER_FLOOD", 1, Wait(DAY)),
        ("PHONE_NUMBER_INVALID", 1, Bad(BAD_NUMBER)),
        ("PHONE_PASSWORD_FLOOD", 1, Wait(DAY)),
        ("PHONE_PASSWORD_PROTECTED", 1, Failed("PHONE_PASSWORD_PROTECTED")),
        ("SMS_CODE_CREATE_FAILED", 1, Failed("SMS_CODE_CREATE_FAILED")),
        ("UPDATE_APP_TO_LOGIN", 1, Failed("UPDATE_APP_TO_LOGIN")),
        ("SESSION_PASSWORD_NEEDED", 1, Failed("SESSION_PASSWORD_NEEDED")),
        ("PHONE_MIGRATE_9", 1, FailedInside),
    ];
    let dead = DEAD.map(|name| (name, 1, FailedInside));
    let stack = TestStack::start_with_parameters(&[("CodesPerDay", "1000")]).await;
    let mut browser = stack.browser();
    for (name, times, told) in table.into_iter().chain(any_call()).chain(dead) {
        stack.pass(3600);
        stack.refuse("auth.sendCode", name, times).await;
        told.check(NO_CODE_SENT, name, &browser.send_code(PHONE).await);
        assert_eq!(browser.cookie(), None, "{name}");
    }
    assert_eq!(stack.last_code(PHONE).await, None);
    assert_eq!(stack.sessions().await.len(), 0, "nothing is kept of a login that has not begun");
    for name in ["AUTH_RESTART", "PHONE_MIGRATE_1", "NETWORK_MIGRATE_3", "FLOOD_WAIT_1"] {
        stack.pass(3600);
        stack.refuse("auth.sendCode", name, 1).await;
        assert_eq!(browser.send_code(PHONE).await.status, 200, "{name} is nothing that people are told of");
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn errors_of_a_code_that_is_asked_for_again() {
    let table = [
        ("PHONE_CODE_EMPTY", 1, Bad(NO_CODE)),
        ("PHONE_CODE_EXPIRED", 1, Bad(NO_CODE)),
        ("PHONE_CODE_HASH_EMPTY", 1, Bad(NO_CODE)),
        ("PHONE_NUMBER_INVALID", 1, Bad(BAD_NUMBER)),
        ("SEND_CODE_UNAVAILABLE", 1, Failed("SEND_CODE_UNAVAILABLE")),
    ];
    let stack = TestStack::start_with_parameters(&[("CodesPerDay", "1000")]).await;
    for (name, times, told) in table.into_iter().chain(any_call()) {
        stack.pass(3600);
        let mut browser = stack.browser();
        browser.send_code(PHONE).await;
        stack.refuse("auth.resendCode", name, times).await;
        told.check(NO_CODE_SENT, name, &browser.post("/resend-code", &json!({})).await);
        assert_eq!(browser.sign_in(PHONE, &stack.code_of(PHONE).await).await.status, 200, "{name}");
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn errors_of_a_code_that_is_given() {
    let table = [
        ("AUTH_RESTART", 2, Failed("AUTH_RESTART")),
        ("PHONE_CODE_EMPTY", 1, Bad(BAD_CODE)),
        ("PHONE_CODE_EXPIRED", 1, Bad(NO_CODE)),
        ("PHONE_CODE_INVALID", 1, Bad(BAD_CODE)),
        ("PHONE_NUMBER_INVALID", 1, Bad(BAD_NUMBER)),
        ("PHONE_NUMBER_UNOCCUPIED", 1, Failed("PHONE_NUMBER_UNOCCUPIED")),
        ("SIGN_IN_FAILED", 1, Failed("SIGN_IN_FAILED")),
        ("UPDATE_APP_TO_LOGIN", 1, Failed("UPDATE_APP_TO_LOGIN")),
    ];
    let stack = TestStack::start_with_parameters(&[("CodesPerDay", "1000")]).await;
    for (name, times, told) in table.into_iter().chain(any_call()) {
        stack.pass(3600);
        let mut browser = stack.browser();
        browser.send_code(PHONE).await;
        let code = stack.code_of(PHONE).await;
        stack.refuse("auth.signIn", name, times).await;
        told.check(NOT_SIGNED_IN, name, &browser.sign_in(PHONE, &code).await);
        assert_eq!(browser.sign_in(PHONE, &code).await.status, 200, "after {name} the code is still good");
    }
    stack.end_accounts().await;
}

/// A number that no account has passes for one until its code is given.
#[tokio::test]
async fn a_number_without_an_account_signs_nobody_in() {
    let stack = TestStack::start().await;
    let (mut browser, nobody) = (stack.browser(), "+15550009999");
    assert_eq!(browser.send_code(nobody).await.status, 200);
    let answered = browser.sign_in(nobody, &stack.code_of(nobody).await).await;
    Failed("PHONE_NUMBER_UNOCCUPIED").check(NOT_SIGNED_IN, "sign up", &answered);
    stack.end_accounts().await;
}

#[tokio::test]
async fn errors_of_a_password_that_is_given() {
    let table = [
        ("PASSWORD_HASH_INVALID", 1, Bad(BAD_PASSWORD)),
        ("SRP_ID_INVALID", 2, Failed("SRP_ID_INVALID")),
        ("SRP_PASSWORD_CHANGED", 1, Failed("SRP_PASSWORD_CHANGED")),
        ("AUTH_KEY_UNSYNCHRONIZED", 1, Failed("AUTH_KEY_UNSYNCHRONIZED")),
        ("PHONE_PASSWORD_FLOOD", 1, Wait(DAY)),
    ];
    let stack = stack_with_a_password().await;
    for (name, times, told) in table.into_iter().chain(any_call()) {
        let mut browser = half_way(&stack).await;
        stack.refuse("auth.checkPassword", name, times).await;
        let body = json!({ "password": PASSWORD });
        told.check(NOT_SIGNED_IN, name, &browser.post("/check-password", &body).await);
        assert_eq!(browser.post("/check-password", &body).await.status, 200, "after {name}");
    }
    let mut browser = half_way(&stack).await;
    stack.refuse("auth.checkPassword", "SRP_ID_INVALID", 1).await;
    let answered = browser.post("/check-password", &json!({ "password": PASSWORD })).await;
    assert_eq!(answered.status, 200, "parameters that were used up are asked for anew: {answered:?}");
    stack.end_accounts().await;
}

/// The code is spent once Telegram has taken it, whatever becomes of the calls after it.
#[tokio::test]
async fn a_code_that_was_right_is_not_asked_for_again_when_the_next_call_is_refused() {
    let stack = stack_with_a_password().await;
    for (method, name, times, told) in [
        ("account.getPassword", "FLOOD_WAIT_7", 2, Wait(7)),
        ("auth.checkPassword", "FLOOD_WAIT_7", 1, Wait(7)),
        ("auth.checkPassword", "SRP_PASSWORD_CHANGED", 1, Failed("SRP_PASSWORD_CHANGED")),
    ] {
        stack.pass(3600);
        let mut browser = stack.browser();
        browser.send_code(PHONE_WITH_PASSWORD).await;
        let code = stack.code_of(PHONE_WITH_PASSWORD).await;
        let body = json!({"phone": PHONE_WITH_PASSWORD, "code": code, "password": PASSWORD});
        stack.refuse(method, name, times).await;
        told.check(NOT_SIGNED_IN, name, &browser.post("/sign-in", &body).await);
        let answered = browser.post("/sign-in", &body).await;
        assert_eq!(answered.status, 200, "{method} {name}: {answered:?}");
    }
    stack.pass(3600);
    let mut browser = stack.browser();
    browser.send_code(PHONE_WITH_PASSWORD).await;
    stack.refuse("account.getPassword", "FLOOD_WAIT_7", 1).await;
    let answered = browser.sign_in(PHONE_WITH_PASSWORD, &stack.code_of(PHONE_WITH_PASSWORD).await).await;
    answered.expect(401, &json!({"error": "Password required.", "password_required": true}));
    stack.end_accounts().await;
}

#[tokio::test]
async fn errors_of_a_qr_login() {
    let stack = TestStack::start().await;
    for (name, times, told) in any_call().chain([("API_ID_INVALID", 1, Failed("API_ID_INVALID"))]) {
        stack.pass(3600);
        let mut browser = stack.browser();
        stack.refuse("auth.exportLoginToken", name, times).await;
        told.check(NOT_SIGNED_IN, name, &browser.post("/qr-login", &json!({})).await);
        assert_eq!(browser.cookie(), None, "{name}");
        assert_eq!(browser.post("/qr-login", &json!({})).await.status, 200);
        stack.refuse("auth.exportLoginToken", name, times).await;
        told.check(NOT_SIGNED_IN, name, &browser.get("/qr-login").await);
        assert_eq!(browser.get("/qr-login").await.body["state"], "waiting", "after {name}");
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn errors_of_a_login_that_is_looked_up_or_ended() {
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let yes = browser.get("/is-authenticated").await;
    let password_needed = [("SESSION_PASSWORD_NEEDED", 1, Failed("SESSION_PASSWORD_NEEDED"))];
    for (name, times, told) in any_call().chain(password_needed) {
        stack.pass(61);
        stack.refuse("users.getUsers", name, times).await;
        told.check(NOT_CHECKED, name, &browser.get("/is-authenticated").await);
        stack.refuse("auth.logOut", name, times).await;
        told.check(NOT_LOGGED_OUT, name, &browser.post("/logout", &json!({})).await);
        browser.get("/is-authenticated").await.expect(200, &yes.body);
    }
    let out = browser.post("/logout", &json!({})).await;
    out.expect(200, &json!({"message": "Logged out successfully."}));
    stack.end_accounts().await;
}

const PHONE_WITH_PASSWORD: &str = "+15557654321";

async fn stack_with_a_password() -> TestStack {
    let stack = TestStack::start_with_parameters(&[("CodesPerDay", "1000")]).await;
    stack.account(&json!({"phone": PHONE_WITH_PASSWORD, "first_name": "Grace", "password": PASSWORD})).await;
    stack
}

/// A browser that has given the right code, in another hour than the one before.
async fn half_way(stack: &TestStack) -> Browser<'_> {
    stack.pass(3600);
    let mut browser = stack.browser();
    browser.send_code(PHONE_WITH_PASSWORD).await;
    let answered = browser.sign_in(PHONE_WITH_PASSWORD, &stack.code_of(PHONE_WITH_PASSWORD).await).await;
    assert_eq!(answered.status, 401, "{answered:?}");
    browser
}

fn any_call() -> impl Iterator<Item = (&'static str, u32, Told)> {
    ANY_CALL.into_iter().map(|(name, told)| (name, 1, told))
}

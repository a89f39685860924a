//! A Telegram that does not answer: it hangs up, is silent, or is not there. People are told so in seconds, and nothing
//! that it did all the same is lost.

use std::net::TcpListener;

use serde_json::{Value, json};

use super::{Answered, Browser, PHONE};
use crate::support::TestStack;

const WITH_PASSWORD: &str = "+15557654321";
const PASSWORD: &str = "correct horse";

const NO_CODE_SENT: &str = "Failed to send code. Please try again.";
const NOT_SIGNED_IN: &str = "Failed to sign in. Please try again.";
const NOT_CHECKED: &str = "Failed to check authentication status.";
const NOT_LOGGED_OUT: &str = "Failed to log out.";

/// Nothing that Telegram said can be told: the cause is in the log.
#[track_caller]
fn failed(sentence: &str, answered: &Answered) {
    let id = answered.headers["x-request-id"].to_str().unwrap();
    answered.expect(500, &json!({"error": sentence, "details": format!("Request id: {id}")}));
}

/// People at each step of a login.
struct People<'a> {
    newcomer: Browser<'a>,
    with_code: (Browser<'a>, String),
    with_password: Browser<'a>,
    with_qr: Browser<'a>,
    signed_in: Browser<'a>,
    leaving: Browser<'a>,
}

const CODE_OF: &str = "+15557650001";
const SIGNED_IN: &str = "+15557650002";
const LEAVING: &str = "+15557650003";

impl<'a> People<'a> {
    async fn meet(stack: &'a TestStack) -> Self {
        stack.account(&json!({"phone": WITH_PASSWORD, "first_name": "Grace", "password": PASSWORD})).await;
        for phone in [CODE_OF, SIGNED_IN, LEAVING] {
            stack.account(&json!({"phone": phone, "first_name": "Ada"})).await;
        }
        let mut with_code = stack.browser();
        with_code.send_code(CODE_OF).await;
        let mut with_password = stack.browser();
        with_password.send_code(WITH_PASSWORD).await;
        let asked = with_password.sign_in(WITH_PASSWORD, &stack.code_of(WITH_PASSWORD).await).await;
        assert_eq!(asked.status, 401, "{asked:?}");
        let signed_in = Browser::signed_in(stack, SIGNED_IN).await;
        let leaving = Browser::signed_in(stack, LEAVING).await;
        // Long enough for a look at Telegram to be due, short enough for codes; QR codes live shorter.
        stack.pass(61);
        let mut with_qr = stack.browser();
        let made = with_qr.post("/qr-login", &json!({})).await;
        stack.scan(PHONE, &made.body["url"]).await;
        let with_code = (with_code, stack.code_of(CODE_OF).await);
        Self { newcomer: stack.browser(), with_code, with_password, with_qr, signed_in, leaving }
    }

    /// Everybody goes on, at the same time.
    async fn go_on(&mut self) -> [Answered; 6] {
        let (with_code, code) = &mut self.with_code;
        let (no_body, password) = (json!({}), json!({ "password": PASSWORD }));
        let (sent, signed_in, checked, scanned, looked_up, logged_out) = tokio::join!(
            self.newcomer.send_code(PHONE),
            with_code.sign_in(CODE_OF, code),
            self.with_password.post("/check-password", &password),
            self.with_qr.get("/qr-login"),
            self.signed_in.get("/is-authenticated"),
            self.leaving.post("/logout", &no_body),
        );
        [sent, signed_in, checked, scanned, looked_up, logged_out]
    }
}

const SENTENCES: [&str; 6] =
    [NO_CODE_SENT, NOT_SIGNED_IN, NOT_SIGNED_IN, NOT_SIGNED_IN, NOT_CHECKED, NOT_LOGGED_OUT];

/// The calls that [`People::go_on`] makes.
const METHODS: [&str; 6] = [
    "auth.sendCode",
    "auth.signIn",
    "auth.checkPassword",
    "auth.exportLoginToken",
    "users.getUsers",
    "auth.logOut",
];

async fn everybody_is_told_and_goes_on(fault: &str, when: &str) {
    let stack = TestStack::start().await;
    let mut people = People::meet(&stack).await;
    for method in METHODS {
        stack.fault(json!({"method": method, "error": fault, "times": 1, "when": when})).await;
    }
    let answers = people.go_on().await;
    for (answered, sentence) in answers.iter().zip(SENTENCES) {
        failed(sentence, answered);
    }
    assert_eq!(people.newcomer.cookie(), None);
    let again = people.go_on().await;
    let statuses = again.each_ref().map(|answered| answered.status.as_u16());
    // A repeated logout finds that nobody is logged in any longer.
    let logged_out = if when == "after" { 401 } else { 200 };
    assert_eq!(statuses, [200, 200, 200, 200, 200, logged_out], "{fault} {when}: {again:?}");
    assert_eq!(again[3].body["state"], "done", "{again:?}");
    assert_eq!(again[4].body["authenticated"], true);
    assert_eq!(people.leaving.cookie(), None);
    for (phone, logins) in [(PHONE, 1), (CODE_OF, 1), (WITH_PASSWORD, 1), (SIGNED_IN, 1), (LEAVING, 0)] {
        assert_eq!(stack.account_of(phone).await["authorizations"], logins, "{fault} {when} {phone}");
    }
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_telegram_that_hangs_up_before_it_does_anything() {
    Box::pin(everybody_is_told_and_goes_on("drop", "before")).await;
}

#[tokio::test]
async fn a_telegram_that_hangs_up_after_it_has_done_what_was_asked() {
    Box::pin(everybody_is_told_and_goes_on("drop", "after")).await;
}

#[tokio::test]
async fn a_telegram_that_is_silent_before_it_does_anything() {
    Box::pin(everybody_is_told_and_goes_on("hang", "before")).await;
}

#[tokio::test]
async fn a_telegram_that_is_silent_after_it_has_done_what_was_asked() {
    Box::pin(everybody_is_told_and_goes_on("hang", "after")).await;
}

/// An error of Telegram's own, of which nobody knows whether it came before or after the effect.
#[tokio::test]
async fn a_telegram_that_fails_after_it_has_done_what_was_asked() {
    let stack = TestStack::start().await;
    let mut people = People::meet(&stack).await;
    for method in ["auth.signIn", "auth.checkPassword", "auth.exportLoginToken"] {
        stack.fault(json!({"method": method, "error": "TIMEOUT", "times": 1, "when": "after"})).await;
    }
    let answers = people.go_on().await;
    for answered in &answers[1..4] {
        answered.expect(500, &json!({"error": NOT_SIGNED_IN, "details": "TIMEOUT"}));
    }
    let again = people.go_on().await;
    let statuses = again.each_ref().map(|answered| answered.status.as_u16());
    assert_eq!(statuses[1..5], [200, 200, 200, 200], "{again:?}");
    for phone in [PHONE, CODE_OF, WITH_PASSWORD, SIGNED_IN] {
        assert_eq!(stack.account_of(phone).await["authorizations"], 1, "{phone}");
    }
    stack.end_accounts().await;
}

/// The first try may have succeeded; so long as Telegram cannot be asked about it, the code is not given away again.
#[tokio::test]
async fn a_try_in_doubt_stays_in_doubt_until_telegram_says_how_it_ended() {
    let stack = TestStack::start().await;
    let mut people = People::meet(&stack).await;
    for method in ["auth.signIn", "auth.checkPassword", "auth.exportLoginToken"] {
        stack.fault(json!({"method": method, "error": "drop", "times": 1, "when": "after"})).await;
    }
    for answered in &people.go_on().await[1..4] {
        failed(NOT_SIGNED_IN, answered);
    }
    stack.fault(json!({"method": "users.getUsers", "error": "FLOOD_WAIT_7", "times": 3})).await;
    let again = people.repeat_sign_ins().await;
    let wait = json!({"error": "Too many requests. Please try again later.", "retry_after": 7});
    for answered in &again {
        answered.expect(429, &wait);
    }
    let again = people.repeat_sign_ins().await;
    let statuses = again.each_ref().map(|answered| answered.status.as_u16());
    assert_eq!(statuses, [200; 3], "{again:?}");
    for phone in [PHONE, CODE_OF, WITH_PASSWORD] {
        assert_eq!(stack.account_of(phone).await["authorizations"], 1, "{phone}");
    }
    stack.end_accounts().await;
}

impl People<'_> {
    async fn repeat_sign_ins(&mut self) -> [Answered; 3] {
        let (with_code, code) = &mut self.with_code;
        let password: Value = json!({ "password": PASSWORD });
        let (signed_in, checked, scanned) = tokio::join!(
            with_code.sign_in(CODE_OF, code),
            self.with_password.post("/check-password", &password),
            self.with_qr.get("/qr-login"),
        );
        [signed_in, checked, scanned]
    }
}

#[tokio::test]
async fn a_telegram_that_is_not_there() {
    let stack = TestStack::start().await;
    let [cookie, pending] = {
        let signed_in = Browser::signed_in(&stack, PHONE).await;
        let mut begun = stack.browser();
        begun.send_code(PHONE).await;
        [signed_in, begun].map(|browser| browser.cookie().unwrap().to_owned())
    };

    // Nobody listens there any longer.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let dcs = format!("1={closed},2={closed},3={closed}");
    let away = [("TelegramDcs".to_owned(), dcs)];
    let stack = stack.restart_with(|options| options.parameters = away.into()).await;
    {
        stack.pass(61);
        let mut newcomer = stack.browser();
        let mut signed_in = Browser::with_cookie(&stack, &cookie);
        let mut begun = Browser::with_cookie(&stack, &pending);
        failed(NO_CODE_SENT, &newcomer.send_code(PHONE).await);
        failed(NO_CODE_SENT, &begun.post("/resend-code", &json!({})).await);
        failed(NOT_SIGNED_IN, &begun.sign_in(PHONE, "12345").await);
        failed(NOT_SIGNED_IN, &newcomer.post("/qr-login", &json!({})).await);
        failed(NOT_CHECKED, &signed_in.get("/is-authenticated").await);
        failed(NOT_LOGGED_OUT, &signed_in.post("/logout", &json!({})).await);
        assert_eq!((newcomer.cookie(), signed_in.cookie()), (None, Some(&*cookie)));
    }

    let stack = stack.restart().await;
    let mut signed_in = Browser::with_cookie(&stack, &cookie);
    assert!(signed_in.is_authenticated().await, "it was only Telegram that was away");
    let mut begun = Browser::with_cookie(&stack, &pending);
    let answered = begun.sign_in(PHONE, &stack.code_of(PHONE).await).await;
    assert_eq!(answered.status, 200, "{answered:?}");
    stack.end_accounts().await;
}

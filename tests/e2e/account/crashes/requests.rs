//! The requests that take a session's lease, the people who make them, and what must hold once they are through.

use std::ops::ControlFlow;

use lambdagram_tests::aws::faults::When;
use serde_json::{Value, json};

use super::{LEASE_OVER_S, PASSWORD};
use crate::account::{Answered, Browser};
use crate::support::TestStack;

/// A request that takes a session's lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    SignIn,
    /// With the code of an account that has a password.
    SignInHalfWay,
    CheckPassword,
    PollQr,
    Look,
    LogOut,
}

use Request::{CheckPassword, LogOut, Look, PollQr, SignIn, SignInHalfWay};

/// A person who is about to make the request.
pub(super) struct Person<'a> {
    pub(super) stack: &'a TestStack,
    pub(super) phone: String,
    pub(super) browser: Browser<'a>,
    pub(super) code: String,
}

impl Request {
    pub(super) fn function(self) -> &'static str {
        match self {
            SignIn | SignInHalfWay => "SignIn",
            CheckPassword => "CheckPassword",
            PollQr => "QrLogin",
            Look => "IsAuthenticated",
            LogOut => "Logout",
        }
    }

    /// What it asks of DynamoDB, in order, each with how many of its kind come before it.
    pub(super) fn calls(self) -> &'static [(&'static str, u32)] {
        match self {
            SignIn | CheckPassword => &[LEASE, ("TransactWriteItems", 0)],
            PollQr => &[("GetItem", 0), LEASE, ("TransactWriteItems", 0)],
            SignInHalfWay => &[LEASE, ("UpdateItem", 1)],
            Look => &[("GetItem", 0), LEASE, ("UpdateItem", 1)],
            LogOut => &[LEASE, ("DeleteItem", 0)],
        }
    }

    /// What it asks of Telegram.
    pub(super) fn method(self) -> &'static str {
        match self {
            SignIn | SignInHalfWay => "auth.signIn",
            CheckPassword => "auth.checkPassword",
            PollQr => "auth.exportLoginToken",
            Look => "users.getUsers",
            LogOut => "auth.logOut",
        }
    }

    /// Whether a request that ends at this call leaves its lease behind.
    pub(super) fn leaves_lease(self, at: usize, when: When) -> bool {
        let lease = self.calls().iter().position(|call| *call == LEASE).unwrap();
        let is_last = at + 1 == self.calls().len();
        let has_taken = at > lease || (at == lease && when == When::After);
        has_taken && !(is_last && when == When::After)
    }

    /// Somebody with an account of their own.
    pub(super) async fn person(self, stack: &TestStack, number: usize) -> Person<'_> {
        let phone = format!("+1555770{number:04}");
        let password = matches!(self, SignInHalfWay | CheckPassword).then_some(PASSWORD);
        stack.account(&json!({"phone": phone, "first_name": "Ada", "password": password})).await;
        let mut browser = stack.browser();
        if self == PollQr {
            let made = browser.post("/qr-login", &json!({})).await;
            stack.scan(&phone, &made.body["url"]).await;
            return Person { stack, phone, browser, code: String::new() };
        }
        assert_eq!(browser.send_code(&phone).await.status, 200);
        let code = stack.code_of(&phone).await;
        if !matches!(self, SignIn | SignInHalfWay) {
            let answered = browser.sign_in(&phone, &code).await;
            assert_eq!(answered.status.as_u16(), if self == CheckPassword { 401 } else { 200 });
        }
        if self == Look {
            stack.pass(61);
        }
        Person { stack, phone, browser, code }
    }

    pub(super) async fn send(self, person: &mut Person<'_>) -> Answered {
        let browser = &mut person.browser;
        match self {
            SignIn | SignInHalfWay => browser.sign_in(&person.phone, &person.code).await,
            CheckPassword => browser.post("/check-password", &json!({ "password": PASSWORD })).await,
            Look => browser.get("/is-authenticated").await,
            LogOut => browser.post("/logout", &json!({})).await,
            PollQr => browser.get("/qr-login").await,
        }
    }

    /// Sends it again; a QR code whose time is over is scanned anew.
    async fn repeat(self, person: &mut Person<'_>) -> Answered {
        let answered = self.send(person).await;
        if answered.body["state"] == "waiting" {
            person.stack.scan(&person.phone, &answered.body["url"]).await;
            return self.send(person).await;
        }
        answered
    }

    /// Checks that the request has come to its end, and ends with `Break` where the person is logged out.
    pub(super) fn check_done(self, answered: &Answered, at: &str) -> ControlFlow<()> {
        let (status, body) = answered.both();
        match self {
            SignIn | CheckPassword => assert_eq!(status, 200, "{at}: {body}"),
            SignInHalfWay => assert_eq!((status, &body["password_required"]), (401, &json!(true)), "{at}"),
            PollQr => assert_eq!((status, &body["state"]), (200, &json!("done")), "{at}: {body}"),
            Look => assert_eq!((status, &body["authenticated"]), (200, &json!(true)), "{at}: {body}"),
            LogOut => {
                assert!([200, 401].contains(&status), "{at}: {body}");
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    /// Repeats the request until it is through, and looks at what there is then.
    pub(super) async fn complete(self, person: &mut Person<'_>, leased: bool, at: &str) {
        if leased {
            let answered = self.send(person).await;
            if self == Look {
                // Whoever holds the lease is at Telegram with a login that is alive.
                assert_eq!(answered.body["authenticated"], true, "{at}: {answered:?}");
            } else {
                answered.expect(429, &busy());
            }
            person.stack.pass(LEASE_OVER_S);
        }
        let answered = self.repeat(person).await;
        let mut logins = 1;
        match self.check_done(&answered, at) {
            ControlFlow::Break(()) => logins = 0,
            ControlFlow::Continue(()) if self == SignInHalfWay => {
                let answered = CheckPassword.send(person).await;
                assert_eq!(answered.status, 200, "{at}: {answered:?}");
            }
            ControlFlow::Continue(()) => {}
        }
        assert_eq!(person.stack.account_of(&person.phone).await["authorizations"], logins, "{at}");
        let code = person.stack.last_code(&person.phone).await.unwrap_or_default();
        assert_eq!(code, person.code, "{at}: no other code was asked for");
        person.stack.pass(61);
        assert_eq!(person.browser.is_authenticated().await, logins == 1, "{at}");
    }
}

/// The call that takes the lease: the first of its kind.
const LEASE: (&str, u32) = ("UpdateItem", 0);

fn busy() -> Value {
    json!({"error": "Too many requests. Please try again later.", "retry_after": 2})
}

//! What lies in the tables and in the logs after a varied life of accounts: nothing that opens one, and nothing that says
//! whose it is, in no form.

mod hidden;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lambdagram_tests::aws::Service;
use lambdagram_tests::aws::faults::{Effect, Fault, When};
use lambdagram_tests::lambda::Stream;
use reqwest::Method;
use serde_json::{Value, json};

use self::hidden::Hidden;
use super::{Answered, Browser};
use crate::logs::{documented_fields, fields};
use crate::metrics::is_published;
use crate::support::TestStack;

const PHONE: &str = "+15557654321";
const SPELT: &str = "+1 (555) 765-4321";
const NEIGHBOUR: &str = "+4915112345678";
const PASSWORD: &str = "correct horse, батарейка";
const WRONG_PASSWORD: &str = "incorrect horse";
const HINT: &str = "what the comic says";
const FIRST_NAME: &str = "Zerlina";
const LAST_NAME: &str = "Quackenbush";
const USERNAME: &str = "zerlina_q";

/// A stack after a varied life.
struct Lived {
    stack: TestStack,
    hidden: Vec<Hidden>,
    /// Every value that ever lay in the tables of sessions and limits, with where it was.
    stored: BTreeMap<Vec<u8>, String>,
    kinds: BTreeSet<String>,
}

impl Lived {
    async fn live() -> Self {
        let stack = TestStack::start().await;
        for (phone, last_name) in [(PHONE, None), (NEIGHBOUR, Some(LAST_NAME))] {
            let (password, hint) = last_name.map_or((Some(PASSWORD), Some(HINT)), |_| (None, None));
            let account = json!({"phone": phone, "first_name": FIRST_NAME, "last_name": last_name,
                "username": last_name.map(|_| USERNAME), "password": password, "hint": hint});
            stack.account(&account).await;
        }
        let mut lived = Self { stack, hidden: Vec::new(), stored: BTreeMap::new(), kinds: BTreeSet::new() };
        lived.hide_what_is_known();
        lived.sign_in_with_a_password().await;
        lived.sign_in_with_a_code_and_trouble().await;
        lived.sign_in_with_a_qr_code().await;
        lived.die_at_every_step().await;
        lived.hide_what_was_made();
        lived
    }

    fn hide_what_is_known(&mut self) {
        for (name, text) in [
            ("a number as it was spelt", SPELT),
            ("a password", PASSWORD),
            ("a wrong password", WRONG_PASSWORD),
            ("a hint", HINT),
            ("a first name", FIRST_NAME),
            ("a last name", LAST_NAME),
            ("a username", USERNAME),
        ] {
            self.hidden.push(Hidden::text(name, text));
        }
        for phone in [PHONE, NEIGHBOUR] {
            // Without the country, too.
            self.hidden.extend([1, 2, 3].map(|from| Hidden::text("a number", &phone[from..])));
        }
        let secrets = self.stack.stack.secrets();
        let secrets: Vec<_> =
            secrets.iter().map(|secret| Hidden::text("a secret", secret.expose())).collect();
        self.hidden.extend(secrets);
    }

    /// What the simulated Telegram knows: keys, and what it named codes by.
    fn hide_what_was_made(&mut self) {
        let cloud = self.stack.stack.cloud().unwrap();
        let keys = cloud.cluster().keys().all_bytes();
        let hashes = cloud.people().code_hashes().unwrap();
        assert!(keys.len() >= 5 && hashes.len() >= 5, "{} keys, {} codes", keys.len(), hashes.len());
        for key in keys {
            self.hidden.push(Hidden::new("an authorization key", &key[..32]));
            self.hidden.push(Hidden::new("the end of an authorization key", &key[224..]));
        }
        self.hidden.extend(hashes.iter().map(|hash| Hidden::text("a phone_code_hash", hash)));
    }

    /// Remembers the token a browser has, and what the tables hold now.
    async fn note(&mut self, cookie: Option<String>) {
        if let Some(cookie) = cookie {
            let token = URL_SAFE_NO_PAD.decode(&cookie).unwrap();
            self.hidden.extend([Hidden::text("a token", &cookie), Hidden::new("a token", token)]);
        }
        for table in ["sessions", "limits"] {
            for row in self.stack.rows(table).await {
                if let Some(kind) = row.get("kind") {
                    self.kinds.insert(kind.as_s().unwrap().clone());
                }
                for (name, value) in row {
                    let bytes = match value {
                        AttributeValue::S(text) | AttributeValue::N(text) => text.into_bytes(),
                        AttributeValue::B(bytes) => bytes.into_inner(),
                        other => panic!("{other:?}"),
                    };
                    self.stored.insert(bytes, format!("{name} in {table}"));
                }
            }
        }
    }

    async fn note_code(&mut self, phone: &str) -> String {
        let code = self.stack.code_of(phone).await;
        self.hidden.push(Hidden::code(&code));
        code
    }

    async fn ask(
        &mut self,
        cookie: &mut Option<String>,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Answered {
        let mut browser = Browser::with_cookie(&self.stack, cookie.as_deref().unwrap_or_default());
        let request = browser.request(method, path).json(body);
        let answered = browser.send(request).await;
        *cookie = browser.cookie().map(str::to_owned).filter(|cookie| !cookie.is_empty());
        self.note(cookie.clone()).await;
        answered
    }

    async fn post(&mut self, cookie: &mut Option<String>, path: &str, body: Value) -> u16 {
        self.ask(cookie, Method::POST, path, &body).await.status.as_u16()
    }

    async fn sign_in_with_a_password(&mut self) {
        let cookie = &mut None;
        assert_eq!(self.post(cookie, "/send-code", json!({ "phone": SPELT })).await, 200);
        let code = self.note_code(PHONE).await;
        let wrong = if code == "31313" { "42424" } else { "31313" };
        self.hidden.push(Hidden::code(wrong));
        assert_eq!(self.post(cookie, "/sign-in", json!({"phone": SPELT, "code": wrong})).await, 400);
        assert_eq!(self.post(cookie, "/sign-in", json!({"phone": PHONE, "code": code})).await, 401);
        for (password, status) in [(WRONG_PASSWORD, 400), (PASSWORD, 200)] {
            assert_eq!(self.post(cookie, "/check-password", json!({ "password": password })).await, status);
        }
        self.stack.pass(61);
        let seen = self.ask(cookie, Method::GET, "/is-authenticated", &json!({})).await;
        assert_eq!(seen.body["user"]["first_name"], FIRST_NAME, "{seen:?}");
        assert_eq!(self.post(cookie, "/logout", json!({})).await, 200);
    }

    /// A login over which Telegram refuses, hangs up and forgets.
    async fn sign_in_with_a_code_and_trouble(&mut self) {
        let cookie = &mut None;
        for (error, status) in [("PHONE_NUMBER_BANNED", 500), ("FLOOD_WAIT_77", 429), ("drop", 500)] {
            self.stack.fault(json!({"method": "auth.sendCode", "error": error})).await;
            assert_eq!(self.post(cookie, "/send-code", json!({ "phone": NEIGHBOUR })).await, status);
        }
        assert_eq!(self.post(cookie, "/send-code", json!({ "phone": NEIGHBOUR })).await, 200);
        self.stack.pass(61);
        assert_eq!(self.post(cookie, "/resend-code", json!({})).await, 200);
        let code = self.note_code(NEIGHBOUR).await;
        for (error, when, status) in
            [("SIGN_IN_FAILED", "before", 500), ("PHONE_CODE_EXPIRED", "before", 400), ("drop", "after", 500)]
        {
            self.stack.fault(json!({"method": "auth.signIn", "error": error, "when": when})).await;
            let body = json!({"phone": NEIGHBOUR, "code": code});
            assert_eq!(self.post(cookie, "/sign-in", body).await, status, "{error}");
        }
        assert_eq!(self.post(cookie, "/sign-in", json!({"phone": NEIGHBOUR, "code": code})).await, 200);
        self.stack.pass(61);
        self.stack.fault(json!({"method": "users.getUsers", "error": "drop"})).await;
        assert_eq!(self.ask(cookie, Method::GET, "/is-authenticated", &json!({})).await.status, 500);
        self.stack.end_all_logins(NEIGHBOUR);
        assert_eq!(self.post(cookie, "/logout", json!({})).await, 401);
    }

    async fn sign_in_with_a_qr_code(&mut self) {
        let cookie = &mut None;
        let made = self.ask(cookie, Method::POST, "/qr-login", &json!({})).await;
        let url = made.body["url"].clone();
        self.hidden.push(Hidden::text("a QR code", url.as_str().unwrap().split_once('=').unwrap().1));
        self.stack.scan(PHONE, &url).await;
        let asked = self.ask(cookie, Method::GET, "/qr-login", &json!({})).await;
        assert_eq!(asked.body["hint"], HINT, "{asked:?}");
        self.stack.fault(json!({"method": "account.getPassword", "error": "FLOOD_WAIT_77"})).await;
        for status in [429, 200] {
            assert_eq!(self.post(cookie, "/check-password", json!({ "password": PASSWORD })).await, status);
        }
    }

    /// Functions that die, and a DynamoDB that fails, with everything in their hands.
    async fn die_at_every_step(&mut self) {
        let kill = || Effect::Kill;
        let failing = || Effect::Error { status: 500, code: "InternalServerError".to_owned() };
        for (effect, times, status) in [(kill as fn() -> Effect, 1, 502), (failing, 3, 500)] {
            let cookie = &mut None;
            self.stack.pass(3600);
            self.plan("SendCode", "UpdateItem", effect(), times);
            let body = json!({ "phone": NEIGHBOUR });
            assert_eq!(self.post(cookie, "/send-code", body.clone()).await, status);
            self.note_code(NEIGHBOUR).await;
            assert_eq!(self.post(cookie, "/send-code", body).await, 200);
            let code = self.note_code(NEIGHBOUR).await;
            let body = json!({"phone": NEIGHBOUR, "code": code});
            self.plan("SignIn", "TransactWriteItems", effect(), times);
            assert_eq!(self.post(cookie, "/sign-in", body.clone()).await, status);
            self.stack.pass(40);
            assert_eq!(self.post(cookie, "/sign-in", body).await, 200);
            self.plan("Logout", "DeleteItem", effect(), times);
            assert_eq!(self.post(cookie, "/logout", json!({})).await, status);
            self.stack.pass(40);
            assert_eq!(self.post(cookie, "/logout", json!({})).await, 401);
        }
    }

    fn plan(&self, function: &str, operation: &str, effect: Effect, times: u32) {
        self.stack.plan(Fault {
            function: Some(function.to_owned()),
            service: Service::DynamoDb,
            operation: operation.to_owned(),
            after_calls: 0,
            times,
            when: When::Before,
            effect,
        });
    }
}

#[tokio::test]
async fn nothing_that_opens_an_account_or_names_its_owner_lies_in_a_table_or_a_log() {
    let lived = Lived::live().await;
    assert_eq!(lived.kinds, ["account", "moved", "pending"].map(str::to_owned).into());
    assert!(lived.stored.len() > 100, "{}", lived.stored.len());
    for (value, place) in &lived.stored {
        let found = lived.hidden.iter().find(|hidden| hidden.is_in(value));
        assert!(found.is_none(), "{} is the {place}", found.unwrap().name);
    }
    let logs = lived.stack.logs.logs();
    let functions: BTreeSet<_> = logs.iter().map(|line| &*line.function).collect();
    for function in
        ["SendCode", "ResendCode", "SignIn", "CheckPassword", "QrLogin", "IsAuthenticated", "Logout"]
    {
        assert!(functions.contains(function), "{function} logged nothing");
    }
    for line in &logs {
        let found = lived.hidden.iter().find(|hidden| hidden.is_in(line.line.as_bytes()));
        assert!(found.is_none(), "{} is in a log: {line:?}", found.unwrap().name);
    }
    lived.end().await;
}

#[tokio::test]
async fn every_line_of_the_account_functions_is_documented_and_a_failure_is_one_line() {
    let lived = Lived::live().await;
    let documented = documented_fields();
    let mut failures = BTreeMap::new();
    let logs = lived.stack.logs.logs();
    for line in logs.iter().filter(|line| line.stream != Stream::Platform) {
        let object: Value = serde_json::from_str(&line.line).unwrap();
        let unknown: Vec<_> = fields(&object).difference(&documented).cloned().collect();
        assert_eq!(unknown, Vec::<String>::new(), "{object}");
        if !is_published(&object) && object["level"] != "INFO" {
            let told = ["level", "message", "cause"].map(|name| object[name].as_str().unwrap_or_default());
            *failures.entry(format!("{} | {}", line.function, told.join(" | "))).or_insert(0) += 1;
        }
    }
    let lost = "the connection to Telegram broke";
    let expected = [
        (
            "SendCode | ERROR | Failed to send code. Please try again. | Telegram answered PHONE_NUMBER_BANNED",
            1,
        ),
        (&*format!("SendCode | ERROR | Failed to send code. Please try again. | {lost}"), 1),
        ("SendCode | ERROR | The session is not written | UpdateItem failed: InternalServerError", 1),
        ("SignIn | ERROR | Failed to sign in. Please try again. | Telegram answered SIGN_IN_FAILED", 1),
        (&*format!("SignIn | ERROR | Failed to sign in. Please try again. | {lost}"), 1),
        ("SignIn | ERROR | The session is not written | TransactWriteItems failed: InternalServerError", 1),
        (&*format!("IsAuthenticated | ERROR | Failed to check authentication status. | {lost}"), 1),
        ("Logout | ERROR | The session is not written | DeleteItem failed: InternalServerError", 1),
    ];
    assert_eq!(failures, expected.map(|(line, times)| (line.to_owned(), times)).into());
    lived.end().await;
}

impl Lived {
    async fn end(self) {
        self.stack.pass(40);
        self.stack.end_accounts().await;
    }
}

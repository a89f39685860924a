//! People's own accounts: each answer of the contract, the errors of Telegram, crashes, crowds, and secrecy.

mod answers;
mod crashes;
mod crowds;
mod dead;
mod input;
mod password;
mod qr_login;
mod refusals;
mod secrecy;
mod silence;

use lambdagram_tests::telegram::mtproto::accounts::Phone;
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::support::{TestStack, read};

/// The account that exists from the start.
pub(crate) const PHONE: &str = "+15551234567";

/// What a session's cookie is called on plain HTTP.
const COOKIE: &str = "session";

/// One person's browser: it keeps the session's cookie.
pub(crate) struct Browser<'a> {
    stack: &'a TestStack,
    cookie: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answered {
    /// Status and body, to compare.
    pub(crate) fn both(&self) -> (u16, &Value) {
        (self.status.as_u16(), &self.body)
    }

    #[track_caller]
    pub(crate) fn expect(&self, status: u16, body: &Value) {
        assert_eq!(self.both(), (status, body));
    }
}

/// The body of an error.
pub(crate) fn error(sentence: &str) -> Value {
    json!({ "error": sentence })
}

/// What everybody is told who is not signed in.
pub(crate) fn not_authenticated() -> Value {
    error("User not authenticated.")
}

impl TestStack {
    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser { stack: self, cookie: None }
    }

    /// Makes an account at the simulated Telegram.
    pub(crate) async fn account(&self, account: &Value) -> i64 {
        let made = self.request(Method::POST, "/_sim/accounts").json(account).send().await.unwrap();
        assert_eq!(made.status(), StatusCode::CREATED);
        made.json::<Value>().await.unwrap()["id"].as_i64().unwrap()
    }

    /// The code Telegram sent last, if it has sent one.
    pub(crate) async fn last_code(&self, phone: &str) -> Option<String> {
        let path = format!("/_sim/login-codes?phone={}", phone.replace('+', "%2B"));
        let found = self.request(Method::GET, &path).send().await.unwrap();
        if found.status() == StatusCode::NOT_FOUND {
            return None;
        }
        let found: Value = found.json().await.unwrap();
        Some(found["code"].as_str().unwrap().to_owned())
    }

    /// The code Telegram sent last.
    pub(crate) async fn code_of(&self, phone: &str) -> String {
        self.last_code(phone).await.unwrap()
    }

    /// What the simulated Telegram says of an account.
    pub(crate) async fn account_of(&self, phone: &str) -> Value {
        let path = format!("/_sim/accounts/{}", phone.replace('+', "%2B"));
        self.request(Method::GET, &path).send().await.unwrap().json().await.unwrap()
    }

    /// Ends every login of an account, as its owner may in any Telegram app.
    pub(crate) fn end_all_logins(&self, phone: &str) {
        let phone = Phone::parse(phone).unwrap();
        assert_ne!(self.stack.cloud().unwrap().people().end_logins(&phone).unwrap(), 0);
    }

    /// Pushes everybody's clock forward.
    pub(crate) fn pass(&self, seconds: u64) {
        self.stack.clock().advance(std::time::Duration::from_secs(seconds));
    }
}

impl<'a> Browser<'a> {
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.stack.request(method, path);
        match &self.cookie {
            Some(cookie) => request.header("cookie", format!("{COOKIE}={cookie}")),
            None => request,
        }
    }

    /// Sends a request and keeps the cookie that comes back.
    pub(crate) async fn send(&mut self, request: RequestBuilder) -> Answered {
        let (status, headers, body) = read(request.send().await.unwrap()).await;
        for cookie in headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            let (name, rest) = cookie.split_once('=').unwrap();
            assert_eq!(name, COOKIE);
            let (value, attributes) = rest.split_once("; ").unwrap();
            assert!(attributes.starts_with("HttpOnly; SameSite=Lax; Path=/; Max-Age="), "{cookie}");
            self.cookie = (!attributes.ends_with("Max-Age=0")).then(|| value.to_owned());
        }
        Answered { status, headers, body }
    }

    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Answered {
        let request = self.request(Method::POST, path).json(body);
        self.send(request).await
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answered {
        let request = self.request(Method::GET, path);
        self.send(request).await
    }

    pub(crate) async fn send_code(&mut self, phone: &str) -> Answered {
        self.post("/send-code", &json!({ "phone": phone })).await
    }

    pub(crate) async fn sign_in(&mut self, phone: &str, code: &str) -> Answered {
        self.post("/sign-in", &json!({"phone": phone, "code": code})).await
    }

    /// Whether the session is signed in, as the endpoint says.
    pub(crate) async fn is_authenticated(&mut self) -> bool {
        let answered = self.get("/is-authenticated").await;
        assert_eq!(answered.status, StatusCode::OK, "{answered:?}");
        answered.body["authenticated"].as_bool().unwrap()
    }

    /// Signs in with a code that Telegram sends.
    pub(crate) async fn signed_in(stack: &'a TestStack, phone: &str) -> Self {
        let mut browser = stack.browser();
        let sent = browser.send_code(phone).await;
        assert_eq!(sent.status, StatusCode::OK, "{sent:?}");
        let answered = browser.sign_in(phone, &stack.code_of(phone).await).await;
        assert_eq!(answered.status, StatusCode::OK, "{answered:?}");
        browser
    }

    /// The cookie's value, for those who would copy it.
    pub(crate) fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    /// A browser with a copy of that cookie.
    pub(crate) fn with_cookie(stack: &'a TestStack, cookie: &str) -> Self {
        Self { stack, cookie: Some(cookie.to_owned()) }
    }
}

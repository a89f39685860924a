//! People with accounts, who call a server from addresses of their own.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU16, Ordering};

use lambdagram_tests::telegram::mtproto::accounts::{FIRST_HOME_DC, NewAccount, Phone};
use lambdagram_tests::telegram::mtproto::cloud::Cloud;
use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::common::ground::Failure;
use crate::common::requests::{Answer, send};
use crate::measured::Call;

/// The password of those who have one.
const PASSWORD: &str = "correct horse battery staple";

/// Where the accounts live that live elsewhere.
const OTHER_DC: i32 = 1;

/// What sets a person apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing.
    Plain,
    /// The account has a password.
    WithPassword,
    /// The account lives in another data centre than the one asked first.
    Elsewhere,
}

/// Somebody with an account, and with a browser that keeps the session's cookie.
pub(crate) struct Person {
    http: Client,
    phone: Phone,
    cookie: Option<String>,
}

impl Person {
    /// Makes an account at the simulated Telegram.
    pub(crate) async fn new(cloud: &Cloud, kind: Kind) -> Result<Self, Failure> {
        static LATEST: AtomicU16 = AtomicU16::new(1_000);
        let number = LATEST.fetch_add(1, Ordering::Relaxed);
        let phone = Phone::parse(&format!("+1555{number:07}")).ok_or("a number is one")?;
        let mut account = NewAccount::new(phone.clone(), "Ada");
        account.password = (kind == Kind::WithPassword).then(|| PASSWORD.to_owned());
        account.home_dc = if kind == Kind::Elsewhere { OTHER_DC } else { FIRST_HOME_DC };
        let people = cloud.people();
        tokio::task::spawn_blocking(move || people.create(account)).await??;
        // Logins are counted by address. The whole of 127.0.0.0/8 is this machine.
        let [high, low] = number.to_be_bytes();
        let address = IpAddr::V4(Ipv4Addr::new(127, 1, high, low));
        let http = Client::builder().local_address(address).build()?;
        Ok(Self { http, phone, cookie: None })
    }

    /// The request of a call to the server at `url`.
    pub(crate) fn request(&self, call: Call, url: &str, cloud: &Cloud) -> Result<RequestBuilder, Failure> {
        let phone = self.phone.as_str();
        let (method, path, body) = match call {
            Call::SendCode | Call::SendCodeElsewhere => {
                (Method::POST, "/send-code", Some(json!({"phone": phone})))
            }
            Call::SignIn => {
                let code = cloud.people().login_code(&self.phone)?.ok_or("no code was sent")?;
                (Method::POST, "/sign-in", Some(json!({"phone": phone, "code": code})))
            }
            Call::CheckPassword => (Method::POST, "/check-password", Some(json!({"password": PASSWORD}))),
            Call::IsAuthenticated | Call::IsAuthenticatedNextDay => (Method::GET, "/is-authenticated", None),
            Call::Logout => (Method::POST, "/logout", Some(json!({}))),
        };
        let mut request = self.http.request(method, format!("{url}{path}"));
        if let Some(body) = body {
            request = request.json(&body);
        }
        Ok(match &self.cookie {
            Some(cookie) => request.header(COOKIE, cookie),
            None => request,
        })
    }

    /// Sends a request, and keeps the session's cookie.
    pub(crate) async fn send(&mut self, request: RequestBuilder) -> Result<Answer, Failure> {
        let answer = send(request).await?;
        if let Some(cookie) = answer.response.headers().get(SET_COOKIE) {
            self.cookie = cookie.to_str()?.split(';').next().map(str::to_owned);
        }
        Ok(answer)
    }

    /// Comes to where the password is asked for.
    pub(crate) async fn comes_to_the_password(&mut self, url: &str, cloud: &Cloud) -> Result<(), Failure> {
        let request = self.request(Call::SendCode, url, cloud)?;
        self.send(request).await?.success()?;
        let request = self.request(Call::SignIn, url, cloud)?;
        let asked = self.send(request).await?;
        let body: Value = serde_json::from_str(asked.response.body())?;
        if body["password_required"] == true { Ok(()) } else { Err(asked.response.into_body().into()) }
    }
}

//! Somebody who is signed in to a server and fetches files.

use std::time::{Duration, Instant};

use lambdagram_tests::telegram::mtproto::accounts::{FIRST_PHONE, Phone};
use lambdagram_tests::telegram::mtproto::cloud::Cloud;
use reqwest::header::{COOKIE, RANGE, SET_COOKIE};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::common::ground::Failure;
use crate::common::requests::send;

/// The owner of the first account, at one server.
pub(crate) struct Visitor {
    http: Client,
    url: String,
    cookie: String,
}

/// A file or a range on its way to its end.
pub(crate) struct Fetched {
    /// Until the first byte of the body was there.
    pub(crate) first_byte: Duration,
    /// Until the last one was.
    pub(crate) whole: Duration,
    pub(crate) bytes: u64,
}

impl Visitor {
    /// Signs in.
    pub(crate) async fn at(url: &str, cloud: &Cloud) -> Result<Self, Failure> {
        let http = Client::new();
        let phone = Phone::parse(FIRST_PHONE).ok_or("the first account has a number")?;
        let asked = http.post(format!("{url}/send-code")).json(&json!({"phone": phone.as_str()}));
        let asked = send(asked).await?;
        asked.success()?;
        let cookie = |headers: &reqwest::header::HeaderMap| -> Option<String> {
            Some(headers.get(SET_COOKIE)?.to_str().ok()?.split(';').next()?.to_owned())
        };
        let before = cookie(asked.response.headers()).ok_or("a session has a cookie")?;
        let code = cloud.people().login_code(&phone)?.ok_or("no code was sent")?;
        let body = json!({"phone": phone.as_str(), "code": code});
        let entered = http.post(format!("{url}/sign-in")).header(COOKIE, &before).json(&body);
        let entered = send(entered).await?;
        entered.success()?;
        let cookie = cookie(entered.response.headers()).unwrap_or(before);
        Ok(Self { http, url: url.to_owned(), cookie })
    }

    /// Sends JSON, or nothing, and returns the JSON of an answer that says that it went well, and how long that took.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(Value, Duration), Failure> {
        let request = self.http.request(method, format!("{}{path}", self.url)).header(COOKIE, &self.cookie);
        let request = body.into_iter().fold(request, RequestBuilder::json);
        let answer = send(request).await?;
        let taken = answer.success()?;
        Ok((serde_json::from_str(answer.response.body())?, taken))
    }

    /// Fetches what is at `path`, or a range of it.
    pub(crate) async fn fetch(&self, path: &str, range: Option<&str>) -> Result<Fetched, Failure> {
        let request = self.http.get(format!("{}{path}", self.url)).header(COOKIE, &self.cookie);
        let request = range.into_iter().fold(request, |request, range| request.header(RANGE, range));
        let began = Instant::now();
        let mut answer = request.send().await?.error_for_status()?;
        let (mut first_byte, mut bytes) = (None, 0);
        while let Some(chunk) = answer.chunk().await? {
            first_byte.get_or_insert_with(|| began.elapsed());
            bytes += chunk.len() as u64;
        }
        let whole = began.elapsed();
        Ok(Fetched { first_byte: first_byte.ok_or("no byte came")?, whole, bytes })
    }
}

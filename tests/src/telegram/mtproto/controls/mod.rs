//! The cloud's part of the `/_sim` controls: tests and people stand here for those who have accounts.

mod saved_messages;

use std::time::Duration;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::accounts::{FIRST_HOME_DC, NewAccount, Phone};
use super::cloud::Cloud;
use super::network::NetworkSettings;
use super::people::PeopleError;

/// The longest first name, Telegram's limit in characters.
const LONGEST_NAME: usize = 64;

/// The longest round trip that makes sense, in milliseconds: clients give up before.
const LONGEST_RTT_MS: u64 = 60_000;

/// What comes before the token in a QR code.
const LOGIN_URL: &str = "tg://login?token=";

pub(super) fn router(cloud: Cloud) -> Router {
    Router::new()
        .route("/_sim/login-codes", get(login_code))
        .route("/_sim/accounts", post(create_account))
        .route("/_sim/accounts/{phone}", get(account))
        .route("/_sim/accounts/{phone}/accept-login", post(accept_login))
        .route("/_sim/network", post(set_network))
        .merge(saved_messages::router())
        .with_state(cloud)
}

/// Why a control did nothing.
struct Refusal(StatusCode, String);

impl Refusal {
    fn bad(sentence: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, sentence.into())
    }
}

impl From<serde_json::Error> for Refusal {
    fn from(error: serde_json::Error) -> Self {
        Self::bad(error.to_string())
    }
}

impl From<PathRejection> for Refusal {
    fn from(rejection: PathRejection) -> Self {
        Self::bad(rejection.body_text())
    }
}

impl From<QueryRejection> for Refusal {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad(rejection.body_text())
    }
}

impl From<PeopleError> for Refusal {
    fn from(error: PeopleError) -> Self {
        let status = match error {
            PeopleError::Taken | PeopleError::TokenAccepted => StatusCode::CONFLICT,
            PeopleError::Unknown => StatusCode::NOT_FOUND,
            PeopleError::Token
            | PeopleError::TokenExpired
            | PeopleError::EmptyFile
            | PeopleError::NoPhoto => StatusCode::BAD_REQUEST,
            PeopleError::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self(status, error.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1}))).into_response()
    }
}

fn phone(text: &str) -> Result<Phone, Refusal> {
    Phone::parse(text).ok_or_else(|| Refusal::bad("A phone number is + and 7 to 15 digits."))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Number {
    phone: String,
}

async fn login_code(
    State(cloud): State<Cloud>,
    asked: Result<Query<Number>, QueryRejection>,
) -> Result<Json<Value>, Refusal> {
    let code = cloud.people().login_code(&phone(&asked?.phone)?)?;
    let none = || Refusal(StatusCode::NOT_FOUND, "No code was sent to that number.".to_owned());
    Ok(Json(json!({"code": code.ok_or_else(none)?})))
}

/// Beyond the contract: `last_name`, `username`, `hint`, and `banned` for a number that Telegram refuses.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    phone: String,
    first_name: String,
    last_name: Option<String>,
    username: Option<String>,
    password: Option<String>,
    hint: Option<String>,
    #[serde(default)]
    premium: bool,
    #[serde(default)]
    banned: bool,
    home_dc: Option<i32>,
}

async fn create_account(
    State(cloud): State<Cloud>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let asked: Account = serde_json::from_slice(&body)?;
    let home_dc = asked.home_dc.unwrap_or(FIRST_HOME_DC);
    if !cloud.cluster().addresses().iter().any(|address| address.dc == home_dc) {
        return Err(Refusal::bad("There is no such data centre."));
    }
    if asked.first_name.trim().is_empty() || asked.first_name.chars().count() > LONGEST_NAME {
        return Err(Refusal::bad("A first name has 1 to 64 characters."));
    }
    if asked.password.as_deref() == Some("") {
        return Err(Refusal::bad("A password is not empty."));
    }
    let new = NewAccount {
        phone: phone(&asked.phone)?,
        first_name: asked.first_name,
        last_name: asked.last_name,
        username: asked.username,
        password: asked.password,
        hint: asked.hint,
        premium: asked.premium,
        banned: asked.banned,
        home_dc,
    };
    let people = cloud.people();
    let made = tokio::task::spawn_blocking(move || people.create(new)).await;
    let id = made.map_err(|error| Refusal(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))??;
    Ok((StatusCode::CREATED, Json(json!({"id": id}))))
}

async fn account(
    State(cloud): State<Cloud>,
    number: Result<Path<String>, PathRejection>,
) -> Result<Json<Value>, Refusal> {
    let summary = cloud.people().summary(&phone(&number?)?)?.ok_or(PeopleError::Unknown)?;
    let (id, authorizations, overlaps) = (summary.id, summary.authorizations, summary.overlaps);
    Ok(Json(json!({"id": id, "authorizations": authorizations, "overlaps": overlaps})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    token: String,
}

/// Takes the token alone or as the whole URL of the QR code.
async fn accept_login(
    State(cloud): State<Cloud>,
    number: Result<Path<String>, PathRejection>,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let phone = phone(&number?)?;
    let asked: Login = serde_json::from_slice(&body)?;
    let token = asked.token.strip_prefix(LOGIN_URL).unwrap_or(&asked.token).trim_end_matches('=');
    let token = URL_SAFE_NO_PAD.decode(token).map_err(|_| PeopleError::Token)?;
    cloud.people().accept_login(&phone, &token)?;
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NetworkAsked {
    rtt_ms: u64,
    bytes_per_second: Option<u64>,
}

async fn set_network(State(cloud): State<Cloud>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let asked: NetworkAsked = serde_json::from_slice(&body)?;
    if asked.rtt_ms > LONGEST_RTT_MS {
        return Err(Refusal::bad(format!("rtt_ms must be at most {LONGEST_RTT_MS}")));
    }
    if asked.bytes_per_second == Some(0) {
        return Err(Refusal::bad("bytes_per_second must be at least 1"));
    }
    let round_trip = Duration::from_millis(asked.rtt_ms);
    cloud.network().set(NetworkSettings { round_trip, bytes_per_second: asked.bytes_per_second });
    Ok(Json(json!({})))
}

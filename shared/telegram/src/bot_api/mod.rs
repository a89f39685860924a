//! A client of the Bot API (core.telegram.org/bots/api), or of a Bot API server of one's own.
//!
//! What a caller must decide after a failed call is whether the call may have had its effect, so that is what the
//! errors tell apart: see [`BotApiError`]. The bot token is part of every URL, so no error carries a URL.

mod error;

use std::borrow::Cow;
use std::time::{Duration, Instant};

use bytes::Bytes;
use lambdagram_domain::ids::ChatId;
use lambdagram_domain::measure;
use lambdagram_domain::secret::Secret;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub use self::error::BotApiError;
use crate::http::client_builder;

/// Telegram's own server.
pub const TELEGRAM: &str = "https://api.telegram.org";

/// Reaching the server at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A whole call with its upload, unless the caller has less time: 10 MB at 4 Mbit/s.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(25);

/// Bytes of an answer that are read: `getUpdates` gives 100 updates of a few kilobytes each.
const LONGEST_ANSWER: usize = 8 * 1024 * 1024;

/// One bot at one Bot API server. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct BotApi {
    http: reqwest::Client,
    base_url: String,
    token: Secret,
}

/// A file that goes along with a call.
#[derive(Clone, Debug)]
pub struct InputFile {
    /// The name of its part: the parameter it is for (`photo`, `certificate`), or what a parameter says behind
    /// `attach://`.
    pub parameter: Cow<'static, str>,
    /// Its name, as Telegram shows it.
    pub name: String,
    /// Its media type.
    pub content_type: Cow<'static, str>,
    /// Its bytes.
    pub bytes: Bytes,
}

/// A message, as far as it is needed here.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Message {
    /// Its number in its chat.
    pub message_id: i64,
}

/// A bot account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Bot {
    /// The number before the colon of its token.
    pub id: i64,
    /// Its username, without `@`.
    pub username: String,
}

#[derive(Deserialize)]
struct Envelope {
    ok: bool,
    result: Option<Value>,
    error_code: Option<u16>,
    description: Option<String>,
    parameters: Option<ResponseParameters>,
}

#[derive(Default, Deserialize)]
struct ResponseParameters {
    retry_after: Option<u64>,
    migrate_to_chat_id: Option<i64>,
}

impl BotApi {
    /// The bot that `token` opens, at `base_url` ([`TELEGRAM`], or a server of one's own).
    ///
    /// # Panics
    ///
    /// When the machine's certificates cannot be read: nothing could be sent then.
    pub fn new(base_url: &str, token: Secret) -> Self {
        let http = client_builder().connect_timeout(CONNECT_TIMEOUT).build();
        let http = http.expect("the TLS set-up reads the machine's certificates");
        Self { http, base_url: base_url.trim_end_matches('/').to_owned(), token }
    }

    /// The same server and connections with another token.
    #[must_use]
    pub fn with_token(&self, token: Secret) -> Self {
        Self { token, ..self.clone() }
    }

    /// Calls `method` with `parameters`, a JSON object, and `files`; waits for the answer up to `timeout`.
    ///
    /// # Errors
    ///
    /// [`BotApiError`].
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        parameters: Map<String, Value>,
        files: Vec<InputFile>,
        timeout: Duration,
    ) -> Result<T, BotApiError> {
        let began = Instant::now();
        let outcome = self.exchange(method, parameters, files, timeout).await;
        note(began.elapsed(), outcome.as_ref().err());
        outcome
    }

    async fn exchange<T: DeserializeOwned>(
        &self,
        method: &str,
        parameters: Map<String, Value>,
        files: Vec<InputFile>,
        timeout: Duration,
    ) -> Result<T, BotApiError> {
        let url = format!("{}/bot{}/{method}", self.base_url, self.token.expose());
        let request = self.http.post(url).timeout(timeout);
        let request = if files.is_empty() {
            request.json(&parameters)
        } else {
            request.multipart(form(parameters, files))
        };
        let answer = request.send().await.map_err(BotApiError::from_transport)?;
        let status = answer.status().as_u16();
        let header = answer.headers().get("retry-after");
        let retry_after = header.and_then(|value| value.to_str().ok()?.parse().ok());
        let body = read_body(answer).await?;
        let Ok(envelope) = serde_json::from_slice::<Envelope>(&body) else {
            return Err(BotApiError::from_foreign_answer(status, retry_after));
        };
        if !envelope.ok {
            let parameters = envelope.parameters.unwrap_or_default();
            if let Some(chat_id) = parameters.migrate_to_chat_id {
                return Err(BotApiError::Migrated { chat_id: ChatId(chat_id) });
            }
            let code = envelope.error_code.unwrap_or(status);
            let description = envelope.description.unwrap_or_default();
            return Err(BotApiError::from_answer(code, description, parameters.retry_after.or(retry_after)));
        }
        serde_json::from_value(envelope.result.unwrap_or(Value::Null)).map_err(|_| BotApiError::Unreadable)
    }

    /// `getMe`.
    ///
    /// # Errors
    ///
    /// [`BotApiError`].
    pub async fn get_me(&self) -> Result<Bot, BotApiError> {
        self.call("getMe", Map::new(), Vec::new(), CALL_TIMEOUT).await
    }
}

/// Counts a call that took so long, and how it failed.
fn note(time: Duration, failed: Option<&BotApiError>) {
    let is_answered = !matches!(failed, Some(BotApiError::NotSent | BotApiError::Unresolved));
    if is_answered {
        measure::TELEGRAM_CALLS.add(1);
        measure::TELEGRAM_TIME.add_time(time);
    }
    if !is_answered || matches!(failed, Some(BotApiError::ServerError { .. })) {
        measure::TELEGRAM_FAILURES.add(1);
    }
    if let Some(BotApiError::TooManyRequests { retry_after }) = failed {
        measure::TELEGRAM_WAIT.add(*retry_after);
    }
}

async fn read_body(mut answer: reqwest::Response) -> Result<Vec<u8>, BotApiError> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(BotApiError::from_transport)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(BotApiError::Unreadable);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Parameters as form fields: texts as they are, everything else as JSON.
fn form(parameters: Map<String, Value>, files: Vec<InputFile>) -> Form {
    let fields = parameters.into_iter().fold(Form::new(), |form, (name, value)| match value {
        Value::String(text) => form.text(name, text),
        other => form.text(name, other.to_string()),
    });
    files.into_iter().fold(fields, |form, file| {
        let part = || Part::stream(file.bytes.clone()).file_name(file.name.clone());
        // A media type that is none is left out: Telegram looks into the file.
        let typed = part().mime_str(&file.content_type).unwrap_or_else(|_| part());
        form.part(file.parameter, typed)
    })
}

#[cfg(test)]
mod tests;

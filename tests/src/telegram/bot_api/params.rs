//! A method's parameters, from wherever the Bot API takes them: the query string, an urlencoded form, a JSON object
//! or a multipart form, with the files of the latter.
//!
//! Telegram reads every parameter as text. A JSON value that is no string is read as its JSON text, so
//! `{"chat_id":1}` and `chat_id=1` are the same request. The first of several values of one name counts.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{FromRequest, Multipart};
use axum::http::{HeaderMap, Request, header};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use percent_encoding::percent_decode;
use serde_json::{Map, Value, json};

use super::error::ApiError;
use super::limits::{MAX_REQUEST_BYTES, MAX_UPLOAD_BYTES};

/// Bytes of a request that are still read once it is too large, so that its sender finishes and reads the 413.
const MAX_DRAINED_BYTES: usize = 256 << 20;

/// Parameters that carry JSON; the record of what the bot did shows them parsed.
const JSON_PARAMETERS: &[&str] = &[
    "allowed_updates",
    "caption_entities",
    "commands",
    "entities",
    "link_preview_options",
    "media",
    "menu_button",
    "reply_markup",
    "reply_parameters",
    "result",
    "scope",
];

/// What a method was called with.
#[derive(Clone, Debug, Default)]
pub(super) struct Params {
    values: BTreeMap<String, Value>,
    files: BTreeMap<String, Upload>,
}

/// A file of a multipart form.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    pub(super) file_name: String,
    pub(super) mime_type: Option<String>,
    pub(super) content: Bytes,
}

impl Params {
    /// Reads the parameters of a request.
    pub(super) async fn of_request(request: Request<Body>) -> Result<Self, ApiError> {
        let mut params = Self::default();
        params.add_form(request.uri().query().unwrap_or_default().as_bytes());
        let (parts, body) = request.into_parts();
        let body = read_whole(body).await?;
        params.add_body(&parts.headers, body).await?;
        Ok(params)
    }

    /// Reads the parameters of a body alone, as of a webhook's answer.
    pub(super) async fn of_body(headers: &HeaderMap, body: Bytes) -> Result<Self, ApiError> {
        let mut params = Self::default();
        params.add_body(headers, body).await?;
        Ok(params)
    }

    #[cfg(test)]
    pub(super) fn of_pairs(pairs: &[(&str, &str)]) -> Self {
        let values = pairs.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
        Self { values: values.collect(), files: BTreeMap::new() }
    }

    /// The parameter as text; empty when it is missing.
    pub(super) fn text(&self, name: &str) -> String {
        match self.values.get(name) {
            None => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        }
    }

    /// The parameter's leading digits as a number; 0 when there are none.
    pub(super) fn integer(&self, name: &str) -> i64 {
        leading_integer(&self.text(name))
    }

    /// `true`, `yes` and `1` are true.
    pub(super) fn flag(&self, name: &str) -> bool {
        matches!(self.text(name).to_ascii_lowercase().as_str(), "true" | "yes" | "1")
    }

    pub(super) fn file(&self, name: &str) -> Option<&Upload> {
        self.files.get(name)
    }

    /// The parameters as the record of the bot's deeds shows them: JSON parsed, files by name, type and size.
    pub(super) fn recorded(&self) -> Value {
        let mut recorded: Map<String, Value> =
            self.values.iter().map(|(name, value)| (name.clone(), readable(name, value))).collect();
        for (name, file) in &self.files {
            let shown = json!({
                "file_name": file.file_name,
                "mime_type": file.mime_type,
                "file_size": file.content.len(),
            });
            recorded.entry(name.clone()).or_insert(shown);
        }
        Value::Object(recorded)
    }

    async fn add_body(&mut self, headers: &HeaderMap, body: Bytes) -> Result<(), ApiError> {
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
        if content_type.starts_with("application/json") {
            self.add_json(&body)
        } else if content_type.starts_with("application/x-www-form-urlencoded") {
            self.add_form(&body);
            Ok(())
        } else if content_type.starts_with("multipart/form-data") {
            self.add_multipart(headers, body).await
        } else {
            Ok(())
        }
    }

    fn add_form(&mut self, form: &[u8]) {
        for pair in form.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()) {
            let end_of_name = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
            let name = decode_form(&pair[..end_of_name]);
            let value = decode_form(pair.get(end_of_name + 1..).unwrap_or_default());
            self.values.entry(name).or_insert(Value::String(value));
        }
    }

    fn add_json(&mut self, body: &[u8]) -> Result<(), ApiError> {
        if body.is_empty() {
            return Ok(());
        }
        let parsed: Map<String, Value> = serde_json::from_slice(body)
            .map_err(|_| ApiError::bad_request("can't parse JSON encoded request parameters"))?;
        for (name, value) in parsed {
            self.values.entry(name).or_insert(value);
        }
        Ok(())
    }

    async fn add_multipart(&mut self, headers: &HeaderMap, body: Bytes) -> Result<(), ApiError> {
        let unreadable = || ApiError::bad_request("can't parse multipart/form-data request");
        let mut request = Request::new(Body::from(body));
        *request.headers_mut() = headers.clone();
        axum::extract::DefaultBodyLimit::disable().apply(&mut request);
        let mut form = Multipart::from_request(request, &()).await.map_err(|_| unreadable())?;
        while let Some(part) = form.next_field().await.map_err(|_| unreadable())? {
            let name = part.name().unwrap_or_default().to_owned();
            let file_name = part.file_name().map(str::to_owned);
            let mime_type = part.content_type().map(str::to_owned);
            let content = part.bytes().await.map_err(|_| unreadable())?;
            if let Some(file_name) = file_name {
                if content.len() > MAX_UPLOAD_BYTES {
                    return Err(ApiError::too_large());
                }
                self.files.entry(name).or_insert(Upload { file_name, mime_type, content });
            } else {
                let text = String::from_utf8_lossy(&content).into_owned();
                self.values.entry(name).or_insert(Value::String(text));
            }
        }
        Ok(())
    }
}

/// A number at the start of a text, as Telegram reads integers: what follows the digits is ignored.
pub(super) fn leading_integer(text: &str) -> i64 {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    let number: i64 = digits[..length].parse().unwrap_or_default();
    if digits.len() < text.len() { -number } else { number }
}

fn readable(name: &str, value: &Value) -> Value {
    let Value::String(text) = value else {
        return value.clone();
    };
    if JSON_PARAMETERS.contains(&name) {
        return serde_json::from_str(text).unwrap_or_else(|_| value.clone());
    }
    if name == "chat_id" {
        return text.parse::<i64>().map_or_else(|_| value.clone(), Value::from);
    }
    value.clone()
}

fn decode_form(encoded: &[u8]) -> String {
    let spaced: Vec<u8> = encoded.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    percent_decode(&spaced).decode_utf8_lossy().into_owned()
}

async fn read_whole(body: Body) -> Result<Bytes, ApiError> {
    let mut chunks = body.into_data_stream();
    let mut read = BytesMut::new();
    let mut drained = 0;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| ApiError::bad_request("failed to read the request"))?;
        if drained > 0 || read.len() + chunk.len() > MAX_REQUEST_BYTES {
            read.clear();
            drained += chunk.len();
            if drained > MAX_DRAINED_BYTES {
                break;
            }
        } else {
            read.extend_from_slice(&chunk);
        }
    }
    if drained > 0 { Err(ApiError::too_large()) } else { Ok(read.freeze()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn of(uri: &str, content_type: &str, body: &str) -> Result<Params, ApiError> {
        let request = Request::post(uri).header(header::CONTENT_TYPE, content_type);
        Params::of_request(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    #[tokio::test]
    async fn each_way_of_giving_parameters_reads_the_same() {
        let multipart = "--b\r\ncontent-disposition: form-data; name=\"chat_id\"\r\n\r\n-5\r\n--b\r\n\
             content-disposition: form-data; name=\"text\"\r\n\r\na+b &c\r\n--b--\r\n";
        let ways = [
            of("/x?chat_id=-5&text=a%2Bb+%26c", "text/plain", "").await,
            of("/x", "application/x-www-form-urlencoded", "chat_id=-5&text=a%2Bb%20%26c").await,
            of("/x", "application/json", r#"{"chat_id":-5,"text":"a+b &c"}"#).await,
            of("/x", "multipart/form-data; boundary=b", multipart).await,
        ];
        for params in ways {
            let params = params.unwrap();
            assert_eq!((params.integer("chat_id"), params.text("text").as_str()), (-5, "a+b &c"));
        }
    }

    #[tokio::test]
    async fn the_query_string_comes_before_the_body() {
        let params = of("/x?text=first", "application/json", r#"{"text":"second"}"#).await.unwrap();
        assert_eq!(params.text("text"), "first");
    }

    #[tokio::test]
    async fn json_that_does_not_parse_is_refused() {
        let refused = of("/x", "application/json", "{").await.unwrap_err();
        assert_eq!(refused, ApiError::bad_request("can't parse JSON encoded request parameters"));
    }

    #[test]
    fn integers_are_read_by_their_leading_digits() {
        for (text, number) in [("12", 12), ("-7", -7), ("12abc", 12), ("", 0), ("null", 0), (" 1", 0)] {
            assert_eq!(leading_integer(text), number, "{text}");
        }
    }

    #[tokio::test]
    async fn the_record_shows_json_parsed() {
        let form = "chat_id=1&reply_markup=%7B%22remove_keyboard%22%3Atrue%7D";
        let params = of("/x", "application/x-www-form-urlencoded", form).await.unwrap();
        assert_eq!(params.recorded(), json!({"chat_id": 1, "reply_markup": {"remove_keyboard": true}}));
    }
}

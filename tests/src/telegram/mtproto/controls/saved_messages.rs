//! Saved Messages under `/_sim/accounts/{phone}`: somebody writes and sends from another device, and looks at what
//! Telegram holds.

use std::convert::Infallible;

use axum::body::Body;
use axum::extract::multipart::{Field, MultipartError, MultipartRejection};
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{DefaultBodyLimit, FromRequest as _, Multipart, Path, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes as Chunk;
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::cloud::Cloud;
use super::super::people::sending::{SendAs, Sending, Sent};
use super::{Refusal, phone};

/// Bytes of a file that are in memory at once.
const STEP: u64 = 1024 * 1024;

/// What a file is whose sender does not say it.
const UNKNOWN_TYPE: &str = "application/octet-stream";

pub(super) fn router() -> Router<Cloud> {
    let path = "/_sim/accounts/{phone}/saved-messages";
    Router::new()
        .route(path, post(save).layer(DefaultBodyLimit::disable()))
        .route(&format!("{path}/{{message_id}}/file"), get(file))
}

impl From<JsonRejection> for Refusal {
    fn from(rejection: JsonRejection) -> Self {
        Self(rejection.status(), rejection.body_text())
    }
}

impl From<MultipartRejection> for Refusal {
    fn from(rejection: MultipartRejection) -> Self {
        Self(rejection.status(), rejection.body_text())
    }
}

impl From<MultipartError> for Refusal {
    fn from(error: MultipartError) -> Self {
        Self(error.status(), error.body_text())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    text: String,
}

/// Takes a form with a file, or a text as JSON.
async fn save(
    State(cloud): State<Cloud>,
    number: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let phone = phone(&number?)?;
    let people = cloud.people();
    let is_form = content_type(&request).starts_with("multipart/form-data");
    let message_id = if is_form {
        let (sending, sent) = receive(&cloud, Multipart::from_request(request, &()).await?).await?;
        // Sizes of photos are made on the way.
        let sent = tokio::task::spawn_blocking(move || sending.finish(&phone, sent)).await;
        sent.map_err(|error| Refusal(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))??
    } else {
        let Json(Text { text }) = Json::from_request(request, &()).await?;
        if text.is_empty() {
            return Err(Refusal::bad("A message needs a text."));
        }
        people.save_text(&phone, &text)?
    };
    Ok((StatusCode::CREATED, Json(json!({"message_id": message_id}))))
}

fn content_type(request: &Request) -> &str {
    request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Reads a form: `file`, `caption` and `as`, in any order.
async fn receive(cloud: &Cloud, mut form: Multipart) -> Result<(Sending, Sent), Refusal> {
    let (mut sending, mut sent) = (None, Sent::default());
    while let Some(field) = form.next_field().await? {
        match field.name().unwrap_or_default() {
            "file" => {
                sent.name = field.file_name().filter(|name| !name.is_empty()).map(file_name);
                sent.mime_type = field.content_type().unwrap_or(UNKNOWN_TYPE).to_owned();
                sending = Some(receive_file(cloud, field).await?);
            }
            "caption" => sent.caption = field.text().await?,
            "as" => sent.send_as = send_as(&field.text().await?)?,
            other => return Err(Refusal::bad(format!("There is no field {other:?}."))),
        }
    }
    let sending = sending.ok_or_else(|| Refusal::bad("A form needs a file."))?;
    Ok((sending, sent))
}

async fn receive_file(cloud: &Cloud, mut field: Field<'_>) -> Result<Sending, Refusal> {
    let mut sending = cloud.people().send();
    while let Some(chunk) = field.chunk().await? {
        sending.write(&chunk)?;
    }
    Ok(sending)
}

/// As browsers escape names in forms (WHATWG form encoding).
fn file_name(name: &str) -> String {
    name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n")
}

fn send_as(text: &str) -> Result<SendAs, Refusal> {
    match text {
        "auto" => Ok(SendAs::Auto),
        "photo" => Ok(SendAs::Photo),
        "document" => Ok(SendAs::Document),
        _ => Err(Refusal::bad("as is auto, photo or document.")),
    }
}

/// The bytes that Telegram holds; of a photo its largest size.
async fn file(
    State(cloud): State<Cloud>,
    asked: Result<Path<(String, i32)>, PathRejection>,
) -> Result<Response, Refusal> {
    let Path((number, message_id)) = asked?;
    let people = cloud.people();
    let found = people.saved_bytes(&phone(&number)?, message_id)?;
    let none = || Refusal(StatusCode::NOT_FOUND, "That message has no file.".to_owned());
    let (content, mime_type) = found.ok_or_else(none)?;
    let size = content.size();
    let steps = stream::unfold(0, move |offset| {
        let (people, content) = (people.clone(), content.clone());
        async move {
            if offset >= size {
                return None;
            }
            let read = content.read(&people.store(), offset, STEP);
            // A failure ends the body before its announced length.
            let read = read.inspect_err(|error| tracing::error!(%error, "a file could not be read")).ok()?;
            let step = Chunk::from(read);
            let next = offset + step.len() as u64;
            Some((Ok::<_, Infallible>(step), next))
        }
    });
    let mut response = Body::from_stream(steps).into_response();
    let fallback = HeaderValue::from_static(UNKNOWN_TYPE);
    let mime_type = HeaderValue::from_str(&mime_type).unwrap_or(fallback);
    response.headers_mut().insert(CONTENT_TYPE, mime_type);
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(size));
    Ok(response)
}

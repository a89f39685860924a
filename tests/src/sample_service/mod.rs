//! A service that bot commands are routed to, as the owner of a bot would write one: `/ping` is answered at once,
//! `/report` takes its time.
//!
//! Lambdagram calls it with what a person asked, signed as Standard Webhooks. There are two ways to answer:
//!
//! - in the HTTP response, within 10 s: `{"reply": "pong"}`;
//! - later: 202 and no body, and when the work is done `POST /enqueue_command` with `"reply_to"`, which names the
//!   dispatch by its `webhook-id`. The service needs no chat id: an answer goes to where the command came from.
//!
//! A dispatch may arrive twice, with the same `webhook-id`. The id is also the idempotency key of the later answer, so
//! that the person gets one report all the same.

pub mod cli;
mod report;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use lambdagram_domain::secret::Secret;
use lambdagram_domain::signature::{
    Headers, ID_HEADER, SIGNATURE_HEADER, SigningSecret, TIMESTAMP_HEADER, verify,
};
use lambdagram_domain::time::UnixTime;
use serde::Deserialize;
use serde_json::json;

use self::report::Reporter;
use crate::clock::Clock;

/// What the service knows of Lambdagram.
pub struct Options {
    /// The secrets that dispatches may be signed with: two while one is being replaced.
    pub secrets: Vec<SigningSecret>,
    /// Where the API is: `http://127.0.0.1:3000`.
    pub api_url: String,
    /// A key whose role may answer.
    pub api_key: Secret,
    /// How long a report takes to be made.
    pub report_takes: Duration,
    /// The time that timestamps are compared with, and that reports take.
    pub clock: Clock,
}

struct Service {
    secrets: Vec<SigningSecret>,
    clock: Clock,
    reporter: Reporter,
}

/// What a person asked, as far as this service wants to know it.
#[derive(Deserialize)]
struct Dispatch {
    asks: Asks,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Asks {
    Command {
        name: String,
        arguments: Vec<String>,
    },
    #[serde(other)]
    SomethingElse,
}

/// The service: `POST /` takes dispatches.
pub fn router(options: Options) -> Router {
    let reporter =
        Reporter::new(&options.api_url, options.api_key, options.clock.clone(), options.report_takes);
    let service = Service { secrets: options.secrets, clock: options.clock, reporter };
    Router::new().route("/", post(take)).with_state(Arc::new(service))
}

/// Whoever reaches the service could send it anything, so nothing is read before the signature is checked.
async fn take(State(service): State<Arc<Service>>, headers: HeaderMap, body: Bytes) -> Response {
    let now = UnixTime(service.clock.now_s());
    let signed = signature(&headers);
    if let Err(error) = verify(&service.secrets, signed, &body, now) {
        return (StatusCode::UNAUTHORIZED, Json(json!({"error": error.to_string()}))).into_response();
    }
    let Ok(dispatch) = serde_json::from_slice::<Dispatch>(&body) else {
        return (StatusCode::BAD_REQUEST, Json(json!({"error": "the body is no dispatch"}))).into_response();
    };
    match dispatch.asks {
        Asks::Command { name, .. } if name == "ping" => Json(json!({"reply": "pong"})).into_response(),
        Asks::Command { name, arguments } if name == "report" => {
            let (id, due) = (signed.id.to_owned(), service.reporter.due());
            tokio::spawn(async move { service.reporter.report(&id, &arguments, due).await });
            StatusCode::ACCEPTED.into_response()
        }
        Asks::Command { .. } | Asks::SomethingElse => {
            Json(json!({"reply": "I know /ping and /report."})).into_response()
        }
    }
}

fn signature(headers: &HeaderMap) -> Headers<'_> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Headers { id: text(ID_HEADER), timestamp: text(TIMESTAMP_HEADER), signature: text(SIGNATURE_HEADER) }
}

#[cfg(test)]
mod tests;

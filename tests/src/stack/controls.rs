//! The controls that concern the whole stack: its clock, and back to the start.

use std::fmt::Display;
use std::path::PathBuf;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::{Bot, state};
use crate::aws::Stored;
use crate::aws::sqs::Sqs;
use crate::clock::Clock;
use crate::telegram::bot_api as simulated;
use crate::telegram::mtproto::cloud::Cloud;

/// The furthest a clock is pushed at once: ten years, so that no sum overflows.
const FURTHEST_ADVANCE_S: u64 = 10 * 366 * 86_400;

/// What the controls reach.
#[derive(Clone)]
pub(super) struct Controls {
    pub(super) simulated: simulated::BotApi,
    pub(super) cloud: Cloud,
    pub(super) bot: Bot,
    pub(super) api_url: String,
    pub(super) sqs: Sqs,
    pub(super) stored: Stored,
    pub(super) clock: Clock,
    pub(super) data_dir: PathBuf,
}

impl Controls {
    pub(super) fn router(self) -> Router {
        Router::new()
            .route("/_sim/clock", post(advance_clock))
            .route("/_sim/reset", post(reset))
            .with_state(self)
    }
}

/// The same controls, which pages of other origins cannot use: a browser lets any page send, whatever it may read.
pub(super) fn for_own_pages(controls: Router) -> Router {
    controls.route_layer(from_fn(|request: Request, next: Next| async move {
        if is_of_another_origin(request.headers()) {
            return refusal(StatusCode::FORBIDDEN, "Pages of other origins have no controls here.");
        }
        next.run(request).await
    }))
}

fn is_of_another_origin(headers: &HeaderMap) -> bool {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let own = header(HOST).map(|host| format!("http://{host}"));
    headers.contains_key(ORIGIN) && header(ORIGIN) != own.as_deref()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_s: u64,
}

async fn advance_clock(State(controls): State<Controls>, body: Bytes) -> Response {
    let asked: Advance = match serde_json::from_slice(&body) {
        Ok(asked) => asked,
        Err(error) => return refusal(StatusCode::BAD_REQUEST, error),
    };
    if asked.advance_s > FURTHEST_ADVANCE_S {
        let limit = format!("advance_s must be at most {FURTHEST_ADVANCE_S}");
        return refusal(StatusCode::BAD_REQUEST, limit);
    }
    controls.clock.advance(Duration::from_secs(asked.advance_s));
    match state::keep_clock(&controls.data_dir, &controls.clock) {
        Ok(()) => Json(json!({ "now": controls.clock.now_s() })).into_response(),
        Err(error) => refusal(StatusCode::INTERNAL_SERVER_ERROR, error),
    }
}

/// Back to the state after a first start: nothing stored, nothing queued, the bot set up. The clock stays where it is,
/// since time does not go back.
async fn reset(State(controls): State<Controls>) -> Response {
    controls.simulated.reset();
    if let Err(error) = controls.cloud.reset() {
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, error);
    }
    controls.sqs.reset();
    if let Err(error) = controls.stored.clear() {
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, error);
    }
    match controls.bot.set_up(&controls.api_url).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refusal(StatusCode::INTERNAL_SERVER_ERROR, error),
    }
}

fn refusal(status: StatusCode, reason: impl Display) -> Response {
    (status, Json(json!({ "error": reason.to_string() }))).into_response()
}

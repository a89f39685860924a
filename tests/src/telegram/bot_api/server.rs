//! The HTTP surface: finds token and method in the path, and lets faults strike before and after the effect.

use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::error::ApiError;
use super::methods::{self, Answer, Method};
use super::params::Params;
use super::{BotApi, Shared};
use crate::telegram::faults::{Failure, Moment};

pub(super) fn router(bot: BotApi) -> Router {
    Router::new().fallback(answer).with_state(bot)
}

async fn answer(State(BotApi(bot)): State<BotApi>, request: Request<Body>) -> Response {
    let path = percent_decode_str(request.uri().path()).decode_utf8_lossy().into_owned();
    if let Some(rest) = path.strip_prefix("/file/bot") {
        return download(&bot, rest).unwrap_or_else(IntoResponse::into_response);
    }
    let Some((token, name)) = path.strip_prefix("/bot").and_then(|rest| rest.split_once('/')) else {
        return ApiError::not_found().into_response();
    };
    if token != bot.token {
        return ApiError::unauthorized().into_response();
    }
    let Some(method) = Method::of_name(name) else {
        return ApiError::no_such_method().into_response();
    };
    match Params::of_request(request).await {
        Ok(params) => call(&bot, method, &params).await,
        Err(error) => error.into_response(),
    }
}

async fn call(bot: &Shared, method: Method, params: &Params) -> Response {
    let chat_id = Some(params.integer("chat_id")).filter(|chat_id| *chat_id != 0);
    if let Some(failure) = bot.faults.strike(method.name(), chat_id, Moment::Before) {
        return fail(&failure).await;
    }
    let answer = match methods::run(bot, method, params).await {
        Ok(answer) => answer,
        Err(error) => return error.into_response(),
    };
    if let Some(failure) = bot.faults.strike(method.name(), chat_id, Moment::After) {
        return fail(&failure).await;
    }
    answer.into_response()
}

async fn fail(failure: &Failure) -> Response {
    match ApiError::of_failure(failure) {
        Some(error) => error.into_response(),
        None if *failure == Failure::Drop => hang_up(),
        None => std::future::pending().await,
    }
}

/// Ends the connection without an answer. HTTP servers offer no other way to a handler than to unwind the task that
/// serves the connection; the panic hook is not run, so nothing is printed.
fn hang_up() -> ! {
    std::panic::resume_unwind(Box::new("a planned fault dropped the connection"))
}

/// Any stored file, whatever its size and whether or not getFile was called for it.
fn download(bot: &Shared, rest: &str) -> Result<Response, ApiError> {
    let (token, path) = rest.split_once('/').ok_or_else(ApiError::not_found)?;
    if token != bot.token {
        return Err(ApiError::unauthorized());
    }
    let content = bot.store().content(path)?.ok_or_else(ApiError::not_found)?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], content).into_response())
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut body = json!({"ok": true, "result": self.result});
        if let Some(description) = self.description {
            body["description"] = description.into();
        }
        Json(body).into_response()
    }
}

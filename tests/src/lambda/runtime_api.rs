//! The Runtime API of one process: the HTTP endpoint that a function asks for work and gives its answers to.
//!
//! It carries; `life.rs` decides. Every request becomes a [`Call`], and what comes back through it is the answer.
//! An answer that is streamed (`lambda-runtime-function-response-mode`) is two calls, its beginning and its end, and
//! the bytes between them go past `life.rs` to whoever invoked.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::AbortOnDropHandle;

use super::PAYLOAD_LIMIT;
use super::stream::{self, DRAIN_LIMIT, End, Incoming};

/// What a process asks or says.
pub(super) enum Call {
    /// It asks for an invocation; dropping the sender tells it that this is not the moment.
    Next(oneshot::Sender<Event>),
    /// It answers an invocation.
    Answer { request_id: String, outcome: Outcome, verdict: oneshot::Sender<StatusCode> },
    /// It begins to answer an invocation with a stream, and waits for the verdict before it reads the first byte.
    Begin { request_id: String, incoming: Incoming, verdict: oneshot::Sender<StatusCode> },
    /// The stream it had begun has ended.
    End { request_id: String, end: End, verdict: oneshot::Sender<StatusCode> },
    /// It cannot start.
    InitError { error_type: String, payload: Bytes, verdict: oneshot::Sender<StatusCode> },
}

/// How the function ended its invocation.
pub(super) enum Outcome {
    Response(Bytes),
    TooLarge,
    Error { error_type: String, payload: Bytes },
}

/// An invocation as a process receives it.
pub(super) struct Event {
    pub(super) request_id: String,
    pub(super) deadline_ms: u64,
    pub(super) function_arn: String,
    pub(super) trace_id: String,
    pub(super) payload: Bytes,
}

/// The endpoint of one process; it ends when dropped.
pub(super) struct RuntimeApi {
    pub(super) address: String,
    pub(super) calls: mpsc::Receiver<Call>,
    _server: AbortOnDropHandle<()>,
}

type Calls = Arc<mpsc::Sender<Call>>;

impl RuntimeApi {
    /// `stream_limit`: most bytes of a streamed answer.
    pub(super) async fn bind(stream_limit: usize) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        // As in `aws::serve`: no event may wait for an acknowledgement.
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        let (calls, received) = mpsc::channel(1);
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route(
                "/2018-06-01/runtime/invocation/{request_id}/response",
                post(move |calls, request_id, headers, body| {
                    response(calls, request_id, headers, body, stream_limit)
                }),
            )
            .route("/2018-06-01/runtime/invocation/{request_id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .with_state(Arc::new(calls));
        let server = tokio::spawn(async move {
            if let Err(cause) = axum::serve(listener, router).await {
                tracing::error!(%cause, "A Runtime API stopped serving");
            }
        });
        Ok(Self { address, calls: received, _server: AbortOnDropHandle::new(server) })
    }
}

async fn next(State(calls): State<Calls>) -> Response {
    let (work, event) = oneshot::channel();
    let asked = calls.send(Call::Next(work)).await;
    let event = match asked {
        Ok(()) => event.await,
        Err(_) => return invalid_transition(),
    };
    match event {
        Ok(event) => event.into_response(),
        Err(_) => invalid_transition(),
    }
}

async fn response(
    State(calls): State<Calls>,
    Path(request_id): Path<String>,
    headers: HeaderMap,
    body: Body,
    stream_limit: usize,
) -> Response {
    if text(&headers, "lambda-runtime-function-response-mode") == "streaming" {
        let media_type = text(&headers, "content-type").to_owned();
        return streamed(&calls, request_id, media_type, body, stream_limit).await;
    }
    let outcome = match read(body).await {
        Ok(Some(payload)) => Outcome::Response(payload),
        Ok(None) => Outcome::TooLarge,
        Err(_) => return refusal(StatusCode::BAD_REQUEST, "RequestBodyError", "The body broke off"),
    };
    answer(&calls, request_id, outcome).await
}

async fn streamed(
    calls: &Calls,
    request_id: String,
    media_type: String,
    body: Body,
    stream_limit: usize,
) -> Response {
    let (chunks, incoming) = stream::channel(media_type);
    let (verdict, decided) = oneshot::channel();
    let begin = Call::Begin { request_id: request_id.clone(), incoming, verdict };
    if calls.send(begin).await.is_err() {
        return invalid_transition();
    }
    match decided.await {
        Ok(StatusCode::ACCEPTED) => {}
        refused => return verdict_response(refused.ok(), PAYLOAD_LIMIT),
    }
    let end = stream::pump(body, chunks, stream_limit).await;
    let (verdict, decided) = oneshot::channel();
    let told = calls.send(Call::End { request_id, end, verdict }).await;
    let status = if told.is_ok() { decided.await.ok() } else { None };
    verdict_response(status, stream_limit)
}

async fn error(
    State(calls): State<Calls>,
    Path(request_id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Ok(Some(payload)) = read(body).await else {
        return refusal(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", "The error is too large");
    };
    let error_type = error_type(&headers, &payload);
    answer(&calls, request_id, Outcome::Error { error_type, payload }).await
}

async fn init_error(State(calls): State<Calls>, headers: HeaderMap, body: Body) -> Response {
    let Ok(Some(payload)) = read(body).await else {
        return refusal(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", "The error is too large");
    };
    let error_type = error_type(&headers, &payload);
    let (verdict, decided) = oneshot::channel();
    let told = calls.send(Call::InitError { error_type, payload, verdict }).await;
    let status = if told.is_ok() { decided.await.ok() } else { None };
    verdict_response(status, PAYLOAD_LIMIT)
}

async fn answer(calls: &Calls, request_id: String, outcome: Outcome) -> Response {
    let (verdict, decided) = oneshot::channel();
    let told = calls.send(Call::Answer { request_id, outcome, verdict }).await;
    let status = if told.is_ok() { decided.await.ok() } else { None };
    verdict_response(status, PAYLOAD_LIMIT)
}

/// What the function reads; `limit` is the size that it kept to or not.
fn verdict_response(status: Option<StatusCode>, limit: usize) -> Response {
    match status {
        Some(StatusCode::ACCEPTED) => {
            (StatusCode::ACCEPTED, axum::Json(json!({ "status": "OK" }))).into_response()
        }
        Some(StatusCode::PAYLOAD_TOO_LARGE) => refusal(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLarge",
            &format!("Exceeded maximum allowed payload size ({limit} bytes)."),
        ),
        Some(status) => refusal(status, "InvalidRequestID", "Invalid request ID"),
        None => invalid_transition(),
    }
}

impl IntoResponse for Event {
    fn into_response(self) -> Response {
        let headers = [
            ("Content-Type", "application/json".to_owned()),
            ("Lambda-Runtime-Aws-Request-Id", self.request_id),
            ("Lambda-Runtime-Deadline-Ms", self.deadline_ms.to_string()),
            ("Lambda-Runtime-Invoked-Function-Arn", self.function_arn),
            ("Lambda-Runtime-Trace-Id", self.trace_id),
        ];
        (headers, self.payload).into_response()
    }
}

/// The whole body; `None` if it is larger than an answer may be.
async fn read(mut body: Body) -> Result<Option<Bytes>, axum::Error> {
    let mut payload = BytesMut::new();
    let mut size = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        size += data.len();
        if size > DRAIN_LIMIT {
            break;
        }
        if size <= PAYLOAD_LIMIT {
            payload.extend_from_slice(&data);
        }
    }
    Ok((size <= PAYLOAD_LIMIT).then(|| payload.freeze()))
}

fn error_type(headers: &HeaderMap, payload: &Bytes) -> String {
    let given = text(headers, "lambda-runtime-function-error-type");
    if !given.is_empty() {
        return given.to_owned();
    }
    let body: serde_json::Value = serde_json::from_slice(payload).unwrap_or_default();
    body["errorType"].as_str().unwrap_or("Unhandled").to_owned()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn invalid_transition() -> Response {
    refusal(StatusCode::FORBIDDEN, "InvalidStateTransition", "State transition is not allowed")
}

fn refusal(status: StatusCode, kind: &str, message: &str) -> Response {
    (status, axum::Json(json!({ "errorType": kind, "errorMessage": message }))).into_response()
}

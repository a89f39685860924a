//! The endpoint: the JSON protocol that SDKs speak today, and the query protocol for those from before 2024.

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::SqsError;
use super::limits::REQUEST_SIZE;
use super::{Sqs, api, query};

/// What the JSON protocol calls itself.
const JSON_TYPE: &str = "application/x-amz-json-1.0";

/// What every action's name begins with in the JSON protocol.
const TARGET_PREFIX: &str = "AmazonSQS.";

/// Requests come to the root, or (older SDKs) to the URL of a queue.
pub(super) fn router(sqs: Sqs) -> Router {
    Router::new()
        .route("/", any(answer))
        .route("/{account}/{queue}", any(answer))
        .layer(DefaultBodyLimit::max(REQUEST_SIZE))
        .with_state(sqs)
}

async fn answer(
    State(sqs): State<Sqs>,
    method: Method,
    uri: Uri,
    RawQuery(parameters): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let trace = headers.get("x-amzn-trace-id").and_then(|value| value.to_str().ok());
    let target = headers.get("x-amz-target").map(|value| value.to_str().unwrap_or_default());
    match (method, target) {
        (Method::POST, Some(target)) => answer_json(&sqs, target, trace, &body).await,
        (Method::POST, None) if !content_type.starts_with(JSON_TYPE) => {
            answer_query(&sqs, &uri, trace, &body).await
        }
        (Method::GET, None) => {
            answer_query(&sqs, &uri, trace, parameters.unwrap_or_default().as_bytes()).await
        }
        _ => json_response(Err(SqsError::UnknownAction { action: String::new() })),
    }
}

async fn answer_json(sqs: &Sqs, target: &str, trace: Option<&str>, body: &[u8]) -> Response {
    let body = if body.is_empty() { b"{}" } else { body };
    let result = match (target.strip_prefix(TARGET_PREFIX), serde_json::from_slice(body)) {
        (None, _) => Err(SqsError::UnknownAction { action: target.to_owned() }),
        (_, Err(error)) => Err(SqsError::Malformed { reason: error.to_string() }),
        (Some(action), Ok(input)) => api::dispatch(sqs, action, traced(input, trace)).await,
    };
    json_response(result)
}

/// What is asked, where each message that is sent has the trace of the request, unless it names one itself ("Amazon SQS and
/// AWS X-Ray", X-Ray's developer guide).
fn traced(mut input: Value, trace: Option<&str>) -> Value {
    let Some(trace) = trace else { return input };
    let batch = input.get_mut("Entries").and_then(Value::as_array_mut);
    let messages = match batch {
        Some(batch) => batch.iter_mut().collect(),
        None => vec![&mut input],
    };
    for message in messages.into_iter().filter_map(Value::as_object_mut) {
        if message.contains_key("MessageBody") {
            let attributes = message.entry("MessageSystemAttributes").or_insert_with(|| json!({}));
            if let Some(attributes) = attributes.as_object_mut() {
                let named = json!({ "DataType": "String", "StringValue": trace });
                attributes.entry("AWSTraceHeader").or_insert(named);
            }
        }
    }
    input
}

fn json_response(result: Result<Value, SqsError>) -> Response {
    let response = Response::builder()
        .header(CONTENT_TYPE, JSON_TYPE)
        .header("x-amzn-requestid", Uuid::new_v4().to_string());
    let (response, body) = match result {
        Ok(value) => (response, value),
        Err(error) => {
            let wire = error.wire();
            let query_error = format!("{};{}", wire.code, wire.fault());
            (
                response.status(wire.status).header("x-amzn-query-error", query_error),
                json!({ "__type": wire.shape, "message": error.to_string() }),
            )
        }
    };
    finish(response.body(Body::from(body.to_string())))
}

async fn answer_query(sqs: &Sqs, uri: &Uri, trace: Option<&str>, form: &[u8]) -> Response {
    let request_id = Uuid::new_v4().to_string();
    let queue_path = Some(uri.path()).filter(|path| *path != "/");
    let result = match query::read(form, queue_path) {
        Ok((action, input)) => {
            let answer = api::dispatch(sqs, &action, traced(input, trace)).await;
            answer.map(|value| query::render(&action, &value, &request_id))
        }
        Err(error) => Err(error),
    };
    let (status, body) = match result {
        Ok(body) => (StatusCode::OK, body),
        Err(error) => (error.wire().status, query::render_error(&error, &request_id)),
    };
    let response = Response::builder()
        .status(status)
        .header(CONTENT_TYPE, "text/xml")
        .header("x-amzn-requestid", request_id);
    finish(response.body(Body::from(body)))
}

fn finish(response: http::Result<Response>) -> Response {
    response.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

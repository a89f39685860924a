//! What a request asks of DynamoDB or SQS: the operation, and the permissions it needs.

use std::borrow::Cow;

use axum::http::request::Parts;
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{ACCOUNT, REGION};

/// The resource of an operation that names none, or whose request cannot be read: only the pattern `*` matches it.
pub(super) const ANYTHING: &str = "*";

/// A request, as IAM sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// The operation's name in the service's own API.
    pub(super) operation: String,
    /// Everything the caller must be allowed to do.
    pub(super) needs: Vec<Need>,
}

/// One permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Need {
    /// `dynamodb:PutItem` for example.
    pub(super) action: String,
    /// The resource's ARN, or [`ANYTHING`].
    pub(super) resource: String,
}

impl Need {
    pub(super) fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { action: action.into(), resource: resource.into() }
    }
}

/// The access key id that signs the request, in its header or in its query.
pub(super) fn access_key_id(parts: &Parts) -> Option<String> {
    let header = parts.headers.get("authorization").and_then(|value| value.to_str().ok());
    let in_header = header.and_then(|value| value.split_once("Credential=")).map(|(_, rest)| Cow::from(rest));
    let credential = in_header.or_else(|| {
        let query = parts.uri.query().unwrap_or_default();
        form_field(query, "X-Amz-Credential").map(Cow::from)
    })?;
    credential.split('/').next().map(str::to_owned)
}

/// A call of DynamoDB's JSON protocol.
///
/// Transactions need the permissions of what they are made of; batches have permissions of their own.
pub(super) fn dynamodb(parts: &Parts, body: &Bytes) -> Call {
    let operation = target(parts);
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut needs = match operation.as_str() {
        "TransactWriteItems" | "TransactGetItems" => transaction(&body),
        "BatchGetItem" | "BatchWriteItem" => body["RequestItems"]
            .as_object()
            .into_iter()
            .flat_map(|tables| tables.keys())
            .map(|table| Need::new(format!("dynamodb:{operation}"), table_arn(table, None)))
            .collect(),
        _ => {
            let table = body["TableName"].as_str().map(|table| table_arn(table, body["IndexName"].as_str()));
            let resource = table.or_else(|| body["ResourceArn"].as_str().map(str::to_owned));
            resource
                .map(|resource| Need::new(format!("dynamodb:{operation}"), resource))
                .into_iter()
                .collect()
        }
    };
    if needs.is_empty() {
        needs.push(Need::new(format!("dynamodb:{operation}"), ANYTHING));
    }
    Call { operation, needs }
}

fn transaction(body: &Value) -> Vec<Need> {
    let items = body["TransactItems"].as_array().into_iter().flatten();
    items
        .filter_map(Value::as_object)
        .flatten()
        .map(|(kind, item)| {
            let action = match kind.as_str() {
                "ConditionCheck" => "dynamodb:ConditionCheckItem".to_owned(),
                kind => format!("dynamodb:{kind}Item"),
            };
            let table = item["TableName"].as_str();
            Need::new(action, table.map_or_else(|| ANYTHING.to_owned(), |table| table_arn(table, None)))
        })
        .collect()
}

/// A call of SQS, in its JSON protocol or in the older Query protocol.
pub(super) fn sqs(parts: &Parts, body: &Bytes) -> Call {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let form = String::from_utf8_lossy(body);
    let field = |name: &str| match json[name].as_str() {
        Some(value) => Some(value.to_owned()),
        None => form_field(&form, name).or_else(|| form_field(parts.uri.query().unwrap_or_default(), name)),
    };
    let operation = match target(parts) {
        target if target.is_empty() => field("Action").unwrap_or_default(),
        target => target,
    };
    // Older clients send a Query request to the queue's own URL.
    let path = Some(parts.uri.path().to_owned()).filter(|path| path.len() > 1);
    let queue = field("QueueUrl")
        .or(path)
        .or_else(|| field("QueueName"))
        .map(|queue| queue.rsplit('/').next().unwrap_or_default().to_owned());
    let resource = match queue {
        Some(queue) => format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"),
        None => field("SourceArn").unwrap_or_else(|| ANYTHING.to_owned()),
    };
    // A batch needs the permission of its single operation.
    let action = operation.strip_suffix("Batch").unwrap_or(&operation);
    Call { needs: vec![Need::new(format!("sqs:{action}"), resource)], operation }
}

/// The operation in `X-Amz-Target: <service>.<operation>`; empty without one.
fn target(parts: &Parts) -> String {
    let target = parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default().to_owned()
}

fn table_arn(table: &str, index: Option<&str>) -> String {
    let table = match table.strip_prefix("arn:") {
        Some(_) => table.to_owned(),
        None => format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{table}"),
    };
    match index {
        Some(index) => format!("{table}/index/{index}"),
        None => table,
    }
}

/// A field of a query string or form body, decoded.
pub(super) fn form_field(form: &str, name: &str) -> Option<String> {
    let pairs = form.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let value = pairs.filter(|(key, _)| decoded(key) == name).map(|(_, value)| decoded(value)).next();
    value
}

fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

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
    let mut pairs = form.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.find(|(key, _)| decoded(key) == name).map(|(_, value)| decoded(value))
}

fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    const QUEUE: &str = "arn:aws:sqs:us-east-1:123456789012:bot.fifo";

    fn parts(target: Option<&str>, uri: &str) -> Parts {
        let mut request = Request::post(uri);
        if let Some(target) = target {
            request = request.header("x-amz-target", target);
        }
        request.body(()).expect("a request").into_parts().0
    }

    fn needs(call: Call) -> Vec<(String, String)> {
        call.needs.into_iter().map(|need| (need.action, need.resource)).collect()
    }

    fn need(action: &str, resource: &str) -> (String, String) {
        (action.to_owned(), resource.to_owned())
    }

    #[test]
    fn the_caller_stands_in_the_header_or_in_the_query() {
        let signed = Request::get("/").header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=Work-1/20260101/us-east-1/s3/aws4_request, X=y",
        );
        let signed = signed.body(()).expect("a request").into_parts().0;
        assert_eq!(access_key_id(&signed).as_deref(), Some("Work-1"));
        let presigned = parts(None, "/b/k?X-Amz-Credential=Work-2%2F20260101%2Fus-east-1");
        assert_eq!(access_key_id(&presigned).as_deref(), Some("Work-2"));
        assert_eq!(access_key_id(&parts(None, "/")), None);
    }

    #[test]
    fn an_index_is_a_resource_of_its_own() {
        let body = Bytes::from_static(br#"{"TableName":"jobs","IndexName":"by-chat"}"#);
        let call = dynamodb(&parts(Some("DynamoDB_20120810.Query"), "/"), &body);
        let arn = "arn:aws:dynamodb:us-east-1:123456789012:table/jobs/index/by-chat";
        assert_eq!(needs(call), [need("dynamodb:Query", arn)]);
    }

    #[test]
    fn what_names_no_resource_needs_all_of_them() {
        for body in ["{}", "no JSON", ""] {
            let call = dynamodb(&parts(Some("DynamoDB_20120810.PutItem"), "/"), &Bytes::from(body));
            assert_eq!(needs(call), [need("dynamodb:PutItem", "*")]);
        }
        let call = sqs(&parts(Some("AmazonSQS.ListQueues"), "/"), &Bytes::from_static(b"{}"));
        assert_eq!(needs(call), [need("sqs:ListQueues", "*")]);
    }

    #[test]
    fn sqs_is_read_in_both_of_its_protocols() {
        let json = Bytes::from_static(br#"{"QueueUrl":"http://127.0.0.1:9324/123456789012/bot.fifo"}"#);
        let call = sqs(&parts(Some("AmazonSQS.SendMessageBatch"), "/"), &json);
        assert_eq!(call.operation, "SendMessageBatch");
        assert_eq!(needs(call), [need("sqs:SendMessage", QUEUE)]);
        let form = "Action=SendMessage&QueueUrl=http%3A%2F%2F127.0.0.1%2F123456789012%2Fbot.fifo";
        let call = sqs(&parts(None, "/"), &Bytes::from(form));
        assert_eq!(needs(call), [need("sqs:SendMessage", QUEUE)]);
        let call = sqs(&parts(None, "/123456789012/bot.fifo"), &Bytes::from("Action=ReceiveMessage"));
        assert_eq!(needs(call), [need("sqs:ReceiveMessage", QUEUE)]);
    }
}

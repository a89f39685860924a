//! Actions on single messages.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{QueueRef, required};
use crate::aws::sqs::attributes::is_known;
use crate::aws::sqs::{
    MessageAttributes, Receive, ReceivedMessage, Send, Sqs, SqsError, attributes_md5,
    check_visibility_timeout,
};

/// The system attributes a receiver may ask for.
const SYSTEM_ATTRIBUTES: [&str; 10] = [
    "All",
    "AWSTraceHeader",
    "ApproximateFirstReceiveTimestamp",
    "ApproximateReceiveCount",
    "DeadLetterQueueSourceArn",
    "MessageDeduplicationId",
    "MessageGroupId",
    "SenderId",
    "SentTimestamp",
    "SequenceNumber",
];

#[derive(Deserialize)]
pub(super) struct SendMessage {
    #[serde(flatten)]
    queue: QueueRef,
    #[serde(flatten)]
    message: Send,
}

pub(super) fn send_message(sqs: &Sqs, request: SendMessage) -> Result<Value, SqsError> {
    let sent = sqs.send(request.queue.name()?, request.message)?;
    Ok(json!(sent))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ReceiveMessage {
    #[serde(flatten)]
    queue: QueueRef,
    /// The older name of the next field.
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
    receive_request_attempt_id: Option<String>,
}

pub(super) async fn receive_message(sqs: &Sqs, request: ReceiveMessage) -> Result<Value, SqsError> {
    let mut system_names = request.message_system_attribute_names;
    system_names.extend(request.attribute_names);
    let known = |name: &str| SYSTEM_ATTRIBUTES.contains(&name) || is_known(name);
    if let Some(unknown) = system_names.iter().find(|name| !known(name)) {
        return Err(SqsError::InvalidAttributeName { name: unknown.clone() });
    }
    let receive = Receive {
        max_messages: request.max_number_of_messages,
        wait_seconds: request.wait_time_seconds,
        visibility_timeout: request.visibility_timeout,
        attempt_id: request.receive_request_attempt_id,
    };
    let received = sqs.receive(request.queue.name()?, receive).await?;
    if received.is_empty() {
        return Ok(json!({}));
    }
    let names = &request.message_attribute_names;
    let messages: Vec<Value> =
        received.into_iter().map(|message| render(message, &system_names, names)).collect();
    Ok(json!({ "Messages": messages }))
}

/// A message with the attributes that were asked for. The MD5 covers what is returned.
fn render(message: ReceivedMessage, system_names: &[String], names: &[String]) -> Value {
    let mut system = message.attributes;
    system.retain(|name, _| system_names.iter().any(|wanted| wanted == "All" || wanted == name));
    let mut attributes: MessageAttributes = message.message_attributes;
    attributes.retain(|name, _| names.iter().any(|wanted| is_wanted(name, wanted)));
    let mut rendered = Map::new();
    rendered.insert("MessageId".into(), json!(message.message_id));
    rendered.insert("ReceiptHandle".into(), json!(message.receipt_handle));
    rendered.insert("MD5OfBody".into(), json!(message.md5_of_body));
    rendered.insert("Body".into(), Value::String(message.body));
    if !system.is_empty() {
        rendered.insert("Attributes".into(), json!(system));
    }
    if let Some(md5) = attributes_md5(&attributes) {
        rendered.insert("MD5OfMessageAttributes".into(), json!(md5));
        rendered.insert("MessageAttributes".into(), json!(attributes));
    }
    Value::Object(rendered)
}

/// Names may be given as such, as `All` or `.*`, or with a prefix as in `bar.*`.
fn is_wanted(name: &str, wanted: &str) -> bool {
    wanted == "All"
        || wanted == name
        || wanted.strip_suffix(".*").is_some_and(|prefix| name.starts_with(prefix))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeleteMessage {
    #[serde(flatten)]
    queue: QueueRef,
    receipt_handle: Option<String>,
}

pub(super) fn delete_message(sqs: &Sqs, request: &DeleteMessage) -> Result<Value, SqsError> {
    let handle = required(request.receipt_handle.as_deref(), "ReceiptHandle")?;
    sqs.delete(request.queue.name()?, handle)?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ChangeMessageVisibility {
    #[serde(flatten)]
    queue: QueueRef,
    receipt_handle: Option<String>,
    visibility_timeout: Option<i64>,
}

pub(super) fn change_message_visibility(
    sqs: &Sqs,
    request: &ChangeMessageVisibility,
) -> Result<Value, SqsError> {
    let handle = required(request.receipt_handle.as_deref(), "ReceiptHandle")?;
    let seconds = check_visibility_timeout(required(request.visibility_timeout, "VisibilityTimeout")?)?;
    sqs.change_visibility(request.queue.name()?, handle, seconds)?;
    Ok(json!({}))
}

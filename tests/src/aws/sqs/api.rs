//! The actions, in the shape of the JSON protocol: a request object in, an answer object out.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::attributes::{arn, is_known, queue_name};
use super::error::SqsError;
use super::limits::{BATCH_ENTRIES, MOVES_PER_SECOND, PAGE, TAGS};
use super::message::{MessageAttributes, ReceivedMessage, Send, attributes_md5};
use super::move_task::{MoveTask, Status};
use super::{Receive, Sqs, batch, check_visibility_timeout};

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

/// Carries out one action.
pub(super) async fn dispatch(sqs: &Sqs, action: &str, input: Value) -> Result<Value, SqsError> {
    match action {
        "CancelMessageMoveTask" => cancel_message_move_task(sqs, &parse(input)?),
        "ChangeMessageVisibility" => change_message_visibility(sqs, &parse(input)?),
        "ChangeMessageVisibilityBatch" => batch::change_message_visibility(sqs, parse(input)?),
        "CreateQueue" => create_queue(sqs, parse(input)?),
        "DeleteMessage" => delete_message(sqs, &parse(input)?),
        "DeleteMessageBatch" => batch::delete_message(sqs, parse(input)?),
        "DeleteQueue" => delete_queue(sqs, &parse(input)?),
        "GetQueueAttributes" => get_queue_attributes(sqs, &parse(input)?),
        "GetQueueUrl" => get_queue_url(sqs, &parse(input)?),
        "ListDeadLetterSourceQueues" => list_dead_letter_source_queues(sqs, &parse(input)?),
        "ListMessageMoveTasks" => list_message_move_tasks(sqs, &parse(input)?),
        "ListQueueTags" => list_queue_tags(sqs, &parse(input)?),
        "ListQueues" => list_queues(sqs, &parse(input)?),
        "PurgeQueue" => purge_queue(sqs, &parse(input)?),
        "ReceiveMessage" => receive_message(sqs, parse(input)?).await,
        "SendMessage" => send_message(sqs, parse(input)?),
        "SendMessageBatch" => batch::send_message(sqs, parse(input)?),
        "SetQueueAttributes" => set_queue_attributes(sqs, &parse(input)?),
        "StartMessageMoveTask" => start_message_move_task(sqs, &parse(input)?),
        "TagQueue" => tag_queue(sqs, parse(input)?),
        "UntagQueue" => untag_queue(sqs, &parse(input)?),
        _ => Err(SqsError::UnknownAction {
            action: action.to_owned(),
        }),
    }
}

fn parse<T: DeserializeOwned>(input: Value) -> Result<T, SqsError> {
    serde_json::from_value(input).map_err(|error| SqsError::Malformed {
        reason: error.to_string(),
    })
}

pub(super) fn required<T>(value: Option<T>, parameter: &'static str) -> Result<T, SqsError> {
    value.ok_or(SqsError::MissingParameter { parameter })
}

/// A reference to a queue, as most requests begin with it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct QueueRef {
    queue_url: Option<String>,
}

impl QueueRef {
    /// The name at the end of the URL. Which host the URL names does not matter: a stack on another port has the
    /// same queues.
    pub(super) fn name(&self) -> Result<&str, SqsError> {
        let url = required(
            self.queue_url.as_deref().filter(|url| !url.is_empty()),
            "QueueUrl",
        )?;
        Ok(url.trim_end_matches('/').rsplit('/').next().unwrap_or_default())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateQueue {
    queue_name: Option<String>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default, rename = "tags")]
    tags: BTreeMap<String, String>,
}

fn create_queue(sqs: &Sqs, request: CreateQueue) -> Result<Value, SqsError> {
    let name = required(request.queue_name, "QueueName")?;
    check_tags(&request.tags)?;
    sqs.with_state(|state, now_ms| state.create(&name, &request.attributes, request.tags, now_ms))?;
    Ok(json!({ "QueueUrl": sqs.queue_url(&name) }))
}

fn delete_queue(sqs: &Sqs, queue: &QueueRef) -> Result<Value, SqsError> {
    let name = queue.name()?;
    sqs.with_state(|state, now_ms| state.delete_queue(name, now_ms))?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetQueueUrl {
    queue_name: Option<String>,
}

fn get_queue_url(sqs: &Sqs, request: &GetQueueUrl) -> Result<Value, SqsError> {
    let name = required(request.queue_name.as_deref(), "QueueName")?;
    sqs.with_state(|state, _| state.entry(name).map(drop))?;
    Ok(json!({ "QueueUrl": sqs.queue_url(name) }))
}

/// What a listing may be narrowed by. The token is the last name of the page before.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listing {
    queue_name_prefix: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

impl Listing {
    /// One page of the names, under the key that the action calls its answer.
    fn page(&self, sqs: &Sqs, names: &[String], key: &str) -> Result<Value, SqsError> {
        let most = PAGE as u64;
        let size = self.max_results.unwrap_or(1000);
        if size < 1 || size.unsigned_abs() > most {
            let reason = format!("Must be between 1 and {PAGE}, if provided.");
            return Err(SqsError::invalid("MaxResults", size, reason));
        }
        let size = size.unsigned_abs() as usize;
        let after = self.next_token.as_deref().unwrap_or_default();
        let mut rest = names.iter().filter(|name| name.as_str() > after);
        let page: Vec<&String> = rest.by_ref().take(size).collect();
        let urls: Vec<String> = page.iter().map(|name| sqs.queue_url(name)).collect();
        let mut answer = Map::from_iter([(key.to_owned(), json!(urls))]);
        if let (Some(last), true) = (page.last(), rest.next().is_some() && self.max_results.is_some()) {
            answer.insert("NextToken".into(), json!(last));
        }
        Ok(Value::Object(answer))
    }
}

fn list_queues(sqs: &Sqs, listing: &Listing) -> Result<Value, SqsError> {
    let prefix = listing.queue_name_prefix.as_deref().unwrap_or_default();
    let names: Vec<String> = sqs.with_state(|state, _| {
        Ok(state
            .names()
            .filter(|name| name.starts_with(prefix))
            .map(str::to_owned)
            .collect())
    })?;
    listing.page(sqs, &names, "QueueUrls")
}

#[derive(Deserialize)]
struct DeadLetterSources {
    #[serde(flatten)]
    queue: QueueRef,
    #[serde(flatten)]
    listing: Listing,
}

fn list_dead_letter_source_queues(sqs: &Sqs, request: &DeadLetterSources) -> Result<Value, SqsError> {
    let name = request.queue.name()?;
    let names = sqs.with_state(|state, _| {
        state.entry(name)?;
        Ok(state.dead_letter_sources(name))
    })?;
    request.listing.page(sqs, &names, "queueUrls")
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetQueueAttributes {
    #[serde(flatten)]
    queue: QueueRef,
    #[serde(default)]
    attribute_names: Vec<String>,
}

fn get_queue_attributes(sqs: &Sqs, request: &GetQueueAttributes) -> Result<Value, SqsError> {
    let name = request.queue.name()?;
    if let Some(unknown) = request.attribute_names.iter().find(|name| !is_known(name)) {
        return Err(SqsError::InvalidAttributeName {
            name: unknown.clone(),
        });
    }
    let mut attributes = sqs.with_state(|state, _| {
        let entry = state.entry(name)?;
        let depth = entry.queue.depth();
        let mut attributes = entry.queue.attributes.values().clone();
        for (name, value) in [
            ("ApproximateNumberOfMessages", depth.visible.to_string()),
            ("ApproximateNumberOfMessagesDelayed", depth.delayed.to_string()),
            (
                "ApproximateNumberOfMessagesNotVisible",
                depth.in_flight.to_string(),
            ),
            ("CreatedTimestamp", entry.created_s.to_string()),
            ("LastModifiedTimestamp", entry.modified_s.to_string()),
            ("QueueArn", entry.queue.arn()),
        ] {
            attributes.insert(name.to_owned(), value);
        }
        Ok(attributes)
    })?;
    let wanted = &request.attribute_names;
    attributes.retain(|name, _| wanted.iter().any(|wanted| wanted == "All" || wanted == name));
    Ok(if attributes.is_empty() {
        json!({})
    } else {
        json!({ "Attributes": attributes })
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SetQueueAttributes {
    #[serde(flatten)]
    queue: QueueRef,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

fn set_queue_attributes(sqs: &Sqs, request: &SetQueueAttributes) -> Result<Value, SqsError> {
    let name = request.queue.name()?;
    sqs.with_state(|state, now_ms| state.set_attributes(name, &request.attributes, now_ms))?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TagQueue {
    #[serde(flatten)]
    queue: QueueRef,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

fn tag_queue(sqs: &Sqs, request: TagQueue) -> Result<Value, SqsError> {
    let name = request.queue.name()?;
    sqs.with_state(|state, _| {
        let entry = state.entry_mut(name)?;
        let mut tags = entry.tags.clone();
        tags.extend(request.tags);
        check_tags(&tags)?;
        entry.tags = tags;
        entry.mark_unsaved();
        Ok(())
    })?;
    Ok(json!({}))
}

fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), SqsError> {
    if tags.len() > TAGS {
        return Err(SqsError::InvalidRequest {
            reason: format!("Too many tags added for queue: {}", tags.len()),
        });
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct UntagQueue {
    #[serde(flatten)]
    queue: QueueRef,
    #[serde(default)]
    tag_keys: Vec<String>,
}

fn untag_queue(sqs: &Sqs, request: &UntagQueue) -> Result<Value, SqsError> {
    let name = request.queue.name()?;
    sqs.with_state(|state, _| {
        let entry = state.entry_mut(name)?;
        entry.tags.retain(|key, _| !request.tag_keys.contains(key));
        entry.mark_unsaved();
        Ok(())
    })?;
    Ok(json!({}))
}

fn list_queue_tags(sqs: &Sqs, queue: &QueueRef) -> Result<Value, SqsError> {
    let name = queue.name()?;
    let tags = sqs.with_state(|state, _| Ok(state.entry(name)?.tags.clone()))?;
    Ok(if tags.is_empty() {
        json!({})
    } else {
        json!({ "Tags": tags })
    })
}

fn purge_queue(sqs: &Sqs, queue: &QueueRef) -> Result<Value, SqsError> {
    let name = queue.name()?;
    sqs.with_state(|state, now_ms| state.purge(name, now_ms))?;
    Ok(json!({}))
}

#[derive(Deserialize)]
struct SendMessage {
    #[serde(flatten)]
    queue: QueueRef,
    #[serde(flatten)]
    message: Send,
}

fn send_message(sqs: &Sqs, request: SendMessage) -> Result<Value, SqsError> {
    let sent = sqs.send(request.queue.name()?, request.message)?;
    Ok(json!(sent))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ReceiveMessage {
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

async fn receive_message(sqs: &Sqs, request: ReceiveMessage) -> Result<Value, SqsError> {
    let mut system_names = request.message_system_attribute_names;
    system_names.extend(request.attribute_names.into_iter());
    let known = |name: &str| SYSTEM_ATTRIBUTES.contains(&name) || is_known(name);
    if let Some(unknown) = system_names.iter().find(|name| !known(name)) {
        return Err(SqsError::InvalidAttributeName {
            name: unknown.clone(),
        });
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
    let messages: Vec<Value> = received
        .into_iter()
        .map(|message| render(message, &system_names, names))
        .collect();
    Ok(json!({ "Messages": messages }))
}

/// A message with the attributes that were asked for. The MD5 covers what is returned.
fn render(message: ReceivedMessage, system_names: &[String], names: &[String]) -> Value {
    let mut system = message.attributes;
    system.retain(|name, _| {
        system_names
            .iter()
            .any(|wanted| wanted == "All" || wanted == name)
    });
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
        || wanted
            .strip_suffix(".*")
            .is_some_and(|prefix| name.starts_with(prefix))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DeleteMessage {
    #[serde(flatten)]
    queue: QueueRef,
    receipt_handle: Option<String>,
}

fn delete_message(sqs: &Sqs, request: &DeleteMessage) -> Result<Value, SqsError> {
    let handle = required(request.receipt_handle.as_deref(), "ReceiptHandle")?;
    sqs.delete(request.queue.name()?, handle)?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ChangeMessageVisibility {
    #[serde(flatten)]
    queue: QueueRef,
    receipt_handle: Option<String>,
    visibility_timeout: Option<i64>,
}

fn change_message_visibility(sqs: &Sqs, request: &ChangeMessageVisibility) -> Result<Value, SqsError> {
    let handle = required(request.receipt_handle.as_deref(), "ReceiptHandle")?;
    let seconds = check_visibility_timeout(required(request.visibility_timeout, "VisibilityTimeout")?)?;
    sqs.change_visibility(request.queue.name()?, handle, seconds)?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StartMessageMoveTask {
    source_arn: Option<String>,
    destination_arn: Option<String>,
    max_number_of_messages_per_second: Option<i64>,
}

fn start_message_move_task(sqs: &Sqs, request: &StartMessageMoveTask) -> Result<Value, SqsError> {
    let source = resource(request.source_arn.as_deref())?;
    let destination = request
        .destination_arn
        .as_deref()
        .map(|arn| resource(Some(arn)))
        .transpose()?;
    let rate = request
        .max_number_of_messages_per_second
        .map(check_rate)
        .transpose()?;
    let handle = sqs.with_state(|state, now_ms| {
        let missing = |_| SqsError::ResourceNotFound { reason: RESOURCE_MISSING };
        let source_queue = &state.entry(source).map_err(missing)?.queue;
        let (to_move, fifo) = (source_queue.depth().visible, source_queue.attributes.is_fifo());
        if let Some(destination) = destination {
            let target = state.entry(destination).map_err(missing)?;
            if destination == source || target.queue.attributes.is_fifo() != fifo {
                let reason = "The destination must be another queue of the same type.";
                return Err(SqsError::invalid("DestinationArn", arn(destination), reason));
            }
        }
        if state.dead_letter_sources(source).is_empty() {
            let reason = "Source queue must be configured as a Dead Letter Queue.";
            return Err(SqsError::invalid("SourceArn", arn(source), reason));
        }
        if state.tasks.iter().any(|task| task.source == source && task.is_running()) {
            return Err(SqsError::UnsupportedOperation {
                reason: "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
            });
        }
        let destination = destination.map(str::to_owned);
        Ok(state.start_task(MoveTask::new(source, destination, rate, now_ms, to_move), now_ms))
    })?;
    Ok(json!({ "TaskHandle": handle }))
}

/// The service's words for an ARN of no queue.
const RESOURCE_MISSING: &str = "The resource that you specified for the SourceArn parameter doesn't exist.";

fn resource(arn: Option<&str>) -> Result<&str, SqsError> {
    let arn = required(arn, "SourceArn")?;
    queue_name(arn).ok_or(SqsError::ResourceNotFound {
        reason: RESOURCE_MISSING,
    })
}

fn check_rate(rate: i64) -> Result<u32, SqsError> {
    u32::try_from(rate)
        .ok()
        .filter(|rate| (1..=MOVES_PER_SECOND).contains(rate))
        .ok_or_else(|| {
            let reason = format!("Must be between 1 and {MOVES_PER_SECOND}.");
            SqsError::invalid("MaxNumberOfMessagesPerSecond", rate, reason)
        })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListMessageMoveTasks {
    source_arn: Option<String>,
    max_results: Option<i64>,
}

fn list_message_move_tasks(sqs: &Sqs, request: &ListMessageMoveTasks) -> Result<Value, SqsError> {
    let source = resource(request.source_arn.as_deref())?;
    let most = usize::try_from(request.max_results.unwrap_or(1)).unwrap_or(0);
    if !(1..=BATCH_ENTRIES).contains(&most) {
        let reason = format!("Must be between 1 and {BATCH_ENTRIES}, if provided.");
        return Err(SqsError::invalid(
            "MaxResults",
            request.max_results.unwrap_or_default(),
            reason,
        ));
    }
    let tasks = sqs.with_state(|state, _| {
        state.entry(source).map_err(|_| SqsError::ResourceNotFound {
            reason: RESOURCE_MISSING,
        })?;
        let of_source = state.tasks.iter().rev().filter(|task| task.source == source);
        Ok(of_source.take(most).map(render_task).collect::<Vec<_>>())
    })?;
    Ok(if tasks.is_empty() {
        json!({})
    } else {
        json!({ "Results": tasks })
    })
}

fn render_task(task: &MoveTask) -> Value {
    let mut rendered = Map::new();
    if task.is_running() {
        rendered.insert("TaskHandle".into(), json!(task.handle));
    }
    rendered.insert("Status".into(), json!(task.status.name()));
    rendered.insert("SourceArn".into(), json!(arn(&task.source)));
    if let Some(destination) = &task.destination {
        rendered.insert("DestinationArn".into(), json!(arn(destination)));
    }
    if let Some(rate) = task.messages_per_second {
        rendered.insert("MaxNumberOfMessagesPerSecond".into(), json!(rate));
    }
    rendered.insert("ApproximateNumberOfMessagesMoved".into(), json!(task.moved));
    rendered.insert("ApproximateNumberOfMessagesToMove".into(), json!(task.to_move));
    if let Some(reason) = task.status.failure_reason() {
        rendered.insert("FailureReason".into(), json!(reason));
    }
    rendered.insert("StartedTimestamp".into(), json!(task.started_ms));
    Value::Object(rendered)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CancelMessageMoveTask {
    task_handle: Option<String>,
}

fn cancel_message_move_task(sqs: &Sqs, request: &CancelMessageMoveTask) -> Result<Value, SqsError> {
    let handle = required(request.task_handle.as_deref(), "TaskHandle")?;
    let moved = sqs.with_state(|state, _| {
        let running = state
            .tasks
            .iter_mut()
            .find(|task| task.handle == handle && task.is_running());
        let task = running.ok_or(SqsError::ResourceNotFound {
            reason: "Task does not exist.",
        })?;
        task.status = Status::Cancelled;
        Ok(task.moved)
    })?;
    Ok(json!({ "ApproximateNumberOfMessagesMoved": moved }))
}

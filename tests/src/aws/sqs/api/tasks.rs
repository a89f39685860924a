//! Actions on the tasks that bring dead letters back.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::required;
use crate::aws::sqs::attributes::{arn, queue_name};
use crate::aws::sqs::limits::{BATCH_ENTRIES, MOVES_PER_SECOND};
use crate::aws::sqs::move_task::{MoveTask, Status};
use crate::aws::sqs::{Sqs, SqsError};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StartMessageMoveTask {
    source_arn: Option<String>,
    destination_arn: Option<String>,
    max_number_of_messages_per_second: Option<i64>,
}

pub(super) fn start_message_move_task(sqs: &Sqs, request: &StartMessageMoveTask) -> Result<Value, SqsError> {
    let source = resource(request.source_arn.as_deref())?;
    let destination = request.destination_arn.as_deref().map(|arn| resource(Some(arn))).transpose()?;
    let rate = request.max_number_of_messages_per_second.map(check_rate).transpose()?;
    let handle = sqs.with_state(|state, now_ms| {
        let missing = |_| SqsError::ResourceNotFound { reason: RESOURCE_MISSING };
        let source_queue = &state.entry(source).map_err(missing)?.queue;
        let (to_move, fifo) = (source_queue.depth().visible, source_queue.attributes.is_fifo());
        if let Some(destination) = destination {
            let target = state.entry(destination).map_err(missing)?;
            if destination == source || target.queue.attributes.is_fifo() != fifo {
                let reason = "The destination must be another queue of the same type.";
                return Err(SqsError::invalid("DestinationArn", &arn(destination), reason));
            }
        }
        if state.dead_letter_sources(source).is_empty() {
            let reason = "Source queue must be configured as a Dead Letter Queue.";
            return Err(SqsError::invalid("SourceArn", &arn(source), reason));
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
    queue_name(arn).ok_or(SqsError::ResourceNotFound { reason: RESOURCE_MISSING })
}

fn check_rate(rate: i64) -> Result<u32, SqsError> {
    u32::try_from(rate).ok().filter(|rate| (1..=MOVES_PER_SECOND).contains(rate)).ok_or_else(|| {
        let reason = format!("Must be between 1 and {MOVES_PER_SECOND}.");
        SqsError::invalid("MaxNumberOfMessagesPerSecond", &rate, reason)
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListMessageMoveTasks {
    source_arn: Option<String>,
    max_results: Option<i64>,
}

pub(super) fn list_message_move_tasks(sqs: &Sqs, request: &ListMessageMoveTasks) -> Result<Value, SqsError> {
    let source = resource(request.source_arn.as_deref())?;
    let most = usize::try_from(request.max_results.unwrap_or(1)).unwrap_or(0);
    if !(1..=BATCH_ENTRIES).contains(&most) {
        let reason = format!("Must be between 1 and {BATCH_ENTRIES}, if provided.");
        return Err(SqsError::invalid("MaxResults", &request.max_results.unwrap_or_default(), reason));
    }
    let tasks = sqs.with_state(|state, _| {
        state.entry(source).map_err(|_| SqsError::ResourceNotFound { reason: RESOURCE_MISSING })?;
        let of_source = state.tasks.iter().rev().filter(|task| task.source == source);
        Ok(of_source.take(most).map(render_task).collect::<Vec<_>>())
    })?;
    Ok(if tasks.is_empty() { json!({}) } else { json!({ "Results": tasks }) })
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
pub(super) struct CancelMessageMoveTask {
    task_handle: Option<String>,
}

pub(super) fn cancel_message_move_task(
    sqs: &Sqs,
    request: &CancelMessageMoveTask,
) -> Result<Value, SqsError> {
    let handle = required(request.task_handle.as_deref(), "TaskHandle")?;
    let moved = sqs.with_state(|state, _| {
        let running = state.tasks.iter_mut().find(|task| task.handle == handle && task.is_running());
        let task = running.ok_or(SqsError::ResourceNotFound { reason: "Task does not exist." })?;
        task.status = Status::Cancelled;
        Ok(task.moved)
    })?;
    Ok(json!({ "ApproximateNumberOfMessagesMoved": moved }))
}

//! The actions, in the shape of the JSON protocol: a request object in, an answer object out.

mod batch;
mod messages;
mod queues;
mod tasks;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Sqs, SqsError};

/// Carries out one action.
pub(super) async fn dispatch(sqs: &Sqs, action: &str, input: Value) -> Result<Value, SqsError> {
    match action {
        "CancelMessageMoveTask" => tasks::cancel_message_move_task(sqs, &parse(input)?),
        "ChangeMessageVisibility" => messages::change_message_visibility(sqs, &parse(input)?),
        "ChangeMessageVisibilityBatch" => batch::change_message_visibility(sqs, parse(input)?),
        "CreateQueue" => queues::create_queue(sqs, parse(input)?),
        "DeleteMessage" => messages::delete_message(sqs, &parse(input)?),
        "DeleteMessageBatch" => batch::delete_message(sqs, parse(input)?),
        "DeleteQueue" => queues::delete_queue(sqs, &parse(input)?),
        "GetQueueAttributes" => queues::get_queue_attributes(sqs, &parse(input)?),
        "GetQueueUrl" => queues::get_queue_url(sqs, &parse(input)?),
        "ListDeadLetterSourceQueues" => queues::list_dead_letter_source_queues(sqs, &parse(input)?),
        "ListMessageMoveTasks" => tasks::list_message_move_tasks(sqs, &parse(input)?),
        "ListQueueTags" => queues::list_queue_tags(sqs, &parse(input)?),
        "ListQueues" => queues::list_queues(sqs, &parse(input)?),
        "PurgeQueue" => queues::purge_queue(sqs, &parse(input)?),
        "ReceiveMessage" => messages::receive_message(sqs, parse(input)?).await,
        "SendMessage" => messages::send_message(sqs, parse(input)?),
        "SendMessageBatch" => batch::send_message(sqs, parse(input)?),
        "SetQueueAttributes" => queues::set_queue_attributes(sqs, &parse(input)?),
        "StartMessageMoveTask" => tasks::start_message_move_task(sqs, &parse(input)?),
        "TagQueue" => queues::tag_queue(sqs, parse(input)?),
        "UntagQueue" => queues::untag_queue(sqs, &parse(input)?),
        _ => Err(SqsError::UnknownAction { action: action.to_owned() }),
    }
}

fn parse<T: DeserializeOwned>(input: Value) -> Result<T, SqsError> {
    serde_json::from_value(input).map_err(|error| SqsError::Malformed { reason: error.to_string() })
}

fn required<T>(value: Option<T>, parameter: &'static str) -> Result<T, SqsError> {
    value.ok_or(SqsError::MissingParameter { parameter })
}

/// A reference to a queue, as most requests begin with it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueueRef {
    queue_url: Option<String>,
}

impl QueueRef {
    /// The name at the end of the URL. Which host the URL names does not matter: a stack on another port has the
    /// same queues.
    fn name(&self) -> Result<&str, SqsError> {
        let url = required(self.queue_url.as_deref().filter(|url| !url.is_empty()), "QueueUrl")?;
        Ok(url.trim_end_matches('/').rsplit('/').next().unwrap_or_default())
    }
}

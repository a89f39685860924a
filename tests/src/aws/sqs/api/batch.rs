//! The three batch actions. A batch as a whole is refused for its form; after that each entry succeeds or fails
//! on its own.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{QueueRef, required};
use crate::aws::sqs::limits::{BATCH_ENTRIES, BATCH_SIZE, ENTRY_ID_LENGTH};
use crate::aws::sqs::{Send, Sqs, SqsError, check_visibility_timeout};

/// A batch request.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Batch<T> {
    #[serde(flatten)]
    queue: QueueRef,
    #[serde(default = "Vec::new")]
    entries: Vec<Entry<T>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<T> {
    #[serde(default)]
    id: String,
    #[serde(flatten)]
    content: T,
}

/// The receipt that an entry is about.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Deletion {
    receipt_handle: Option<String>,
}

/// The receipt that an entry is about, and its new timeout.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct VisibilityChange {
    receipt_handle: Option<String>,
    visibility_timeout: Option<i64>,
}

pub(super) fn send_message(sqs: &Sqs, batch: Batch<Send>) -> Result<Value, SqsError> {
    batch.check("SendMessageBatchRequestEntry")?;
    let sent = batch.entries.iter().map(|entry| entry.content.size()).sum();
    if sent > BATCH_SIZE {
        return Err(SqsError::BatchRequestTooLong { sent });
    }
    let name = batch.queue.name()?;
    sqs.with_state(|state, now_ms| {
        state.check_batch(name, batch.entries.iter().map(|entry| &entry.content))?;
        Ok(answer(batch.entries, |message| Ok(json!(state.send(name, message, now_ms)?))))
    })
}

pub(super) fn delete_message(sqs: &Sqs, batch: Batch<Deletion>) -> Result<Value, SqsError> {
    batch.check("DeleteMessageBatchRequestEntry")?;
    let name = batch.queue.name()?;
    sqs.with_state(|state, _| {
        let queue = &mut state.entry_mut(name)?.queue;
        Ok(answer(batch.entries, |deletion| {
            queue.delete(&required(deletion.receipt_handle, "ReceiptHandle")?)?;
            Ok(json!({}))
        }))
    })
}

pub(super) fn change_message_visibility(
    sqs: &Sqs,
    batch: Batch<VisibilityChange>,
) -> Result<Value, SqsError> {
    batch.check("ChangeMessageVisibilityBatchRequestEntry")?;
    let name = batch.queue.name()?;
    sqs.with_state(|state, now_ms| {
        let queue = &mut state.entry_mut(name)?.queue;
        Ok(answer(batch.entries, |change| {
            let seconds =
                check_visibility_timeout(required(change.visibility_timeout, "VisibilityTimeout")?)?;
            queue.change_visibility(now_ms, &required(change.receipt_handle, "ReceiptHandle")?, seconds)?;
            Ok(json!({}))
        }))
    })
}

impl<T> Batch<T> {
    fn check(&self, entry: &'static str) -> Result<(), SqsError> {
        if self.entries.is_empty() {
            return Err(SqsError::EmptyBatchRequest { entry });
        }
        if self.entries.len() > BATCH_ENTRIES {
            return Err(SqsError::TooManyEntriesInBatchRequest { sent: self.entries.len() });
        }
        let mut ids = HashSet::new();
        for Entry { id, .. } in &self.entries {
            let allowed = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            if !allowed || !(1..=ENTRY_ID_LENGTH).contains(&id.len()) {
                return Err(SqsError::InvalidBatchEntryId);
            }
            if !ids.insert(id) {
                return Err(SqsError::BatchEntryIdsNotDistinct { id: id.clone() });
            }
        }
        Ok(())
    }
}

/// Does each entry in turn, and tells what became of it.
fn answer<T>(entries: Vec<Entry<T>>, mut act: impl FnMut(T) -> Result<Value, SqsError>) -> Value {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for Entry { id, content } in entries {
        match act(content) {
            Ok(Value::Object(mut result)) => {
                result.insert("Id".into(), Value::String(id));
                successful.push(Value::Object(result));
            }
            Ok(_) => unreachable!("every action answers with an object"),
            Err(error) => {
                let wire = error.wire();
                failed.push(json!({
                    "Id": id,
                    "Code": wire.code,
                    "Message": error.to_string(),
                    "SenderFault": wire.fault() == "Sender",
                }));
            }
        }
    }
    let mut answer = Map::new();
    for (key, entries) in [("Successful", successful), ("Failed", failed)] {
        if !entries.is_empty() {
            answer.insert(key.to_owned(), Value::Array(entries));
        }
    }
    Value::Object(answer)
}

//! Actions on queues as such: their life, their settings, their tags.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{QueueRef, required};
use crate::aws::sqs::attributes::is_known;
use crate::aws::sqs::limits::{PAGE, TAGS};
use crate::aws::sqs::{Sqs, SqsError};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateQueue {
    queue_name: Option<String>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default, rename = "tags")]
    tags: BTreeMap<String, String>,
}

pub(super) fn create_queue(sqs: &Sqs, request: CreateQueue) -> Result<Value, SqsError> {
    let name = required(request.queue_name, "QueueName")?;
    check_tags(&request.tags)?;
    sqs.with_state(|state, now_ms| state.create(&name, &request.attributes, request.tags, now_ms))?;
    Ok(json!({ "QueueUrl": sqs.queue_url(&name) }))
}

pub(super) fn delete_queue(sqs: &Sqs, queue: &QueueRef) -> Result<Value, SqsError> {
    let name = queue.name()?;
    sqs.with_state(|state, now_ms| state.delete_queue(name, now_ms))?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetQueueUrl {
    queue_name: Option<String>,
}

pub(super) fn get_queue_url(sqs: &Sqs, request: &GetQueueUrl) -> Result<Value, SqsError> {
    let name = required(request.queue_name.as_deref(), "QueueName")?;
    sqs.with_state(|state, _| state.entry(name).map(drop))?;
    Ok(json!({ "QueueUrl": sqs.queue_url(name) }))
}

/// What a listing may be narrowed by. The token is the last name of the page before.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Listing {
    queue_name_prefix: Option<String>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

impl Listing {
    /// One page of the names, under the key that the action calls its answer.
    fn page(&self, sqs: &Sqs, names: &[String], key: &str) -> Result<Value, SqsError> {
        let size = self.max_results.map_or(Ok(PAGE), usize::try_from).unwrap_or(0);
        if !(1..=PAGE).contains(&size) {
            let reason = format!("Must be between 1 and {PAGE}, if provided.");
            return Err(SqsError::invalid("MaxResults", &self.max_results.unwrap_or_default(), reason));
        }
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

pub(super) fn list_queues(sqs: &Sqs, listing: &Listing) -> Result<Value, SqsError> {
    let prefix = listing.queue_name_prefix.as_deref().unwrap_or_default();
    let names: Vec<String> = sqs.with_state(|state, _| {
        Ok(state.names().filter(|name| name.starts_with(prefix)).map(str::to_owned).collect())
    })?;
    listing.page(sqs, &names, "QueueUrls")
}

#[derive(Deserialize)]
pub(super) struct DeadLetterSources {
    #[serde(flatten)]
    queue: QueueRef,
    #[serde(flatten)]
    listing: Listing,
}

pub(super) fn list_dead_letter_source_queues(
    sqs: &Sqs,
    request: &DeadLetterSources,
) -> Result<Value, SqsError> {
    let name = request.queue.name()?;
    let names = sqs.with_state(|state, _| {
        state.entry(name)?;
        Ok(state.dead_letter_sources(name))
    })?;
    request.listing.page(sqs, &names, "queueUrls")
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetQueueAttributes {
    #[serde(flatten)]
    queue: QueueRef,
    #[serde(default)]
    attribute_names: Vec<String>,
}

pub(super) fn get_queue_attributes(sqs: &Sqs, request: &GetQueueAttributes) -> Result<Value, SqsError> {
    let name = request.queue.name()?;
    if let Some(unknown) = request.attribute_names.iter().find(|name| !is_known(name)) {
        return Err(SqsError::InvalidAttributeName { name: unknown.clone() });
    }
    let mut attributes = sqs.with_state(|state, _| {
        let entry = state.entry(name)?;
        let depth = entry.queue.depth();
        let mut attributes = entry.queue.attributes.values().clone();
        for (name, value) in [
            ("ApproximateNumberOfMessages", depth.visible.to_string()),
            ("ApproximateNumberOfMessagesDelayed", depth.delayed.to_string()),
            ("ApproximateNumberOfMessagesNotVisible", depth.in_flight.to_string()),
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
    Ok(if attributes.is_empty() { json!({}) } else { json!({ "Attributes": attributes }) })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SetQueueAttributes {
    #[serde(flatten)]
    queue: QueueRef,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

pub(super) fn set_queue_attributes(sqs: &Sqs, request: &SetQueueAttributes) -> Result<Value, SqsError> {
    let name = request.queue.name()?;
    sqs.with_state(|state, now_ms| state.set_attributes(name, &request.attributes, now_ms))?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagQueue {
    #[serde(flatten)]
    queue: QueueRef,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

pub(super) fn tag_queue(sqs: &Sqs, request: TagQueue) -> Result<Value, SqsError> {
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
pub(super) struct UntagQueue {
    #[serde(flatten)]
    queue: QueueRef,
    #[serde(default)]
    tag_keys: Vec<String>,
}

pub(super) fn untag_queue(sqs: &Sqs, request: &UntagQueue) -> Result<Value, SqsError> {
    let name = request.queue.name()?;
    sqs.with_state(|state, _| {
        let entry = state.entry_mut(name)?;
        entry.tags.retain(|key, _| !request.tag_keys.contains(key));
        entry.mark_unsaved();
        Ok(())
    })?;
    Ok(json!({}))
}

pub(super) fn list_queue_tags(sqs: &Sqs, queue: &QueueRef) -> Result<Value, SqsError> {
    let name = queue.name()?;
    let tags = sqs.with_state(|state, _| Ok(state.entry(name)?.tags.clone()))?;
    Ok(if tags.is_empty() { json!({}) } else { json!({ "Tags": tags }) })
}

pub(super) fn purge_queue(sqs: &Sqs, queue: &QueueRef) -> Result<Value, SqsError> {
    let name = queue.name()?;
    sqs.with_state(|state, now_ms| state.purge(name, now_ms))?;
    Ok(json!({}))
}

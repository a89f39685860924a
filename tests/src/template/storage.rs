//! Tables, buckets and queues.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::error::Problem;
use super::model::{Bucket, Queue, Table};
use super::names;
use super::node::Node;
use super::resolver::Resolver;

/// Table properties that `CreateTable` takes as they are.
const TABLE_CREATE: &[&str] = &[
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "ProvisionedThroughput",
];

/// Table properties without an effect on one machine.
const TABLE_LEFT_ALONE: &[&str] = &[
    "DeletionProtectionEnabled",
    "PointInTimeRecoverySpecification",
    "SSESpecification",
    "TableClass",
    "TableName",
    "Tags",
];

/// Bucket properties without an effect on one machine.
const BUCKET_LEFT_ALONE: &[&str] =
    &["BucketEncryption", "BucketName", "OwnershipControls", "PublicAccessBlockConfiguration", "Tags"];

/// Queue properties that are attributes of `CreateQueue`.
const QUEUE_ATTRIBUTES: &[&str] = &[
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
];

pub(super) fn table(name: String, properties: &Node, resolver: &Resolver<'_>) -> Result<Table, Problem> {
    properties.only(&[TABLE_CREATE, TABLE_LEFT_ALONE, &["TimeToLiveSpecification"]])?;
    let mut create = json!({ "TableName": name });
    for key in TABLE_CREATE {
        if let Some(value) = resolver.get(properties, key)? {
            create[*key] = plain(&value)?;
        }
    }
    let ttl_attribute = match resolver.get(properties, "TimeToLiveSpecification")? {
        Some(ttl) if ttl.require("Enabled")?.truth()? => Some(ttl.require("AttributeName")?.text()?),
        _ => None,
    };
    Ok(Table { name, create, ttl_attribute })
}

pub(super) fn bucket(name: String, resource: &Node, resolver: &Resolver<'_>) -> Result<Bucket, Problem> {
    let (mut cors, mut lifecycle) = (json!([]), json!([]));
    if let Some(properties) = resource.get("Properties") {
        properties.only(&[BUCKET_LEFT_ALONE, &["CorsConfiguration", "LifecycleConfiguration"]])?;
        if let Some(configuration) = resolver.get(&properties, "CorsConfiguration")? {
            configuration.only(&[&["CorsRules"]])?;
            cors = plain(&configuration.require("CorsRules")?)?;
        }
        if let Some(configuration) = resolver.get(&properties, "LifecycleConfiguration")? {
            configuration.only(&[&["Rules"]])?;
            lifecycle = plain(&configuration.require("Rules")?)?;
        }
    }
    Ok(Bucket { name, cors, lifecycle })
}

pub(super) fn queue(name: String, resource: &Node, resolver: &Resolver<'_>) -> Result<Queue, Problem> {
    let mut attributes = BTreeMap::new();
    if let Some(properties) = resource.get("Properties") {
        properties.only(&[QUEUE_ATTRIBUTES, &["QueueName", "Tags"]])?;
        for key in QUEUE_ATTRIBUTES {
            if let Some(value) = resolver.get(&properties, key)? {
                let text =
                    if value.value.is_mapping() { plain(&value)?.to_string() } else { value.text()? };
                attributes.insert((*key).to_owned(), text);
            }
        }
    }
    // `CreateQueue` knows a FIFO queue by this attribute and takes only `true` for it.
    attributes.retain(|key, value| key != "FifoQueue" || value == "true");
    let fifo = attributes.contains_key("FifoQueue");
    if fifo != name.ends_with(names::FIFO) {
        return Err(resource.problem(format!("the name {name} does not fit FifoQueue: {fifo}")));
    }
    Ok(Queue { name, attributes })
}

/// A resolved value as JSON.
fn plain(node: &Node) -> Result<Value, Problem> {
    serde_json::to_value(&node.value).map_err(|error| node.problem(error.to_string()))
}

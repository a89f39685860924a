//! The event that a function gets for messages of a queue.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::aws::sqs::{MessageAttribute, ReceivedMessage};
use crate::aws::{ACCOUNT, REGION};

/// The event for a batch, as Lambda builds it (developer guide, "Using Lambda with Amazon SQS").
pub(super) fn event(queue: &str, batch: &[ReceivedMessage]) -> Value {
    json!({ "Records": batch.iter().map(|message| record(queue, message)).collect::<Vec<_>>() })
}

fn record(queue: &str, message: &ReceivedMessage) -> Value {
    let attributes = message.message_attributes.iter();
    let attributes: Map<_, _> = attributes.map(|(name, value)| (name.clone(), attribute(value))).collect();
    json!({
        "messageId": message.message_id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": message.attributes,
        "messageAttributes": attributes,
        "md5OfBody": message.md5_of_body,
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"),
        "awsRegion": REGION,
    })
}

fn attribute(attribute: &MessageAttribute) -> Value {
    let mut fields = Map::new();
    if let Some(text) = &attribute.string_value {
        fields.insert("stringValue".to_owned(), json!(text));
    }
    if let Some(bytes) = &attribute.binary_value {
        fields.insert("binaryValue".to_owned(), json!(STANDARD.encode(bytes)));
    }
    fields.insert("stringListValues".to_owned(), json!([]));
    fields.insert("binaryListValues".to_owned(), json!([]));
    fields.insert("dataType".to_owned(), json!(attribute.data_type));
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_message_becomes_a_record() {
        let binary = MessageAttribute {
            data_type: "Binary".to_owned(),
            binary_value: Some(vec![1, 2, 255]),
            ..MessageAttribute::default()
        };
        let message = ReceivedMessage {
            message_id: "059f36b4".to_owned(),
            receipt_handle: "AQEB".to_owned(),
            body: "{\"a\":1}".to_owned(),
            md5_of_body: "e4e6".to_owned(),
            attributes: BTreeMap::from([
                ("ApproximateReceiveCount".to_owned(), "1".to_owned()),
                ("MessageGroupId".to_owned(), "42".to_owned()),
            ]),
            message_attributes: BTreeMap::from([
                ("trace".to_owned(), MessageAttribute::string("t-1")),
                ("key".to_owned(), binary),
            ]),
        };
        assert_eq!(
            event("bot.fifo", &[message]),
            json!({ "Records": [{
                "messageId": "059f36b4",
                "receiptHandle": "AQEB",
                "body": "{\"a\":1}",
                "attributes": { "ApproximateReceiveCount": "1", "MessageGroupId": "42" },
                "messageAttributes": {
                    "trace": { "stringValue": "t-1", "stringListValues": [], "binaryListValues": [], "dataType": "String" },
                    "key": { "binaryValue": "AQL/", "stringListValues": [], "binaryListValues": [], "dataType": "Binary" }
                },
                "md5OfBody": "e4e6",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:bot.fifo",
                "awsRegion": "us-east-1",
            }]})
        );
    }
}

//! A message inside a queue, and the receipt that its receiver holds.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::message::{MessageAttributes, ReceivedMessage, StoredMessage, Visibility, body_md5};
use crate::aws::ACCOUNT;

/// Where sequence numbers start: twenty digits, as the service's own have.
const FIRST_SEQUENCE_NUMBER: u128 = 18_850_000_000_000_000_000;

/// The step between positions in sequence numbers: they grow, but not by one, as the service's own do.
const SEQUENCE_STEP: u128 = 256;

/// What stays the same while a message lies in one queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Content {
    pub(super) message_id: String,
    /// Kept in a column of its own: as JSON it would be escaped on every write.
    #[serde(skip)]
    pub(super) body: String,
    pub(super) attributes: MessageAttributes,
    pub(super) system_attributes: MessageAttributes,
    pub(super) group_id: Option<String>,
    pub(super) deduplication_id: Option<String>,
    /// FIFO queues number their messages.
    pub(super) sequence_number: Option<String>,
    pub(super) sent_ms: u64,
    /// ARN of the queue that this message was a dead letter of.
    pub(super) dead_letter_source: Option<String>,
}

/// A message and what has happened to it.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) position: u64,
    pub(super) content: Content,
    pub(super) visibility: Visibility,
    pub(super) receive_count: u32,
    pub(super) first_received_ms: Option<u64>,
    /// When it was received last; meaningful while it is in flight.
    pub(super) received_ms: u64,
    /// The token of the newest receipt.
    pub(super) receipt: Option<u64>,
}

impl Message {
    /// A message that nobody has received.
    pub(super) fn new(position: u64, content: Content, visibility: Visibility) -> Self {
        Self {
            position,
            content,
            visibility,
            receive_count: 0,
            first_received_ms: None,
            received_ms: 0,
            receipt: None,
        }
    }

    /// Makes a new receipt; earlier ones no longer stand for this message.
    pub(super) fn renew_receipt(&mut self) -> Receipt {
        let (token, _) = Uuid::new_v4().as_u64_pair();
        // The file stores signed numbers.
        let token = token >> 1;
        self.receipt = Some(token);
        Receipt { position: self.position, token }
    }

    pub(super) fn to_received(&self, queue: &str, receipt: &Receipt) -> ReceivedMessage {
        let content = &self.content;
        let mut attributes = BTreeMap::from([
            ("SenderId".to_owned(), ACCOUNT.to_owned()),
            ("SentTimestamp".to_owned(), content.sent_ms.to_string()),
            ("ApproximateReceiveCount".to_owned(), self.receive_count.to_string()),
        ]);
        let trace_header = content.system_attributes.get("AWSTraceHeader");
        let optional = [
            ("ApproximateFirstReceiveTimestamp", self.first_received_ms.map(|at_ms| at_ms.to_string())),
            ("SequenceNumber", content.sequence_number.clone()),
            ("MessageGroupId", content.group_id.clone()),
            ("MessageDeduplicationId", content.deduplication_id.clone()),
            ("DeadLetterQueueSourceArn", content.dead_letter_source.clone()),
            ("AWSTraceHeader", trace_header.and_then(|header| header.string_value.clone())),
        ];
        for (name, value) in optional {
            attributes.extend(value.map(|value| (name.to_owned(), value)));
        }
        ReceivedMessage {
            message_id: content.message_id.clone(),
            receipt_handle: receipt.to_handle(queue),
            body: content.body.clone(),
            md5_of_body: body_md5(&content.body),
            attributes,
            message_attributes: content.attributes.clone(),
        }
    }

    pub(super) fn to_stored(&self) -> StoredMessage {
        let content = &self.content;
        StoredMessage {
            message_id: content.message_id.clone(),
            body: content.body.clone(),
            attributes: content.attributes.clone(),
            group_id: content.group_id.clone(),
            deduplication_id: content.deduplication_id.clone(),
            sequence_number: content.sequence_number.clone(),
            sent_ms: content.sent_ms,
            receive_count: self.receive_count,
            visibility: self.visibility,
        }
    }
}

/// The sequence number of the message at this position of a FIFO queue.
pub(super) fn sequence_number(position: u64) -> String {
    (FIRST_SEQUENCE_NUMBER + u128::from(position) * SEQUENCE_STEP).to_string()
}

/// A new message id.
pub(super) fn new_message_id() -> String {
    Uuid::new_v4().to_string()
}

/// What a receipt handle says: which message, and which of its receives.
pub(super) struct Receipt {
    pub(super) position: u64,
    pub(super) token: u64,
}

impl Receipt {
    fn to_handle(&self, queue: &str) -> String {
        STANDARD.encode(format!("{queue}/{}/{:016x}", self.position, self.token))
    }

    /// Reads a handle that this queue has given out.
    pub(super) fn parse(queue: &str, handle: &str) -> Option<Self> {
        let text = String::from_utf8(STANDARD.decode(handle).ok()?).ok()?;
        let (position, token) = text.strip_prefix(queue)?.strip_prefix('/')?.split_once('/')?;
        Some(Self { position: position.parse().ok()?, token: u64::from_str_radix(token, 16).ok()? })
    }
}

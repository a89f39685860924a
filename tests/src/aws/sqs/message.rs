//! What a message is: what a sender gives, what a receiver gets, and the rules and checksums of both.

use std::collections::BTreeMap;

use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};

use super::error::SqsError;
use super::limits::{ATTRIBUTE_NAME_LENGTH, DELAY_S, ID_LENGTH, MESSAGE_ATTRIBUTES};

/// An attribute that a sender hangs on a message, in the shape of the JSON protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MessageAttribute {
    /// `String`, `Number` or `Binary`, and after a dot whatever the sender likes.
    pub data_type: String,
    /// The value of a string or a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub string_value: Option<String>,
    /// The value of a binary attribute: base64 on the wire.
    #[serde(skip_serializing_if = "Option::is_none", with = "base64_text")]
    pub binary_value: Option<Vec<u8>>,
}

/// Attributes by name.
pub type MessageAttributes = BTreeMap<String, MessageAttribute>;

/// A message to send.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Send {
    /// The text of the message.
    #[serde(rename = "MessageBody")]
    pub body: String,
    /// Seconds until it can be received, 0 to 900; the queue's own delay if absent. Refused by FIFO queues.
    pub delay_seconds: Option<i64>,
    /// Attributes for the receiver.
    #[serde(rename = "MessageAttributes")]
    pub attributes: MessageAttributes,
    /// Attributes for the service: `AWSTraceHeader` is the only one there is.
    #[serde(rename = "MessageSystemAttributes")]
    pub system_attributes: MessageAttributes,
    /// FIFO: messages of one group keep their order.
    #[serde(rename = "MessageGroupId")]
    pub group_id: Option<String>,
    /// FIFO: a second message with this id within five minutes is not accepted again.
    #[serde(rename = "MessageDeduplicationId")]
    pub deduplication_id: Option<String>,
}

/// What the sender of a message learns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sent {
    /// The id of the message, or of the earlier one that it duplicates.
    #[serde(rename = "MessageId")]
    pub message_id: String,
    /// MD5 of the body, in hexadecimal.
    #[serde(rename = "MD5OfMessageBody")]
    pub md5_of_body: String,
    /// MD5 of the attributes, if there are any.
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    pub md5_of_attributes: Option<String>,
    /// MD5 of the system attributes, if there are any.
    #[serde(rename = "MD5OfMessageSystemAttributes", skip_serializing_if = "Option::is_none")]
    pub md5_of_system_attributes: Option<String>,
    /// FIFO: grows with every message.
    #[serde(rename = "SequenceNumber", skip_serializing_if = "Option::is_none")]
    pub sequence_number: Option<String>,
}

/// A message that was received: what an SQS record of a Lambda event is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedMessage {
    /// The id of the message.
    pub message_id: String,
    /// What deletes it, or changes its visibility, until it is received again.
    pub receipt_handle: String,
    /// The text of the message.
    pub body: String,
    /// MD5 of the body, in hexadecimal.
    pub md5_of_body: String,
    /// The system attributes (`SentTimestamp`, `ApproximateReceiveCount`, `MessageGroupId`, ...), all of them.
    pub attributes: BTreeMap<String, String>,
    /// The sender's attributes, all of them.
    pub message_attributes: MessageAttributes,
}

/// Whether a message can be received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// It can (in a FIFO queue: when its turn comes).
    Visible,
    /// Not yet: it was sent with a delay.
    Delayed {
        /// Clock time at which it becomes visible, in milliseconds.
        until_ms: u64,
    },
    /// Somebody has received it.
    InFlight {
        /// Clock time at which it becomes visible again, in milliseconds.
        until_ms: u64,
    },
}

/// A message as it lies in its queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMessage {
    /// The id of the message.
    pub message_id: String,
    /// The text of the message.
    pub body: String,
    /// The sender's attributes.
    pub attributes: MessageAttributes,
    /// The group, if it has one.
    pub group_id: Option<String>,
    /// FIFO: the deduplication id, given or computed.
    pub deduplication_id: Option<String>,
    /// FIFO: the sequence number.
    pub sequence_number: Option<String>,
    /// Clock time of sending, in milliseconds.
    pub sent_ms: u64,
    /// How often it was received.
    pub receive_count: u32,
    /// Whether it can be received now.
    pub visibility: Visibility,
}

impl Send {
    /// A message with this text and nothing else.
    pub fn text(body: impl Into<String>) -> Self {
        Self { body: body.into(), ..Self::default() }
    }

    /// A message for a FIFO queue.
    pub fn grouped(
        body: impl Into<String>,
        group_id: impl Into<String>,
        deduplication_id: impl Into<String>,
    ) -> Self {
        Self {
            body: body.into(),
            group_id: Some(group_id.into()),
            deduplication_id: Some(deduplication_id.into()),
            ..Self::default()
        }
    }

    /// What counts against the size limits, in bytes. System attributes do not count.
    pub(super) fn size(&self) -> usize {
        let attributes = self.attributes.iter().map(|(name, attribute)| {
            name.len()
                + attribute.data_type.len()
                + attribute.string_value.as_ref().map_or(0, String::len)
                + attribute.binary_value.as_ref().map_or(0, Vec::len)
        });
        self.body.len() + attributes.sum::<usize>()
    }

    /// Checks what holds for every queue.
    pub(super) fn validate(&self) -> Result<(), SqsError> {
        if self.body.is_empty() {
            return Err(SqsError::MissingParameter { parameter: "MessageBody" });
        }
        if let Some(character) = self.body.chars().find(|character| !is_allowed(*character)) {
            return Err(SqsError::InvalidMessageContents { character });
        }
        if let Some(delay) = self.delay_seconds
            && !(0..=i64::from(DELAY_S)).contains(&delay)
        {
            let reason = format!("DelaySeconds must be >= 0 and <= {DELAY_S}.");
            return Err(SqsError::invalid("DelaySeconds", &delay, reason));
        }
        validate_id("MessageGroupId", self.group_id.as_deref())?;
        validate_id("MessageDeduplicationId", self.deduplication_id.as_deref())?;
        if self.attributes.len() > MESSAGE_ATTRIBUTES {
            return Err(SqsError::InvalidRequest {
                reason: format!(
                    "Number of message attributes [{}] exceeds the allowed maximum [{MESSAGE_ATTRIBUTES}].",
                    self.attributes.len()
                ),
            });
        }
        for (name, attribute) in &self.attributes {
            attribute.validate(name)?;
        }
        for (name, attribute) in &self.system_attributes {
            if name != "AWSTraceHeader" || attribute.data_type != "String" {
                return Err(SqsError::InvalidRequest {
                    reason: format!("Message system attribute name '{name}' is invalid."),
                });
            }
            attribute.validate_value(name)?;
        }
        Ok(())
    }
}

impl MessageAttribute {
    /// A string attribute.
    pub fn string(value: impl Into<String>) -> Self {
        Self { data_type: "String".into(), string_value: Some(value.into()), binary_value: None }
    }

    fn validate(&self, name: &str) -> Result<(), SqsError> {
        let refuse = |reason: String| Err(SqsError::InvalidRequest { reason });
        let lowercase = name.to_ascii_lowercase();
        let well_formed = (1..=ATTRIBUTE_NAME_LENGTH).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
            && !name.starts_with('.')
            && !name.ends_with('.')
            && !name.contains("..")
            && !lowercase.starts_with("aws.")
            && !lowercase.starts_with("amazon.");
        if !well_formed {
            return refuse(format!(
                "The message attribute name '{name}' is invalid. Attribute name can contain A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.) characters."
            ));
        }
        if self.data_type.is_empty() {
            return refuse(format!(
                "The message attribute '{name}' must contain a non-empty message attribute type."
            ));
        }
        let kind = self.data_type.split('.').next().unwrap_or_default();
        if !["String", "Number", "Binary"].contains(&kind) || self.data_type.len() > ATTRIBUTE_NAME_LENGTH {
            return refuse(format!(
                "The type of message (user) attribute '{name}' is invalid. You must use only the following supported type prefixes: Binary, Number, String."
            ));
        }
        self.validate_value(name)?;
        let number = self.string_value.as_deref().is_some_and(|value| value.parse::<f64>().is_ok());
        if kind == "Number" && !number {
            return refuse(format!("Can't cast the value of message (user) attribute '{name}' to a number."));
        }
        Ok(())
    }

    fn validate_value(&self, name: &str) -> Result<(), SqsError> {
        let binary = self.data_type.starts_with("Binary");
        let fits = match (&self.string_value, &self.binary_value) {
            (Some(value), None) => !binary && !value.is_empty(),
            (None, Some(value)) => binary && !value.is_empty(),
            _ => false,
        };
        if !fits {
            return Err(SqsError::InvalidRequest {
                reason: format!(
                    "The message attribute '{name}' must contain a non-empty message attribute value for message attribute type '{}'.",
                    self.data_type
                ),
            });
        }
        if self.string_value.iter().flat_map(|value| value.chars()).any(|character| !is_allowed(character)) {
            return Err(SqsError::InvalidRequest {
                reason: format!("The message attribute '{name}' contains an invalid character."),
            });
        }
        Ok(())
    }
}

/// MD5 of a body, in hexadecimal.
pub(super) fn body_md5(body: &str) -> String {
    hex::encode(Md5::digest(body))
}

/// MD5 of attributes as every SDK recomputes it: in order of name, each of name, type and value with its length in
/// front (big-endian, 4 bytes), the value preceded by 1 for text and 2 for bytes.
pub fn attributes_md5(attributes: &MessageAttributes) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut digest = Md5::new();
    for (name, attribute) in attributes {
        digest_part(&mut digest, name.as_bytes());
        digest_part(&mut digest, attribute.data_type.as_bytes());
        if let Some(text) = &attribute.string_value {
            digest.update([1]);
            digest_part(&mut digest, text.as_bytes());
        }
        if let Some(bytes) = &attribute.binary_value {
            digest.update([2]);
            digest_part(&mut digest, bytes);
        }
    }
    Some(hex::encode(digest.finalize()))
}

fn digest_part(digest: &mut Md5, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).expect("a message is at most 1 MiB");
    digest.update(length.to_be_bytes());
    digest.update(bytes);
}

/// Checks a group, deduplication or attempt id.
pub(super) fn validate_id(parameter: &'static str, id: Option<&str>) -> Result<(), SqsError> {
    let Some(id) = id else { return Ok(()) };
    if (1..=ID_LENGTH).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(());
    }
    let reason = format!(
        "{parameter} can only include alphanumeric and punctuation characters. 1 to {ID_LENGTH} in length."
    );
    Err(SqsError::invalid(parameter, &id, reason))
}

/// The characters that XML 1.0 allows; the service takes no others.
fn is_allowed(character: char) -> bool {
    matches!(
        character,
        '\u{9}' | '\u{A}' | '\u{D}' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}'
    )
}

mod base64_text {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(clippy::ref_option, reason = "the signature that serde calls")]
    pub(super) fn serialize<S: Serializer>(
        bytes: &Option<Vec<u8>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match bytes {
            Some(bytes) => serializer.serialize_str(&STANDARD.encode(bytes)),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<u8>>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| STANDARD.decode(text).map_err(D::Error::custom)).transpose()
    }
}

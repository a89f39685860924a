//! The settings of a queue: what may be set, to what, and what each stands at when nobody has set it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::SqsError;
use super::limits::{QUEUE_NAME_LENGTH, RECEIVE_COUNT};
use crate::aws::{ACCOUNT, REGION};

/// A number that may be set: name, smallest, largest, default. Unit and range as the API reference has them.
const NUMBERS: [(&str, u32, u32, u32); 6] = [
    ("DelaySeconds", 0, 900, 0),
    ("KmsDataKeyReusePeriodSeconds", 60, 86_400, 300),
    ("MaximumMessageSize", 1024, 1_048_576, 1_048_576),
    ("MessageRetentionPeriod", 60, 1_209_600, 345_600),
    ("ReceiveMessageWaitTimeSeconds", 0, 20, 0),
    ("VisibilityTimeout", 0, 43_200, 30),
];

/// Free text that may be set; empty text unsets it.
const TEXTS: [&str; 2] = ["KmsMasterKeyId", "Policy"];

/// What `GetQueueAttributes` knows beside the settings.
const COMPUTED: [&str; 6] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
];

/// Where messages go that were received too often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RedrivePolicy {
    /// ARN of the dead-letter queue.
    pub(super) dead_letter_target_arn: String,
    /// How often a message may be received.
    pub(super) max_receive_count: u32,
}

/// Which queues may name this one as their dead-letter queue.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RedriveAllowPolicy {
    redrive_permission: String,
    #[serde(default)]
    source_queue_arns: Vec<String>,
}

/// The settings of one queue.
#[derive(Clone, Debug)]
pub(super) struct Attributes {
    fifo: bool,
    values: BTreeMap<String, String>,
    redrive: Option<RedrivePolicy>,
}

impl Attributes {
    /// The settings of a new queue: the defaults, and over them what the creator asks for.
    pub(super) fn create(name: &str, wanted: &BTreeMap<String, String>) -> Result<Self, SqsError> {
        let fifo = is_fifo(name);
        match (fifo, wanted.get("FifoQueue").map(String::as_str)) {
            (true, Some("true")) | (false, None) => {}
            (true, _) | (false, Some("true")) => return Err(invalid_name(!fifo)),
            (false, Some(_)) => {
                return Err(SqsError::InvalidAttributeName { name: "FifoQueue".into() });
            }
        }
        validate_name(name)?;
        let mut attributes = Self::defaults(fifo);
        let mut rest = wanted.clone();
        rest.remove("FifoQueue");
        attributes.set(&rest)?;
        Ok(attributes)
    }

    fn defaults(fifo: bool) -> Self {
        let mut values: BTreeMap<String, String> = NUMBERS
            .iter()
            .filter(|(name, ..)| *name != "KmsDataKeyReusePeriodSeconds")
            .map(|(name, _, _, default)| ((*name).to_owned(), default.to_string()))
            .collect();
        values.insert("SqsManagedSseEnabled".into(), "true".into());
        if fifo {
            values.insert("FifoQueue".into(), "true".into());
            values.insert("ContentBasedDeduplication".into(), "false".into());
            values.insert("DeduplicationScope".into(), "queue".into());
            values.insert("FifoThroughputLimit".into(), "perQueue".into());
        }
        Self { fifo, values, redrive: None }
    }

    /// Changes settings; none is changed if one is refused.
    pub(super) fn set(&mut self, wanted: &BTreeMap<String, String>) -> Result<(), SqsError> {
        let mut changed = self.clone();
        for (name, value) in wanted {
            changed.set_one(name, value)?;
        }
        let per_group = |name: &str, value: &str| changed.text(name) == Some(value);
        if per_group("FifoThroughputLimit", "perMessageGroupId")
            && !per_group("DeduplicationScope", "messageGroup")
        {
            return Err(SqsError::InvalidAttributeValue { name: "FifoThroughputLimit".into() });
        }
        *self = changed;
        Ok(())
    }

    fn set_one(&mut self, name: &str, value: &str) -> Result<(), SqsError> {
        let invalid = || SqsError::InvalidAttributeValue { name: name.to_owned() };
        let one_of = |allowed: [&str; 2]| {
            if allowed.contains(&value) { Ok(()) } else { Err(invalid()) }
        };
        if let Some((_, smallest, largest, _)) = NUMBERS.iter().find(|(number, ..)| *number == name) {
            let number: u32 = value.parse().map_err(|_| invalid())?;
            if !(*smallest..=*largest).contains(&number) {
                return Err(invalid());
            }
            self.values.insert(name.to_owned(), number.to_string());
            return Ok(());
        }
        match name {
            "RedrivePolicy" => {
                self.redrive = parse_redrive_policy(value)?;
                self.set_text(name, self.redrive.as_ref().map_or(String::new(), RedrivePolicy::to_json));
            }
            "RedriveAllowPolicy" => {
                if !value.is_empty() {
                    parse_redrive_allow_policy(value)?;
                }
                self.set_text(name, value.to_owned());
            }
            "SqsManagedSseEnabled" => {
                one_of(["true", "false"])?;
                self.set_text(name, value.to_owned());
            }
            "ContentBasedDeduplication" if self.fifo => {
                one_of(["true", "false"])?;
                self.set_text(name, value.to_owned());
            }
            "DeduplicationScope" if self.fifo => {
                one_of(["messageGroup", "queue"])?;
                self.set_text(name, value.to_owned());
            }
            "FifoThroughputLimit" if self.fifo => {
                one_of(["perMessageGroupId", "perQueue"])?;
                self.set_text(name, value.to_owned());
            }
            "FifoQueue" if self.fifo && value == "true" => {}
            text if TEXTS.contains(&text) => {
                self.set_text(name, value.to_owned());
                if name == "KmsMasterKeyId" && !value.is_empty() {
                    self.set_text("SqsManagedSseEnabled", "false".to_owned());
                }
            }
            _ => {
                return Err(SqsError::InvalidAttributeName { name: name.to_owned() });
            }
        }
        Ok(())
    }

    fn set_text(&mut self, name: &str, value: String) {
        if value.is_empty() {
            self.values.remove(name);
        } else {
            self.values.insert(name.to_owned(), value);
        }
    }

    /// The first of the wanted settings that differs from these.
    pub(super) fn difference(&self, wanted: &Self, names: &BTreeMap<String, String>) -> Option<String> {
        names.keys().find(|name| self.values.get(*name) != wanted.values.get(*name)).cloned()
    }

    /// All settings, as they are written on the wire.
    pub(super) fn values(&self) -> &BTreeMap<String, String> {
        &self.values
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    fn number(&self, name: &str) -> u32 {
        let value = self.text(name).and_then(|value| value.parse().ok());
        value.expect("numbers are checked when they are set, and have defaults")
    }

    pub(super) fn is_fifo(&self) -> bool {
        self.fifo
    }

    pub(super) fn delay_s(&self) -> u32 {
        self.number("DelaySeconds")
    }

    pub(super) fn visibility_timeout_s(&self) -> u32 {
        self.number("VisibilityTimeout")
    }

    pub(super) fn wait_s(&self) -> u32 {
        self.number("ReceiveMessageWaitTimeSeconds")
    }

    pub(super) fn retention_ms(&self) -> u64 {
        u64::from(self.number("MessageRetentionPeriod")) * 1000
    }

    pub(super) fn maximum_message_size(&self) -> usize {
        self.number("MaximumMessageSize") as usize
    }

    pub(super) fn deduplicates_by_content(&self) -> bool {
        self.text("ContentBasedDeduplication") == Some("true")
    }

    pub(super) fn deduplicates_per_group(&self) -> bool {
        self.text("DeduplicationScope") == Some("messageGroup")
    }

    pub(super) fn redrive(&self) -> Option<&RedrivePolicy> {
        self.redrive.as_ref()
    }

    /// Whether the queue with this ARN may send its dead letters here.
    pub(super) fn takes_dead_letters_of(&self, source_arn: &str) -> bool {
        let Some(policy) = self.text("RedriveAllowPolicy") else {
            return true;
        };
        let policy = parse_redrive_allow_policy(policy).expect("the policy is checked when it is set");
        match policy.redrive_permission.as_str() {
            "allowAll" => true,
            "byQueue" => policy.source_queue_arns.iter().any(|arn| arn == source_arn),
            _ => false,
        }
    }
}

impl RedrivePolicy {
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a text and a number")
    }

    /// An error about this policy, as the service words it.
    pub(super) fn refused(&self, reason: &str) -> SqsError {
        SqsError::invalid("RedrivePolicy", &self.to_json(), reason)
    }
}

fn parse_redrive_policy(value: &str) -> Result<Option<RedrivePolicy>, SqsError> {
    if value.is_empty() {
        return Ok(None);
    }
    let refuse = |reason: &str| SqsError::invalid("RedrivePolicy", &value, reason);
    let policy: Value =
        serde_json::from_str(value).map_err(|_| refuse("Redrive policy is not a valid JSON map."))?;
    let target = policy["deadLetterTargetArn"].as_str();
    let target = target
        .ok_or_else(|| refuse("Redrive policy does not contain mandatory attribute: deadLetterTargetArn."))?;
    if queue_name(target).is_none() {
        return Err(refuse("Invalid value for deadLetterTargetArn."));
    }
    let count = match &policy["maxReceiveCount"] {
        Value::Null => {
            return Err(refuse("Redrive policy does not contain mandatory attribute: maxReceiveCount."));
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match count.parse() {
        Ok(max_receive_count @ 1..=RECEIVE_COUNT) => {
            Ok(Some(RedrivePolicy { dead_letter_target_arn: target.to_owned(), max_receive_count }))
        }
        _ => Err(refuse(&format!(
            "Invalid value for maxReceiveCount: {count}, valid values are from 1 to {RECEIVE_COUNT} both inclusive."
        ))),
    }
}

fn parse_redrive_allow_policy(value: &str) -> Result<RedriveAllowPolicy, SqsError> {
    let invalid = || SqsError::InvalidAttributeValue { name: "RedriveAllowPolicy".into() };
    let policy: RedriveAllowPolicy = serde_json::from_str(value).map_err(|_| invalid())?;
    let by_queue = policy.redrive_permission == "byQueue";
    let known = by_queue || ["allowAll", "denyAll"].contains(&policy.redrive_permission.as_str());
    // A list of one to ten queues belongs to `byQueue`, and to nothing else.
    if !known || by_queue != (1..=10).contains(&policy.source_queue_arns.len()) {
        return Err(invalid());
    }
    Ok(policy)
}

/// Whether `name` may be asked of `GetQueueAttributes`.
pub(super) fn is_known(name: &str) -> bool {
    NUMBERS.iter().any(|(number, ..)| *number == name)
        || TEXTS.contains(&name)
        || COMPUTED.contains(&name)
        || [
            "All",
            "ContentBasedDeduplication",
            "DeduplicationScope",
            "FifoQueue",
            "FifoThroughputLimit",
            "RedriveAllowPolicy",
            "RedrivePolicy",
            "SqsManagedSseEnabled",
        ]
        .contains(&name)
}

/// Whether a queue of this name is a FIFO queue.
pub(super) fn is_fifo(name: &str) -> bool {
    name.strip_suffix(".fifo").is_some()
}

/// The ARN of a queue.
pub(super) fn arn(name: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}")
}

/// The name of the queue with this ARN, if it is one of ours.
pub(super) fn queue_name(arn: &str) -> Option<&str> {
    arn.strip_prefix(&format!("arn:aws:sqs:{REGION}:{ACCOUNT}:")).filter(|name| !name.is_empty())
}

fn validate_name(name: &str) -> Result<(), SqsError> {
    let stem = name.strip_suffix(".fifo").unwrap_or(name);
    let allowed = stem.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if allowed && !stem.is_empty() && name.len() <= QUEUE_NAME_LENGTH {
        return Ok(());
    }
    Err(invalid_name(is_fifo(name)))
}

fn invalid_name(fifo: bool) -> SqsError {
    SqsError::InvalidRequest {
        reason: if fifo {
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.".into()
        } else {
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length".into()
        },
    }
}

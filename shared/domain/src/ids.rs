//! Identifiers that must not be mistaken for one another.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::api_key::ApiKeyId;

/// A Telegram user. At most 52 significant bits (core.telegram.org/bots/webapps, `WebAppUser.id`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub i64);

/// A chat as the Bot API numbers it: a user's own id for a private chat, negative for groups and channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChatId(pub i64);

impl From<UserId> for ChatId {
    /// The private chat of a person has the person's id.
    fn from(user: UserId) -> Self {
        Self(user.0)
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Display for ChatId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Names one job for its whole life: the receipt's key, the queue's deduplication id and the staged object's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(String);

/// Letters an id given by a client may have at most; ours have up to 64, with the longest numbers of bots and updates.
const LONGEST_ID: usize = 64;

impl JobId {
    /// A fresh id, from 128 random bits.
    pub fn random(bits: [u8; 16]) -> Self {
        Self(hex::encode(bits))
    }

    /// The id every repeat of one idempotent request gets: the same `key` of the same `owner` names the same job.
    pub fn of_idempotency_key(owner: UserId, key: &str) -> Self {
        let mut digest = Sha256::new();
        digest.update(b"post\0");
        digest.update(owner.0.to_be_bytes());
        digest.update(key.as_bytes());
        Self(hex::encode(&digest.finalize()[..16]))
    }

    /// As [`Self::of_idempotency_key`], for a command of an API key.
    pub fn of_command_key(owner: &ApiKeyId, key: &str) -> Self {
        let mut digest = Sha256::new();
        digest.update(b"command\0");
        // Ids of keys are all of one length.
        digest.update(owner.as_str().as_bytes());
        digest.update(key.as_bytes());
        Self(hex::encode(&digest.finalize()[..16]))
    }

    /// The id of what an update causes. Telegram repeats an update until it is acknowledged; its id makes repeats one job.
    pub fn of_update(bot_id: i64, update_id: i64) -> Self {
        Self(format!("update-{bot_id}-{update_id}"))
    }

    /// The id of the `number`-th thing that a service answers to a dispatch at once: a repeat of the dispatch is
    /// answered once.
    pub fn of_answer(dispatch: &DispatchId, number: usize) -> Self {
        Self(format!("{dispatch}-answer-{number}"))
    }

    /// The id of the word that a dispatch could not be delivered.
    pub fn of_failure(dispatch: &DispatchId) -> Self {
        Self(format!("{dispatch}-failure"))
    }

    /// An id as it came in a path, or `None` where it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        is_plain(text).then(|| Self(text.to_owned()))
    }

    /// The id as text: ASCII letters, digits and hyphens.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Names one delivery to a service for its whole life. There is no full stop in it, since what a service verifies is
/// `<id>.<timestamp>.<body>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DispatchId(String);

impl DispatchId {
    /// The id of what an update asks of a service: repeats of the update are one dispatch.
    pub fn of_update(bot_id: i64, update_id: i64) -> Self {
        Self(format!("dispatch-{bot_id}-{update_id}"))
    }

    /// The id of the word that `job` has ended.
    pub fn of_callback(job: &JobId) -> Self {
        Self(format!("callback-{job}"))
    }

    /// An id as a service gives it back, or `None` where it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        is_plain(text).then(|| Self(text.to_owned()))
    }

    /// The id as text: ASCII letters, digits and hyphens.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DispatchId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Whether an id that came from outside may be looked for.
fn is_plain(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !text.is_empty() && text.len() <= LONGEST_ID && text.bytes().all(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeat_of_an_idempotent_request_names_the_same_job_and_another_persons_does_not() {
        let first = JobId::of_idempotency_key(UserId(1), "key");
        assert_eq!(first, JobId::of_idempotency_key(UserId(1), "key"));
        assert_ne!(first, JobId::of_idempotency_key(UserId(2), "key"));
        assert_ne!(first, JobId::of_idempotency_key(UserId(1), "other"));
    }

    #[test]
    fn an_api_keys_idempotency_key_is_its_own() {
        let [one, other] = ["0123456789ab", "ba9876543210"].map(|id| ApiKeyId::parse(id).unwrap());
        let first = JobId::of_command_key(&one, "key");
        assert_eq!(first, JobId::of_command_key(&one, "key"));
        assert_ne!(first, JobId::of_command_key(&other, "key"));
        assert_ne!(first, JobId::of_command_key(&one, "other"));
    }

    #[test]
    fn what_a_dispatch_causes_has_ids_that_can_be_looked_for() {
        let dispatch = DispatchId::of_update(9_999_999_999_999_999, i64::MAX);
        for id in [JobId::of_answer(&dispatch, 4), JobId::of_failure(&dispatch)] {
            assert_eq!(JobId::parse(id.as_str()), Some(id));
        }
    }

    #[test]
    fn an_id_from_a_path_is_short_and_plain() {
        assert_eq!(JobId::parse("abc-123").as_ref().map(JobId::as_str), Some("abc-123"));
        for wrong in ["", "../x", "a b", "ключ", &"a".repeat(65)] {
            assert_eq!(JobId::parse(wrong), None, "{wrong}");
            assert_eq!(DispatchId::parse(wrong), None, "{wrong}");
        }
    }
}

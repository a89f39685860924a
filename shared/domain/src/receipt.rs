//! The receipt of a job: what has become of it, and who may touch it now.
//!
//! A receipt is written before its job enters the queue, so a job that was accepted can always be found again:
//!
//! ```text
//! accepting ──► queued ──► running ──► sending ──► sent | refused | failed | unknown
//!                 ▲           │           │
//!                 └───────────┴───────────┘   told to wait, or to be tried again
//! ```
//!
//! `running` and `sending` are held under a claim that expires, so that a worker that dies frees the job. From
//! `sending` on, a request may have gone out: a job whose claim expired before anybody wrote how it went is
//! *unresolved*, and stays so when the next worker dies too.

use std::fmt;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::api_key::ApiKeyId;
use crate::bot_api::Chat;
use crate::ids::{ChatId, JobId, UserId};
use crate::job::Job;
use crate::time::UnixTime;

/// How long a finished job answers questions and repeats: an idempotency key must hold for 24 h after its request,
/// and Telegram repeats an update for 24 h after its message (Bot API server, `Client.cpp`).
pub const KEPT_WHEN_FINISHED: Duration = Duration::from_hours(48);

/// How long the result of a command answers questions after its end. Its idempotency key, too, then holds for 24 h after
/// the request at least.
pub const RESULT_KEPT: Duration = Duration::from_hours(24);

/// Bytes of a result that a receipt holds: DynamoDB takes items of 400 kB, and bills a read in steps of 4 kB.
pub const LONGEST_RESULT: usize = 100 * 1000;

/// How long an unfinished job is kept: longer than the 14 days a message may wait in the dead-letter queue.
pub const KEPT_WHILE_UNFINISHED: Duration = Duration::from_hours(15 * 24);

/// How long a first request may still be at work: a repeat within it is told to wait, a later one completes what the
/// first left undone. The HTTP functions' timeout in `template.yaml`.
pub const ACCEPTING_TIME: Duration = Duration::from_secs(10);

/// What identifies a request's content: SHA-256, in hexadecimal.
pub fn fingerprint_of(content: &[u8]) -> String {
    hex::encode(Sha256::digest(content))
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The receipt exists, the queue may not have the job yet.
    Accepting,
    /// The queue has the job.
    Queued,
    /// A worker prepares it.
    Running,
    /// A worker has told Telegram, or is about to.
    Sending,
    /// Telegram has it.
    Sent,
    /// The person does not let the bot write to them. Final.
    Refused,
    /// It could not be delivered. The dead-letter queue may hold it.
    Failed,
    /// A worker died while sending, and the policy is not to risk a second message.
    Unknown,
}

impl State {
    /// Every state, for tests and tables.
    pub const ALL: [Self; 8] = [
        Self::Accepting,
        Self::Queued,
        Self::Running,
        Self::Sending,
        Self::Sent,
        Self::Refused,
        Self::Failed,
        Self::Unknown,
    ];

    /// The name under which it is stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepting => "accepting",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// The name that clients are told: how a job moves inside is not theirs to know.
    pub fn public_name(self) -> &'static str {
        match self {
            Self::Accepting | Self::Queued | Self::Running | Self::Sending => "queued",
            finished => finished.name(),
        }
    }

    /// What has become of a command in this state.
    pub fn of_command(self) -> CommandState {
        match self {
            Self::Accepting | Self::Queued => CommandState::Queued,
            Self::Running | Self::Sending => CommandState::Running,
            Self::Sent => CommandState::Done,
            Self::Refused | Self::Failed | Self::Unknown => CommandState::Failed,
        }
    }
}

/// What clients are told of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandState {
    /// It waits for its turn.
    Queued,
    /// A worker is at it.
    Running,
    /// Telegram did it.
    Done,
    /// It was not done, or nobody knows.
    Failed,
}

impl CommandState {
    /// The name that clients are told.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// Whether nothing more happens to it by itself.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed)
    }
}

/// Who may ask for a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The person who posted it.
    Person(UserId),
    /// The API key that enqueued it.
    Key(ApiKeyId),
}

/// What Telegram returned for a command, as JSON. `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub enum CommandResult {
    /// It is this.
    Here(String),
    /// It is too long for a receipt, and staged.
    Staged,
}

impl fmt::Debug for CommandResult {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here(text) => write!(formatter, "Here({} bytes)", text.len()),
            Self::Staged => formatter.write_str("Staged"),
        }
    }
}

/// A stored receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The job.
    pub id: JobId,
    /// Who may ask for it; `None` for what an update caused.
    pub owner: Option<Owner>,
    /// The chat it is for, if its number is known.
    pub chat_id: Option<ChatId>,
    /// Where it stands.
    pub state: State,
    /// Tries so far; waiting because Telegram said so is none. A redrive of a failed job starts anew.
    pub attempts: u32,
    /// Tries after which it failed.
    pub failed_after: Option<u32>,
    /// How many of the job's calls Telegram has answered.
    pub calls_done: u32,
    /// [`fingerprint_of`] what was asked for: a repeat must ask for the same.
    pub fingerprint: Option<String>,
    /// The message Telegram made of it.
    pub message_id: Option<i64>,
    /// Why it was refused or failed.
    pub reason: Option<String>,
    /// The command's name in snake case, if it is one.
    pub command: Option<String>,
    /// What Telegram returned for it.
    pub result: Option<CommandResult>,
    /// Who is to be told of its end: a URL.
    pub callback_url: Option<String>,
    /// When its first request came.
    pub accepted_at: UnixTime,
    /// When it ended.
    pub finished_at: Option<UnixTime>,
    /// When it stops existing, whether or not DynamoDB has removed it.
    pub expires_at: UnixTime,
}

impl Receipt {
    /// The receipt of `job`, which was just asked for.
    pub fn of(job: &Job, owner: Option<Owner>, now: UnixTime) -> Self {
        Self::new(job.id.clone(), owner, job.chat.as_ref().and_then(Chat::id), now)
    }

    /// The receipt of a job of which only this is known.
    pub fn new(id: JobId, owner: Option<Owner>, chat_id: Option<ChatId>, now: UnixTime) -> Self {
        Self {
            id,
            owner,
            chat_id,
            state: State::Accepting,
            attempts: 0,
            failed_after: None,
            calls_done: 0,
            fingerprint: None,
            message_id: None,
            reason: None,
            command: None,
            result: None,
            callback_url: None,
            accepted_at: now,
            finished_at: None,
            expires_at: now.plus(KEPT_WHILE_UNFINISHED),
        }
    }

    /// Tries that were made.
    pub fn attempts_made(&self) -> u32 {
        self.failed_after.filter(|_| self.state == State::Failed).unwrap_or(self.attempts)
    }

    /// What to do with another request for this job.
    pub fn repeat(&self, fingerprint: Option<&str>, now: UnixTime) -> Repeat {
        if self.fingerprint.as_deref() != fingerprint {
            Repeat::AnotherRequest
        } else if self.state != State::Accepting {
            Repeat::Answered
        } else if now.since(self.accepted_at) < ACCEPTING_TIME {
            Repeat::StillAccepting
        } else {
            Repeat::Unfinished
        }
    }
}

/// How a repeated request relates to the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// It asks for something else under the same name.
    AnotherRequest,
    /// The first may still be at work.
    StillAccepting,
    /// The first died half-way: the repeat completes it.
    Unfinished,
    /// The first was answered: the repeat gets that answer.
    Answered,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(state: State) -> Receipt {
        let id = JobId::parse("1").unwrap();
        let mut receipt = Receipt::new(id, Some(Owner::Person(UserId(1))), Some(ChatId(1)), UnixTime(1000));
        receipt.state = state;
        receipt.fingerprint = Some("a".to_owned());
        receipt
    }

    #[test]
    fn every_state_is_found_by_its_name() {
        for state in State::ALL {
            assert_eq!(State::parse(state.name()), Some(state));
        }
        assert_eq!(State::parse("gone"), None);
    }

    #[test]
    fn clients_are_told_five_states() {
        let told: std::collections::BTreeSet<_> = State::ALL.into_iter().map(State::public_name).collect();
        assert_eq!(told.into_iter().collect::<Vec<_>>(), ["failed", "queued", "refused", "sent", "unknown"]);
    }

    #[test]
    fn clients_are_told_four_states_of_a_command() {
        let told = State::ALL.map(|state| state.of_command().name());
        assert_eq!(told, ["queued", "queued", "running", "running", "done", "failed", "failed", "failed"]);
        let ends = State::ALL.map(|state| state.of_command().is_final());
        assert_eq!(ends, [false, false, false, false, true, true, true, true]);
    }

    #[test]
    fn the_attempts_of_a_failed_job_are_told_although_a_redrive_starts_anew() {
        let mut failed = receipt(State::Failed);
        failed.failed_after = Some(12);
        assert_eq!(failed.attempts_made(), 12);
        let again = Receipt { state: State::Running, attempts: 1, ..failed };
        assert_eq!(again.attempts_made(), 1);
    }

    #[test]
    fn debug_shows_no_result() {
        let result = CommandResult::Here("hunter2".to_owned());
        assert_eq!(format!("{result:?}"), "Here(7 bytes)");
    }

    #[test]
    fn a_repeat_waits_for_the_first_then_completes_it() {
        let accepting = receipt(State::Accepting);
        assert_eq!(accepting.repeat(Some("a"), UnixTime(1009)), Repeat::StillAccepting);
        assert_eq!(accepting.repeat(Some("a"), UnixTime(1010)), Repeat::Unfinished);
        assert_eq!(receipt(State::Queued).repeat(Some("a"), UnixTime(1000)), Repeat::Answered);
        assert_eq!(receipt(State::Sent).repeat(Some("a"), UnixTime(9000)), Repeat::Answered);
    }

    #[test]
    fn another_request_under_the_same_name_is_told_so_in_every_state() {
        for state in State::ALL {
            assert_eq!(receipt(state).repeat(Some("b"), UnixTime(1000)), Repeat::AnotherRequest);
        }
    }
}

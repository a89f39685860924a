//! Where an upload stands, and what it takes to go on with it.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Names one upload for its whole life: 128 random bits. The row's key, the staged object's name, the associated data of
/// the delegation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UploadId(String);

impl UploadId {
    /// A new id.
    ///
    /// # Panics
    ///
    /// When the system has no random numbers to give: nothing safe can be made then.
    pub fn random() -> Self {
        Self(hex::encode(random::<16>()))
    }

    /// An id as it came in a path: 32 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 32 && text.bytes().all(digit)).then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key of the staged file in the bucket.
    pub fn staged(&self) -> String {
        format!("uploads/{self}")
    }

    /// What Telegram knows the message by before it has a number: of two with one `random_id` it makes one. The same for
    /// every try, so that none sends a second message. Never 0, which Telegram refuses.
    pub fn random_id(&self) -> i64 {
        let mut digest = Sha256::new();
        digest.update(b"lambdagram upload random id\n");
        digest.update(&self.0);
        let digest = digest.finalize();
        let first = digest.first_chunk().copied().unwrap_or_default();
        match i64::from_le_bytes(first) {
            0 => 1,
            number => number,
        }
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Where an upload stands. These are the names that clients are told, too.
///
/// ```text
/// receiving ──► queued ──► sending ──► done | failed
///                 ▲           │
///                 └───────────┘   told to wait, or out of time
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadState {
    /// Its bytes are on their way to the bucket.
    Receiving,
    /// The bucket has it whole, and it waits for a worker.
    Queued,
    /// A worker sends it to Telegram.
    Sending,
    /// There is a message. Final.
    Done,
    /// There will be none. Final.
    Failed,
}

impl UploadState {
    /// Every state, for tests and tables.
    pub const ALL: [Self; 5] = [Self::Receiving, Self::Queued, Self::Sending, Self::Done, Self::Failed];

    /// Its name, where it is stored and for clients.
    pub fn name(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether it stays as it is.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed)
    }
}

/// How much of a file Telegram has: what another worker goes on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The number under which Telegram keeps the parts.
    pub file_id: i64,
    /// How many parts it has acknowledged, from the first one on without a gap.
    pub parts: u32,
}

impl Checkpoint {
    /// The beginning, under a new number. Also where Telegram has forgotten parts: under the old number, those that it
    /// still has would stay in the way.
    ///
    /// # Panics
    ///
    /// When the system has no random numbers to give.
    pub fn start() -> Self {
        Self { file_id: i64::from_le_bytes(random()), parts: 0 }
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random numbers");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_found_by_its_name() {
        for state in UploadState::ALL {
            assert_eq!(UploadState::parse(state.name()), Some(state));
        }
        assert_eq!(UploadState::parse("sent"), None);
        assert_eq!(UploadState::ALL.into_iter().filter(|state| state.is_final()).count(), 2);
    }

    #[test]
    fn an_id_has_one_spelling_and_none_is_like_another() {
        let id = UploadId::random();
        assert_ne!(id, UploadId::random());
        assert_eq!(UploadId::parse(id.as_str()), Some(id.clone()));
        for wrong in ["", "../x", &id.as_str()[1..], &format!("{id}0"), &"A".repeat(32), &"g".repeat(32)] {
            assert_eq!(UploadId::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn every_upload_is_staged_under_a_key_of_its_own() {
        let id = UploadId::parse(&"0a".repeat(16)).unwrap();
        assert_eq!(id.staged(), "uploads/0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a");
    }

    #[test]
    fn every_try_of_one_upload_has_the_same_random_id() {
        let id = UploadId::parse(&"0".repeat(32)).unwrap();
        // `printf 'lambdagram upload random id\n%032d' 0 | sha256sum`, its first eight bytes as a little-endian number
        assert_eq!(id.random_id(), 3_305_583_814_851_428_686);
        assert_ne!(UploadId::random().random_id(), UploadId::random().random_id());
    }

    #[test]
    fn a_checkpoint_is_kept_as_two_numbers() {
        let start = Checkpoint::start();
        assert_eq!(start.parts, 0);
        assert_ne!(start.file_id, Checkpoint::start().file_id);
        let kept = serde_json::to_string(&Checkpoint { file_id: -7, parts: 3 }).unwrap();
        assert_eq!(kept, r#"{"file_id":-7,"parts":3}"#);
        assert_eq!(serde_json::from_str::<Checkpoint>(&kept).unwrap(), Checkpoint { file_id: -7, parts: 3 });
    }
}

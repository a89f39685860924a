//! File references: a client may read a file as long as it can show one that is fresh. A new one comes with each
//! message (core.telegram.org/api/file-references).

use sha2::{Digest as _, Sha256};

use super::File;

/// How long a reference is good, in seconds. Telegram names no time; clients see hours.
pub(in super::super) const LIFE_S: u64 = 60 * 60;

/// What a reference of ours begins with.
const VERSION: u8 = 1;

/// Bytes of the proof at its end.
const PROOF: usize = 16;

/// Bytes before the proof: the version, the file's epoch, the time of issue and the message's id.
const HEAD: usize = 1 + 4 + 8 + 4;

/// Why a reference opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum BadReference {
    /// There is none.
    Empty,
    /// It was not made for this file.
    Invalid,
    /// It is too old.
    Expired,
}

impl BadReference {
    /// Telegram's name for it.
    pub(in super::super) const fn name(self) -> &'static str {
        match self {
            Self::Empty => "FILE_REFERENCE_EMPTY",
            Self::Invalid => "FILE_REFERENCE_INVALID",
            Self::Expired => "FILE_REFERENCE_EXPIRED",
        }
    }
}

/// A reference to a file that comes with a message.
pub(in super::super) fn issue(file: &File, message_id: i32, now_s: u64) -> Vec<u8> {
    let mut reference = vec![VERSION];
    reference.extend(file.epoch.to_be_bytes());
    reference.extend(now_s.to_be_bytes());
    reference.extend(message_id.to_be_bytes());
    reference.extend(proof(file, &reference));
    reference
}

/// Whether a reference opens a file now.
pub(in super::super) fn check(file: &File, reference: &[u8], now_s: u64) -> Result<(), BadReference> {
    if reference.is_empty() {
        return Err(BadReference::Empty);
    }
    let (head, given) = reference.split_at_checked(HEAD).ok_or(BadReference::Invalid)?;
    if given != proof(file, head) {
        return Err(BadReference::Invalid);
    }
    let (Some(epoch), Some(issued)) = (head[1..].first_chunk(), head[5..].first_chunk()) else {
        return Err(BadReference::Invalid);
    };
    let is_fresh = now_s < u64::from_be_bytes(*issued).saturating_add(LIFE_S);
    if u32::from_be_bytes(*epoch) != file.epoch || !is_fresh {
        return Err(BadReference::Expired);
    }
    Ok(())
}

fn proof(file: &File, head: &[u8]) -> [u8; PROOF] {
    let hash = Sha256::new()
        .chain_update(file.secret.to_be_bytes())
        .chain_update(file.id.to_be_bytes())
        .chain_update(head)
        .finalize();
    std::array::from_fn(|index| hash[index])
}

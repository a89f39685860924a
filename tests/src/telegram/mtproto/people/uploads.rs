//! What tests see of uploads: how many parts came, what they made, and what is left of them.

use sha2::{Digest as _, Sha256};

use super::super::accounts::Phone;
use super::super::files::File;
use super::super::history::Message;
use super::super::service::FileCalls;
use super::super::uploads;
use super::{People, PeopleError};

/// Bytes that are in memory at once.
const STEP: u64 = 1024 * 1024;

impl People {
    /// How many parts of files were sent since the start or the last reset, repeated and refused ones included.
    pub fn part_calls(&self) -> FileCalls {
        self.0.part_calls()
    }

    /// Returns once so many parts of files were sent since the start or the last reset.
    pub async fn part_calls_reach(&self, number: u64) {
        self.0.part_calls_reach(number).await;
    }

    /// How many parts of an account's unfinished uploads are kept.
    ///
    /// # Errors
    /// The number has no account, or the database failed.
    pub fn waiting_parts(&self, phone: &Phone) -> Result<usize, PeopleError> {
        let now_s = self.0.now_s();
        self.with_account(phone, |store, account| uploads::waiting(store, account.id, now_s))
    }

    /// Forgets every part of an account's uploads, as Telegram does with parts that are too old. Files that were made of
    /// parts stay.
    ///
    /// # Errors
    /// The number has no account, or the database failed.
    pub fn expire_parts(&self, phone: &Phone) -> Result<(), PeopleError> {
        self.with_account(phone, |store, account| uploads::expire(store, account.id))
    }

    /// The SHA-256 in hexadecimal digits of what was sent as the file of a saved message: for a photo that of the
    /// picture as it was uploaded, which Telegram itself does not keep. `None` if there is no such message or file.
    ///
    /// # Errors
    /// The number has no account, or the database failed.
    pub fn sent_sha256(&self, phone: &Phone, message_id: i32) -> Result<Option<String>, PeopleError> {
        let bytes = self.with_account(phone, |store, account| {
            let message = Message::get(store, account.id, message_id)?;
            let Some(message) = message.filter(|message| message.peer == account.id) else { return Ok(None) };
            let file = message.file(store)?;
            let sent = |file: &File| file.original.clone().or_else(|| Some(file.whole()?.0.clone()));
            Ok(file.as_ref().and_then(sent))
        })?;
        let Some(bytes) = bytes else { return Ok(None) };
        let mut hash = Sha256::new();
        for offset in (0..bytes.size()).step_by(usize::try_from(STEP).unwrap_or(usize::MAX)) {
            hash.update(bytes.read(&self.store(), offset, STEP)?);
        }
        Ok(Some(hex::encode(hash.finalize())))
    }
}

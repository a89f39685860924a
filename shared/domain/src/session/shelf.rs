//! Shelves: what one look at a chat found, sealed for the fetches that follow.
//!
//! A shelf is sealed as a session is, under a key of its own that also takes the master secret and the session's token.
//! Its lowest message and its expiry are sealed along with it: no shelf can stand in another's place or live longer.

use super::cipher;
use super::seal::{OpenError, Sealed, Sealer};
use crate::media::{MessageId, SeenFile, shelved, unshelved};
use crate::time::UnixTime;

impl Sealer {
    /// Seals the files that were seen down to the message `lowest`.
    ///
    /// A file takes about 450 bytes, 750 with the longest of names, and a picture that Telegram sent along whole takes
    /// its bytes besides. So 100 files are 40 to 60 kB. No shelf gets larger than 256 KiB: files that do not fit are left
    /// out.
    ///
    /// # Panics
    ///
    /// When the system has no random numbers to give: nothing safe can be made then.
    pub fn seal_shelf(&self, lowest: MessageId, expires_at: UnixTime, files: &[SeenFile]) -> Sealed {
        let keys = self.current();
        let associated = self.shelf_data(lowest, expires_at, &keys.master_id);
        let bytes = cipher::seal(&keys.shelf, &associated, &shelved(files));
        Sealed { key_id: keys.master_id.clone(), bytes }
    }

    /// Opens what was sealed for this session with that lowest message and that expiry. Whether it has expired is not
    /// looked at.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn open_shelf(
        &self,
        lowest: MessageId,
        expires_at: UnixTime,
        sealed: &Sealed,
    ) -> Result<Vec<SeenFile>, OpenError> {
        let keys = self.keys_of(sealed)?;
        let associated = self.shelf_data(lowest, expires_at, &keys.master_id);
        let content = cipher::open(&keys.shelf, &associated, &sealed.bytes).ok_or(OpenError::Forged)?;
        unshelved(&content).ok_or(OpenError::UnknownForm)
    }

    fn shelf_data(&self, lowest: MessageId, expires_at: UnixTime, master_id: &str) -> Vec<u8> {
        let (id, UnixTime(expires_at)) = (self.id().as_str(), expires_at);
        format!("lambdagram shelf\n{id}\n{lowest}\n{expires_at}\n{master_id}").into()
    }
}

#[cfg(test)]
mod tests;

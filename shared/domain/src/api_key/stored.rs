//! An API key's row: who has it, what it may do, and whether what a request shows is that key.

use std::fmt;
use std::time::Duration;

use super::{ApiKey, ApiKeyId};
use crate::time::UnixTime;

/// How exactly a row says when its key was last used: a write for each request would cost more than the request.
pub const USE_NOTED_EVERY: Duration = Duration::from_mins(1);

/// Characters that a key's name may have.
const LONGEST_NAME: usize = 64;

/// Compared with where there is no row, so that a key that does not exist takes as long as one that does.
const NOBODYS_HASH: [u8; 32] = [0; 32];

/// A stored key. `Debug` shows no hash.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Its id.
    pub id: ApiKeyId,
    /// What it is called, by who made it.
    pub name: String,
    /// The role it was made with.
    pub role: String,
    /// SHA-256 of its secret.
    pub hash: [u8; 32],
    /// When it was made.
    pub created_at: UnixTime,
    /// When it was last used, to [`USE_NOTED_EVERY`].
    pub last_used_at: Option<UnixTime>,
    /// When it was taken back.
    pub revoked_at: Option<UnixTime>,
}

impl StoredKey {
    /// The row of a new key.
    pub fn new(key: &ApiKey, name: String, role: String, now: UnixTime) -> Self {
        let id = key.id().clone();
        Self { id, name, role, hash: key.hash(), created_at: now, last_used_at: None, revoked_at: None }
    }

    /// The row that `stored` is, if `key` opens it. Whether there is no row, the secret is another one, or the key was
    /// taken back is found out with the same steps, and told nobody.
    pub fn opened_by<'a>(stored: Option<&'a Self>, key: &ApiKey) -> Option<&'a Self> {
        let matches = key.matches(stored.map_or(&NOBODYS_HASH, |stored| &stored.hash));
        stored.filter(|stored| matches & stored.revoked_at.is_none())
    }

    /// Whether a use at `now` is to be noted.
    pub fn notes_use_at(&self, now: UnixTime) -> bool {
        self.last_used_at.is_none_or(|last| now.since(last) >= USE_NOTED_EVERY)
    }

    /// Whether a key may be called `name`: one line that fits into a list.
    pub fn is_name(name: &str) -> bool {
        let letters = name.chars().count();
        (1..=LONGEST_NAME).contains(&letters) && !name.chars().any(char::is_control)
    }
}

impl fmt::Debug for StoredKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, name, role, revoked_at, .. } = self;
        write!(formatter, "StoredKey({id}, {name:?}, {role}, revoked at {revoked_at:?}, ..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(key: &ApiKey) -> StoredKey {
        StoredKey::new(key, "reports".to_owned(), "notifier".to_owned(), UnixTime(1000))
    }

    #[test]
    fn a_row_is_opened_by_its_key_alone() {
        let (key, other) = (ApiKey::generate(), ApiKey::generate());
        let row = stored(&key);
        assert_eq!(StoredKey::opened_by(Some(&row), &key), Some(&row));
        assert_eq!(StoredKey::opened_by(Some(&row), &other), None);
        assert_eq!(StoredKey::opened_by(None, &key), None);
        let revoked = StoredKey { revoked_at: Some(UnixTime(1001)), ..row };
        assert_eq!(StoredKey::opened_by(Some(&revoked), &key), None);
    }

    #[test]
    fn a_use_is_noted_once_a_minute() {
        let mut row = stored(&ApiKey::generate());
        assert!(row.notes_use_at(UnixTime(1000)));
        row.last_used_at = Some(UnixTime(1000));
        assert!(!row.notes_use_at(UnixTime(1059)));
        assert!(row.notes_use_at(UnixTime(1060)));
    }

    #[test]
    fn a_name_is_one_short_line() {
        assert!(StoredKey::is_name("Berichte für Ada"));
        for wrong in ["", "a\nb", &"a".repeat(65)] {
            assert!(!StoredKey::is_name(wrong), "{wrong:?}");
        }
    }

    #[test]
    fn debug_shows_no_hash() {
        let key = ApiKey::generate();
        let shown = format!("{:?}", stored(&key));
        assert!(shown.contains("reports") && !shown.contains("hash"), "{shown}");
        assert!(!shown.contains(&hex::encode(key.hash())), "{shown}");
    }
}

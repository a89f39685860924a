//! The messages of accounts: one increasing sequence of ids for all private chats of an account, so that an id says
//! nothing about the chat (core.telegram.org/api/saved-messages).

mod class;
mod page;
pub(super) mod stream;

use rusqlite::{OptionalExtension as _, Result, params};
use serde::{Deserialize, Serialize};

pub(super) use self::class::{Class, links};
pub(super) use self::page::{Asked, Page};
use super::files::File;
use super::store::{Document, Store, read, written};

/// A deleted message keeps its row, without its content: its id is never given again.
pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS messages (
        account INTEGER NOT NULL, id INTEGER NOT NULL, peer INTEGER NOT NULL, date INTEGER NOT NULL,
        classes INTEGER NOT NULL, words TEXT NOT NULL, body TEXT, PRIMARY KEY (account, id)) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS messages_by_peer ON messages (account, peer, id);
";

/// The chat in which Telegram itself writes to everybody.
pub(super) const TELEGRAM_USER_ID: i64 = 777_000;

/// A message of a private chat.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Message {
    pub(super) id: i32,
    /// The user at the other end: oneself in Saved Messages.
    pub(super) peer: i64,
    pub(super) date: u64,
    pub(super) text: String,
    pub(super) media: Option<Media>,
    /// Messages of one album share it.
    pub(super) album: Option<i64>,
    /// Where it was forwarded from.
    pub(super) forward: Option<Forward>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Media {
    /// A photo or a document, by its id.
    File(i64),
    Page(WebPage),
}

/// The preview of a link in the text.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct WebPage {
    pub(super) id: i64,
    pub(super) url: String,
    pub(super) title: String,
    pub(super) description: String,
    /// The id of a photo.
    pub(super) photo: Option<i64>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Forward {
    pub(super) peer: i64,
    pub(super) message_id: i32,
    pub(super) date: u64,
}

/// A message that has no id yet.
#[derive(Clone, Default)]
pub(super) struct Draft {
    pub(super) text: String,
    pub(super) media: Option<Media>,
    pub(super) album: Option<i64>,
    pub(super) forward: Option<Forward>,
}

/// The last id of an account's messages.
#[derive(Serialize, Deserialize)]
struct Sequence {
    account: i64,
    last: i32,
}

impl Document for Sequence {
    const KIND: &'static str = "message_sequence";

    fn id(&self) -> String {
        self.account.to_string()
    }
}

impl Message {
    /// Adds a message to a chat of an account.
    pub(super) fn add(store: &Store, account: i64, peer: i64, date: u64, draft: Draft) -> Result<Self> {
        let Draft { text, media, album, forward } = draft;
        let id = skip(store, account, 1)?;
        let message = Self { id, peer, date, text, media, album, forward };
        let classes = Class::of(&message, message.file(store)?.as_ref());
        let query = "INSERT INTO messages (account, id, peer, date, classes, words, body) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let body = written(&message)?;
        let mut statement = store.connection().prepare_cached(query)?;
        let date = i64::try_from(date).unwrap_or(i64::MAX);
        statement.execute(params![account, id, peer, date, classes, message.text.to_lowercase(), body])?;
        Ok(message)
    }

    /// A message of any private chat; `None` if there never was one, or it was deleted.
    pub(super) fn get(store: &Store, account: i64, id: i32) -> Result<Option<Self>> {
        let query = "SELECT body FROM messages WHERE account = ?1 AND id = ?2 AND body IS NOT NULL";
        let mut statement = store.connection().prepare_cached(query)?;
        statement.query_row(params![account, id], read).optional()
    }

    /// Keeps what was changed of a message.
    pub(super) fn update(&self, store: &Store, account: i64) -> Result<()> {
        let classes = Class::of(self, self.file(store)?.as_ref());
        let query = "UPDATE messages SET classes = ?3, words = ?4, body = ?5 WHERE account = ?1 AND id = ?2";
        let mut statement = store.connection().prepare_cached(query)?;
        statement.execute(params![account, self.id, classes, self.text.to_lowercase(), written(self)?])?;
        Ok(())
    }

    /// Deletes a message. Its file stays as long as somebody holds a reference to it. Whether there was a message.
    pub(super) fn delete(store: &Store, account: i64, id: i32) -> Result<bool> {
        let query = "UPDATE messages SET body = NULL WHERE account = ?1 AND id = ?2 AND body IS NOT NULL";
        Ok(store.connection().execute(query, params![account, id])? > 0)
    }

    /// The ids of messages that were deleted, or of those in chats other than Saved Messages; the oldest first.
    pub(super) fn ids(store: &Store, account: i64, deleted: bool) -> Result<Vec<i32>> {
        let query = "SELECT id FROM messages \
             WHERE account = ?1 AND (body IS NULL) = ?2 AND (?2 OR peer != ?1) ORDER BY id";
        let mut statement = store.connection().prepare_cached(query)?;
        let ids = statement.query_map(params![account, deleted], |row| row.get(0))?;
        ids.collect()
    }

    /// Its photo or document.
    pub(super) fn file(&self, store: &Store) -> Result<Option<File>> {
        match self.media {
            Some(Media::File(id)) => File::get(store, id),
            _ => Ok(None),
        }
    }
}

/// Leaves out some ids, as if other chats had used them. Returns the last id that is used up.
pub(super) fn skip(store: &Store, account: i64, count: i32) -> Result<i32> {
    let sequence = store.get::<Sequence>(&account.to_string())?;
    let last = sequence.map_or(0, |sequence| sequence.last) + count;
    store.put(&Sequence { account, last })?;
    Ok(last)
}

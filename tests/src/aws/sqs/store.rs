//! The file behind the queues: every accepted message is in it before its sender hears so.
//!
//! Written through, read only at the start. The write-ahead log with `synchronous=NORMAL` survives the death of
//! this process; the last moments may be lost when the machine itself dies.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, named_params, params};

use super::deduplication::Accepted;
use super::message::Visibility;
use super::stored::{Content, Message};

/// How long a write waits for another process that looks into the file, such as a database browser.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// AUTOINCREMENT keeps the positions of deleted messages from being used again.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS queues (
    name TEXT PRIMARY KEY, attributes TEXT NOT NULL, tags TEXT NOT NULL,
    created_s INTEGER NOT NULL, modified_s INTEGER NOT NULL, purged_ms INTEGER
);
CREATE TABLE IF NOT EXISTS messages (
    position INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, body TEXT NOT NULL, content TEXT NOT NULL,
    hidden_until_ms INTEGER, in_flight INTEGER NOT NULL, receive_count INTEGER NOT NULL,
    first_received_ms INTEGER, received_ms INTEGER NOT NULL, receipt INTEGER
);
CREATE TABLE IF NOT EXISTS deduplication (
    queue TEXT NOT NULL, key TEXT NOT NULL, at_ms INTEGER NOT NULL, message_id TEXT NOT NULL,
    sequence_number TEXT NOT NULL, PRIMARY KEY (queue, key)
) WITHOUT ROWID;
";

/// The open file.
pub(super) struct Store(Connection);

/// A queue without its messages.
pub(super) struct QueueRow {
    pub(super) name: String,
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) created_s: u64,
    pub(super) modified_s: u64,
    pub(super) purged_ms: Option<u64>,
}

/// All that the file holds.
pub(super) struct Loaded {
    pub(super) queues: Vec<QueueRow>,
    /// Messages by queue, in order.
    pub(super) messages: Vec<(String, Message)>,
    /// Deduplication keys by queue, the oldest first.
    pub(super) accepted: Vec<(String, String, Accepted)>,
    /// The greatest position that was ever used.
    pub(super) last_position: u64,
}

/// Changes that reach the file together or not at all.
pub(super) struct Writes<'a>(Transaction<'a>);

impl Store {
    pub(super) fn open(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self(connection))
    }

    pub(super) fn load(&self) -> rusqlite::Result<Loaded> {
        let queues = self.rows("SELECT * FROM queues", |row| {
            Ok(QueueRow {
                name: row.get("name")?,
                attributes: json(row, "attributes")?,
                tags: json(row, "tags")?,
                created_s: row.get("created_s")?,
                modified_s: row.get("modified_s")?,
                purged_ms: row.get("purged_ms")?,
            })
        })?;
        let messages = self.rows("SELECT * FROM messages ORDER BY position", |row| {
            Ok((row.get("queue")?, read_message(row)?))
        })?;
        let accepted = self.rows("SELECT * FROM deduplication ORDER BY at_ms", |row| {
            let accepted = Accepted {
                at_ms: row.get("at_ms")?,
                message_id: row.get("message_id")?,
                sequence_number: row.get("sequence_number")?,
            };
            Ok((row.get("queue")?, row.get("key")?, accepted))
        })?;
        let last_position = self
            .0
            .query_row("SELECT seq FROM sqlite_sequence WHERE name = 'messages'", [], |row| row.get(0))
            .optional()?
            .unwrap_or(0);
        Ok(Loaded { queues, messages, accepted, last_position })
    }

    pub(super) fn begin(&mut self) -> rusqlite::Result<Writes<'_>> {
        self.0.transaction().map(Writes)
    }

    fn rows<T>(
        &self,
        sql: &str,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Vec<T>> {
        self.0.prepare(sql)?.query_map([], read)?.collect()
    }
}

impl Writes<'_> {
    pub(super) fn commit(self) -> rusqlite::Result<()> {
        self.0.commit()
    }

    pub(super) fn save_queue(&self, queue: &QueueRow) -> rusqlite::Result<()> {
        let text = |map: &BTreeMap<String, String>| serde_json::to_string(map).expect("a map of texts");
        self.0
            .prepare_cached("INSERT OR REPLACE INTO queues VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute(params![
                queue.name,
                text(&queue.attributes),
                text(&queue.tags),
                queue.created_s,
                queue.modified_s,
                queue.purged_ms
            ])
            .map(drop)
    }

    pub(super) fn delete_queue(&self, name: &str) -> rusqlite::Result<()> {
        self.0.execute("DELETE FROM messages WHERE queue = ?1", [name])?;
        self.0.execute("DELETE FROM deduplication WHERE queue = ?1", [name])?;
        self.0.execute("DELETE FROM queues WHERE name = ?1", [name]).map(drop)
    }

    pub(super) fn insert(&self, queue: &str, message: &Message) -> rusqlite::Result<()> {
        let content = serde_json::to_string(&message.content).expect("texts, numbers and maps of them");
        let (hidden_until_ms, in_flight) = hidden(message.visibility);
        self.0
            .prepare_cached(
                "INSERT INTO messages VALUES (:position, :queue, :body, :content, :hidden_until_ms, :in_flight,
                 :receive_count, :first_received_ms, :received_ms, :receipt)",
            )?
            .execute(named_params! {
                ":position": message.position,
                ":queue": queue,
                ":body": message.content.body,
                ":content": content,
                ":hidden_until_ms": hidden_until_ms,
                ":in_flight": in_flight,
                ":receive_count": message.receive_count,
                ":first_received_ms": message.first_received_ms,
                ":received_ms": message.received_ms,
                ":receipt": message.receipt,
            })
            .map(drop)
    }

    pub(super) fn update(&self, message: &Message) -> rusqlite::Result<()> {
        let (hidden_until_ms, in_flight) = hidden(message.visibility);
        self.0
            .prepare_cached(
                "UPDATE messages SET hidden_until_ms = :hidden_until_ms, in_flight = :in_flight,
                 receive_count = :receive_count, first_received_ms = :first_received_ms,
                 received_ms = :received_ms, receipt = :receipt WHERE position = :position",
            )?
            .execute(named_params! {
                ":position": message.position,
                ":hidden_until_ms": hidden_until_ms,
                ":in_flight": in_flight,
                ":receive_count": message.receive_count,
                ":first_received_ms": message.first_received_ms,
                ":received_ms": message.received_ms,
                ":receipt": message.receipt,
            })
            .map(drop)
    }

    pub(super) fn delete(&self, position: u64) -> rusqlite::Result<()> {
        self.0.prepare_cached("DELETE FROM messages WHERE position = ?1")?.execute([position]).map(drop)
    }

    /// Writes down an accepted deduplication key.
    pub(super) fn remember(&self, queue: &str, key: &str, accepted: &Accepted) -> rusqlite::Result<()> {
        self.0
            .prepare_cached("INSERT OR REPLACE INTO deduplication VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![queue, key, accepted.at_ms, accepted.message_id, accepted.sequence_number])
            .map(drop)
    }

    /// Drops the deduplication keys of a queue that were accepted up to this time.
    pub(super) fn forget(&self, queue: &str, until_ms: u64) -> rusqlite::Result<()> {
        self.0
            .prepare_cached("DELETE FROM deduplication WHERE queue = ?1 AND at_ms <= ?2")?
            .execute(params![queue, until_ms])
            .map(drop)
    }
}

fn hidden(visibility: Visibility) -> (Option<u64>, bool) {
    match visibility {
        Visibility::Visible => (None, false),
        Visibility::Delayed { until_ms } => (Some(until_ms), false),
        Visibility::InFlight { until_ms } => (Some(until_ms), true),
    }
}

fn read_message(row: &Row<'_>) -> rusqlite::Result<Message> {
    let mut content: Content = json(row, "content")?;
    content.body = row.get("body")?;
    let visibility = match (row.get("hidden_until_ms")?, row.get("in_flight")?) {
        (None, _) => Visibility::Visible,
        (Some(until_ms), false) => Visibility::Delayed { until_ms },
        (Some(until_ms), true) => Visibility::InFlight { until_ms },
    };
    Ok(Message {
        position: row.get("position")?,
        content,
        visibility,
        receive_count: row.get("receive_count")?,
        first_received_ms: row.get("first_received_ms")?,
        received_ms: row.get("received_ms")?,
        receipt: row.get("receipt")?,
    })
}

fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    })
}

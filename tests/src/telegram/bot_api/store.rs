//! What the simulated Bot API remembers, in `<data-dir>/telegram/bot.sqlite`: chats and what the bot did in them,
//! files with their bytes, the webhook, commands, menu buttons and updates that wait.
//!
//! This file knows rows, not the Bot API: what the values mean is decided by the methods.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Result, Row, named_params, params};
use serde_json::Value;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS chats (
        chat_id INTEGER PRIMARY KEY, chat TEXT NOT NULL, last_message_id INTEGER NOT NULL DEFAULT 0) STRICT;
    CREATE TABLE IF NOT EXISTS sent (
        position INTEGER PRIMARY KEY AUTOINCREMENT, chat_id INTEGER NOT NULL, message_id INTEGER,
        method TEXT NOT NULL, params TEXT NOT NULL, file_path TEXT) STRICT;
    CREATE INDEX IF NOT EXISTS sent_by_chat ON sent (chat_id, position);
    CREATE TABLE IF NOT EXISTS files (
        number INTEGER PRIMARY KEY, file_id TEXT NOT NULL UNIQUE, unique_id TEXT NOT NULL,
        path TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, name TEXT NOT NULL, mime_type TEXT NOT NULL,
        width INTEGER NOT NULL, height INTEGER NOT NULL, size INTEGER NOT NULL, content BLOB NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS updates (
        update_id INTEGER PRIMARY KEY, queue_id INTEGER NOT NULL, expires_at INTEGER NOT NULL,
        body TEXT NOT NULL) STRICT;
    CREATE INDEX IF NOT EXISTS updates_by_queue ON updates (queue_id, update_id);
    CREATE TABLE IF NOT EXISTS commands (
        scope TEXT NOT NULL, language TEXT NOT NULL, commands TEXT NOT NULL,
        PRIMARY KEY (scope, language)) STRICT;
    CREATE TABLE IF NOT EXISTS menu_buttons (chat_id INTEGER PRIMARY KEY, button TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS web_app_queries (query_id TEXT PRIMARY KEY, user_id INTEGER NOT NULL) STRICT;
";

const CLEAR: &str = "
    DELETE FROM settings; DELETE FROM chats; DELETE FROM sent; DELETE FROM files; DELETE FROM updates;
    DELETE FROM commands; DELETE FROM menu_buttons; DELETE FROM web_app_queries;
    DELETE FROM sqlite_sequence;
";

/// The database.
#[derive(Debug)]
pub(super) struct Store {
    connection: Connection,
}

/// A deed of the bot that belongs to a chat.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Deed {
    pub(super) message_id: Option<i64>,
    pub(super) method: String,
    pub(super) params: Value,
    pub(super) file_path: Option<String>,
}

/// What is known of a file besides its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredFile {
    pub(super) file_id: String,
    pub(super) unique_id: String,
    pub(super) path: String,
    /// `photo` or `document`.
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) mime_type: String,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) size: usize,
}

/// An update that waits for the bot.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PendingUpdate {
    pub(super) update_id: i64,
    pub(super) queue_id: i64,
    /// Unix seconds.
    pub(super) expires_at: u64,
    pub(super) body: Value,
}

impl Store {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.execute_batch(SCHEMA)?;
        Ok(Self { connection })
    }

    /// Runs a change that happens as a whole or not at all.
    pub(super) fn atomically<T, E: From<rusqlite::Error>>(
        &mut self,
        change: impl FnOnce(&Self) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let changed = change(self);
        self.connection.execute_batch(if changed.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
        changed
    }

    pub(super) fn clear(&self) -> Result<()> {
        self.connection.execute_batch(CLEAR)
    }

    pub(super) fn setting(&self, name: &str) -> Result<Option<Value>> {
        let query = "SELECT value FROM settings WHERE name = ?1";
        self.connection.query_row(query, [name], |row| json_column(row, 0)).optional()
    }

    pub(super) fn set_setting(&self, name: &str, value: &Value) -> Result<()> {
        let query = "INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)";
        self.connection.execute(query, params![name, value.to_string()]).map(drop)
    }

    pub(super) fn remove_setting(&self, name: &str) -> Result<()> {
        self.connection.execute("DELETE FROM settings WHERE name = ?1", [name]).map(drop)
    }

    pub(super) fn chat(&self, chat_id: i64) -> Result<Option<Value>> {
        let query = "SELECT chat FROM chats WHERE chat_id = ?1";
        self.connection.query_row(query, [chat_id], |row| json_column(row, 0)).optional()
    }

    /// Remembers a chat, or what it is called now.
    pub(super) fn set_chat(&self, chat_id: i64, chat: &Value) -> Result<()> {
        let query = "INSERT INTO chats (chat_id, chat) VALUES (?1, ?2)
             ON CONFLICT (chat_id) DO UPDATE SET chat = excluded.chat";
        self.connection.execute(query, params![chat_id, chat.to_string()]).map(drop)
    }

    /// The number of the next message of a known chat.
    pub(super) fn next_message_id(&self, chat_id: i64) -> Result<i64> {
        let query = "UPDATE chats SET last_message_id = last_message_id + 1 WHERE chat_id = ?1
             RETURNING last_message_id";
        self.connection.query_row(query, [chat_id], |row| row.get(0))
    }

    pub(super) fn add_deed(&self, chat_id: i64, deed: &Deed) -> Result<()> {
        let query = "INSERT INTO sent (chat_id, message_id, method, params, file_path)
             VALUES (?1, ?2, ?3, ?4, ?5)";
        let params = deed.params.to_string();
        let row = params![chat_id, deed.message_id, deed.method, params, deed.file_path];
        self.connection.execute(query, row).map(drop)
    }

    pub(super) fn deeds(&self, chat_id: i64) -> Result<Vec<Deed>> {
        let query = "SELECT message_id, method, params, file_path FROM sent WHERE chat_id = ?1
             ORDER BY position";
        let mut statement = self.connection.prepare_cached(query)?;
        let deeds = statement.query_map([chat_id], |row| {
            Ok(Deed {
                message_id: row.get(0)?,
                method: row.get(1)?,
                params: json_column(row, 2)?,
                file_path: row.get(3)?,
            })
        })?;
        deeds.collect()
    }

    /// The latest deed about a message.
    pub(super) fn deed_of_message(&self, chat_id: i64, message_id: i64) -> Result<Option<Deed>> {
        let deeds = self.deeds(chat_id)?;
        Ok(deeds.into_iter().rfind(|deed| deed.message_id == Some(message_id)))
    }

    /// The number of the file that is added next.
    pub(super) fn next_file_number(&self) -> Result<i64> {
        let query = "SELECT COALESCE(MAX(number) + 1, 0) FROM files";
        self.connection.query_row(query, [], |row| row.get(0))
    }

    pub(super) fn add_file(&self, number: i64, file: &StoredFile, content: &[u8]) -> Result<()> {
        let query = "INSERT INTO files
             (number, file_id, unique_id, path, kind, name, mime_type, width, height, size, content)
             VALUES (:number, :file_id, :unique_id, :path, :kind, :name, :mime_type, :width, :height, :size,
             :content)";
        let row = named_params! {
            ":number": number, ":file_id": file.file_id, ":unique_id": file.unique_id, ":path": file.path,
            ":kind": file.kind, ":name": file.name, ":mime_type": file.mime_type, ":width": file.width,
            ":height": file.height, ":size": file.size, ":content": content,
        };
        self.connection.execute(query, row).map(drop)
    }

    pub(super) fn file(&self, file_id: &str) -> Result<Option<StoredFile>> {
        let query = "SELECT file_id, unique_id, path, kind, name, mime_type, width, height, size
             FROM files WHERE file_id = ?1";
        let file = self.connection.query_row(query, [file_id], |row| {
            Ok(StoredFile {
                file_id: row.get(0)?,
                unique_id: row.get(1)?,
                path: row.get(2)?,
                kind: row.get(3)?,
                name: row.get(4)?,
                mime_type: row.get(5)?,
                width: row.get(6)?,
                height: row.get(7)?,
                size: row.get(8)?,
            })
        });
        file.optional()
    }

    pub(super) fn content(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let query = "SELECT content FROM files WHERE path = ?1";
        self.connection.query_row(query, [path], |row| row.get(0)).optional()
    }

    pub(super) fn add_update(&self, update: &PendingUpdate) -> Result<()> {
        let query = "INSERT INTO updates (update_id, queue_id, expires_at, body) VALUES (?1, ?2, ?3, ?4)";
        let body = update.body.to_string();
        let row = params![update.update_id, update.queue_id, update.expires_at, body];
        self.connection.execute(query, row).map(drop)
    }

    /// The oldest updates from this number on.
    pub(super) fn updates_from(&self, update_id: i64, limit: usize) -> Result<Vec<PendingUpdate>> {
        let query = "SELECT update_id, queue_id, expires_at, body FROM updates WHERE update_id >= ?1
             ORDER BY update_id LIMIT ?2";
        let mut statement = self.connection.prepare_cached(query)?;
        statement.query_map(params![update_id, limit], pending_update)?.collect()
    }

    /// The oldest update of each queue.
    pub(super) fn queue_heads(&self) -> Result<Vec<PendingUpdate>> {
        let query = "SELECT update_id, queue_id, expires_at, body FROM updates WHERE update_id IN
             (SELECT MIN(update_id) FROM updates GROUP BY queue_id) ORDER BY update_id";
        let mut statement = self.connection.prepare_cached(query)?;
        statement.query_map([], pending_update)?.collect()
    }

    pub(super) fn count_updates(&self) -> Result<usize> {
        self.connection.query_row("SELECT COUNT(*) FROM updates", [], |row| row.get(0))
    }

    pub(super) fn remove_update(&self, update_id: i64) -> Result<()> {
        self.connection.execute("DELETE FROM updates WHERE update_id = ?1", [update_id]).map(drop)
    }

    pub(super) fn remove_updates_before(&self, update_id: i64) -> Result<()> {
        self.connection.execute("DELETE FROM updates WHERE update_id < ?1", [update_id]).map(drop)
    }

    /// Keeps the newest updates only.
    pub(super) fn keep_last_updates(&self, count: i64) -> Result<()> {
        let query = "DELETE FROM updates WHERE update_id NOT IN
             (SELECT update_id FROM updates ORDER BY update_id DESC LIMIT ?1)";
        self.connection.execute(query, [count]).map(drop)
    }

    pub(super) fn remove_updates(&self) -> Result<()> {
        self.connection.execute("DELETE FROM updates", []).map(drop)
    }

    pub(super) fn remove_expired_updates(&self, now_s: u64) -> Result<()> {
        self.connection.execute("DELETE FROM updates WHERE expires_at < ?1", [now_s]).map(drop)
    }

    pub(super) fn commands(&self, scope: &str, language: &str) -> Result<Option<Value>> {
        let query = "SELECT commands FROM commands WHERE scope = ?1 AND language = ?2";
        self.connection.query_row(query, [scope, language], |row| json_column(row, 0)).optional()
    }

    pub(super) fn set_commands(&self, scope: &str, language: &str, commands: &Value) -> Result<()> {
        let query = "INSERT OR REPLACE INTO commands (scope, language, commands) VALUES (?1, ?2, ?3)";
        self.connection.execute(query, params![scope, language, commands.to_string()]).map(drop)
    }

    pub(super) fn remove_commands(&self, scope: &str, language: &str) -> Result<()> {
        let query = "DELETE FROM commands WHERE scope = ?1 AND language = ?2";
        self.connection.execute(query, [scope, language]).map(drop)
    }

    /// The menu button of a chat; chat 0 stands for all that have none of their own.
    pub(super) fn menu_button(&self, chat_id: i64) -> Result<Option<Value>> {
        let query = "SELECT button FROM menu_buttons WHERE chat_id = ?1";
        self.connection.query_row(query, [chat_id], |row| json_column(row, 0)).optional()
    }

    pub(super) fn set_menu_button(&self, chat_id: i64, button: &Value) -> Result<()> {
        let query = "INSERT OR REPLACE INTO menu_buttons (chat_id, button) VALUES (?1, ?2)";
        self.connection.execute(query, params![chat_id, button.to_string()]).map(drop)
    }

    pub(super) fn add_web_app_query(&self, query_id: &str, user_id: i64) -> Result<()> {
        let query = "INSERT OR REPLACE INTO web_app_queries (query_id, user_id) VALUES (?1, ?2)";
        self.connection.execute(query, params![query_id, user_id]).map(drop)
    }

    /// The user a Web App query came from; the query is used up.
    pub(super) fn take_web_app_query(&self, query_id: &str) -> Result<Option<i64>> {
        let query = "DELETE FROM web_app_queries WHERE query_id = ?1 RETURNING user_id";
        self.connection.query_row(query, [query_id], |row| row.get(0)).optional()
    }
}

fn pending_update(row: &Row<'_>) -> Result<PendingUpdate> {
    Ok(PendingUpdate {
        update_id: row.get(0)?,
        queue_id: row.get(1)?,
        expires_at: row.get(2)?,
        body: json_column(row, 3)?,
    })
}

fn json_column(row: &Row<'_>, index: usize) -> Result<Value> {
    let text: String = row.get(index)?;
    serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, error.into())
    })
}

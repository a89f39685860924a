//! What the simulated cloud remembers, in `<data-dir>/telegram/cloud.sqlite`: documents by kind and id,
//! messages, and the bytes of files. What clients upload lies in files beside it.
//!
//! This file knows rows, not Telegram. A change is written before its answer goes out, and whole or not at all, so
//! nothing that a client was told is lost when the process is killed.

use std::io;
use std::path::Path;

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::files::bytes;
use super::files::disk::Disk;
use super::{history, uploads};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS documents (
        kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID;
";

/// Something that is remembered as one row.
pub(super) trait Document: Serialize + DeserializeOwned {
    /// What sets these documents apart from others.
    const KIND: &'static str;

    /// The id within its kind.
    fn id(&self) -> String;
}

/// The database.
pub(super) struct Store {
    connection: Connection,
    disk: Disk,
}

impl Store {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        for schema in [SCHEMA, history::SCHEMA, bytes::SCHEMA, uploads::SCHEMA] {
            connection.execute_batch(schema)?;
        }
        let disk = Disk::new(path.parent().unwrap_or(path));
        Ok(Self { connection, disk })
    }

    /// The files beside the database.
    pub(super) const fn disk(&self) -> &Disk {
        &self.disk
    }

    /// The tables beyond documents: those who have one say in SQL what they want of it.
    pub(super) const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Runs a change that happens as a whole or not at all. What it returns decides nothing: a call that Telegram
    /// refuses may leave its traces too, a wrong code for one. Only a failure of the database takes all back.
    pub(super) fn atomically<T>(&mut self, change: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        let transaction = self.connection.unchecked_transaction()?;
        let changed = change(self)?;
        transaction.commit()?;
        Ok(changed)
    }

    pub(super) fn get<D: Document>(&self, id: &str) -> Result<Option<D>> {
        let query = "SELECT body FROM documents WHERE kind = ?1 AND id = ?2";
        let mut statement = self.connection.prepare_cached(query)?;
        statement.query_row([D::KIND, id], read).optional()
    }

    /// All documents of a kind, by id.
    pub(super) fn all<D: Document>(&self) -> Result<Vec<D>> {
        let query = "SELECT body FROM documents WHERE kind = ?1 ORDER BY id";
        let mut statement = self.connection.prepare_cached(query)?;
        let rows = statement.query_map([D::KIND], read)?;
        rows.collect()
    }

    /// Remembers a document, in place of the one with the same id.
    pub(super) fn put<D: Document>(&self, document: &D) -> Result<()> {
        let body = written(document)?;
        let query = "INSERT OR REPLACE INTO documents (kind, id, body) VALUES (?1, ?2, ?3)";
        let mut statement = self.connection.prepare_cached(query)?;
        statement.execute(params![D::KIND, document.id(), body]).map(drop)
    }

    pub(super) fn remove<D: Document>(&self, id: &str) -> Result<()> {
        let query = "DELETE FROM documents WHERE kind = ?1 AND id = ?2";
        self.connection.execute(query, [D::KIND, id]).map(drop)
    }

    pub(super) fn clear(&self) -> Result<()> {
        self.connection.execute_batch(
            "DELETE FROM documents; DELETE FROM messages; DELETE FROM file_bytes; DELETE FROM upload_parts;",
        )?;
        self.disk.clear().map_err(broken_file)
    }
}

/// A file beside the database that cannot be read or written: a failure of the store like any other.
pub(super) fn broken_file(error: io::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(error.into())
}

/// What the first column of a row holds as JSON.
pub(super) fn read<D: DeserializeOwned>(row: &Row<'_>) -> Result<D> {
    let body = row.get_ref(0)?.as_str()?;
    serde_json::from_str(body)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, error.into()))
}

/// A value as [`read`] reads it.
pub(super) fn written<D: Serialize>(value: &D) -> Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// Bytes as hexadecimal text inside documents.
pub(super) mod hex_bytes {
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(in crate::telegram::mtproto) fn serialize<S: Serializer>(
        bytes: &[u8],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode(bytes))
    }

    pub(in crate::telegram::mtproto) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<u8>, D::Error> {
        hex::decode(String::deserialize(from)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Note {
        id: String,
        #[serde(with = "hex_bytes")]
        bytes: Vec<u8>,
    }

    impl Document for Note {
        const KIND: &'static str = "note";

        fn id(&self) -> String {
            self.id.clone()
        }
    }

    fn note(id: &str, bytes: &[u8]) -> Note {
        Note { id: id.to_owned(), bytes: bytes.to_owned() }
    }

    #[test]
    fn documents_outlive_the_process_until_they_are_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cloud.sqlite");
        let store = Store::open(&path).unwrap();
        store.put(&note("a", &[1])).unwrap();
        store.put(&note("b", &[2])).unwrap();
        store.put(&note("a", &[3])).unwrap();
        drop(store);
        let store = Store::open(&path).unwrap();
        assert_eq!(store.get::<Note>("a").unwrap(), Some(note("a", &[3])));
        assert_eq!(store.all::<Note>().unwrap(), [note("a", &[3]), note("b", &[2])]);
        store.remove::<Note>("b").unwrap();
        assert_eq!(store.get::<Note>("b").unwrap(), None);
        store.clear().unwrap();
        assert_eq!(store.all::<Note>().unwrap(), []);
    }

    #[test]
    fn a_change_that_the_database_fails_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("cloud.sqlite")).unwrap();
        let failed = store.atomically(|store| {
            store.put(&note("a", &[1]))?;
            Err::<(), _>(rusqlite::Error::InvalidQuery)
        });
        assert!(failed.is_err());
        assert_eq!(store.get::<Note>("a").unwrap(), None);
    }
}

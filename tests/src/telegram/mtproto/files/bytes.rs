//! The bytes of files: those that the program brings along, those that follow from a number, and those that somebody
//! sent or uploaded. All of them are read in ranges, so that no file is ever in memory as a whole.

use rusqlite::{Result, params};
use serde::{Deserialize, Serialize};

use super::super::content;
use super::super::random;
use super::super::store::{Store, broken_file};
use super::disk::{Disk, Place};

/// The table of what was sent: a file of many bytes is many rows.
pub(in super::super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS file_bytes (
        file INTEGER NOT NULL, number INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (file, number)) STRICT;
";

/// Bytes of a row, the last of a file aside. A quarter of the most that a client gets at once: little is read in vain.
const ROW: u64 = 256 * 1024;

/// The bytes of generated files come in words of this many.
const WORD: u64 = 8;

/// Where the bytes of a file come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Bytes {
    /// A file of `content/`, by its name there.
    Bundled(String),
    /// Noise that follows from the number.
    Generated { seed: u64, size: u64 },
    /// Rows of the table under this number.
    Stored { file: i64, size: u64 },
    /// The file on disk of this number.
    OnDisk { file: i64, size: u64 },
}

impl Bytes {
    pub(in super::super) fn size(&self) -> u64 {
        match self {
            Self::Bundled(name) => content::bundled(name).len() as u64,
            Self::Generated { size, .. } | Self::Stored { size, .. } | Self::OnDisk { size, .. } => *size,
        }
    }

    /// Up to `length` bytes from `offset` on, if they can be had without the database.
    pub(in super::super) fn read_without(
        &self,
        disk: &Disk,
        offset: u64,
        length: u64,
    ) -> Result<Option<Vec<u8>>> {
        let end = offset.saturating_add(length).min(self.size());
        let start = offset.min(end);
        Ok(match self {
            Self::Bundled(name) => {
                let [start, end] = [start, end].map(|at| usize::try_from(at).unwrap_or(usize::MAX));
                Some(content::bundled(name)[start..end].to_vec())
            }
            Self::Generated { seed, .. } => Some(generate(*seed, start, end)),
            Self::OnDisk { file, .. } => {
                Some(disk.read(Place::File(*file), start, end - start).map_err(broken_file)?)
            }
            Self::Stored { .. } => None,
        })
    }

    /// Up to `length` bytes from `offset` on.
    pub(in super::super) fn read(&self, store: &Store, offset: u64, length: u64) -> Result<Vec<u8>> {
        if let Some(bytes) = self.read_without(store.disk(), offset, length)? {
            return Ok(bytes);
        }
        let Self::Stored { file, size } = self else { return Ok(Vec::new()) };
        let end = offset.saturating_add(length).min(*size);
        let query = "SELECT substr(bytes, ?3, ?4) FROM file_bytes WHERE file = ?1 AND number = ?2";
        let mut statement = store.connection().prepare_cached(query)?;
        let (mut at, mut bytes) = (offset, Vec::new());
        while at < end {
            let (number, skipped) = (at / ROW, at % ROW);
            let wanted = (end - at).min(ROW - skipped);
            let row = params![file, sql(number), sql(skipped + 1), sql(wanted)];
            let part: Vec<u8> = statement.query_row(row, |row| row.get(0))?;
            at += part.len() as u64;
            bytes.extend(part);
        }
        Ok(bytes)
    }

    /// Forgets what was stored.
    pub(in super::super) fn forget(&self, store: &Store) -> Result<()> {
        if let Self::OnDisk { file, .. } = self {
            return store.disk().remove(Place::File(*file)).map_err(broken_file);
        }
        let Self::Stored { file, .. } = self else { return Ok(()) };
        store.connection().execute("DELETE FROM file_bytes WHERE file = ?1", [file]).map(drop)
    }
}

/// A file that is being written, in order.
pub(in super::super) struct Writing {
    file: i64,
    size: u64,
    /// What is too little for a row yet.
    rest: Vec<u8>,
}

impl Writing {
    pub(in super::super) fn begin() -> Self {
        Self { file: random::id(), size: 0, rest: Vec::new() }
    }

    /// The bytes that were written so far.
    pub(in super::super) const fn size(&self) -> u64 {
        self.size + self.rest.len() as u64
    }

    pub(in super::super) fn write(&mut self, store: &Store, bytes: &[u8]) -> Result<()> {
        self.rest.extend_from_slice(bytes);
        let row = usize::try_from(ROW).unwrap_or(usize::MAX);
        while self.rest.len() >= row {
            let later = self.rest.split_off(row);
            self.put(store)?;
            self.rest = later;
        }
        Ok(())
    }

    pub(in super::super) fn finish(mut self, store: &Store) -> Result<Bytes> {
        if !self.rest.is_empty() {
            self.put(store)?;
        }
        Ok(Bytes::Stored { file: self.file, size: self.size })
    }

    /// Forgets what was written.
    pub(in super::super) fn abandon(self, store: &Store) -> Result<()> {
        Bytes::Stored { file: self.file, size: self.size }.forget(store)
    }

    fn put(&mut self, store: &Store) -> Result<()> {
        let query = "INSERT INTO file_bytes (file, number, bytes) VALUES (?1, ?2, ?3)";
        let mut statement = store.connection().prepare_cached(query)?;
        statement.execute(params![self.file, sql(self.size / ROW), self.rest])?;
        self.size += self.rest.len() as u64;
        self.rest.clear();
        Ok(())
    }
}

fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn generate(seed: u64, start: u64, end: u64) -> Vec<u8> {
    let (first, last) = (start / WORD, end.div_ceil(WORD));
    let mut bytes = Vec::with_capacity(usize::try_from((last - first) * WORD).unwrap_or_default());
    for number in first..last {
        bytes.extend_from_slice(&word(seed, number).to_le_bytes());
    }
    let skipped = usize::try_from(start - first * WORD).unwrap_or_default();
    let length = usize::try_from(end - start).unwrap_or_default();
    bytes.drain(..skipped.min(bytes.len()));
    bytes.truncate(length);
    bytes
}

/// The finaliser of `SplitMix64`: any word of the noise without those before it.
const fn word(seed: u64, number: u64) -> u64 {
    let mixed = seed.wrapping_add(number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &Bytes, store: &Store, offset: u64, length: u64) -> Vec<u8> {
        bytes.read(store, offset, length).unwrap()
    }

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("cloud.sqlite")).unwrap();
        (folder, store)
    }

    #[test]
    fn any_range_of_a_file_is_a_part_of_the_whole() {
        let (_folder, store) = store();
        let size = ROW * 2 + 1234;
        let generated = Bytes::Generated { seed: 7, size };
        let whole = read(&generated, &store, 0, size);
        let mut writing = Writing::begin();
        for part in whole.chunks(100_003) {
            writing.write(&store, part).unwrap();
        }
        assert_eq!(writing.size(), size);
        let stored = writing.finish(&store).unwrap();
        assert_eq!(stored.size(), size);
        let ranges = [
            (0, 1),
            (0, size),
            (3, 8),
            (ROW - 1, 2),
            (ROW, ROW),
            (5, ROW * 2),
            (size - 1, 9),
            (size, 4),
            (size + 9, 1),
        ];
        for (offset, length) in ranges {
            let (start, end) = (offset.min(size), (offset + length).min(size).max(offset.min(size)));
            let expected = &whole[usize::try_from(start).unwrap()..usize::try_from(end).unwrap()];
            assert_eq!(read(&generated, &store, offset, length), expected, "{offset} {length}");
            assert_eq!(read(&stored, &store, offset, length), expected, "{offset} {length}");
        }
    }

    #[test]
    fn other_numbers_make_other_bytes() {
        let (_folder, store) = store();
        let of = |seed| read(&Bytes::Generated { seed, size: 64 }, &store, 0, 64);
        assert_ne!(of(1), of(2));
        assert_eq!(of(1), of(1));
    }

    #[test]
    fn what_is_given_up_leaves_nothing() {
        let (_folder, store) = store();
        let mut writing = Writing::begin();
        writing.write(&store, &vec![1; 600_000]).unwrap();
        writing.abandon(&store).unwrap();
        let query = "SELECT COUNT(*) FROM file_bytes";
        let left: i64 = store.connection().query_row(query, [], |row| row.get(0)).unwrap();
        assert_eq!(left, 0);
    }
}

//! Files on their way in: parts that clients save, until a message makes a file of them or they are too old
//! (core.telegram.org/api/files#uploading-files).
//!
//! Parts lie in one file on disk, each in a slot of the largest part's size. A file of parts of that size is whole as it
//! lies there; others are moved together once.

mod shape;

use std::io;

use md5::{Digest as _, Md5};
use rusqlite::{Result, params};
use serde::{Deserialize, Serialize};

pub(super) use self::shape::LARGEST_PART;
use self::shape::Shape;
use super::files::bytes::Bytes;
use super::files::disk::Place;
use super::random;
use super::store::{Document, Store, broken_file};

/// For how long a part is kept, in seconds: "between several minutes and several hours"
/// (core.telegram.org/api/files#uploading-files). Ours is between them.
pub(super) const PART_LIFE_S: u64 = 60 * 60;

/// Bytes from which a file has to be saved as a big one, in MiB as clients count (core.telegram.org/api/files).
const LARGEST_SMALL: u64 = 10 * 1024 * 1024;

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS upload_parts (
        upload INTEGER NOT NULL, number INTEGER NOT NULL, size INTEGER NOT NULL, saved_at INTEGER NOT NULL,
        PRIMARY KEY (upload, number)) STRICT, WITHOUT ROWID;
";

/// What a client names a file by while it uploads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Name {
    /// The account. Any of its logins may save parts, over any of its connections.
    pub(super) account: i64,
    /// The data centre that the parts are saved in.
    pub(super) dc: i32,
    /// Whether it is saved as a big file.
    pub(super) big: bool,
    /// The number that the client has chosen.
    pub(super) file_id: i64,
}

/// A part as a client saves it.
pub(super) struct Part<'a> {
    pub(super) number: i32,
    /// Of how many parts the file is, if the client knows it already.
    pub(super) total: Option<i32>,
    pub(super) bytes: &'a [u8],
}

/// What is wanted of the parts when they become a file.
pub(super) struct Wanted<'a> {
    /// Their number.
    pub(super) parts: i32,
    /// The MD5 checksum of the whole in hexadecimal digits; empty if the client has none.
    pub(super) md5: &'a str,
}

/// A file of which parts have come.
#[derive(Clone, Serialize, Deserialize)]
struct Upload {
    name: Name,
    /// What its file on disk and its rows are found by.
    number: i64,
    shape: Shape,
    total: Option<i32>,
    /// Whether parts came before the client knew how many there are.
    streamed: bool,
    /// The file that was made of it, which may be wanted again.
    made: Option<Made>,
    last_at: u64,
}

#[derive(Clone, Serialize, Deserialize)]
struct Made {
    parts: i32,
    bytes: Bytes,
}

impl Document for Upload {
    const KIND: &'static str = "upload";

    fn id(&self) -> String {
        self.name.id()
    }
}

impl Name {
    fn id(&self) -> String {
        let Self { account, dc, big, file_id } = self;
        format!("{account}:{dc}:{big}:{file_id}")
    }
}

/// Saves a part; a second one of the same number takes its place. The error is Telegram's name for what is wrong.
pub(super) fn save(
    store: &Store,
    name: Name,
    most_parts: i32,
    part: &Part<'_>,
    now_s: u64,
) -> Result<Result<(), &'static str>> {
    let Part { number, total, bytes } = *part;
    if total.is_some_and(|total| !(1..=most_parts).contains(&total)) {
        return Ok(Err("FILE_PARTS_INVALID"));
    }
    if !(0..total.unwrap_or(most_parts)).contains(&number) {
        return Ok(Err("FILE_PART_INVALID"));
    }
    let Some(size) = u32::try_from(bytes.len()).ok().filter(|size| *size <= LARGEST_PART) else {
        return Ok(Err("FILE_PART_TOO_BIG"));
    };
    // What became a file stays as it is: a part that comes later begins another one.
    let known = store.get::<Upload>(&name.id())?.filter(|upload| upload.made.is_none());
    let mut upload = match known {
        Some(upload) => upload,
        None => begin(store, name, now_s)?,
    };
    // Parts from before the end was known may come after it.
    let known_total = upload.total.or(total);
    if total.is_some_and(|total| known_total != Some(total)) {
        return Ok(Err("FILE_PARTS_INVALID"));
    }
    if known_total.is_some_and(|total| number >= total) {
        return Ok(Err("FILE_PART_INVALID"));
    }
    let is_last = known_total.map(|total| number == total - 1);
    let ends_stream = upload.streamed && is_last == Some(true);
    if size == 0 && !ends_stream {
        return Ok(Err("FILE_PART_EMPTY"));
    }
    if let Err(wrong) = upload.shape.take(number, size, is_last) {
        return Ok(Err(wrong));
    }
    upload.streamed |= total.is_none();
    (upload.total, upload.last_at) = (known_total, now_s);
    on_disk(store.disk().write(Place::Upload(upload.number), slot(number), bytes))?;
    let query =
        "INSERT OR REPLACE INTO upload_parts (upload, number, size, saved_at) VALUES (?1, ?2, ?3, ?4)";
    let mut statement = store.connection().prepare_cached(query)?;
    statement.execute(params![upload.number, number, size, sql(now_s)])?;
    store.put(&upload)?;
    Ok(Ok(()))
}

/// Makes a file of the parts. The error is Telegram's name for what is wrong.
pub(super) fn assemble(
    store: &Store,
    name: Name,
    most_parts: i32,
    wanted: &Wanted<'_>,
    now_s: u64,
) -> Result<Result<Bytes, String>> {
    if !(1..=most_parts).contains(&wanted.parts) {
        return Ok(Err("FILE_PARTS_INVALID".to_owned()));
    }
    let Some(mut upload) = store.get::<Upload>(&name.id())? else { return Ok(Err(missing(0))) };
    let parts = parts(store, &upload, now_s)?;
    // The first number that is not where it belongs.
    let gap = (0..wanted.parts).zip(&parts).position(|(number, part)| part.0 != number);
    let in_order = gap.unwrap_or_else(|| parts.len().min(usize::try_from(wanted.parts).unwrap_or_default()));
    if i32::try_from(in_order) != Ok(wanted.parts) {
        return Ok(Err(missing(in_order)));
    }
    if parts.len() != in_order || upload.total.is_some_and(|total| total != wanted.parts) {
        return Ok(Err("FILE_PARTS_INVALID".to_owned()));
    }
    if !is_regular(&parts) {
        return Ok(Err("FILE_PART_LENGTH_INVALID".to_owned()));
    }
    let size: u64 = parts.iter().map(|(_, size)| u64::from(*size)).sum();
    if !name.big && size > LARGEST_SMALL {
        return Ok(Err("FILE_PARTS_INVALID".to_owned()));
    }
    let bytes = match &upload.made {
        Some(made) if made.parts == wanted.parts => made.bytes.clone(),
        _ => Bytes::OnDisk { file: make(store, upload.number, &parts)?, size },
    };
    if !wanted.md5.is_empty() {
        let content = bytes.read(store, 0, size)?;
        if hex::encode(Md5::digest(content)) != wanted.md5.to_ascii_lowercase() {
            return Ok(Err("MD5_CHECKSUM_INVALID".to_owned()));
        }
    }
    upload.made = Some(Made { parts: wanted.parts, bytes: bytes.clone() });
    store.put(&upload)?;
    Ok(Ok(bytes))
}

/// Makes every part of an account's uploads too old.
pub(super) fn expire(store: &Store, account: i64) -> Result<()> {
    for upload in store.all::<Upload>()?.into_iter().filter(|upload| upload.name.account == account) {
        forget(store, &upload)?;
    }
    Ok(())
}

/// How many parts of an account's uploads are kept, those of files that were made left out.
pub(super) fn waiting(store: &Store, account: i64, now_s: u64) -> Result<usize> {
    let uploads = store.all::<Upload>()?.into_iter();
    let unmade = uploads.filter(|upload| upload.name.account == account && upload.made.is_none());
    unmade.map(|upload| Ok(parts(store, &upload, now_s)?.len())).sum()
}

fn missing(number: usize) -> String {
    format!("FILE_PART_{number}_MISSING")
}

/// A new upload. What is too old goes on this occasion.
fn begin(store: &Store, name: Name, now_s: u64) -> Result<Upload> {
    if let Some(made) = store.get::<Upload>(&name.id())? {
        forget(store, &made)?;
    }
    for upload in store.all::<Upload>()?.into_iter().filter(|upload| !is_fresh(upload.last_at, now_s)) {
        forget(store, &upload)?;
    }
    let (number, shape) = (random::id(), Shape::default());
    Ok(Upload { name, number, shape, total: None, streamed: false, made: None, last_at: now_s })
}

/// Forgets the parts; a file that was made of them stays.
fn forget(store: &Store, upload: &Upload) -> Result<()> {
    on_disk(store.disk().remove(Place::Upload(upload.number)))?;
    store.connection().execute("DELETE FROM upload_parts WHERE upload = ?1", [upload.number])?;
    store.remove::<Upload>(&upload.id())
}

const fn is_fresh(saved_at: u64, now_s: u64) -> bool {
    now_s < saved_at.saturating_add(PART_LIFE_S)
}

/// The parts that are not too old, by number: number and size.
fn parts(store: &Store, upload: &Upload, now_s: u64) -> Result<Vec<(i32, u32)>> {
    let query = "SELECT number, size FROM upload_parts WHERE upload = ?1 AND saved_at > ?2 ORDER BY number";
    let mut statement = store.connection().prepare_cached(query)?;
    let oldest = sql(now_s).saturating_sub(sql(PART_LIFE_S));
    let rows = statement.query_map(params![upload.number, oldest], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Whether all parts have one size, but for a shorter last one.
fn is_regular(parts: &[(i32, u32)]) -> bool {
    let Some(((_, last), full)) = parts.split_last() else { return false };
    full.iter().all(|(_, size)| *size == full[0].1) && full.first().is_none_or(|(_, size)| last <= size)
}

/// Makes a whole file of the slots.
fn make(store: &Store, upload: i64, parts: &[(i32, u32)]) -> Result<i64> {
    let file = random::id();
    let (from, to) = (Place::Upload(upload), Place::File(file));
    let is_whole = parts.split_last().is_none_or(|(_, full)| full.iter().all(|part| part.1 == LARGEST_PART));
    on_disk(if is_whole {
        store.disk().link(from, to)
    } else {
        let pieces = parts.iter().map(|(number, size)| (slot(*number), u64::from(*size)));
        store.disk().join(from, pieces, to)
    })?;
    Ok(file)
}

/// Where a part lies, in bytes from the beginning.
fn slot(number: i32) -> u64 {
    u64::from(number.unsigned_abs()) * u64::from(LARGEST_PART)
}

fn on_disk<T>(result: io::Result<T>) -> Result<T> {
    result.map_err(broken_file)
}

fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

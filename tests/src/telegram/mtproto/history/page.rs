//! One page of a chat: offsets and limits as every list of Telegram's knows them (core.telegram.org/api/offsets).

use rusqlite::{Result, params};

use super::super::store::{Store, read};
use super::{Class, Message};

/// The most messages of a page, which clients get too who ask for more.
const LARGEST: i32 = 100;

/// Messages of a page whose client does not care.
const USUAL: i32 = 20;

/// What is asked for; zeros ask for nothing special.
#[derive(Clone, Copy)]
pub(in super::super) struct Asked<'a> {
    pub(in super::super) account: i64,
    pub(in super::super) peer: i64,
    pub(in super::super) classes: Class,
    pub(in super::super) words: &'a str,
    /// Older than this, in Unix seconds.
    pub(in super::super) before: i32,
    /// Younger than this, in Unix seconds.
    pub(in super::super) after: i32,
    pub(in super::super) offset_id: i32,
    pub(in super::super) offset_date: i32,
    pub(in super::super) add_offset: i32,
    pub(in super::super) limit: i32,
    pub(in super::super) max_id: i32,
    pub(in super::super) min_id: i32,
}

/// Messages, the newest first.
pub(in super::super) struct Page {
    pub(in super::super) messages: Vec<Message>,
    /// How many there are of which the page is a part.
    pub(in super::super) count: i32,
    /// How many of them come before the page.
    pub(in super::super) start: i32,
}

impl Asked<'_> {
    /// The newest messages of a chat.
    pub(in super::super) const fn newest(account: i64, peer: i64) -> Self {
        Self {
            account,
            peer,
            classes: Class::ANY,
            words: "",
            before: 0,
            after: 0,
            offset_id: 0,
            offset_date: 0,
            add_offset: 0,
            limit: LARGEST,
            max_id: 0,
            min_id: 0,
        }
    }

    /// Only messages of this kind.
    pub(in super::super) const fn of(self, classes: Class) -> Self {
        Self { classes, ..self }
    }

    /// How many there are, wherever the page is.
    pub(in super::super) fn count(&self, store: &Store) -> Result<i32> {
        self.newer_than(store, i32::MIN, i32::MIN)
    }

    /// Slices first, and leaves out by `max_id` and `min_id` then, as Telegram does.
    pub(in super::super) fn page(&self, store: &Store) -> Result<Page> {
        let count = self.count(store)?;
        let first = if self.offset_id > 0 {
            self.newer_than(store, self.offset_id, i32::MIN)?
        } else if self.offset_date > 0 {
            self.newer_than(store, i32::MIN, self.offset_date)?
        } else {
            0
        };
        let limit = if self.limit == 0 { USUAL } else { self.limit.min(LARGEST) };
        let from = i64::from(first) + i64::from(self.add_offset);
        let (start, end) = (from.max(0), (from + i64::from(limit)).max(0));
        let mut messages = self.slice(store, start, end - start)?;
        messages.retain(|message| {
            (self.max_id == 0 || message.id < self.max_id) && (self.min_id == 0 || message.id > self.min_id)
        });
        let start = i32::try_from(start).unwrap_or(i32::MAX).min(count);
        Ok(Page { messages, count, start })
    }

    fn newer_than(&self, store: &Store, id: i32, date: i32) -> Result<i32> {
        let query = format!("SELECT COUNT(*) FROM messages WHERE {WHERE} AND id >= ?7 AND date >= ?8");
        let mut statement = store.connection().prepare_cached(&query)?;
        let Self { account, peer, classes, words, before, after, .. } = self;
        let row = params![account, peer, classes, words.to_lowercase(), before, after, id, date];
        statement.query_row(row, |row| row.get(0))
    }

    fn slice(&self, store: &Store, start: i64, length: i64) -> Result<Vec<Message>> {
        let query = format!("SELECT body FROM messages WHERE {WHERE} ORDER BY id DESC LIMIT ?8 OFFSET ?7");
        let mut statement = store.connection().prepare_cached(&query)?;
        let Self { account, peer, classes, words, before, after, .. } = self;
        let row = params![account, peer, classes, words.to_lowercase(), before, after, start, length];
        statement.query_map(row, read)?.collect()
    }
}

/// What the page is a part of.
const WHERE: &str = "account = ?1 AND peer = ?2 AND body IS NOT NULL AND classes & ?3 != 0 AND instr(words, ?4) > 0 \
     AND (?5 = 0 OR date < ?5) AND (?6 = 0 OR date > ?6)";

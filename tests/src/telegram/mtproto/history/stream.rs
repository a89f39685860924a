//! What happened in an account, in order: clients catch up with it, and find the messages again that they sent.

use rusqlite::Result;
use serde::{Deserialize, Serialize};

use super::super::store::{Document, Store};

/// Where every account's stream begins.
const FIRST_PTS: i32 = 1;

/// The last event of an account.
#[derive(Serialize, Deserialize)]
struct Position {
    account: i64,
    pts: i32,
}

/// A message that a client sent. It is remembered for ever: no client sends it twice.
#[derive(Clone, Serialize, Deserialize)]
pub(in super::super) struct Sent {
    pub(in super::super) account: i64,
    pub(in super::super) peer: i64,
    /// What the client named it by.
    pub(in super::super) random_id: i64,
    pub(in super::super) message_id: i32,
    /// Where it is in the stream.
    pub(in super::super) pts: i32,
}

/// What is at a place of the stream.
#[derive(Serialize, Deserialize)]
struct Event {
    account: i64,
    pts: i32,
    sent: String,
}

impl Document for Position {
    const KIND: &'static str = "stream_position";

    fn id(&self) -> String {
        self.account.to_string()
    }
}

impl Document for Event {
    const KIND: &'static str = "stream_event";

    fn id(&self) -> String {
        event_id(self.account, self.pts)
    }
}

impl Document for Sent {
    const KIND: &'static str = "sent_message";

    fn id(&self) -> String {
        sent_id(self.account, self.peer, self.random_id)
    }
}

impl Sent {
    /// What was sent under this random id to that chat, however long ago.
    pub(in super::super) fn find(
        store: &Store,
        account: i64,
        peer: i64,
        random_id: i64,
    ) -> Result<Option<Self>> {
        store.get(&sent_id(account, peer, random_id))
    }

    /// Remembers that a message was sent.
    pub(in super::super) fn note(
        store: &Store,
        account: i64,
        peer: i64,
        random_id: i64,
        message_id: i32,
    ) -> Result<Self> {
        let pts = position(store, account)? + 1;
        store.put(&Position { account, pts })?;
        let sent = Self { account, peer, random_id, message_id, pts };
        store.put(&sent)?;
        store.put(&Event { account, pts, sent: sent.id() })?;
        Ok(sent)
    }

    /// What was sent after this place, the oldest first, so many at most.
    pub(in super::super) fn after(store: &Store, account: i64, pts: i32, most: i32) -> Result<Vec<Self>> {
        let last = position(store, account)?.min(pts.saturating_add(most));
        let mut sent = Vec::new();
        for pts in pts + 1..=last {
            if let Some(event) = store.get::<Event>(&event_id(account, pts))? {
                sent.extend(store.get::<Self>(&event.sent)?);
            }
        }
        Ok(sent)
    }
}

/// The place of an account's last event.
pub(in super::super) fn position(store: &Store, account: i64) -> Result<i32> {
    let position = store.get::<Position>(&account.to_string())?;
    Ok(position.map_or(FIRST_PTS, |position| position.pts))
}

fn event_id(account: i64, pts: i32) -> String {
    format!("{account}:{pts}")
}

fn sent_id(account: i64, peer: i64, random_id: i64) -> String {
    format!("{account}:{peer}:{random_id}")
}

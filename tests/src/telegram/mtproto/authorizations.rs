//! Who is logged in with which auth key, and over how many connections at a time.
//!
//! An authorization is one login of an account: the key that it came about with, and the keys of other data centres
//! that it was carried over to. Two main connections of one authorization that both send requests end it
//! (`AUTH_KEY_DUPLICATED`, core.telegram.org/api/errors); connections to addresses for files never count.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::accounts::{Account, Phone};
use super::random;
use super::rpc::{Caller, ConnectionId, DeviceInfo, KeyId};
use super::srp::Challenge;
use super::store::{Document, Store};

/// How old the activity that is shown may be, in seconds.
const ACTIVITY_GRAIN_S: u64 = 60;

/// What an auth key may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Standing {
    /// Nobody is logged in with it.
    Stranger,
    /// The code was right, the password is still to come.
    PasswordNeeded(Phone),
    /// It belongs to the authorization of this hash.
    SignedIn(i64),
    /// Its authorization was ended from another device.
    Revoked,
    /// Its authorization was killed for overlapping connections. It will never be good for anything again.
    Dead,
}

/// What is remembered of an auth key.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) id: KeyId,
    pub(super) standing: Standing,
    /// The question for the password that was asked last.
    pub(super) challenge: Option<Challenge>,
    /// Tokens for a login by QR code that were made for it and may still be accepted.
    pub(super) login_tokens: Vec<String>,
}

/// A client as `initConnection` describes it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Client {
    pub(super) api_id: i32,
    pub(super) device: DeviceInfo,
}

/// A login.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Authorization {
    pub(super) hash: i64,
    pub(super) phone: Phone,
    pub(super) client: Option<Client>,
    pub(super) created_at: u64,
    pub(super) active_at: u64,
    /// The key that it came about with, then those that it was carried over to.
    pub(super) keys: Vec<KeyId>,
}

impl Document for Key {
    const KIND: &'static str = "key";

    fn id(&self) -> String {
        self.id.to_string()
    }
}

impl Document for Authorization {
    const KIND: &'static str = "authorization";

    fn id(&self) -> String {
        self.hash.to_string()
    }
}

impl Key {
    pub(super) fn get(store: &Store, id: KeyId) -> rusqlite::Result<Self> {
        let new = || Self { id, standing: Standing::Stranger, challenge: None, login_tokens: Vec::new() };
        Ok(store.get(&id.to_string())?.unwrap_or_else(new))
    }
}

impl Client {
    pub(super) fn of(caller: &Caller) -> Option<Self> {
        let (api_id, device) = caller.api_id.zip(caller.device.clone())?;
        Some(Self { api_id, device })
    }
}

impl Authorization {
    pub(super) fn get(store: &Store, hash: i64) -> rusqlite::Result<Option<Self>> {
        store.get(&hash.to_string())
    }

    pub(super) fn of_account(store: &Store, phone: &Phone) -> rusqlite::Result<Vec<Self>> {
        Ok(store.all::<Self>()?.into_iter().filter(|it| it.phone == *phone).collect())
    }

    /// Logs an account in with a key, in place of whoever was logged in with it.
    pub(super) fn begin(
        store: &Store,
        mut key: Key,
        client: Option<Client>,
        account: &Account,
        now_s: u64,
    ) -> rusqlite::Result<Self> {
        if let Standing::SignedIn(hash) = key.standing
            && let Some(former) = Self::get(store, hash)?
        {
            former.lose(store, key.id)?;
        }
        let authorization = Self {
            hash: random::id(),
            phone: account.phone.clone(),
            client,
            created_at: now_s,
            active_at: now_s,
            keys: vec![key.id],
        };
        key.standing = Standing::SignedIn(authorization.hash);
        key.challenge = None;
        key.login_tokens.clear();
        store.put(&key)?;
        store.put(&authorization)?;
        Ok(authorization)
    }

    /// Lets another key act for it.
    pub(super) fn carry_over(&mut self, store: &Store, mut key: Key) -> rusqlite::Result<()> {
        if !self.keys.contains(&key.id) {
            self.keys.push(key.id);
            store.put(self)?;
        }
        key.standing = Standing::SignedIn(self.hash);
        store.put(&key)
    }

    /// Ends it; its keys become what is said.
    pub(super) fn end(self, store: &Store, standing: &Standing) -> rusqlite::Result<()> {
        for id in &self.keys {
            let mut key = Key::get(store, *id)?;
            key.standing = standing.clone();
            key.challenge = None;
            store.put(&key)?;
        }
        store.remove::<Self>(&self.id())
    }

    /// A key stops acting for it. Without the key that it came about with, it is over.
    pub(super) fn lose(mut self, store: &Store, key: KeyId) -> rusqlite::Result<()> {
        if self.keys.first() == Some(&key) {
            return self.end(store, &Standing::Stranger);
        }
        self.keys.retain(|it| *it != key);
        store.put(&self)
    }

    /// Notes that it was used.
    pub(super) fn touch(&mut self, store: &Store, now_s: u64) -> rusqlite::Result<()> {
        if now_s < self.active_at + ACTIVITY_GRAIN_S {
            return Ok(());
        }
        self.active_at = now_s;
        store.put(self)
    }
}

/// The connections that are open, by what was sent over them. It is not kept over restarts, since they are not.
#[derive(Default)]
pub(super) struct Connections(HashMap<ConnectionId, Connection>);

struct Connection {
    is_media: bool,
    keys: Vec<KeyId>,
}

impl Connections {
    pub(super) fn opened(&mut self, caller: &Caller) {
        let connection = self.0.entry(caller.connection);
        let keys = &mut connection.or_insert(Connection { is_media: caller.media, keys: Vec::new() }).keys;
        if !keys.contains(&caller.key) {
            keys.push(caller.key);
        }
    }

    pub(super) fn closed(&mut self, connection: ConnectionId) {
        self.0.remove(&connection);
    }

    /// Whether another main connection carries one of these keys.
    fn has_another_main(&self, than: ConnectionId, keys: &[KeyId]) -> bool {
        let others = self.0.iter().filter(|(id, connection)| **id != than && !connection.is_media);
        others.into_iter().any(|(_, connection)| connection.keys.iter().any(|key| keys.contains(key)))
    }

    /// Kills the authorization that a request belongs to when another of its main connections is open, and says so.
    pub(super) fn kill_overlap(&self, store: &Store, caller: &Caller) -> rusqlite::Result<bool> {
        if caller.media {
            return Ok(false);
        }
        let Standing::SignedIn(hash) = Key::get(store, caller.key)?.standing else { return Ok(false) };
        let Some(authorization) = Authorization::get(store, hash)? else { return Ok(false) };
        if !self.has_another_main(caller.connection, &authorization.keys) {
            return Ok(false);
        }
        if let Some(mut account) = Account::of_phone(store, &authorization.phone)? {
            account.overlaps += 1;
            store.put(&account)?;
        }
        authorization.end(store, &Standing::Dead)?;
        Ok(true)
    }
}

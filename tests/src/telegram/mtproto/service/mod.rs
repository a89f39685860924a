//! The methods of the API: one file by area, each method a small function on what the store holds.
//!
//! A method that is not here is refused loudly. Faults strike before a call has had any effect, or after it has had
//! all of it.
//!
//! What it leaves out, on purpose:
//! - Any `api_id` above 0 is taken with any `api_hash` of 32 hexadecimal digits.
//! - Codes go to the app, by text message, then by call, all of five digits. There is no e-mail, no Fragment, no word
//!   or phrase, no flash call, and no token for a later login: faults and accounts stand for what a test needs.
//! - Accounts are made by a control; `auth.signUp` is refused as third-party apps are.
//! - Main connections to two data centres overlap like two to one. Telegram may be milder.
//! - Saved Messages and the chat with Telegram itself are all the chats there are. Clients are told of messages only
//!   when they ask for the difference, and only of those that a client sent; no list is ever answered as unchanged.
//! - What is sent is sent at once: schedules, replies, albums, formatting and spoilers are not kept.
//! - Addresses for files answer what a client needs there, and know no other method. Telegram documents nothing of
//!   it.
//! - Nothing is limited by rate but codes; the fault `FLOOD_WAIT_<seconds>` stands for the rest.

mod account;
mod answers;
mod auth;
mod call;
mod files;
mod help;
mod login;
mod media;
mod messages;
mod qr;
mod sending;
mod shown;
mod updates;
mod uploads;
mod users;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use grammers_tl_types::{Serializable, enums, name_for_id, types};
use tokio::sync::mpsc;

use self::call::{Answered, Call, Me, Refused, date, refused};
use self::files::Counts;
pub use self::files::FileCalls;
use self::sending::UnderWay;
use super::accounts::Account;
use super::authorizations::{Authorization, Connections, Key, Standing};
use super::cluster::DcAddress;
use super::errors::{named, outcome_of};
use super::files::disk::Disk;
use super::people::People;
use super::rpc::{Caller, ConnectionId, KeyId, Outcome, Service};
use super::store::Store;
use super::tokens::{BadToken, LoginToken};
use crate::clock::Clock;
use crate::telegram::faults::{Faults, Moment};

/// What the services stand on.
pub struct Options {
    /// The file that holds their state.
    pub path: PathBuf,
    /// The time by which codes, tokens and floods age.
    pub clock: Clock,
    /// The faults that calls run into.
    pub faults: Faults,
    /// Where the data centres listen, which `help.getConfig` tells its callers.
    pub addresses: Vec<DcAddress>,
}

/// Something to tell a client that has not asked.
pub struct Notice {
    /// The data centre of its key.
    pub dc: i32,
    /// Its key.
    pub key: KeyId,
    /// `Updates`, boxed.
    pub body: Vec<u8>,
}

/// The services of all data centres. Clones share their state.
#[derive(Clone)]
pub struct Services(Arc<Shared>);

struct Shared {
    store: Mutex<Store>,
    connections: Mutex<Connections>,
    clock: Clock,
    faults: Faults,
    addresses: Vec<DcAddress>,
    file_calls: Counts,
    part_calls: Counts,
    under_way: UnderWay,
    disk: Disk,
    notices: mpsc::UnboundedSender<Notice>,
}

impl Services {
    /// Opens the services on the state that their file holds; the first accounts are in it from now on. Also returns
    /// what they have to tell clients that have not asked.
    ///
    /// # Errors
    /// The database's own.
    pub fn open(options: Options) -> rusqlite::Result<(Self, mpsc::UnboundedReceiver<Notice>)> {
        let Options { path, clock, faults, addresses } = options;
        let mut store = Store::open(&path)?;
        store.atomically(Account::ensure_first)?;
        let (notices, receiver) = mpsc::unbounded_channel();
        let disk = store.disk().clone();
        let shared = Shared {
            store: Mutex::new(store),
            connections: Mutex::default(),
            clock,
            faults,
            addresses,
            file_calls: Counts::default(),
            part_calls: Counts::default(),
            under_way: UnderWay::default(),
            disk,
            notices,
        };
        Ok((Self(Arc::new(shared)), receiver))
    }

    /// Lets somebody in who shows a QR code, and tells their client.
    pub(super) fn accept_login(
        &self,
        store: &Store,
        token: &[u8],
        account: &Account,
    ) -> rusqlite::Result<Result<LoginToken, BadToken>> {
        let now_s = self.0.clock.now_s();
        let accepted = LoginToken::accept(store, token, &account.phone, account.id, now_s)?;
        if let Ok(LoginToken { dc, key, .. }) = accepted {
            let update = types::UpdateShort { update: enums::Update::LoginToken, date: date(now_s) };
            let body = enums::Updates::from(update).to_bytes();
            // Without anybody who listens the client finds out when it asks.
            let _ = self.0.notices.send(Notice { dc, key, body });
        }
        Ok(accepted)
    }

    /// The people whose accounts these are.
    pub fn people(&self) -> People {
        People::new(self.clone())
    }

    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        self.0.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now_s(&self) -> u64 {
        self.0.clock.now_s()
    }

    /// How many calls for bytes of files came since the start or the last reset.
    pub(super) fn file_calls(&self) -> FileCalls {
        self.0.file_calls.get()
    }

    /// How many parts of files were sent since the start or the last reset, repeated ones included.
    pub(super) fn part_calls(&self) -> FileCalls {
        self.0.part_calls.get()
    }

    /// Returns once so many parts of files were sent.
    pub(super) async fn part_calls_reach(&self, number: u64) {
        self.0.part_calls.reach(number).await;
    }

    /// Back to the first state.
    ///
    /// # Errors
    /// The database's own.
    pub fn reset(&self) -> rusqlite::Result<()> {
        self.0.file_calls.reset();
        self.0.part_calls.reset();
        self.store().atomically(|store| {
            store.clear()?;
            Account::ensure_first(store)
        })
    }

    fn connections(&self) -> MutexGuard<'_, Connections> {
        self.0.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Kills the caller's authorization if this request overlaps, at the moment at which it came.
    fn check_overlap(&self, caller: &Caller) -> rusqlite::Result<bool> {
        let connections = self.connections();
        self.store().atomically(|store| connections.kill_overlap(store, caller))
    }

    fn answer(&self, caller: &Caller, body: &[u8]) -> Outcome {
        let Some(id) = body.first_chunk().map(|id| u32::from_le_bytes(*id)) else {
            return Outcome::Error(named("INPUT_FETCH_ERROR"));
        };
        let name = name_for_id(id);
        if let Some(failure) = self.0.faults.strike(name, None, Moment::Before) {
            return outcome_of(failure);
        }
        let now_ms = self.0.clock.now_ms();
        let Ok(under_way) = self.0.under_way.enter(id, &body[4..]) else {
            return Outcome::Error(named("RANDOM_ID_DUPLICATE"));
        };
        let answered = self.store().atomically(|store| {
            let key = Key::get(store, caller.key)?;
            let call = Call { services: self, store, caller, key, body: &body[4..], now_ms };
            match call.handle(id) {
                Ok(answer) => Ok(Ok(answer)),
                Err(Refused::Rpc(error)) => Ok(Err(error)),
                Err(Refused::Store(error)) => Err(error),
            }
        });
        drop(under_way);
        // One refusal is a step forward, and spends a code.
        let has_effect = match &answered {
            Ok(Ok(_)) => true,
            Ok(Err(error)) => error.name == "SESSION_PASSWORD_NEEDED",
            Err(_) => false,
        };
        if has_effect && let Some(failure) = self.0.faults.strike(name, None, Moment::After) {
            return outcome_of(failure);
        }
        // Others may use the database again while bytes of files are made.
        let answered = answered.and_then(|answered| match answered {
            Ok(reply) => reply.into_bytes(self).map(Ok),
            Err(error) => Ok(Err(error)),
        });
        match answered {
            Ok(Ok(answer)) => Outcome::Answer(answer),
            Ok(Err(error)) => Outcome::Error(error),
            Err(error) => broken(&error),
        }
    }
}

fn broken(error: &rusqlite::Error) -> Outcome {
    tracing::error!(%error, "the simulated cloud's database failed");
    Outcome::Error(named("INTERNAL_SERVER_ERROR"))
}

impl Service for Services {
    fn call(&self, caller: &Caller, body: &[u8]) -> BoxFuture<'static, Outcome> {
        let overlap = self.check_overlap(caller);
        let (services, caller, body) = (self.clone(), caller.clone(), body.to_owned());
        Box::pin(async move {
            match overlap {
                Ok(false) => {
                    // Proofs of passwords are computed on the way.
                    let answered = tokio::task::spawn_blocking(move || services.answer(&caller, &body)).await;
                    answered.unwrap_or_else(|error| {
                        tracing::error!(%error, "a method of the simulated cloud panicked");
                        Outcome::Error(named("INTERNAL_SERVER_ERROR"))
                    })
                }
                Ok(true) => Outcome::Error(named("AUTH_KEY_DUPLICATED")),
                Err(error) => broken(&error),
            }
        })
    }

    fn opened(&self, caller: &Caller) {
        self.connections().opened(caller);
    }

    fn closed(&self, connection: ConnectionId) {
        self.connections().closed(connection);
    }

    fn forgotten(&self, _dc: i32, key: KeyId) {
        let forgotten = self.store().atomically(|store| {
            let known = Key::get(store, key)?;
            if let Standing::SignedIn(hash) = known.standing
                && let Some(authorization) = Authorization::get(store, hash)?
            {
                authorization.lose(store, key)?;
            }
            store.remove::<Key>(&key.to_string())
        });
        if let Err(error) = forgotten {
            broken(&error);
        }
    }
}

//! The simulated Bot API: a server that a bot cannot tell from api.telegram.org by what it sends, within this border.
//!
//! It answers the methods that the bot half of Lambdagram needs, with Telegram's limits and sentences, refuses all
//! others, delivers updates to the webhook or by long polling, and keeps its state over restarts. Every positive
//! chat id is a person who has started the bot; a negative one exists once an update has come from it. Tests stand
//! for the people: they cause updates, sign init data, plan faults and read what the bot did (see [`BotApi::controls`]).
//!
//! What it leaves out, on purpose:
//! - It speaks plain HTTP, and webhooks that are reachable over `http` are accepted as a local Bot API server accepts
//!   them. An `https` webhook is tried with the usual certificate authorities alone: an uploaded certificate is
//!   checked for size and kind and reported by getWebhookInfo, but not trusted for delivery.
//! - Photos are kept byte for byte in one size. Telegram re-encodes them and makes smaller ones.
//!   JPEG, PNG and WebP are known; Telegram takes GIF and BMP too.
//! - Replies, topics and link previews are recorded with the parameters and change nothing in the answer.
//! - Rates are not limited; the fault `429:<seconds>` stands for flood control.

mod controls;
mod delivery;
mod entities;
mod error;
mod limits;
mod markup;
mod methods;
mod params;
mod random;
mod schedule;
mod server;
mod sign;
mod store;
mod updates;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;

use self::random::Random;
use self::sign::InitDataSigner;
use self::store::{Deed, Store};
use super::faults::Faults;
use crate::clock::Clock;

/// The token of the simulated bot, unless the stack is told another one.
pub const DEFAULT_BOT_TOKEN: &str = "1000000001:SIMULATED-token-of-the-lambdagram-sim-bot";

/// The name under which getMe presents the bot.
pub const BOT_USERNAME: &str = "lambdagram_sim_bot";

/// What the simulated Bot API is opened with.
#[derive(Clone)]
pub struct Options {
    /// The stack's data folder; the state lies in `telegram/bot.sqlite` below it.
    pub data_dir: PathBuf,
    /// The bot's token, `<bot id>:<secret>`.
    pub token: String,
    /// The time of everything here.
    pub clock: Clock,
    /// The faults that calls run into.
    pub faults: Faults,
    /// Where retry jitter, file ids and update numbers come from.
    pub seed: u64,
}

/// Why the simulated Bot API did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The token does not begin with a bot's id.
    #[error("the bot token must be <bot id>:<secret>")]
    Token,
    /// The folder for the state cannot be made.
    #[error("cannot create {}: {source}", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the file system says.
        source: std::io::Error,
    },
    /// The database cannot be opened.
    #[error("cannot open {}: {source}", .path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What the database says.
        source: rusqlite::Error,
    },
}

/// Something the bot did in a chat.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SentMessage {
    /// The message that came of it; none for setChatMenuButton.
    pub message_id: Option<i64>,
    /// The method, as the Bot API spells it.
    pub method: String,
    /// Its parameters: JSON ones parsed, an uploaded file as `{"file_name","mime_type","file_size"}`.
    pub params: Value,
    /// Where the file that was sent can be downloaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_url: Option<String>,
}

/// The simulated Bot API. Clones share their state.
#[derive(Clone)]
pub struct BotApi(Arc<Shared>);

/// What all parts of the simulator share.
struct Shared {
    token: String,
    bot_id: i64,
    seed: u64,
    clock: Clock,
    faults: Faults,
    signer: InitDataSigner,
    store: Mutex<Store>,
    random: Mutex<Random>,
    endpoint: Mutex<String>,
    /// Told when there may be something new to deliver.
    changed: watch::Sender<()>,
    /// Grows with every webhook that is set or deleted, so that delivery starts afresh.
    webhook_generation: AtomicU64,
    /// The latest getUpdates, and what ended the one before.
    poll: watch::Sender<methods::Poll>,
    next_delivery: watch::Sender<Option<u64>>,
}

impl BotApi {
    /// Opens the simulator on the state that its data folder holds.
    ///
    /// # Errors
    /// A malformed token, or a folder or database that cannot be opened.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let bot_id = options.token.split_once(':').and_then(|(id, _)| id.parse().ok());
        let bot_id = bot_id.filter(|id| *id > 0).ok_or(OpenError::Token)?;
        let folder = options.data_dir.join("telegram");
        std::fs::create_dir_all(&folder)
            .map_err(|source| OpenError::Folder { path: folder.clone(), source })?;
        let path = folder.join("bot.sqlite");
        let store = Store::open(&path).map_err(|source| OpenError::Database { path, source })?;
        Ok(Self(Arc::new(Shared {
            token: options.token,
            bot_id,
            seed: options.seed,
            clock: options.clock,
            faults: options.faults,
            signer: InitDataSigner::new(),
            store: Mutex::new(store),
            random: Mutex::new(Random::new(options.seed)),
            endpoint: Mutex::default(),
            changed: watch::Sender::new(()),
            webhook_generation: AtomicU64::new(0),
            poll: watch::Sender::new(methods::Poll::default()),
            next_delivery: watch::Sender::new(None),
        })))
    }

    /// The server: `/bot<token>/<method>` and `/file/bot<token>/<path>`.
    pub fn router(&self) -> Router {
        server::router(self.clone())
    }

    /// Tells where [`Self::router`] is served, as `http://127.0.0.1:8081`; file addresses begin with it.
    pub fn set_endpoint(&self, base_url: &str) {
        base_url.trim_end_matches('/').clone_into(&mut self.0.endpoint());
    }

    /// The bot half of the `/_sim` controls, except the route for [`Self::reset`].
    pub fn controls(&self) -> Router {
        controls::router(self.clone())
    }

    /// Delivers updates to the webhook until it is dropped. One at a time.
    pub async fn deliver(&self) {
        delivery::run(&self.0).await;
    }

    /// When the earliest update that waits is tried next, in milliseconds of the clock; `None` while nothing waits.
    /// Tests advance the clock to it.
    pub fn next_delivery(&self) -> watch::Receiver<Option<u64>> {
        self.0.next_delivery.subscribe()
    }

    /// The faults that calls run into.
    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// The public key of the `signature` in init data made here, as configuration wants it.
    pub fn public_key_hex(&self) -> String {
        self.0.signer.public_key_hex()
    }

    /// The bot's id, the first half of its token.
    pub fn bot_id(&self) -> i64 {
        self.0.bot_id
    }

    /// What the bot did in a chat, in order.
    pub fn messages(&self, chat_id: i64) -> Vec<SentMessage> {
        let deeds = self.0.or_logged(self.0.store().deeds(chat_id));
        deeds.into_iter().map(|deed| self.0.sent_message(deed)).collect()
    }

    /// How many updates wait for the bot.
    pub fn pending_updates(&self) -> usize {
        self.0.or_logged(self.0.store().count_updates())
    }

    /// Back to the first state: nothing sent, nothing set, no faults.
    pub fn reset(&self) {
        self.0.or_logged(self.0.store().clear());
        self.0.faults.clear();
        *self.0.random() = Random::new(self.0.seed);
        self.0.webhook_changed("terminated by setWebhook request");
    }
}

impl Shared {
    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn random(&self) -> MutexGuard<'_, Random> {
        self.random.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn endpoint(&self) -> MutexGuard<'_, String> {
        self.endpoint.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes delivery and long polls.
    fn wake(&self) {
        self.changed.send_replace(());
    }

    /// Ends long polls for the reason given, and makes delivery start afresh.
    fn webhook_changed(&self, reason: &'static str) {
        self.webhook_generation.fetch_add(1, Ordering::SeqCst);
        self.poll.send_modify(|poll| poll.supersede(reason));
        self.wake();
    }

    fn sent_message(&self, deed: Deed) -> SentMessage {
        let Deed { message_id, method, params, file_path } = deed;
        let file_url = file_path.map(|path| format!("{}/file/bot{}/{path}", self.endpoint(), self.token));
        SentMessage { message_id, method, params, file_url }
    }

    /// For callers that have no answer to put an error into.
    fn or_logged<T: Default>(&self, result: rusqlite::Result<T>) -> T {
        result.unwrap_or_else(|error| {
            tracing::error!(bot_id = self.bot_id, %error, "the simulated Bot API's database failed");
            T::default()
        })
    }
}

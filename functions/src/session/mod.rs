//! A person's session in the hands of a request: what every endpoint of accounts begins and ends with.
//!
//! A session is one row of a table: what Telegram knows this login by, sealed so that only its owner's token opens it.
//! Whoever talks to Telegram with it holds the row's lease, since Telegram ends a login that it sees on two connections
//! at once. `held.rs` is the way in and out: token, seal and, in `lease.rs`, lease; `telegram.rs` is the conversation in
//! between, which ends, connection included, before the lease does; `owner.rs` is both for those who are signed in.

mod caller;
mod held;
mod lease;
mod owner;
mod refusal;
mod telegram;
mod ticket;
mod uploads;

use std::time::Duration;

use lambdagram_aws::{AccountSecrets, Connection, SecretStore, Sessions};
use lambdagram_domain::secret::Secret;
use lambdagram_domain::session::{Session, Stage};
use lambdagram_telegram::mtproto::{App, Servers, Telegram};

pub(crate) use self::caller::{Caller, Term};
pub(crate) use self::held::{Doubt, Found, Held, MOST_ATTEMPTS, Missing, Progress, Try};
pub(crate) use self::refusal::refusal;
pub(crate) use self::telegram::{Trouble, within};

use crate::clock::Clock;
use crate::config::ConfigError;
use crate::http::CookieRules;
use crate::runtime::Start;

/// How long a login may stay unfinished. A code of Telegram's lives for minutes; a person also has to find a password.
pub(crate) const PENDING_LIFE: Duration = Duration::from_mins(30);

/// What every endpoint of accounts works with.
pub(crate) struct Accounts {
    sessions: Sessions,
    secrets: SecretStore<AccountSecrets>,
    servers: Servers,
    api_id: i32,
    pub(crate) cookies: CookieRules,
    /// How long a session lives that nobody uses.
    pub(crate) life: Duration,
    clock: Clock,
}

impl Accounts {
    pub(crate) async fn open(start: &Start, connection: &Connection) -> Result<Self, ConfigError> {
        let environment = &start.environment;
        Ok(Self {
            sessions: Sessions::new(connection, environment.text("SESSIONS_TABLE")?),
            secrets: environment.account_secrets(connection, start.clock.now()).await?,
            servers: environment.telegram_servers()?,
            api_id: environment.telegram_api_id()?,
            cookies: environment.session_cookie()?,
            life: environment.session_life()?,
            clock: start.clock,
        })
    }

    /// Telegram, as this deployment's application sees it.
    pub(crate) fn telegram(&self) -> Telegram {
        let api_hash = self.secrets.versions().current.api_hash.clone();
        Telegram::new(self.servers.clone(), App { api_id: self.api_id, api_hash })
    }

    /// A session that has not spoken to Telegram yet.
    pub(crate) fn new_session(&self, stage: Stage) -> Session {
        Session::new(self.servers.first_dc(), stage)
    }

    /// What the names of counted people are made with.
    pub(crate) fn limit_key(&self) -> Secret {
        self.secrets.versions().current.session_key.clone()
    }
}

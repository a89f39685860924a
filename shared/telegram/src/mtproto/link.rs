//! The way to one person's account: a connection to the data centre the account lives in, made when it is needed.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use grammers_client::tl::{Deserializable, RemoteCall, Serializable, functions};
use lambdagram_domain::session::{AuthKey, DcKey, Session, Stage};
use tokio::time::{Instant, sleep};

use super::connection::Opening;
use super::files::servers::servers_of;
use super::introduction::introduce;
use super::{App, Connection, Telegram, TelegramError, clock};

/// Time for a connection to be made. Data centres answer within a round trip; one that does not is down.
pub(super) const CONNECT: Duration = Duration::from_secs(4);

/// Time for one answer: calls of a login take well under a second.
pub(super) const CALL: Duration = Duration::from_secs(8);

/// Seconds of a flood wait that are slept through; longer ones are the caller's to tell.
const SLEPT_THROUGH: u64 = 3;

/// Times a call follows Telegram to another data centre.
const MOST_MIGRATIONS: u32 = 2;

/// Errors that name the data centre to go to (core.telegram.org/api/errors, 303). `FILE_MIGRATE` is none of them: a
/// file is elsewhere without the account being so.
const MIGRATIONS: [&str; 3] = ["PHONE_MIGRATE", "USER_MIGRATE", "NETWORK_MIGRATE"];

/// One person's main connection. Dropping it closes the socket soon; [`Link::close`] closes it and waits.
#[derive(Debug)]
pub struct Link<'a> {
    telegram: Telegram,
    session: &'a mut Session,
    deadline: Instant,
    connection: Option<Connection>,
    introduced: bool,
}

/// What a call may still do about errors.
struct Patience {
    migrations: u32,
    floods: u32,
    restarts: u32,
    introductions: u32,
}

impl<'a> Link<'a> {
    pub(super) fn new(telegram: Telegram, session: &'a mut Session, deadline: Instant) -> Self {
        Self { telegram, session, deadline, connection: None, introduced: false }
    }

    /// What is known of the login now: keys, salts and the data centre change on the way.
    pub fn session(&self) -> &Session {
        self.session
    }

    /// What this is a link to.
    pub(super) fn telegram(&self) -> &Telegram {
        &self.telegram
    }

    /// What is known of the login, to be added to.
    pub(super) fn session_mut(&mut self) -> &mut Session {
        self.session
    }

    /// The application that speaks.
    pub fn app(&self) -> &App {
        self.telegram.app()
    }

    /// Connects, and makes the key of this login where there is none, before anything is asked.
    ///
    /// # Errors
    ///
    /// [`TelegramError`]; nothing was asked.
    pub async fn connect(&mut self) -> Result<(), TelegramError> {
        self.connected().await.map(drop)
    }

    /// Asks Telegram. Connects first where nothing is connected, follows it to another data centre, sleeps through a
    /// short flood wait once, and repeats once what Telegram wants repeated.
    ///
    /// # Errors
    ///
    /// [`TelegramError`]. [`TelegramError::Lost`] and [`TelegramError::Timeout`]: it may have been done.
    pub async fn invoke<R: RemoteCall>(&mut self, request: &R) -> Result<R::Return, TelegramError> {
        let answers = self.ask(vec![request.to_bytes()]).await;
        answers.into_iter().next().map_or(Err(TelegramError::Protocol("nothing was asked")), read::<R>)
    }

    /// Asks Telegram several things at once, over the one connection, and gives the answers in the order of the
    /// requests. What can be done about errors is done as for one request, for all of them together: what was answered
    /// is not asked again.
    ///
    /// # Errors
    ///
    /// As for [`Self::invoke`], each request its own. A connection that breaks ends all that are not answered yet.
    pub async fn invoke_all<R: RemoteCall>(
        &mut self,
        requests: &[R],
    ) -> Vec<Result<R::Return, TelegramError>> {
        let answers = self.ask(requests.iter().map(Serializable::to_bytes).collect()).await;
        answers.into_iter().map(read::<R>).collect()
    }

    /// Closes the connection: its socket is closed when this returns.
    pub async fn close(mut self) {
        self.disconnect().await;
    }

    /// Makes another data centre the account's. The connection to the one before is closed first.
    ///
    /// # Errors
    ///
    /// [`TelegramError::Protocol`] where there is no such data centre.
    pub(super) async fn move_to(&mut self, dc: i32) -> Result<(), TelegramError> {
        if self.telegram.servers().address(dc).is_none() {
            return Err(TelegramError::Protocol("the data centre is not known"));
        }
        self.disconnect().await;
        self.session.home_dc = dc;
        Ok(())
    }

    /// The server's time, in seconds since 1970.
    pub(super) fn server_time(&self) -> i64 {
        let ours = i64::try_from(clock::now().as_secs()).unwrap_or(0);
        ours + self.connection.as_ref().map_or(0, Connection::time_offset)
    }

    /// Whether there is time for that pause, and for something after it.
    pub(super) fn has_time_for(&self, pause: Duration) -> bool {
        Instant::now() + pause < self.deadline
    }

    /// An answer for each body, after all that can be done about errors.
    async fn ask(&mut self, bodies: Vec<Vec<u8>>) -> Vec<Result<Bytes, TelegramError>> {
        let mut patience = Patience { migrations: MOST_MIGRATIONS, floods: 1, restarts: 1, introductions: 1 };
        let mut results = self.call(&bodies).await;
        loop {
            let failed: Vec<usize> = (0..results.len()).filter(|at| results[*at].is_err()).collect();
            let errors: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
            let remedies: Option<Vec<Remedy>> = errors.into_iter().map(remedy_of).collect();
            let Some(remedies) = remedies.filter(|remedies| !remedies.is_empty()) else { return results };
            let again = match self.apply(&remedies, &mut patience).await {
                Ok(true) => {
                    let bodies: Vec<_> = failed.iter().map(|at| bodies[*at].clone()).collect();
                    self.call(&bodies).await
                }
                Ok(false) => return results,
                Err(error) => failed.iter().map(|_| Err(error.clone())).collect(),
            };
            for (at, result) in failed.into_iter().zip(again) {
                results[at] = result;
            }
        }
    }

    /// Whether the calls that failed for these reasons are to be made again.
    async fn apply(&mut self, remedies: &[Remedy], patience: &mut Patience) -> Result<bool, TelegramError> {
        match remedies.iter().max_by_key(|remedy| remedy.rank()) {
            Some(Remedy::Move { dc }) if take(&mut patience.migrations) => {
                self.move_to(*dc).await?;
                Ok(true)
            }
            Some(Remedy::Sleep { time })
                if Instant::now() + *time < self.deadline && take(&mut patience.floods) =>
            {
                sleep(*time).await;
                Ok(true)
            }
            Some(Remedy::Introduce) if take(&mut patience.introductions) => {
                self.introduced = false;
                Ok(true)
            }
            Some(Remedy::Repeat) => Ok(take(&mut patience.restarts)),
            _ => Ok(false),
        }
    }

    /// Sends all at once. Each gets its answer or its own error.
    async fn call(&mut self, bodies: &[Vec<u8>]) -> Vec<Result<Bytes, TelegramError>> {
        let connection =
            if Instant::now() < self.deadline { self.connected().await } else { Err(TelegramError::Timeout) };
        let connection = match connection {
            Ok(connection) => connection,
            Err(error) => return bodies.iter().map(|_| Err(error.clone())).collect(),
        };
        let until = self.until(CALL);
        // Whoever is signed in wants files next: where they are handed out comes along in the same round trip.
        let config = self.wants_servers().then(|| functions::help::GetConfig {}.to_bytes());
        let calls = bodies.iter().chain(&config).map(|body| {
            // Telegram may take them in any order, so each could be the first.
            let body = if self.introduced { body.clone() } else { introduce(self.app(), body) };
            connection.invoke(body, until)
        });
        let mut results = join_all(calls).await;
        if config.is_some()
            && let Some(Ok(config)) = results.pop().map(read::<functions::help::GetConfig>)
        {
            self.session.media = servers_of(config);
        }
        if let Some(key) = self.session.keys.get_mut(&self.session.home_dc) {
            key.salt = connection.salt();
        }
        let answered = |result: &Result<_, TelegramError>| {
            matches!(result, Ok(_) | Err(TelegramError::Rpc { .. } | TelegramError::Flood { .. }))
        };
        if results.iter().all(answered) {
            self.introduced |= !results.is_empty();
        } else {
            // What hangs or is broken is not used again, and must be gone before there is another.
            self.disconnect().await;
        }
        results
    }

    /// Whether the addresses for files are missing or too old.
    fn wants_servers(&self) -> bool {
        let is_signed_in = matches!(self.session.stage, Stage::SignedIn { .. });
        is_signed_in && self.session.media.good_until.0 <= clock::now().as_secs()
    }

    async fn connected(&mut self) -> Result<Connection, TelegramError> {
        if let Some(connection) = self.connection.as_ref().filter(|connection| !connection.is_closed()) {
            return Ok(connection.clone());
        }
        // One that ended by itself may still have its socket.
        self.disconnect().await;
        let servers = self.telegram.servers();
        let dc = self.session.home_dc;
        let address = servers.address(dc).ok_or(TelegramError::Protocol("the data centre is not known"))?;
        let mut opening = Opening::connect(address, self.until(CONNECT)).await?;
        let connection = if let Some(DcKey { key, salt }) = self.session.keys.get(&dc) {
            opening.into_connection(key, *salt, 0)?
        } else {
            let number = servers.handshake_dc(dc);
            let agreed = opening.make_key(servers.keys(), number, self.until(CALL)).await?;
            let key = AuthKey::new(agreed.key);
            let connection = opening.into_connection(&key, agreed.salt, agreed.time_offset)?;
            self.session.keys.insert(dc, DcKey { key, salt: agreed.salt });
            connection
        };
        Ok(self.connection.insert(connection).clone())
    }

    /// Closes the connection, if there is one: its socket is closed when this returns.
    pub(super) async fn disconnect(&mut self) {
        self.introduced = false;
        if let Some(connection) = self.connection.take() {
            connection.close().await;
        }
    }

    /// That much later, but not later than the link's time.
    pub(super) fn until(&self, time: Duration) -> Instant {
        self.deadline.min(Instant::now() + time)
    }
}

/// What can be done about an error before the call is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Remedy {
    /// Ask again.
    Repeat,
    /// Say again who asks.
    Introduce,
    /// Wait first.
    Sleep { time: Duration },
    /// Ask another data centre.
    Move { dc: i32 },
}

impl Remedy {
    /// Of the remedies for calls that were made together, the one with the highest rank does for all.
    fn rank(self) -> (u8, Duration) {
        match self {
            Self::Repeat => (0, Duration::ZERO),
            Self::Introduce => (1, Duration::ZERO),
            Self::Sleep { time } => (2, time),
            Self::Move { .. } => (3, Duration::ZERO),
        }
    }
}

fn remedy_of(error: &TelegramError) -> Option<Remedy> {
    match error {
        TelegramError::Rpc { name, value: Some(dc), .. } if MIGRATIONS.contains(&name.as_str()) => {
            Some(Remedy::Move { dc: i32::try_from(*dc).unwrap_or(0) })
        }
        TelegramError::Flood { seconds } if *seconds <= SLEPT_THROUGH => {
            Some(Remedy::Sleep { time: Duration::from_secs(*seconds) })
        }
        _ if error.is("AUTH_RESTART") => Some(Remedy::Repeat),
        _ if error.is("CONNECTION_NOT_INITED") => Some(Remedy::Introduce),
        _ => None,
    }
}

fn read<R: RemoteCall>(answer: Result<Bytes, TelegramError>) -> Result<R::Return, TelegramError> {
    R::Return::from_bytes(&answer?).map_err(|_| TelegramError::Protocol("an answer cannot be read"))
}

/// Takes one of what is left.
fn take(left: &mut u32) -> bool {
    let some = *left > 0;
    *left = left.saturating_sub(1);
    some
}

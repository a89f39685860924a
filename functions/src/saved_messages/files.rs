//! Where a file is, and what it takes to fetch it: known from what was seen before, or found out under the session's
//! lease.
//!
//! A stream needs four things: the session, which is read without its lease; the file's location, which is remembered
//! for some minutes; an address of its data centre that hands out files; and a key with that data centre under which
//! the account is signed in. Where all are known, Telegram is asked for nothing but bytes. What is missing, or has turned
//! out to be of no use, is found out under the lease over the main connection, and remembered: of the fifty requests of
//! a gallery, one asks, and the others read what it wrote.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use lambdagram_aws::{Connection, SeenMedia, ShelfRow};
use lambdagram_domain::media::{FileLocation, MessageId, SeenFile};
use lambdagram_domain::session::{AuthKey, DcKey, MediaServers, Session, SessionToken};
use lambdagram_domain::time::UnixTime;
use lambdagram_telegram::mtproto::saved_messages::{Entry, around};
use lambdagram_telegram::mtproto::{Link, TelegramError, copy_login, media_servers};
use tokio::time::Instant;

use super::shelves::shelves;
use crate::config::ConfigError;
use crate::http::{ApiError, Failure};
use crate::runtime::Start;
use crate::session::{Accounts, Caller, Held, Term, within};

/// How long what was seen of the chat is believed: a message may be deleted or edited meanwhile.
const SEEN_FOR: Duration = Duration::from_mins(10);

/// The time one look at Telegram has, so that a lease whose holder died does not outlive a stream.
pub(super) const LOOK: Duration = Duration::from_secs(25);

/// How long a request waits for what others are finding out, before it answers 429: for some looks at Telegram, one
/// after the other.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Between the first two looks at what another request has written, and twice as long between each further two.
const PAUSE: Duration = Duration::from_millis(50);

/// Between two looks at most: fifty requests that wait must not slow down the one they wait for.
const LONGEST_PAUSE: Duration = Duration::from_millis(400);

/// The files in people's Saved Messages, as far as they were seen.
pub(super) struct Files {
    pub(super) accounts: Accounts,
    seen: SeenMedia,
    what: Failure,
}

/// A file and what it takes to fetch it.
pub(super) struct Ready {
    /// Where it is.
    pub(super) location: FileLocation,
    /// The address of its data centre that hands out files, where there is one.
    pub(super) address: Option<SocketAddr>,
    /// The key with its data centre.
    pub(super) key: DcKey,
    /// Whether that is the account's own data centre.
    pub(super) is_home: bool,
    /// Until when the addresses are good: names the answer they came with.
    pub(super) servers: UnixTime,
}

/// What was found to be of no use.
#[derive(Default)]
pub(super) struct Outdated {
    /// A file reference.
    pub(super) reference: Option<Vec<u8>>,
    /// A key under which the account is not signed in.
    pub(super) key: Option<AuthKey>,
    /// Where the file is said to be instead.
    pub(super) moved_to: Option<i32>,
    /// The addresses that were good until then.
    pub(super) servers: Option<UnixTime>,
}

impl Files {
    /// `what` is what fails when Telegram does not answer as it should.
    pub(super) async fn open(
        start: &Start,
        connection: &Connection,
        what: Failure,
    ) -> Result<Self, ConfigError> {
        let table = start.environment.text("MEDIA_TABLE")?;
        let accounts = Accounts::open(start, connection).await?;
        Ok(Self { accounts, seen: SeenMedia::new(connection, table), what })
    }

    /// The sentence for what fails inside.
    pub(super) fn what(&self) -> Failure {
        self.what
    }

    /// Finds the file of a message in Saved Messages, without anything that is `outdated`. `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`ApiError::NotAuthenticated`] for strangers; [`ApiError::Busy`] when another request keeps the session.
    pub(super) async fn find(
        &self,
        caller: &Caller,
        message: MessageId,
        outdated: &Outdated,
        term: Term,
    ) -> Result<Option<Ready>, ApiError> {
        let patience = Instant::now() + PATIENCE;
        let mut pause = PAUSE;
        let mut location = None;
        loop {
            let session = Box::pin(self.accounts.look_up_signed_in(caller));
            // Many files lie beside it: what is known is not read again.
            let remembered = async {
                match location.take() {
                    Some(known) => Some(known),
                    None => Box::pin(self.remembered(caller, message)).await,
                }
            };
            let (session, remembered) = tokio::join!(session, remembered);
            location = remembered.filter(|location| !outdated.names(location));
            if let Some(ready) = Ready::of(&session?, location.clone(), outdated) {
                return Ok(Some(ready));
            }
            let term = term.at_most(LOOK, self.accounts.time());
            match self.accounts.hold_owner(caller, term, Duration::ZERO).await {
                Ok(held) => {
                    // Seldom needed, and large.
                    return Box::pin(self.find_out(caller, message, outdated, held, term)).await;
                }
                Err(ApiError::Busy { .. }) if Instant::now() < patience => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn find_out(
        &self,
        caller: &Caller,
        message: MessageId,
        outdated: &Outdated,
        mut held: Held,
        term: Term,
    ) -> Result<Option<Ready>, ApiError> {
        // Whoever had the session before may have found it out.
        let location = self.remembered(caller, message).await;
        if let Some(ready) = Ready::of(&held.session, location.clone(), outdated) {
            self.accounts.put_back(held).await?;
            return Ok(Some(ready));
        }
        let deadline = self.accounts.end_of(term);
        if outdated.servers == Some(held.session.media.good_until) {
            held.session.media = MediaServers::default();
        }
        let mut link = self.accounts.link(&mut held.session, deadline);
        let asked = within(deadline, ask(&mut link, message, location, outdated)).await;
        link.close().await;
        let (location, entries) = match asked {
            Ok(found) => found,
            Err(trouble) => return Err(self.accounts.put_back_after(held, self.what, trouble).await),
        };
        // Both are written before others get the session, so that they find them.
        let (newer, older) = entries.split_at(entries.partition_point(|file| file.message >= message));
        tokio::join!(self.remember_all(&caller.token, newer), self.remember_all(&caller.token, older));
        // What was outdated has been asked for again, and may have come back the same.
        let asked_for = Outdated { moved_to: outdated.moved_to, ..Outdated::default() };
        let ready = location.and_then(|location| Ready::of(&held.session, Some(location), &asked_for));
        self.accounts.store_proved(held, self.accounts.now()).await?;
        Ok(ready)
    }

    /// Remembers files that were seen, the newest first, for a later stream.
    pub(super) async fn remember_all(&self, token: &SessionToken, files: &[SeenFile]) {
        join_all(shelves(files).into_iter().map(|files| self.remember(token, files))).await;
    }

    /// Remembers files that fit into one row. A failure costs time, later, and nothing else.
    async fn remember(&self, token: &SessionToken, files: &[SeenFile]) {
        let Some(lowest) = files.last().map(|file| file.message) else { return };
        let expires_at = self.accounts.now().plus(SEEN_FOR);
        let sealed = self.accounts.master_keys().sealer(token).seal_shelf(lowest, expires_at, files);
        let row = ShelfRow { lowest, sealed, expires_at };
        if let Err(error) = self.seen.put(&token.id(), &row).await {
            tracing::warn!(cause = %error, "What was seen of the chat is not remembered");
        }
    }

    /// Where a file was when it was seen last.
    async fn remembered(&self, caller: &Caller, message: MessageId) -> Option<FileLocation> {
        let rows = match self.seen.find(&caller.token.id(), message, self.accounts.now()).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::warn!(cause = %error, "What was seen of the chat cannot be read");
                return None;
            }
        };
        let sealer = self.accounts.master_keys().sealer(&caller.token);
        let open = |row: ShelfRow| {
            // What does not open was sealed under a secret that is not in force any more.
            let files = sealer.open_shelf(row.lowest, row.expires_at, &row.sealed).ok()?;
            let file = files.into_iter().find(|file| file.message == message)?;
            Some((row.expires_at, file.location))
        };
        let freshest = rows.into_iter().filter_map(open).max_by_key(|(expires_at, _)| *expires_at);
        freshest.map(|(_, location)| location)
    }
}

impl Ready {
    /// `None` when anything is missing or outdated.
    fn of(session: &Session, location: Option<FileLocation>, outdated: &Outdated) -> Option<Self> {
        let mut location = location.filter(|location| !outdated.names(location))?;
        location.dc = outdated.moved_to.unwrap_or(location.dc);
        let key = session.keys.get(&location.dc).filter(|key| Some(&key.key) != outdated.key.as_ref())?;
        let servers = session.media.good_until;
        let known = servers > UnixTime(0) && Some(servers) != outdated.servers;
        known.then(|| Self {
            address: session.media.addresses.get(&location.dc).copied(),
            key: key.clone(),
            is_home: location.dc == session.home_dc,
            location,
            servers,
        })
    }
}

impl Outdated {
    /// Whether the location's reference is of no use.
    fn names(&self, location: &FileLocation) -> bool {
        self.reference.as_ref() == Some(&location.file_reference)
    }
}

/// Asks Telegram for what is missing, and gives the file's location and all that was seen beside it.
async fn ask(
    link: &mut Link<'_>,
    message: MessageId,
    known: Option<FileLocation>,
    outdated: &Outdated,
) -> Result<(Option<FileLocation>, Vec<SeenFile>), TelegramError> {
    let known = known.filter(|location| !outdated.names(location));
    let seen = match known {
        Some(_) => Vec::new(),
        None => files_of(around(link, message).await?.entries),
    };
    let here = || seen.iter().find(|file| file.message == message).map(|file| file.location.clone());
    let Some(location) = known.or_else(here) else { return Ok((None, seen)) };
    if link.session().media == MediaServers::default() {
        media_servers(link).await?;
    }
    let dc = outdated.moved_to.unwrap_or(location.dc);
    let key = link.session().keys.get(&dc).map(|key| &key.key);
    if key.is_none() || key == outdated.key.as_ref() {
        copy_login(link, dc).await?;
    }
    Ok((Some(location), seen))
}

/// The files among messages.
fn files_of(entries: Vec<Entry>) -> Vec<SeenFile> {
    let files = entries.into_iter().filter_map(|entry| Some((entry.id, entry.media?.location)));
    files.map(|(message, location)| SeenFile { message, location }).collect()
}

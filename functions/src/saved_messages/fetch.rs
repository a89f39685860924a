//! Fetching bytes of a file, whatever happens on the way: references expire, files move to another data centre, keys are
//! forgotten.
//!
//! Bytes travel over addresses that data centres have for files, and need no lease. A data centre without one has its
//! main address asked, under the lease, as all are with `MEDIA_LEASE=always`: Telegram ends a login that it sees on two
//! main connections at once.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use lambdagram_aws::Connection;
use lambdagram_domain::media::{MessageId, Parts};
use lambdagram_domain::range::ByteRange;
use lambdagram_telegram::mtproto::TelegramError;
use lambdagram_telegram::mtproto::files::{MediaPool, Piece, Place, ReadError, Reader, Source};

use super::files::{Files, LOOK, Outdated, PATIENCE, Ready};
use crate::config::{ConfigError, MediaLease};
use crate::http::{ApiError, Failure};
use crate::runtime::Start;
use crate::session::{Caller, Held, Term, refusal};

/// Parts that are on their way at once: 4 MiB, which fill a link of 80 MB/s over a round trip of 50 ms.
const WINDOW: usize = 8;

/// What is set right without a byte in between at most: a reference, a data centre, a login there, and some again.
const MOST_REPAIRS: u32 = 5;

/// How long bytes that need the lease wait for it.
const LEASED_PATIENCE: Duration = Duration::from_secs(3);

/// Why there are no bytes.
pub(super) enum Unfetched {
    /// The message has no file any more.
    Gone,
    /// The message has another file by now.
    Replaced {
        /// The reference to the one before, which is of no use.
        reference: Vec<u8>,
    },
    /// Anything else.
    Error(ApiError),
}

/// What fetches files.
pub(super) struct Fetcher {
    pub(super) files: Files,
    pool: MediaPool,
    lease: MediaLease,
}

/// Whose file is fetched, and how long that may take.
#[derive(Clone)]
pub(super) struct Order {
    pub(super) caller: Caller,
    pub(super) message: MessageId,
    pub(super) term: Term,
}

/// Bytes on their way.
pub(super) struct Fetch {
    fetcher: Arc<Fetcher>,
    order: Order,
    piece: Piece,
    ready: Ready,
    outdated: Outdated,
    /// How much may still be set right before the next bytes.
    repairs: u32,
    reader: Reader,
    /// The session, where the bytes need its lease.
    held: Option<Held>,
}

impl Fetcher {
    /// `what` is what fails when Telegram does not answer as it should.
    pub(super) async fn open(
        start: &Start,
        connection: &Connection,
        what: Failure,
    ) -> Result<Self, ConfigError> {
        let files = Files::open(start, connection, what).await?;
        Ok(Self { files, pool: MediaPool::new(), lease: start.environment.media_lease()? })
    }

    /// Begins to fetch `range` of a file, or of its thumbnail, which has `size` bytes, and gives the first of them along
    /// with the rest.
    ///
    /// # Errors
    ///
    /// [`Unfetched`]; nothing is under way then.
    pub(super) async fn fetch(
        self: &Arc<Self>,
        order: Order,
        ready: Ready,
        piece: Piece,
        size: u64,
        range: ByteRange,
    ) -> Result<(Bytes, Box<Fetch>), Unfetched> {
        let (source, held) = Box::pin(self.source(&order, &ready, &piece)).await?;
        let (pool, telegram) = (self.pool.clone(), self.files.accounts.telegram());
        let deadline = self.files.accounts.end_of(order.term);
        let reader = Reader::new(pool, telegram, source, Parts::new(range, size), WINDOW, deadline);
        let mut fetch = Box::new(Fetch {
            fetcher: Arc::clone(self),
            order,
            piece,
            ready,
            outdated: Outdated::default(),
            repairs: MOST_REPAIRS,
            reader,
            held,
        });
        match Box::pin(fetch.next()).await {
            Ok(first) => Ok((first.unwrap_or_default(), fetch)),
            Err(error) => {
                fetch.end().await;
                Err(error)
            }
        }
    }

    /// Where the bytes come from, and the session if they need its lease.
    async fn source(
        &self,
        order: &Order,
        ready: &Ready,
        piece: &Piece,
    ) -> Result<(Source, Option<Held>), ApiError> {
        let accounts = &self.files.accounts;
        let dc = ready.location.dc;
        let free = match self.lease {
            MediaLease::Auto => ready.address,
            MediaLease::Always => None,
        };
        let main = || accounts.telegram().servers().address(dc);
        let unknown = || self.files.what().because("the data centre is not known");
        let address = free.or_else(main).ok_or_else(unknown)?;
        let held = match free {
            Some(_) => None,
            None => Some(accounts.hold_owner(&order.caller, order.term, LEASED_PATIENCE).await?),
        };
        let place = Place { dc, address, key: ready.key.clone(), keep: free.is_some() };
        Ok((Source { place, file: piece.of(&ready.location) }, held))
    }
}

impl Fetch {
    /// The next bytes; `None` when all were given. After an error there are no more; [`Self::end`] is still to come.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Unfetched> {
        loop {
            match self.reader.next().await {
                Ok(bytes) => {
                    self.repairs = MOST_REPAIRS;
                    return Ok(bytes);
                }
                // Seldom needed, and large.
                Err(error) => Box::pin(self.repair(error)).await?,
            }
        }
    }

    /// Lets go of what is under way. The connection is closed before the lease is given back.
    pub(super) async fn end(self: Box<Self>) {
        let Self { fetcher, reader, held, .. } = *self;
        reader.close().await;
        give_back(&fetcher, held).await;
    }

    /// Sets right what stands in the way, so that the reader goes on.
    async fn repair(&mut self, error: ReadError) -> Result<(), Unfetched> {
        // A connection that needs the lease is closed already.
        give_back(&self.fetcher, self.held.take()).await;
        let (files, what) = (&self.fetcher.files, self.fetcher.files.what());
        match error {
            ReadError::Reference => {
                self.outdated.reference = Some(self.ready.location.file_reference.clone());
            }
            ReadError::Elsewhere { dc } => self.outdated.moved_to = Some(dc),
            ReadError::NotSignedIn if self.ready.is_home => {
                let term = self.order.term.at_most(LOOK, files.accounts.time());
                let ended = files.accounts.end_if_dead(&self.order.caller, term, PATIENCE, what).await;
                return Err(ended.into());
            }
            ReadError::NotSignedIn => self.outdated.key = Some(self.ready.key.key.clone()),
            ReadError::Telegram(TelegramError::Unreachable) if self.outdated.servers.is_none() => {
                self.outdated.servers = Some(self.ready.servers);
            }
            ReadError::Telegram(error) => return Err(refusal(what, error.into()).into()),
            ReadError::Short => return Err(what.because("a file is shorter than Telegram says").into()),
        }
        self.repairs =
            self.repairs.checked_sub(1).ok_or_else(|| what.because("a file stays out of reach"))?;
        let Order { caller, message, term } = &self.order;
        let found = files.find(caller, *message, &self.outdated, *term).await?;
        let ready = found.ok_or(Unfetched::Gone)?;
        if !ready.location.is_same_file(&self.ready.location) {
            let reference = self.ready.location.file_reference.clone();
            return Err(Unfetched::Replaced { reference });
        }
        let (source, held) = self.fetcher.source(&self.order, &ready, &self.piece).await?;
        (self.ready, self.held) = (ready, held);
        self.reader.go_on(source);
        Ok(())
    }
}

async fn give_back(fetcher: &Fetcher, held: Option<Held>) {
    if let Some(held) = held
        && let Err(error) = fetcher.files.accounts.put_back(held).await
    {
        tracing::warn!(cause = %error, "The session is given back by its time alone");
    }
}

impl Unfetched {
    /// The error of `what`, in whose middle it happened.
    pub(super) fn of(self, what: Failure) -> ApiError {
        match self {
            Self::Gone => what.because("a message lost its file while it was fetched"),
            Self::Replaced { .. } => what.because("a message got another file while it was fetched"),
            Self::Error(error) => error,
        }
    }
}

impl From<ApiError> for Unfetched {
    fn from(error: ApiError) -> Self {
        Self::Error(error)
    }
}

//! The parts of a file, on their way to Telegram, whatever happens on it.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt};
use lambdagram_domain::upload::{Checkpoint, UploadPlan};
use lambdagram_telegram::mtproto::TelegramError;
use lambdagram_telegram::mtproto::uploads::{Contents, Task, UploadError, UploadedFile, Uploader};
use tokio::time::{Instant, sleep, sleep_until};

use super::claim::Progress;
use super::place::{LOOK, PATIENCE, Way};
use super::stop::Refusal;
use super::{Errand, Sending, Stop};

/// Parts that are on their way at once: 4 MiB, which fill a link of 80 MB/s over a round trip of 50 ms.
const WINDOW: usize = 8;

/// The same under the lease, which is given back when none is on its way.
const LEASED_WINDOW: usize = 2;

/// What is set right without a part in between at most: addresses, and turns under the lease in which nothing went.
const MOST_REPAIRS: u32 = 4;

/// Between two turns under the lease: longer than those who wait for it look the other way.
const BETWEEN_TURNS: Duration = Duration::from_millis(250);

/// A small file that is here.
struct Here(Bytes);

impl Contents for Here {
    fn read(&mut self, offset: u64, length: u32) -> BoxFuture<'static, io::Result<Bytes>> {
        let bytes =
            usize::try_from(offset).ok().zip(usize::try_from(length).ok()).and_then(|(start, length)| {
                let end = start.checked_add(length).filter(|end| *end <= self.0.len())?;
                Some(self.0.slice(start..end))
            });
        async { bytes.ok_or_else(|| io::ErrorKind::UnexpectedEof.into()) }.boxed()
    }
}

/// How far one way led.
enum Led {
    ToTheEnd,
    /// To an error.
    To(UploadError),
    /// To the end of the claim.
    Nowhere,
}

impl Led {
    fn from(result: Result<(), UploadError>, is_lost: bool) -> Self {
        match result {
            _ if is_lost => Self::Nowhere,
            Ok(()) => Self::ToTheEnd,
            Err(error) => Self::To(error),
        }
    }
}

impl Sending {
    /// Sends what Telegram does not have of a file, and says under which number it has all of it. `contents` makes
    /// something to read it from.
    ///
    /// # Errors
    ///
    /// [`Refusal`], but never [`Refusal::NotAPhoto`].
    pub(super) async fn send_parts<C: Contents + 'static>(
        &self,
        errand: Errand<'_>,
        progress: &Progress,
        plan: UploadPlan,
        from: Checkpoint,
        contents: impl Fn() -> C,
    ) -> Result<Checkpoint, Refusal> {
        let mut at = from;
        let mut repairs = MOST_REPAIRS;
        let mut outdated = None;
        while at.parts < plan.parts() {
            progress.check()?;
            let way = self.way(errand, outdated).await?;
            let (deadline, servers, is_leased) = (way.deadline, way.servers, way.held.is_some());
            let window = if is_leased { LEASED_WINDOW } else { WINDOW };
            let task = Task { plan, from: at, window, deadline };
            let (reached, led) = Box::pin(self.go(progress, way, contents(), task)).await;
            if reached.parts > at.parts {
                (repairs, outdated) = (MOST_REPAIRS, None);
            }
            at = reached;
            let error = match led {
                // Of the file, or of a turn under the lease.
                Led::ToTheEnd => {
                    if at.parts < plan.parts() {
                        sleep(BETWEEN_TURNS).await;
                    }
                    continue;
                }
                Led::Nowhere => return Err(Stop::Lost.into()),
                Led::To(error) => error,
            };
            outdated = match error {
                UploadError::Telegram(TelegramError::Timeout) if Instant::now() >= deadline => {
                    if !is_leased || deadline >= self.accounts.end_of(errand.claimed.term) {
                        return Err(Stop::OutOfTime.into());
                    }
                    sleep(BETWEEN_TURNS).await;
                    None
                }
                UploadError::Telegram(TelegramError::Unreachable) if !is_leased && outdated.is_none() => {
                    Some(servers)
                }
                UploadError::NotSignedIn(_) => return Err(self.not_signed_in(errand).await.into()),
                error => return Err(error.into()),
            };
            repairs = repairs.checked_sub(1).ok_or_else(|| Stop::trouble("no part gets through"))?;
        }
        Ok(at)
    }

    /// Sends a small file along; `None` where that fails.
    pub(super) async fn send_along(
        &self,
        errand: Errand<'_>,
        progress: &Progress,
        bytes: Vec<u8>,
    ) -> Option<UploadedFile> {
        let bytes = Bytes::from(bytes);
        let plan = UploadPlan::of(bytes.len() as u64, false).ok()?;
        let (apart, start) = (progress.apart(), Checkpoint::start());
        let sent = self.send_parts(errand, &apart, plan, start, || Here(bytes.clone())).await;
        sent.ok().map(|at| UploadedFile { plan, file_id: at.file_id })
    }

    /// Sends parts one way, as far as it leads. Its connection is closed, or kept by the pool, and its lease given back
    /// when this returns, unless parts are on their way over it that nobody answers.
    async fn go(
        &self,
        progress: &Progress,
        way: Way,
        contents: impl Contents + 'static,
        task: Task,
    ) -> (Checkpoint, Led) {
        let (pool, telegram) = (self.pool.clone(), self.accounts.telegram());
        let mut uploader = Uploader::new(pool, telegram, way.place, contents, task);
        let (mut is_over, mut is_lost) = (false, false);
        let result = loop {
            tokio::select! {
                step = uploader.next() => match step {
                    Ok(Some(reached)) => progress.note(reached),
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error),
                },
                () = sleep_until(way.until), if way.held.is_some() && !is_over => {
                    is_over = true;
                    uploader.wind_up();
                }
                () = progress.lost(), if !is_lost => {
                    is_lost = true;
                    if way.held.is_none() {
                        break Ok(());
                    }
                    uploader.wind_up();
                }
            }
        };
        let reached = uploader.checkpoint();
        uploader.close().await;
        let is_silent = matches!(result, Err(UploadError::Telegram(TelegramError::Timeout)));
        match way.held {
            // Telegram may take what it has not answered later, and the next connection must not be there by then.
            Some(_) if is_silent => {
                tracing::warn!("The session is given back by its time alone: parts are not answered");
            }
            Some(held) => self.put_back(held).await,
            None => {}
        }
        (reached, Led::from(result, is_lost))
    }

    /// An address says that the login is not known. The account's own data centre is asked before that is believed.
    async fn not_signed_in(&self, errand: Errand<'_>) -> Stop {
        let term = errand.claimed.term.at_most(LOOK, self.accounts.time());
        Stop::session(&self.accounts.end_if_dead(errand.caller, term, PATIENCE, self.what).await)
    }
}

//! The claim on an upload, kept while it is sent, and the record of how far it is.
//!
//! Both are one write, made beside the work and never in its way: parts go on while it is under way. When it finds that
//! the claim is gone (the upload was cancelled, or another worker has it), the work is told, and winds up.

use std::time::Duration;

use lambdagram_aws::{ClaimError, UploadEnding};
use lambdagram_domain::time::UnixTime;
use lambdagram_domain::upload::Checkpoint;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::{Claimed, Sending, Stop};

/// How long a claim lasts that is not renewed. A worker that dies is replaced after this time.
pub(crate) const CLAIM: Duration = Duration::from_secs(30);

/// Between two looks at how far the work is: who watches sees progress each second.
const RECORD_EVERY: Duration = Duration::from_millis(750);

/// Parts after which the record is made sooner: 8 MiB. Who dies has sent no more in vain, but for what is under way.
const RECORD_AFTER: u32 = 16;

/// How long a claim goes without being renewed while there is nothing to record. Being cancelled is noticed as late.
const RENEW_EVERY: Duration = Duration::from_secs(3);

/// Between two tries to write down an ending.
const RETRY_PAUSE: Duration = Duration::from_millis(250);

/// Kept free for the last of those tries: one call of the SDK with all its retries takes 8 s at most.
const TIME_TO_RECORD: Duration = Duration::from_secs(9);

/// What the work tells whoever keeps its claim, and is told.
pub(super) struct Progress {
    reached: watch::Sender<Option<Checkpoint>>,
    lost: watch::Receiver<bool>,
}

impl Progress {
    /// Notes how much Telegram has.
    pub(super) fn note(&self, reached: Checkpoint) {
        self.reached.send_replace(Some(reached));
    }

    /// The same for a file that is sent along, whose progress nobody records.
    pub(super) fn apart(&self) -> Self {
        Self { reached: watch::channel(None).0, lost: self.lost.clone() }
    }

    /// How much Telegram has, where it has any.
    pub(super) fn reached(&self) -> Option<Checkpoint> {
        *self.reached.borrow()
    }

    /// Whether to go on.
    pub(super) fn check(&self) -> Result<(), Stop> {
        if *self.lost.borrow() { Err(Stop::Lost) } else { Ok(()) }
    }

    /// Waits until the claim is gone.
    pub(super) async fn lost(&self) {
        let mut lost = self.lost.clone();
        if lost.wait_for(|lost| *lost).await.is_err() {
            // Nobody keeps it who could lose it.
            std::future::pending::<()>().await;
        }
    }
}

impl Sending {
    /// Does `work` and keeps the claim meanwhile. Nothing of the keeping is under way afterwards.
    pub(super) async fn while_claimed<T>(
        &self,
        claimed: &Claimed,
        work: impl AsyncFnOnce(Progress) -> T,
    ) -> T {
        let (reached, told) = watch::channel(claimed.upload.checkpoint);
        let (end, lost) = watch::channel(false);
        let (outcome, ()) = tokio::join!(work(Progress { reached, lost }), self.keep(claimed, told, end));
        outcome
    }

    /// Keeps the claim until the work is over.
    async fn keep(
        &self,
        claimed: &Claimed,
        mut told: watch::Receiver<Option<Checkpoint>>,
        end: watch::Sender<bool>,
    ) {
        let mut recorded = claimed.upload.checkpoint;
        let mut renewed = Instant::now();
        let mut is_recording = true;
        loop {
            let is_due = |reached: &Option<Checkpoint>| is_recording && is_far(*reached, recorded);
            tokio::select! {
                () = sleep(RECORD_EVERY) => {}
                due = told.wait_for(is_due) => if due.is_err() { return },
            }
            let reached = *told.borrow();
            let news = reached.filter(|_| reached != recorded);
            if news.is_none() && renewed.elapsed() < RENEW_EVERY {
                continue;
            }
            let (upload, until) = (&claimed.upload, self.claim_end());
            match self.uploads.renew(&upload.session, &upload.id, &claimed.claim, news, until).await {
                Ok(()) => (recorded, renewed, is_recording) = (reached, Instant::now(), true),
                Err(ClaimError::Lost) => {
                    end.send_replace(true);
                    return over(&mut told).await;
                }
                Err(ClaimError::Aws(cause)) => {
                    is_recording = false;
                    tracing::warn!(upload = %upload.id, cause = %cause, "The progress of an upload is not recorded");
                }
            }
        }
    }

    /// Notes that the message is about to be made.
    ///
    /// # Errors
    ///
    /// [`Stop`]: it may not be made.
    pub(super) async fn commit(&self, claimed: &Claimed) -> Result<(), Stop> {
        let upload = &claimed.upload;
        let until = self.claim_end();
        let marked = self.uploads.mark_committing(&upload.session, &upload.id, &claimed.claim, until).await;
        marked.map_err(|error| match error {
            ClaimError::Lost => Stop::Lost,
            ClaimError::Aws(cause) => Stop::trouble(cause),
        })
    }

    /// Notes that no message was made, so that the upload can be cancelled again. Where an earlier worker was about to
    /// make one, nobody knows that.
    pub(super) async fn uncommit(&self, claimed: &Claimed) {
        let upload = &claimed.upload;
        if upload.committing {
            return;
        }
        let unmarked = self.uploads.unmark_committing(&upload.session, &upload.id, &claimed.claim).await;
        if let Err(cause) = unmarked {
            tracing::warn!(upload = %upload.id, cause = %cause, "An upload stays one that cannot be cancelled");
        }
    }

    /// Records how the upload ended, again and again while there is time, and deletes the staged file.
    ///
    /// # Errors
    ///
    /// [`ClaimError`]; the upload is then claimed again, by somebody else, and ends the same way.
    pub(crate) async fn end(&self, claimed: &Claimed, ending: &UploadEnding) -> Result<(), ClaimError> {
        let upload = &claimed.upload;
        let (session, id) = (&upload.session, &upload.id);
        let now = self.accounts.now();
        self.record(claimed, || self.uploads.finish(session, id, &claimed.claim, ending, now)).await?;
        self.delete_staged(&upload.id).await;
        Ok(())
    }

    /// Gives the claim back: the upload waits for the next worker. `attempts` is how many of them count from now on.
    ///
    /// # Errors
    ///
    /// [`ClaimError`]; a claim that is not given back ends by itself.
    pub(crate) async fn release(
        &self,
        claimed: &Claimed,
        reached: Option<Checkpoint>,
        attempts: u32,
    ) -> Result<(), ClaimError> {
        let upload = &claimed.upload;
        let (session, id) = (&upload.session, &upload.id);
        let now = self.accounts.now();
        let release = || self.uploads.release(session, id, &claimed.claim, reached, attempts, now);
        self.record(claimed, release).await
    }

    /// When a claim ends that is made or renewed now.
    pub(crate) fn claim_end(&self) -> UnixTime {
        self.accounts.now().plus(CLAIM)
    }

    async fn record<F>(&self, claimed: &Claimed, write: impl Fn() -> F) -> Result<(), ClaimError>
    where
        F: Future<Output = Result<(), ClaimError>>,
    {
        loop {
            match write().await {
                Err(ClaimError::Aws(_)) if self.accounts.left_of(claimed.term) > TIME_TO_RECORD => {
                    sleep(RETRY_PAUSE).await;
                }
                outcome => return outcome,
            }
        }
    }
}

/// Whether so much is not recorded that it should be.
fn is_far(reached: Option<Checkpoint>, recorded: Option<Checkpoint>) -> bool {
    let before = |at: Checkpoint| {
        recorded.filter(|recorded| recorded.file_id == at.file_id).map_or(0, |recorded| recorded.parts)
    };
    reached.is_some_and(|at| at.parts >= before(at) + RECORD_AFTER)
}

/// Waits until the work is over.
async fn over(told: &mut watch::Receiver<Option<Checkpoint>>) {
    while told.changed().await.is_ok() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_is_made_sooner_after_so_many_parts() {
        let at = |file_id, parts| Some(Checkpoint { file_id, parts });
        for (reached, recorded, far) in [
            (None, None, false),
            (at(1, 15), None, false),
            (at(1, 16), None, true),
            (at(1, 115), at(1, 100), false),
            (at(1, 116), at(1, 100), true),
            (at(2, 15), at(1, 100), false),
            (at(2, 16), at(1, 100), true),
        ] {
            assert_eq!(is_far(reached, recorded), far, "{reached:?} {recorded:?}");
        }
    }
}

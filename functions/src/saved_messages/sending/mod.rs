//! Sending: a staged file becomes a message.
//!
//! Whoever sends has claimed the upload, and has the token of its session: a worker by a delegation, a request by being
//! the person's. The steps:
//!
//! | step | file | under the lease |
//! |---|---|---|
//! | what the file is, by a few small reads | here | no |
//! | its parts, from the last one that Telegram is known to have | `parts.rs`, `place.rs`, `staged.rs` | only without an address for files |
//! | the note that the message is about to be made, which cancelling respects | `claim.rs` | yes |
//! | the message, once, however often it is asked for | `message.rs` | yes |
//!
//! The claim is kept and the progress recorded beside all of them (`claim.rs`). What stops them is a [`Stop`]
//! (`stop.rs`): whoever sends decides what becomes of the upload then, and ends it or gives it back.

mod claim;
mod message;
mod parts;
mod place;
mod staged;
mod stop;

use std::time::Duration;

use lambdagram_aws::{ClaimToken, Connection, StagingBucket, Uploads};
use lambdagram_domain::media::MessageId;
use lambdagram_domain::session::{OpenError, Stage};
use lambdagram_domain::time::UnixTime;
use lambdagram_domain::upload::{
    Checkpoint, Content, Look, SendAs, Step, Upload, UploadDetails, UploadFailure, UploadId, UploadPlan,
    check_caption,
};
use lambdagram_telegram::mtproto::files::MediaPool;
use lambdagram_telegram::mtproto::uploads::{Outgoing, UploadedFile};
use tokio::time::timeout_at;

pub(crate) use self::claim::CLAIM;
use self::claim::Progress;
use self::message::as_document;
use self::staged::Staged;
use self::stop::Refusal;
pub(crate) use self::stop::Stop;
use crate::config::{ConfigError, MediaLease};
use crate::http::Failure;
use crate::runtime::Start;
use crate::session::{Accounts, Caller, Term};

/// Times that a file is sent anew because Telegram has forgotten parts of it.
const MOST_RESTARTS: u32 = 3;

/// How far Telegram's clock may be behind ours.
const CLOCK_SKEW: Duration = Duration::from_mins(1);

/// What sends staged files.
pub(crate) struct Sending {
    pub(crate) accounts: Accounts,
    pub(crate) uploads: Uploads,
    pub(crate) staging: StagingBucket,
    pool: MediaPool,
    lease: MediaLease,
    what: Failure,
}

/// An upload in the hands of whoever claimed it.
pub(crate) struct Claimed {
    /// The upload, as it was when it was claimed.
    pub(crate) upload: Upload,
    /// The claim.
    pub(crate) claim: ClaimToken,
    /// The time there is.
    pub(crate) term: Term,
}

/// What is to be sent, and for whom.
#[derive(Clone, Copy)]
struct Errand<'a> {
    claimed: &'a Claimed,
    caller: &'a Caller,
}

/// How far it went.
pub(crate) struct Sent {
    /// The message, or why there is none.
    pub(crate) outcome: Result<MessageId, Stop>,
    /// How much Telegram has.
    pub(crate) reached: Option<Checkpoint>,
}

impl Sent {
    /// Nothing was sent.
    pub(crate) fn stopped(claimed: &Claimed, stop: Stop) -> Self {
        Self { outcome: Err(stop), reached: claimed.upload.checkpoint }
    }
}

impl Sending {
    /// `what` is what fails when Telegram does not answer as it should.
    pub(crate) async fn open(
        start: &Start,
        connection: &Connection,
        what: Failure,
    ) -> Result<Self, ConfigError> {
        let environment = &start.environment;
        Ok(Self {
            accounts: Accounts::open(start, connection).await?,
            uploads: Uploads::new(connection, environment.text("UPLOADS_TABLE")?),
            staging: StagingBucket::new(connection, environment.text("STAGING_BUCKET")?),
            pool: MediaPool::new(),
            lease: environment.media_lease()?,
            what,
        })
    }

    /// Sends the file for its owner, as far as it gets within its time. The upload is neither ended nor given back.
    pub(crate) async fn send(&self, claimed: &Claimed, caller: &Caller) -> Sent {
        let errand = Errand { claimed, caller };
        self.while_claimed(claimed, async |progress| {
            let outcome = Box::pin(self.message_of(errand, &progress)).await;
            Sent { outcome, reached: progress.reached() }
        })
        .await
    }

    /// Deletes the staged file of an upload that is over.
    pub(crate) async fn delete_staged(&self, id: &UploadId) {
        if let Err(cause) = self.staging.delete(&id.staged()).await {
            tracing::warn!(upload = %id, cause = %cause, "The staged file is left to the bucket's lifecycle");
        }
    }

    async fn message_of(&self, errand: Errand<'_>, progress: &Progress) -> Result<MessageId, Stop> {
        let upload = &errand.claimed.upload;
        let details = self.details(errand).await?;
        let plan = self.plan(errand, &details).await?;
        let staged = Staged::new(self.staging.clone(), upload.id.staged(), upload.size);
        let deadline = self.accounts.end_of(errand.claimed.term);
        let looked = timeout_at(deadline, look(&staged, upload.size, &details)).await;
        let mut content = looked.map_err(|_| Stop::OutOfTime)??;
        let mut at = upload.checkpoint.unwrap_or_else(Checkpoint::start);
        let mut restarts = upload.restarts;
        loop {
            let parts = self.send_parts(errand, progress, plan, at, || staged.contents()).await;
            let sent = match parts {
                Ok(all) => {
                    at = all;
                    let thumbnail = self.send_thumbnail(errand, progress, &content, &staged).await;
                    let outgoing = Outgoing {
                        content: &content,
                        file: UploadedFile { plan, file_id: at.file_id },
                        thumbnail,
                        caption: &details.caption,
                        random_id: upload.id.random_id(),
                        not_before: before(upload.created_at),
                    };
                    self.send_message(errand, &outgoing).await
                }
                Err(refusal) => Err(refusal),
            };
            match sent {
                Ok(message_id) => return Ok(message_id),
                Err(Refusal::StartOver) if restarts >= MOST_RESTARTS => {
                    return Err(Stop::Failed(UploadFailure::GivenUp));
                }
                Err(Refusal::StartOver) => {
                    restarts += 1;
                    at = Checkpoint::start();
                    progress.note(at);
                    tracing::warn!(upload = %upload.id, restarts, "The file is sent anew: Telegram has forgotten parts");
                }
                Err(Refusal::NotAPhoto { .. }) if details.send_as == SendAs::Photo => {
                    return Err(Stop::Failed(UploadFailure::NotAPhoto));
                }
                Err(Refusal::NotAPhoto { error }) => content = as_document(&content, &error)?,
                Err(Refusal::Other(stop)) => return Err(stop),
            }
        }
    }

    /// What its sender wrote about the file.
    async fn details(&self, errand: Errand<'_>) -> Result<UploadDetails, Stop> {
        let upload = &errand.claimed.upload;
        let opened = self.accounts.open_upload(&errand.caller.token, &upload.id, &upload.details).await;
        opened.map_err(|error| Stop::session(&error))?.map_err(|error| match error {
            // A newer program's: it will send it.
            OpenError::UnknownForm => Stop::trouble(error),
            OpenError::UnknownKey | OpenError::Forged => Stop::Failed(UploadFailure::SessionEnded),
        })
    }

    /// How the file is cut up, for an account that may have lost its subscription since.
    async fn plan(&self, errand: Errand<'_>, details: &UploadDetails) -> Result<UploadPlan, Stop> {
        let session = self.session(errand).await?;
        let premium = matches!(session.stage, Stage::SignedIn { user } if user.premium);
        check_caption(&details.caption, premium).map_err(|_| Stop::Failed(UploadFailure::CaptionTooLong))?;
        UploadPlan::of(errand.claimed.upload.size, premium).map_err(|_| Stop::Failed(UploadFailure::TooLarge))
    }
}

/// What the file is, as its sender wants it sent.
async fn look(staged: &Staged, size: u64, details: &UploadDetails) -> Result<Content, Stop> {
    let mut look = Look::new(size, details.name.as_deref(), details.mime_type.as_deref());
    loop {
        match look.step() {
            Step::Done(content) => {
                let content = content.sent_as(details.send_as);
                return content.map_err(|_| Stop::Failed(UploadFailure::NotAPhoto));
            }
            Step::Read(range) => {
                let start = range.start;
                let bytes = staged.range(range).await.map_err(|error| Stop::unread(&error))?;
                look.take(start, &bytes);
            }
        }
    }
}

fn before(time: UnixTime) -> UnixTime {
    UnixTime(time.0.saturating_sub(CLOCK_SKEW.as_secs()))
}

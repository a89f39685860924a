//! One message's way from the queue to Telegram.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use aws_lambda_events::event::sqs::SqsMessage;
use lambdagram_aws::{AwsError, Claim, ClaimError, ClaimToken, Claimed, Ending};
use lambdagram_domain::bot_api::Chat;
use lambdagram_domain::job::{Job, Work};
use lambdagram_domain::picture::{Delivery, Picture};
use lambdagram_domain::retry::{LONGEST_NAP, MOST_ATTEMPTS, delay_after};
use lambdagram_domain::time::UnixTime;
use lambdagram_telegram::bot_api::{BotApiError, CALL_TIMEOUT};
use serde_json::Value;
use uuid::Uuid;

use super::BotWorker;
use super::calls::{Call, welcome};
use super::command::{refused, repeats_safely};
use crate::config::UnresolvedSends;
use crate::queue_worker::Verdict;

/// Kept free at the end of an invocation, to record what became of the last call: one call of the SDK with all its
/// retries takes 8 s at most.
const TIME_TO_RECORD: Duration = Duration::from_secs(10);

/// Between two tries to record something.
const RECORD_PAUSE: Duration = Duration::from_millis(250);

/// How long the preparation of a picture may take; one that takes longer goes as it is, as a document.
const PREPARATION: Duration = Duration::from_secs(15);

/// A call that would have less time than this is left to the next invocation.
const SHORTEST_CALL: Duration = Duration::from_secs(3);

/// How long a claim outlives the invocation that holds it. The invocation is killed at its deadline; clocks differ.
const CLAIM_AFTER_DEADLINE: Duration = Duration::from_secs(5);

/// A job under this worker's claim.
struct Held<'a> {
    job: Job,
    /// The message as it came, for the dead-letter queue.
    body: &'a str,
    /// The message's id.
    message_id: &'a str,
    token: ClaimToken,
    /// This attempt's number, from 1.
    attempt: u32,
    /// Who is to be told of its end.
    callback_url: Option<String>,
    deadline: SystemTime,
}

/// Why a job cannot be prepared.
pub(super) enum Unprepared {
    /// AWS failed; another time it will do.
    Aws(AwsError),
    /// It can never be done.
    Hopeless(&'static str),
}

/// How the calls of a job went.
enum Outcome {
    Ended(Ending),
    /// Telegram says when to go on; nothing was tried in vain.
    Wait(Duration),
    /// It failed for now, and nothing is known to have been sent.
    Failed {
        /// What the person may be told when there is no further attempt.
        reason: String,
        /// What the log says.
        cause: String,
    },
    /// It can never be done.
    Hopeless(String),
}

impl Outcome {
    fn failed(error: &BotApiError) -> Self {
        Self::Failed { reason: error.to_string(), cause: error.to_string() }
    }
}

impl BotWorker {
    /// Does the job of one message, as far as it can be done now.
    pub(super) async fn deliver(&self, record: &SqsMessage, deadline: SystemTime) -> Verdict {
        let body = record.body.as_deref().unwrap_or_default();
        let message_id = record.message_id.as_deref().unwrap_or_default();
        let Ok(job) = serde_json::from_str::<Job>(body) else {
            return self.bury_unreadable(body, message_id).await;
        };
        let now = self.clock.now();
        let left = deadline.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let until = UnixTime(left.as_secs()).max(now).plus(CLAIM_AFTER_DEADLINE);
        let token = ClaimToken(Uuid::new_v4().to_string());
        let claim = Claim { token: token.clone(), now, until };
        let (receipt, unresolved) = match self.receipts.claim(&job, &claim).await {
            Ok(Claimed::Granted { receipt, unresolved }) => (receipt, unresolved),
            Ok(Claimed::Held(until)) => return Verdict::Later(until.since(now) + Duration::from_secs(1)),
            Ok(Claimed::Finished(receipt)) => {
                self.clear_up(&job).await;
                return self.tell(&job.id, receipt.callback_url).await;
            }
            Err(cause) => {
                tracing::error!(job = %job.id, cause = %cause, "The job cannot be claimed");
                return Verdict::Later(delay_after(1).unwrap_or_default());
            }
        };
        let (attempt, callback_url) = (receipt.attempts, receipt.callback_url.clone());
        let held = Held { job, body, message_id, token, attempt, callback_url, deadline };
        if unresolved {
            tracing::warn!(job = %held.job.id, "A send is unresolved: its worker ended before the answer was recorded");
            if self.stops_unresolved(&held.job) {
                return self.end(&held, Ending::Unknown).await;
            }
        }
        if held.attempt > MOST_ATTEMPTS {
            return self.bury(&held, "Every attempt failed.").await;
        }
        let outcome = match self.prepare(&held.job).await {
            Ok(calls) => self.send(&held, &calls, receipt.calls_done).await,
            Err(Unprepared::Hopeless(reason)) => Ok(Outcome::Hopeless(reason.to_owned())),
            Err(Unprepared::Aws(cause)) => {
                let reason = "What belongs to it could not be fetched.".to_owned();
                Ok(Outcome::Failed { reason, cause: cause.to_string() })
            }
        };
        match outcome {
            Ok(Outcome::Ended(ending)) => self.end(&held, ending).await,
            Ok(Outcome::Wait(wait)) => self.release(&held, held.attempt - 1, wait).await,
            Ok(Outcome::Hopeless(reason)) => self.bury(&held, &reason).await,
            Ok(Outcome::Failed { reason, cause }) => match delay_after(held.attempt) {
                Some(delay) => {
                    tracing::warn!(job = %held.job.id, attempt = held.attempt, cause, "The job is tried again later");
                    self.release(&held, held.attempt, delay).await
                }
                None => self.bury(&held, &reason).await,
            },
            Err(cause) => give_up_claim(&held, &cause),
        }
    }

    async fn prepare(&self, job: &Job) -> Result<Vec<Call>, Unprepared> {
        let no_chat = Unprepared::Hopeless("The job names no chat.");
        match &job.work {
            Work::Command(command) => Ok(vec![self.prepare_command(job, command).await?]),
            Work::Welcome { mini_app_url } => {
                Ok(welcome(job.chat.as_ref().ok_or(no_chat)?, mini_app_url.as_deref()))
            }
            Work::Photo => {
                let staged = self.staging.get(&job.staged_picture()).await.map_err(Unprepared::Aws)?;
                let staged = staged.ok_or(Unprepared::Hopeless("The picture is no longer there."))?;
                let picture = Picture::parse(staged.into());
                let picture = picture.map_err(|_| Unprepared::Hopeless("The picture cannot be read."))?;
                Ok(vec![prepare_picture(job.chat.as_ref().ok_or(no_chat)?, picture).await?])
            }
        }
    }

    /// Makes the calls that have not been answered yet, one after the other.
    async fn send(&self, held: &Held<'_>, calls: &[Call], done: u32) -> Result<Outcome, ClaimError> {
        let mut last = None;
        let mut made_any = false;
        for (number, call) in (0..).zip(calls).skip(done as usize) {
            if self.time_left(held) < SHORTEST_CALL {
                // An invocation that got nothing done counts, or a picture that takes too long would come for ever.
                let reason = "There was no time left to send it.".to_owned();
                let failed = Outcome::Failed { cause: reason.clone(), reason };
                return Ok(if made_any { Outcome::Wait(Duration::ZERO) } else { failed });
            }
            self.receipts.mark_sending(&held.job.id, &held.token, number).await?;
            match self.make(held, call).await {
                Ok(answer) => last = Some(answer),
                // It was done; only what came of it is not known.
                Err(BotApiError::Unreadable) => last = None,
                Err(error) => return Ok(self.judge(held, error).await),
            }
            made_any = true;
        }
        let answer = last.unwrap_or_default();
        Ok(Outcome::Ended(match &held.job.work {
            Work::Command(_) => Ending::Carried { result: self.keep_result(&held.job, &answer).await },
            Work::Photo | Work::Welcome { .. } => {
                Ending::Sent { message_id: answer.get("message_id").and_then(Value::as_i64) }
            }
        }))
    }

    /// Makes one call: sleeps through one short wait, follows a group that has become a supergroup, and goes on with a
    /// document where a picture is not taken as a photo.
    async fn make(&self, held: &Held<'_>, call: &Call) -> Result<Value, BotApiError> {
        let mut call = Cow::Borrowed(call);
        let (mut napped, mut followed) = (false, false);
        loop {
            let error = match self.call(held, &call).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match (&error, call.as_document()) {
                (BotApiError::TooManyRequests { retry_after }, _) if !napped => {
                    let nap = Duration::from_secs(*retry_after);
                    if nap > LONGEST_NAP || self.time_left(held) < nap + SHORTEST_CALL {
                        return Err(error);
                    }
                    tokio::time::sleep(nap).await;
                    napped = true;
                }
                (BotApiError::Migrated { chat_id }, _)
                    if !followed && self.time_left(held) >= SHORTEST_CALL =>
                {
                    call = Cow::Owned(call.into_owned().in_chat(*chat_id));
                    followed = true;
                }
                (BotApiError::BadRequest { .. }, Some(document)) if self.time_left(held) >= SHORTEST_CALL => {
                    call = Cow::Owned(document);
                }
                _ => return Err(error),
            }
        }
    }

    async fn call(&self, held: &Held<'_>, call: &Call) -> Result<Value, BotApiError> {
        let bot = self.bot.with_token(self.secrets.versions().current.bot_token.clone());
        let timeout = self.time_left(held).min(CALL_TIMEOUT);
        bot.call(&call.method, call.parameters.clone(), call.files.clone(), timeout).await
    }

    async fn judge(&self, held: &Held<'_>, error: BotApiError) -> Outcome {
        match error {
            BotApiError::TooManyRequests { retry_after } => Outcome::Wait(Duration::from_secs(retry_after)),
            BotApiError::Refused { description } => Outcome::Ended(Ending::Refused { reason: description }),
            BotApiError::BadRequest { description } => match &held.job.work {
                Work::Command(command) => Outcome::Ended(refused(command, held.attempt, description)),
                Work::Photo | Work::Welcome { .. } => Outcome::Hopeless(description),
            },
            BotApiError::Unresolved if self.stops_unresolved(&held.job) => Outcome::Ended(Ending::Unknown),
            BotApiError::Unauthorized => {
                // The token may have been replaced since it was read.
                if let Err(cause) = self.secrets.refresh(self.clock.now()).await {
                    tracing::error!(job = %held.job.id, cause = %cause, "The secrets cannot be read");
                }
                Outcome::failed(&error)
            }
            BotApiError::ServerError { .. }
            | BotApiError::Migrated { .. }
            | BotApiError::NotSent
            | BotApiError::Unresolved
            | BotApiError::Unreadable => Outcome::failed(&error),
        }
    }

    async fn end(&self, held: &Held<'_>, ending: Ending) -> Verdict {
        let job = &held.job;
        if let Err(cause) = self.finish(held, &ending).await {
            return give_up_claim(held, &cause);
        }
        tracing::info!(job = %job.id, attempt = held.attempt, ending = ending.state().name(), "The job ended");
        self.clear_up(job).await;
        self.tell(&job.id, held.callback_url.clone()).await
    }

    async fn finish(&self, held: &Held<'_>, ending: &Ending) -> Result<(), ClaimError> {
        let now = self.clock.now();
        self.record(held, || self.receipts.finish(&held.job, &held.token, ending, now)).await
    }

    async fn release(&self, held: &Held<'_>, attempts: u32, wait: Duration) -> Verdict {
        let release = || self.receipts.release(&held.job.id, &held.token, attempts);
        match self.record(held, release).await {
            Ok(()) => Verdict::Later(wait),
            Err(cause) => give_up_claim(held, &cause),
        }
    }

    /// Records what is known, again and again while there is time: a sent message that is not recorded is sent twice.
    async fn record<F>(&self, held: &Held<'_>, write: impl Fn() -> F) -> Result<(), ClaimError>
    where
        F: Future<Output = Result<(), ClaimError>>,
    {
        loop {
            match write().await {
                Err(ClaimError::Aws(cause)) if self.time_to_deadline(held) > TIME_TO_RECORD => {
                    tracing::warn!(job = %held.job.id, cause = %cause, "The receipt is written again");
                    tokio::time::sleep(RECORD_PAUSE).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Gives the job to the dead-letter queue. What was staged for it stays, so that a redrive finds it.
    async fn bury(&self, held: &Held<'_>, reason: &str) -> Verdict {
        let job = &held.job;
        let group = job.group();
        let letter = self.dead_letters.send(held.body, Some(&group), held.message_id, reason);
        if let Err(cause) = letter.await {
            tracing::error!(job = %job.id, cause = %cause, "The dead-letter queue does not take the job");
            return self.release(held, held.attempt, delay_after(1).unwrap_or_default()).await;
        }
        let ending = Ending::Failed { reason: reason.to_owned(), attempts: held.attempt.min(MOST_ATTEMPTS) };
        if let Err(cause) = self.finish(held, &ending).await {
            return give_up_claim(held, &cause);
        }
        tracing::error!(job = %job.id, attempt = held.attempt, reason, "The job is in the dead-letter queue");
        self.tell(&job.id, held.callback_url.clone()).await
    }

    async fn bury_unreadable(&self, body: &str, message_id: &str) -> Verdict {
        let buried = self.dead_letters.send(body, None, message_id, "The message is not a job.").await;
        match buried {
            Ok(()) => {
                tracing::error!(message_id, "A message that is no job is in the dead-letter queue");
                Verdict::Done
            }
            Err(cause) => {
                tracing::error!(message_id, cause = %cause, "The dead-letter queue does not take a message");
                Verdict::WhenVisible
            }
        }
    }

    /// Removes what was staged for a finished job.
    async fn clear_up(&self, job: &Job) {
        let staged: Vec<_> = match &job.work {
            Work::Photo => vec![job.staged_picture()],
            Work::Welcome { .. } => Vec::new(),
            Work::Command(command) => command.staged().map(|name| job.staged_part(name)).collect(),
        };
        for key in staged {
            if let Err(cause) = self.staging.delete(&key).await {
                tracing::warn!(job = %job.id, cause = %cause, "What was staged is left to the bucket's lifecycle");
            }
        }
    }

    /// Whether a send of `job` that nobody knows the end of is left at that.
    fn stops_unresolved(&self, job: &Job) -> bool {
        let repeats_safely = matches!(&job.work, Work::Command(command) if repeats_safely(command));
        self.unresolved_sends == UnresolvedSends::Stop && !repeats_safely
    }

    fn time_left(&self, held: &Held<'_>) -> Duration {
        self.time_to_deadline(held).saturating_sub(TIME_TO_RECORD)
    }

    fn time_to_deadline(&self, held: &Held<'_>) -> Duration {
        held.deadline.duration_since(self.clock.time()).unwrap_or_default()
    }
}

/// The call that delivers `picture`, scaled where it has to be.
async fn prepare_picture(chat: &Chat, picture: Picture) -> Result<Call, Unprepared> {
    let as_it_is = Delivery::Document(picture.clone());
    let scaling = tokio::task::spawn_blocking(move || picture.for_telegram());
    match tokio::time::timeout(PREPARATION, scaling).await {
        Ok(Ok(Ok(delivery))) => Ok(Call::with_picture(chat, delivery)),
        Ok(Ok(Err(_))) => Err(Unprepared::Hopeless("The picture is too large for Telegram.")),
        // The decoder took too long or panicked; whoever gets the file may have a better one.
        Ok(Err(_)) | Err(_) => Ok(Call::with_picture(chat, as_it_is)),
    }
}

/// The receipt cannot be written: the claim ends by itself, and the message comes again after it.
fn give_up_claim(held: &Held<'_>, cause: &ClaimError) -> Verdict {
    tracing::error!(job = %held.job.id, cause = %cause, "What became of the job is not recorded");
    Verdict::WhenVisible
}

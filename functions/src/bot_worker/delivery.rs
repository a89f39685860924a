//! One message's way from the queue to Telegram.

use std::time::{Duration, SystemTime};

use aws_lambda_events::event::sqs::SqsMessage;
use lambdagram_aws::{AwsError, Claim, ClaimError, ClaimToken, Claimed, Ending};
use lambdagram_domain::job::{Job, Work};
use lambdagram_domain::picture::Picture;
use lambdagram_domain::retry::{LONGEST_NAP, MOST_ATTEMPTS, delay_after};
use lambdagram_domain::time::UnixTime;
use lambdagram_telegram::bot_api::{BotApiError, CALL_TIMEOUT};
use serde_json::Value;
use uuid::Uuid;

use super::calls::{Call, welcome};
use super::{BotWorker, Verdict};
use crate::config::UnresolvedSends;

/// Kept free at the end of an invocation, to record what became of the last call.
const TIME_TO_RECORD: Duration = Duration::from_secs(5);

/// A call that would have less time than this is left to the next invocation.
const SHORTEST_CALL: Duration = Duration::from_secs(3);

/// How long a claim outlives the invocation that holds it. The invocation is killed at its deadline; clocks differ.
const CLAIM_AFTER_DEADLINE: Duration = Duration::from_secs(5);

/// A job under this worker's claim.
struct Held<'a> {
    job: Job,
    /// The message as it came, for the dead-letter queue.
    body: &'a str,
    token: ClaimToken,
    /// This attempt's number, from 1.
    attempt: u32,
    deadline: SystemTime,
}

/// Why a job cannot be prepared.
enum Unprepared {
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
    Failed(String),
    /// It can never be done.
    Hopeless(String),
}

impl BotWorker {
    /// Does the job of one message, as far as it can be done now.
    pub(super) async fn process(&self, record: &SqsMessage, deadline: SystemTime) -> Verdict {
        let body = record.body.as_deref().unwrap_or_default();
        let Ok(job) = serde_json::from_str::<Job>(body) else {
            let id = record.message_id.as_deref().unwrap_or_default();
            return self.bury_unreadable(body, id).await;
        };
        let now = self.clock.now();
        let left = deadline.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let until = UnixTime(left.as_secs()).max(now).plus(CLAIM_AFTER_DEADLINE);
        let token = ClaimToken(Uuid::new_v4().to_string());
        let claim = Claim { token: token.clone(), now, until };
        let (receipt, unresolved) = match self.receipts.claim(&job, &claim).await {
            Ok(Claimed::Granted { receipt, unresolved }) => (receipt, unresolved),
            Ok(Claimed::Held(until)) => return Verdict::Later(until.since(now) + Duration::from_secs(1)),
            Ok(Claimed::Finished(_)) => {
                self.clear_up(&job).await;
                return Verdict::Done;
            }
            Err(cause) => {
                tracing::error!(job = %job.id, cause = %cause, "The job cannot be claimed");
                return Verdict::Later(delay_after(1).unwrap_or_default());
            }
        };
        let held = Held { job, body, token, attempt: receipt.attempts, deadline };
        if unresolved {
            tracing::warn!(job = %held.job.id, "A send is unresolved: its worker ended before the answer was recorded");
            if self.unresolved_sends == UnresolvedSends::Stop {
                return self.end(&held, Ending::Unknown).await;
            }
        }
        if held.attempt > MOST_ATTEMPTS {
            return self.bury(&held, "Workers died at every attempt.").await;
        }
        let outcome = match self.prepare(&held.job).await {
            Ok(calls) => self.send(&held, &calls, receipt.calls_done).await,
            Err(Unprepared::Hopeless(reason)) => Ok(Outcome::Hopeless(reason.to_owned())),
            Err(Unprepared::Aws(cause)) => Ok(Outcome::Failed(cause.to_string())),
        };
        match outcome {
            Ok(Outcome::Ended(ending)) => self.end(&held, ending).await,
            Ok(Outcome::Wait(wait)) => self.release(&held, held.attempt - 1, wait).await,
            Ok(Outcome::Hopeless(reason)) => self.bury(&held, &reason).await,
            Ok(Outcome::Failed(cause)) => match delay_after(held.attempt) {
                Some(delay) => {
                    tracing::warn!(job = %held.job.id, attempt = held.attempt, cause, "The job is tried again later");
                    self.release(&held, held.attempt, delay).await
                }
                None => self.bury(&held, &cause).await,
            },
            Err(cause) => give_up_claim(&held, &cause),
        }
    }

    async fn prepare(&self, job: &Job) -> Result<Vec<Call>, Unprepared> {
        match &job.work {
            Work::Welcome { mini_app_url } => Ok(welcome(job.chat_id, mini_app_url)),
            Work::Photo => {
                let staged = self.staging.get(&job.staged_picture()).await.map_err(Unprepared::Aws)?;
                let staged = staged.ok_or(Unprepared::Hopeless("The picture is no longer there."))?;
                let chat_id = job.chat_id;
                let call = tokio::task::spawn_blocking(move || {
                    Call::with_picture(chat_id, Picture::parse(staged.into())?)
                });
                match call.await {
                    Ok(Ok(call)) => Ok(vec![call]),
                    Ok(Err(_)) | Err(_) => Err(Unprepared::Hopeless("The picture cannot be read.")),
                }
            }
        }
    }

    /// Makes the calls that have not been answered yet, one after the other.
    async fn send(&self, held: &Held<'_>, calls: &[Call], done: u32) -> Result<Outcome, ClaimError> {
        let mut message_id = None;
        for (number, call) in (0..).zip(calls).skip(done as usize) {
            if self.time_left(held) < SHORTEST_CALL {
                return Ok(Outcome::Wait(Duration::ZERO));
            }
            self.receipts.mark_sending(&held.job.id, &held.token, number).await?;
            match self.make(held, call).await {
                Ok(answer) => message_id = answer.get("message_id").and_then(Value::as_i64),
                // It was done; only its message's number is not known.
                Err(BotApiError::Unreadable) => message_id = None,
                Err(error) => return Ok(self.judge(held, error).await),
            }
        }
        Ok(Outcome::Ended(Ending::Sent { message_id }))
    }

    /// Makes one call; sleeps through one short wait, and falls back to a document where a photo is not taken.
    async fn make(&self, held: &Held<'_>, call: &Call) -> Result<Value, BotApiError> {
        match self.call(held, call).await {
            Err(BotApiError::TooManyRequests { retry_after })
                if Duration::from_secs(retry_after) <= LONGEST_NAP
                    && self.time_left(held) > LONGEST_NAP + SHORTEST_CALL =>
            {
                tokio::time::sleep(Duration::from_secs(retry_after)).await;
                self.call(held, call).await
            }
            Err(BotApiError::BadRequest { description }) => match call.as_document() {
                Some(document) => self.call(held, &document).await,
                None => Err(BotApiError::BadRequest { description }),
            },
            outcome => outcome,
        }
    }

    async fn call(&self, held: &Held<'_>, call: &Call) -> Result<Value, BotApiError> {
        let bot = self.bot.with_token(self.secrets.versions().current.bot_token.clone());
        let timeout = self.time_left(held).min(CALL_TIMEOUT);
        bot.call(call.method, call.parameters.clone(), call.file.clone(), timeout).await
    }

    async fn judge(&self, held: &Held<'_>, error: BotApiError) -> Outcome {
        match error {
            BotApiError::TooManyRequests { retry_after } => Outcome::Wait(Duration::from_secs(retry_after)),
            BotApiError::Refused { description } => Outcome::Ended(Ending::Refused { reason: description }),
            BotApiError::BadRequest { description } => Outcome::Hopeless(description),
            BotApiError::Unresolved if self.unresolved_sends == UnresolvedSends::Stop => {
                Outcome::Ended(Ending::Unknown)
            }
            BotApiError::Unauthorized => {
                // The token may have been replaced since it was read.
                if let Err(cause) = self.secrets.refresh(self.clock.now()).await {
                    tracing::error!(job = %held.job.id, cause = %cause, "The secrets cannot be read");
                }
                Outcome::Failed(error.to_string())
            }
            BotApiError::ServerError { .. }
            | BotApiError::NotSent
            | BotApiError::Unresolved
            | BotApiError::Unreadable => Outcome::Failed(error.to_string()),
        }
    }

    async fn end(&self, held: &Held<'_>, ending: Ending) -> Verdict {
        let (job, now) = (&held.job, self.clock.now());
        if let Err(cause) = self.receipts.finish(&job.id, &held.token, &ending, now).await {
            return give_up_claim(held, &cause);
        }
        tracing::info!(job = %job.id, attempt = held.attempt, ending = ending.state().name(), "The job ended");
        self.clear_up(job).await;
        Verdict::Done
    }

    async fn release(&self, held: &Held<'_>, attempts: u32, wait: Duration) -> Verdict {
        match self.receipts.release(&held.job.id, &held.token, attempts).await {
            Ok(()) => Verdict::Later(wait),
            Err(cause) => give_up_claim(held, &cause),
        }
    }

    /// Gives the job to the dead-letter queue. What was staged for it stays, so that a redrive finds it.
    async fn bury(&self, held: &Held<'_>, reason: &str) -> Verdict {
        let (job, now) = (&held.job, self.clock.now());
        if let Err(cause) = self.dead_letters.send_job(held.body, &job.id, job.chat_id, reason).await {
            tracing::error!(job = %job.id, cause = %cause, "The dead-letter queue does not take the job");
            return self.release(held, MOST_ATTEMPTS, delay_after(1).unwrap_or_default()).await;
        }
        let ending = Ending::Failed { reason: reason.to_owned() };
        if let Err(cause) = self.receipts.finish(&job.id, &held.token, &ending, now).await {
            return give_up_claim(held, &cause);
        }
        tracing::error!(job = %job.id, attempt = held.attempt, reason, "The job is in the dead-letter queue");
        Verdict::Done
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
        if job.work != Work::Photo {
            return;
        }
        if let Err(cause) = self.staging.delete(&job.staged_picture()).await {
            tracing::warn!(job = %job.id, cause = %cause, "The staged picture is left to the bucket's lifecycle");
        }
    }

    fn time_left(&self, held: &Held<'_>) -> Duration {
        let left = held.deadline.duration_since(self.clock.time()).unwrap_or_default();
        left.saturating_sub(TIME_TO_RECORD)
    }
}

/// The receipt cannot be written: the claim ends by itself, and the message comes again after it.
fn give_up_claim(held: &Held<'_>, cause: &ClaimError) -> Verdict {
    tracing::error!(job = %held.job.id, cause = %cause, "What became of the job is not recorded");
    Verdict::WhenVisible
}

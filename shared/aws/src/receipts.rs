//! The table of receipts: every change of a job's state is one conditional write here.
//!
//! A claim carries a token, and whatever is written under the claim demands that token, so a worker whose claim has
//! passed to another can no longer change the receipt. The token stays when the claim is given back, until the next
//! claim replaces it: a write that is repeated because its answer was lost finds it and changes nothing more.
//!
//! That a request may be on its way to Telegram is noted apart from the state, since a claim overwrites the state: only
//! what tells how the request went removes the note, however many workers were killed in between.

mod item;

use std::fmt::Write as _;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use lambdagram_domain::ids::JobId;
use lambdagram_domain::job::{Job, Work};
use lambdagram_domain::receipt::{
    CommandResult, KEPT_WHEN_FINISHED, KEPT_WHILE_UNFINISHED, RESULT_KEPT, Receipt, State,
};
use lambdagram_domain::time::UnixTime;
use thiserror::Error;

use self::item::{IN_DOUBT, claim_end, item_of, receipt_of, result_value};
use crate::attributes::{number, text};
use crate::client::Connection;
use crate::error::{AwsError, is_condition};
use crate::limits::{Limit, Limits};
use crate::transaction;

/// The receipts of all jobs.
#[derive(Clone, Debug)]
pub struct Receipts {
    client: Client,
    table: String,
}

/// What became of a new receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is written.
    New,
    /// A receipt of that id is there already, and stays as it is.
    Repeat(Box<Receipt>),
    /// The limit is reached; nothing was written.
    Limited {
        /// Seconds until the limit's window ends.
        retry_after: u64,
    },
}

/// Names one claim, so that nobody else can write under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimToken(pub String);

/// A claim asked for.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Its token, new for each claim.
    pub token: ClaimToken,
    /// When it is claimed.
    pub now: UnixTime,
    /// When it ends by itself: after the invocation that holds it must be over.
    pub until: UnixTime,
}

/// What a claim found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// It is granted. The receipt is as it was before, with this attempt counted.
    Granted {
        /// The receipt.
        receipt: Box<Receipt>,
        /// The claim before ended while a request may have been on its way to Telegram.
        unresolved: bool,
    },
    /// Another worker holds it until then.
    Held(UnixTime),
    /// The job is finished; there is nothing to do.
    Finished(Box<Receipt>),
}

/// Why a write under a claim did not happen.
#[derive(Debug, Error)]
pub enum ClaimError {
    /// The claim has passed to another worker.
    #[error("the claim has passed to another worker")]
    Lost,
    /// DynamoDB did not answer as it should.
    #[error(transparent)]
    Aws(#[from] AwsError),
}

/// How a job ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Telegram has it.
    Sent {
        /// The message it became, where it became one.
        message_id: Option<i64>,
    },
    /// Telegram did what a command asked for.
    Carried {
        /// What it returned.
        result: CommandResult,
    },
    /// The person does not let the bot write; or Telegram refuses what a command asks for. Final.
    Refused {
        /// Telegram's words.
        reason: String,
    },
    /// It cannot be delivered. A redrive from the dead-letter queue starts its attempts anew.
    Failed {
        /// Why.
        reason: String,
        /// After how many attempts.
        attempts: u32,
    },
    /// It may have been delivered, and is not risked again.
    Unknown,
}

impl Ending {
    /// The state it leaves the receipt in.
    pub fn state(&self) -> State {
        match self {
            Self::Sent { .. } | Self::Carried { .. } => State::Sent,
            Self::Refused { .. } => State::Refused,
            Self::Failed { .. } => State::Failed,
            Self::Unknown => State::Unknown,
        }
    }
}

impl Receipts {
    /// The table of that name.
    pub fn new(connection: &Connection, table: String) -> Self {
        Self { client: Client::new(connection.config()), table }
    }

    /// Writes a new receipt and counts it against the limit, both or neither.
    ///
    /// # Errors
    ///
    /// [`AwsError`]; the receipt may have been written.
    pub async fn accept(
        &self,
        receipt: &Receipt,
        limit: Option<(&Limits, &Limit)>,
    ) -> Result<Accepted, AwsError> {
        let now = receipt.accepted_at;
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item_of(receipt)))
            .condition_expression("attribute_not_exists(id) OR expires_at <= :now")
            .expression_attribute_values(":now", number(now.0))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build();
        let put = put.map(|put| TransactWriteItem::builder().put(put).build());
        let count = limit.map(|(limits, limit)| limits.count(limit, 1, now));
        let items: Result<Vec<_>, _> = std::iter::once(put).chain(count).collect();
        let items = items.map_err(|_| AwsError::unsendable("TransactWriteItems"))?;

        let Err(error) = transaction::write(&self.client, items).await else {
            return Ok(Accepted::New);
        };
        if let Some(there) = error.refused(0) {
            let there = there.item().and_then(receipt_of).map(Box::new).map(Accepted::Repeat);
            return there.ok_or_else(|| AwsError::unreadable("TransactWriteItems", "receipt"));
        }
        match limit {
            Some((_, limit)) if error.refused(1).is_some() => {
                Ok(Accepted::Limited { retry_after: limit.seconds_left(now) })
            }
            _ => Err(error.into()),
        }
    }

    /// Notes that the queue has the job. A worker may already be further; then nothing changes.
    ///
    /// # Errors
    ///
    /// [`AwsError`]; the job is in the queue all the same.
    pub async fn mark_queued(&self, id: &JobId) -> Result<(), AwsError> {
        let call = self
            .update(id)
            .update_expression("SET #state = :queued")
            .expression_attribute_values(":queued", state(State::Queued));
        while_accepting(call).await
    }

    /// Notes that the request which wrote the receipt failed before the queue had the job: a repeat may complete it at
    /// once.
    ///
    /// # Errors
    ///
    /// [`AwsError`]; a repeat then waits as if the request were still at work.
    pub async fn abandon(&self, id: &JobId) -> Result<(), AwsError> {
        let call = self
            .update(id)
            .update_expression("SET accepted_at = :never")
            .expression_attribute_values(":never", number(0));
        while_accepting(call).await
    }

    /// The receipt of `id`, unless there is none or its time is over.
    ///
    /// # Errors
    ///
    /// [`AwsError`].
    pub async fn get(&self, id: &JobId, now: UnixTime) -> Result<Option<Receipt>, AwsError> {
        let call =
            self.client.get_item().table_name(&self.table).key("id", text(id.as_str())).consistent_read(true);
        let answer = call.send().await.map_err(|error| AwsError::new("GetItem", &error))?;
        let Some(item) = answer.item else { return Ok(None) };
        let receipt = receipt_of(&item).ok_or_else(|| AwsError::unreadable("GetItem", "receipt"))?;
        Ok((receipt.expires_at > now).then_some(receipt))
    }

    /// Claims a job and counts an attempt. A receipt that is gone is made anew, so that no message is ever without one.
    ///
    /// # Errors
    ///
    /// [`AwsError`].
    pub async fn claim(&self, job: &Job, claim: &Claim) -> Result<Claimed, AwsError> {
        let sent = self
            .update(&job.id)
            .update_expression(
                "SET #state = :running, claim = :claim, claim_until = :until, \
                 attempts = if_not_exists(attempts, :zero) + :one, \
                 calls_done = if_not_exists(calls_done, :zero), \
                 accepted_at = if_not_exists(accepted_at, :now), expires_at = :expires_at \
                 REMOVE reason, finished_at",
            )
            .condition_expression(
                "attribute_not_exists(id) OR #state IN (:accepting, :queued, :failed) \
                 OR (#state IN (:running, :sending) AND (claim_until <= :now OR claim = :claim))",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":accepting", state(State::Accepting))
            .expression_attribute_values(":queued", state(State::Queued))
            .expression_attribute_values(":failed", state(State::Failed))
            .expression_attribute_values(":running", state(State::Running))
            .expression_attribute_values(":sending", state(State::Sending))
            .expression_attribute_values(":claim", text(&claim.token.0))
            .expression_attribute_values(":until", number(claim.until.0))
            .expression_attribute_values(":now", number(claim.now.0))
            .expression_attribute_values(":expires_at", number(claim.now.plus(KEPT_WHILE_UNFINISHED).0))
            .expression_attribute_values(":zero", number(0))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let unreadable = || AwsError::unreadable("UpdateItem", "receipt");
        match sent {
            Ok(answer) => {
                // Of an item that was not there before, DynamoDB gives nothing, and emulators give the key.
                let before = answer.attributes.filter(|item| item.contains_key("state"));
                let unresolved = before.as_ref().is_some_and(|item| item.contains_key(IN_DOUBT));
                let before = match before {
                    Some(item) => receipt_of(&item).ok_or_else(unreadable)?,
                    None => Receipt::new(job.id.clone(), None, None, claim.now),
                };
                let attempts = before.attempts + 1;
                Ok(Claimed::Granted {
                    receipt: Box::new(Receipt { attempts, state: State::Running, ..before }),
                    unresolved,
                })
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                    let item = refused.item().ok_or_else(unreadable)?;
                    let there = receipt_of(item).ok_or_else(unreadable)?;
                    Ok(match there.state {
                        State::Running | State::Sending => {
                            Claimed::Held(claim_end(item).ok_or_else(unreadable)?)
                        }
                        _ => Claimed::Finished(Box::new(there)),
                    })
                }
                _ => Err(AwsError::new("UpdateItem", &error)),
            },
        }
    }

    /// Notes that the next call to Telegram is about to go out, `calls_done` having been answered.
    ///
    /// # Errors
    ///
    /// [`ClaimError`]: nothing may be sent.
    pub async fn mark_sending(
        &self,
        id: &JobId,
        token: &ClaimToken,
        calls_done: u32,
    ) -> Result<(), ClaimError> {
        let call = self
            .update(id)
            .update_expression("SET #state = :state, calls_done = :calls, in_doubt = :in_doubt")
            .expression_attribute_values(":state", state(State::Sending))
            .expression_attribute_values(":in_doubt", AttributeValue::Bool(true))
            .expression_attribute_values(":calls", number(i64::from(calls_done)));
        under_claim(call, token).await
    }

    /// Gives the claim back; the job is tried again later. Waiting because Telegram says so is no attempt.
    ///
    /// # Errors
    ///
    /// [`ClaimError`]; an unreleased claim ends by itself.
    pub async fn release(&self, id: &JobId, token: &ClaimToken, attempts: u32) -> Result<(), ClaimError> {
        let call = self
            .update(id)
            .update_expression("SET #state = :state, attempts = :attempts REMOVE in_doubt")
            .expression_attribute_values(":state", state(State::Queued))
            .expression_attribute_values(":attempts", number(i64::from(attempts)));
        under_claim(call, token).await
    }

    /// Records how the job ended.
    ///
    /// # Errors
    ///
    /// [`ClaimError`].
    pub async fn finish(
        &self,
        job: &Job,
        token: &ClaimToken,
        ending: &Ending,
        now: UnixTime,
    ) -> Result<(), ClaimError> {
        let more = match ending {
            Ending::Sent { message_id } => vec![("message_id", message_id.map(number))],
            Ending::Carried { result } => vec![("result", Some(result_value(result)))],
            Ending::Refused { reason } => vec![("reason", Some(text(reason)))],
            Ending::Failed { reason, attempts } => vec![
                ("reason", Some(text(reason))),
                ("failed_after", Some(number(attempts))),
                ("attempts", Some(number(0))),
            ],
            Ending::Unknown => Vec::new(),
        };
        let kept = match (ending, &job.work) {
            // It may be redriven for as long as the dead-letter queue keeps it, with all its attempts before it.
            (Ending::Failed { .. }, _) => KEPT_WHILE_UNFINISHED,
            (_, Work::Command(_)) => RESULT_KEPT,
            (_, Work::Photo | Work::Welcome { .. }) => KEPT_WHEN_FINISHED,
        };
        let mut set = "SET #state = :state, expires_at = :expires_at, finished_at = :now".to_owned();
        let mut call = self
            .update(&job.id)
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":now", number(now.0))
            .expression_attribute_values(":state", state(ending.state()))
            .expression_attribute_values(":expires_at", number(now.plus(kept).0));
        for (name, value) in more.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            // By a name of the expression, since what is a reserved word of DynamoDB cannot stand there itself.
            let _ = write!(set, ", #{name} = :{name}");
            call = call
                .expression_attribute_names(format!("#{name}"), name)
                .expression_attribute_values(format!(":{name}"), value);
        }
        set.push_str(" REMOVE in_doubt");
        under_claim(call.update_expression(set), token).await
    }

    fn update(&self, id: &JobId) -> UpdateItemFluentBuilder {
        self.client.update_item().table_name(&self.table).key("id", text(id.as_str()))
    }
}

/// Makes a change that only a receipt without a worker takes; nothing changes when one is at work already.
async fn while_accepting(call: UpdateItemFluentBuilder) -> Result<(), AwsError> {
    let call = call
        .condition_expression("#state = :accepting")
        .expression_attribute_names("#state", "state")
        .expression_attribute_values(":accepting", state(State::Accepting));
    match call.send().await {
        Err(error) if !is_condition(&error) => Err(AwsError::new("UpdateItem", &error)),
        _ => Ok(()),
    }
}

async fn under_claim(call: UpdateItemFluentBuilder, token: &ClaimToken) -> Result<(), ClaimError> {
    let call = call
        .condition_expression("claim = :claim")
        .expression_attribute_names("#state", "state")
        .expression_attribute_values(":claim", text(&token.0));
    match call.send().await {
        Ok(_) => Ok(()),
        Err(error) if is_condition(&error) => Err(ClaimError::Lost),
        Err(error) => Err(AwsError::new("UpdateItem", &error).into()),
    }
}

fn state(state: State) -> AttributeValue {
    text(state.name())
}

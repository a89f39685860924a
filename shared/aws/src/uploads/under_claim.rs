//! What is written of an upload by whoever works on it. Each write demands the claim.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use lambdagram_domain::session::SessionId;
use lambdagram_domain::time::UnixTime;
use lambdagram_domain::upload::{Checkpoint, KEPT_WHEN_OVER, UploadId, UploadState};

use super::item::checkpoint_of;
use super::terms::UploadEnding;
use super::{Uploads, both, state};
use crate::attributes::{Item, number, read_text, text};
use crate::error::AwsError;
use crate::receipts::{ClaimError, ClaimToken};
use crate::transaction;

/// Whether a write happened, and otherwise what is there.
enum Written {
    Yes,
    No(Option<Item>),
}

impl Uploads {
    /// Makes the claim last until `until`, and records how much Telegram has. When that has grown, attempts are counted
    /// anew; a checkpoint under another number counts a restart.
    ///
    /// # Errors
    ///
    /// [`ClaimError`]: when the claim is lost, nothing more may be sent.
    pub async fn renew(
        &self,
        session: &SessionId,
        id: &UploadId,
        token: &ClaimToken,
        checkpoint: Option<Checkpoint>,
        until: UnixTime,
    ) -> Result<(), ClaimError> {
        let Some(checkpoint) = checkpoint else {
            let call = self.update(session, id).update_expression("SET claim_until = :until");
            return sure(call.expression_attribute_values(":until", number(until.0)), token).await;
        };
        let call = self
            .update(session, id)
            .update_expression(
                "SET claim_until = :until, file_id = :file_id, parts = :parts, attempts = :zero",
            )
            .expression_attribute_values(":until", number(until.0))
            .expression_attribute_values(":zero", number(0));
        let grown = "((file_id = :file_id AND parts < :parts) \
             OR (attribute_not_exists(file_id) AND :zero < :parts))";
        let there = match write(at(call, checkpoint), token, Some(grown)).await? {
            Written::Yes => return Ok(()),
            Written::No(there) => there.ok_or(ClaimError::Lost)?,
        };
        if !is_held(&there, token) {
            return Err(ClaimError::Lost);
        }
        let is_other =
            |item: &Item| checkpoint_of(item).is_some_and(|there| there.file_id != checkpoint.file_id);
        let restarts = u32::from(is_other(&there));
        let call = self
            .update(session, id)
            .update_expression(
                "SET claim_until = :until, file_id = :file_id, parts = :parts, restarts = restarts + :restarts",
            )
            .expression_attribute_values(":until", number(until.0))
            .expression_attribute_values(":restarts", number(restarts));
        // A restart is counted once, however often the SDK sends the call.
        let once = (restarts > 0).then_some("file_id <> :file_id");
        match write(at(call, checkpoint), token, once).await? {
            Written::No(Some(there)) if is_held(&there, token) && !is_other(&there) => Ok(()),
            Written::No(_) => Err(ClaimError::Lost),
            Written::Yes => Ok(()),
        }
    }

    /// Notes that the message is about to be made: from here on the upload cannot be cancelled.
    ///
    /// # Errors
    ///
    /// [`ClaimError`]: nothing may be sent.
    pub async fn mark_committing(
        &self,
        session: &SessionId,
        id: &UploadId,
        token: &ClaimToken,
        until: UnixTime,
    ) -> Result<(), ClaimError> {
        let call = self
            .update(session, id)
            .update_expression("SET committing = :true, claim_until = :until")
            .expression_attribute_values(":true", AttributeValue::Bool(true))
            .expression_attribute_values(":until", number(until.0));
        sure(call, token).await
    }

    /// Notes that Telegram has said of every try that it made no message: the upload can be cancelled again.
    ///
    /// # Errors
    ///
    /// [`ClaimError`].
    pub async fn unmark_committing(
        &self,
        session: &SessionId,
        id: &UploadId,
        token: &ClaimToken,
    ) -> Result<(), ClaimError> {
        sure(self.update(session, id).update_expression("REMOVE committing"), token).await
    }

    /// Gives the claim back: the upload is `queued` again. `attempts` is how many of them count from now on.
    ///
    /// # Errors
    ///
    /// [`ClaimError`]; an unreleased claim ends by itself.
    pub async fn release(
        &self,
        session: &SessionId,
        id: &UploadId,
        token: &ClaimToken,
        checkpoint: Option<Checkpoint>,
        attempts: u32,
        now: UnixTime,
    ) -> Result<(), ClaimError> {
        // The token stays until the next claim, so that a release which is repeated finds it; its time is over.
        let set = "SET #state = :queued, attempts = :attempts, claim_until = :now";
        let call = self
            .update(session, id)
            .expression_attribute_values(":queued", state(UploadState::Queued))
            .expression_attribute_values(":attempts", number(attempts))
            .expression_attribute_values(":now", number(now.0));
        let call = match checkpoint {
            None => call.update_expression(set),
            Some(checkpoint) => {
                let set = format!("{set}, file_id = :file_id, parts = :parts");
                at(call.update_expression(set), checkpoint)
            }
        };
        let call = call
            .condition_expression("claim = :claim AND #state IN (:sending, :queued)")
            .expression_attribute_values(":sending", state(UploadState::Sending))
            .expression_attribute_values(":claim", text(&token.0));
        match send(call.expression_attribute_names("#state", "state")).await? {
            Written::Yes => Ok(()),
            Written::No(_) => Err(ClaimError::Lost),
        }
    }

    /// Records how the upload ended, and deletes its delegation.
    ///
    /// # Errors
    ///
    /// [`ClaimError`].
    pub async fn finish(
        &self,
        session: &SessionId,
        id: &UploadId,
        token: &ClaimToken,
        ending: &UploadEnding,
        now: UnixTime,
    ) -> Result<(), ClaimError> {
        let (ended, name, value) = match ending {
            UploadEnding::Done { message_id } => (UploadState::Done, "message_id", number(message_id.get())),
            UploadEnding::Failed { reason } => (UploadState::Failed, "failure", text(&reason.name())),
        };
        let update = self
            .change(session, id)
            .update_expression(
                "SET #state = :ended, #result = :result, expires_at = :expires_at REMOVE committing",
            )
            .condition_expression("claim = :claim AND #state IN (:sending, :ended)")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#result", name)
            .expression_attribute_values(":sending", state(UploadState::Sending))
            .expression_attribute_values(":ended", state(ended))
            .expression_attribute_values(":result", value)
            .expression_attribute_values(":expires_at", number(now.plus(KEPT_WHEN_OVER).0))
            .expression_attribute_values(":claim", text(&token.0))
            .build();
        let items = both(update, self.without_delegation(session, id))?;
        match transaction::write(&self.client, items).await {
            Err(error) if error.refused(0).is_some() => Err(ClaimError::Lost),
            Err(error) => Err(AwsError::from(error).into()),
            Ok(()) => Ok(()),
        }
    }
}

/// Whether that claim is the one in a row that is being sent.
fn is_held(item: &Item, token: &ClaimToken) -> bool {
    read_text(item, "claim") == Some(&token.0)
        && read_text(item, "state") == Some(UploadState::Sending.name())
}

fn at(call: UpdateItemFluentBuilder, checkpoint: Checkpoint) -> UpdateItemFluentBuilder {
    call.expression_attribute_values(":file_id", number(checkpoint.file_id))
        .expression_attribute_values(":parts", number(checkpoint.parts))
}

/// A write that the claim alone decides on.
async fn sure(call: UpdateItemFluentBuilder, token: &ClaimToken) -> Result<(), ClaimError> {
    match write(call, token, None).await? {
        Written::Yes => Ok(()),
        Written::No(_) => Err(ClaimError::Lost),
    }
}

/// A write under the claim, and under one more condition where there is one.
async fn write(
    call: UpdateItemFluentBuilder,
    token: &ClaimToken,
    also: Option<&str>,
) -> Result<Written, AwsError> {
    let condition = "claim = :claim AND #state = :sending";
    let call = call
        .condition_expression(also.map_or(condition.to_owned(), |also| format!("{condition} AND {also}")))
        .expression_attribute_names("#state", "state")
        .expression_attribute_values(":sending", state(UploadState::Sending))
        .expression_attribute_values(":claim", text(&token.0));
    send(call).await
}

async fn send(call: UpdateItemFluentBuilder) -> Result<Written, AwsError> {
    let call = call.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    match call.send().await {
        Ok(_) => Ok(Written::Yes),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                Ok(Written::No(refused.item().cloned()))
            }
            _ => Err(AwsError::new("UpdateItem", &error)),
        },
    }
}

//! The table of uploads: every change of an upload's state is one conditional write here.
//!
//! All items of a session are under its id, which is the hash of its token: nobody but the token's owner can ask for one.
//! An upload that is queued has a second item, its delegation, which is written and deleted in one transaction with the
//! change of state that makes it needed, or not needed any more.
//!
//! Who works on an upload holds a claim, as on a job (see [`Receipts`](crate::Receipts)): a token and an end in the row.
//! What is written under the claim demands the token, and cancelling takes the token away, so nobody goes on with what
//! was cancelled. The end is for workers that die, and comes soon: the claim is renewed with every record of progress.

mod item;
mod terms;
mod under_claim;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, Put, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use lambdagram_domain::session::SessionId;
use lambdagram_domain::time::UnixTime;
use lambdagram_domain::upload::{KEPT_WHEN_OVER, SENT_WITHIN, Upload, UploadFailure, UploadId, UploadState};

use self::item::{UPLOAD, claim_end, delegation_item, delegation_key, item_of, upload_key, upload_of};
pub use self::terms::{Cancelled, Created, Moved, UploadClaimed, UploadEnding};
use crate::attributes::{number, read_bytes, read_number, text};
use crate::client::Connection;
use crate::error::{AwsError, is_condition};
use crate::limits::{Limit, Limits};
use crate::receipts::Claim;
use crate::transaction;

/// Bytes in one event of the limit on uploads.
const KIBIBYTE: u64 = 1024;

/// The uploads of all sessions.
#[derive(Clone, Debug)]
pub struct Uploads {
    client: Client,
    table: String,
}

impl Uploads {
    /// The table of that name.
    pub fn new(connection: &Connection, table: String) -> Self {
        Self { client: Client::new(connection.config()), table }
    }

    /// Writes a new upload and counts its bytes against the quota, both or neither. The quota counts KiB, of which a
    /// part is a whole one.
    ///
    /// # Errors
    ///
    /// [`AwsError`]; the upload may have been written.
    pub async fn create(&self, row: &Upload, quota: Option<(&Limits, &Limit)>) -> Result<Created, AwsError> {
        let now = row.created_at;
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item_of(row)))
            .condition_expression("attribute_not_exists(#item)")
            .expression_attribute_names("#item", "item")
            .build();
        let put = put.map(|put| TransactWriteItem::builder().put(put).build());
        let amount = row.size.div_ceil(KIBIBYTE);
        let count = quota.map(|(limits, limit)| limits.count(limit, amount, now));
        let items: Result<Vec<_>, _> = std::iter::once(put).chain(count).collect();
        let items = items.map_err(|_| AwsError::unsendable("TransactWriteItems"))?;
        let Err(error) = transaction::write(&self.client, items).await else {
            return Ok(Created::New);
        };
        match quota {
            Some((_, limit)) if error.refused(1).is_some() => {
                Ok(Created::Limited { retry_after: limit.seconds_left(now) })
            }
            _ => Err(error.into()),
        }
    }

    /// The upload of `id`, unless there is none or its time is over.
    ///
    /// # Errors
    ///
    /// [`AwsError`].
    pub async fn get(
        &self,
        session: &SessionId,
        id: &UploadId,
        now: UnixTime,
    ) -> Result<Option<Upload>, AwsError> {
        let call = self.client.get_item().table_name(&self.table).set_key(Some(upload_key(session, id)));
        let answer =
            call.consistent_read(true).send().await.map_err(|error| AwsError::new("GetItem", &error))?;
        let Some(item) = answer.item else { return Ok(None) };
        let row = upload_of(&item).ok_or_else(|| AwsError::unreadable("GetItem", "upload"))?;
        Ok((row.expires_at > now).then_some(row))
    }

    /// Moves an upload that the bucket has whole from `receiving` to `queued`, and stores the delegation that lets the
    /// worker send it.
    ///
    /// # Errors
    ///
    /// [`AwsError`]; it may have been moved, and can be moved again.
    pub async fn queue(
        &self,
        session: &SessionId,
        id: &UploadId,
        delegation: &[u8],
        now: UnixTime,
    ) -> Result<Moved, AwsError> {
        let expires_at = now.plus(SENT_WITHIN);
        let update = self
            .change(session, id)
            .update_expression("SET #state = :queued, expires_at = :expires_at")
            .condition_expression("#state = :receiving AND expires_at > :now")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":receiving", state(UploadState::Receiving))
            .expression_attribute_values(":queued", state(UploadState::Queued))
            .expression_attribute_values(":expires_at", number(expires_at.0))
            .expression_attribute_values(":now", number(now.0))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build();
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(delegation_item(session, id, delegation, expires_at)))
            .build();
        let items = both(update, put.map(|put| TransactWriteItem::builder().put(put).build()))?;
        let Err(error) = transaction::write(&self.client, items).await else {
            return Ok(Moved::Now);
        };
        let Some(refused) = error.refused(0) else { return Err(error.into()) };
        let there = refused.item().and_then(upload_of).filter(|there| there.expires_at > now);
        Ok(there.map_or(Moved::Gone, |there| Moved::Already(Box::new(there))))
    }

    /// Notes that the queue has the upload.
    ///
    /// # Errors
    ///
    /// [`AwsError`]; the queue has it all the same.
    pub async fn mark_enqueued(&self, session: &SessionId, id: &UploadId) -> Result<(), AwsError> {
        let sent = self
            .update(session, id)
            .update_expression("SET enqueued = :true")
            .condition_expression("attribute_exists(#item)")
            .expression_attribute_names("#item", "item")
            .expression_attribute_values(":true", AttributeValue::Bool(true))
            .send()
            .await;
        match sent {
            Err(error) if !is_condition(&error) => Err(AwsError::new("UpdateItem", &error)),
            _ => Ok(()),
        }
    }

    /// The delegation of an upload, unless there is none or its time is over.
    ///
    /// # Errors
    ///
    /// [`AwsError`].
    pub async fn delegation(
        &self,
        session: &SessionId,
        id: &UploadId,
        now: UnixTime,
    ) -> Result<Option<Vec<u8>>, AwsError> {
        let call = self.client.get_item().table_name(&self.table).set_key(Some(delegation_key(session, id)));
        let answer =
            call.consistent_read(true).send().await.map_err(|error| AwsError::new("GetItem", &error))?;
        let Some(item) = answer.item else { return Ok(None) };
        let read = read_number(&item, "expires_at").zip(read_bytes(&item, "sealed"));
        let (expires_at, sealed) = read.ok_or_else(|| AwsError::unreadable("GetItem", "delegation"))?;
        Ok((UnixTime(expires_at) > now).then(|| sealed.to_owned()))
    }

    /// Claims an upload that is queued, or whose worker's claim has ended, and counts an attempt.
    ///
    /// # Errors
    ///
    /// [`AwsError`]; it may have been claimed, and such a claim ends by itself.
    pub async fn claim(
        &self,
        session: &SessionId,
        id: &UploadId,
        claim: &Claim,
    ) -> Result<UploadClaimed, AwsError> {
        let sent = self
            .update(session, id)
            .update_expression(
                "SET #state = :sending, claim = :claim, claim_until = :until, attempts = attempts + :one",
            )
            .condition_expression(
                "expires_at > :now AND (#state = :queued \
                 OR (#state = :sending AND (claim_until <= :now OR claim = :claim)))",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":queued", state(UploadState::Queued))
            .expression_attribute_values(":sending", state(UploadState::Sending))
            .expression_attribute_values(":claim", text(&claim.token.0))
            .expression_attribute_values(":until", number(claim.until.0))
            .expression_attribute_values(":now", number(claim.now.0))
            .expression_attribute_values(":one", number(1))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let unreadable = || AwsError::unreadable("UpdateItem", "upload");
        let error = match sent {
            Ok(answer) => {
                let row = answer.attributes.as_ref().and_then(upload_of).ok_or_else(unreadable)?;
                return Ok(UploadClaimed::Granted(row));
            }
            Err(error) => error,
        };
        let Some(UpdateItemError::ConditionalCheckFailedException(refused)) = error.as_service_error() else {
            return Err(AwsError::new("UpdateItem", &error));
        };
        let Some(item) = refused.item() else { return Ok(UploadClaimed::Gone) };
        let there = upload_of(item).ok_or_else(unreadable)?;
        Ok(match there.state {
            _ if there.expires_at <= claim.now => UploadClaimed::Gone,
            UploadState::Done | UploadState::Failed => UploadClaimed::Final(there),
            UploadState::Sending => UploadClaimed::Held(claim_end(item).ok_or_else(unreadable)?),
            UploadState::Receiving | UploadState::Queued => UploadClaimed::Gone,
        })
    }

    /// Cancels an upload, unless it is about to become a message or has become one: takes it from whoever works on it,
    /// and deletes its delegation.
    ///
    /// # Errors
    ///
    /// [`AwsError`]; it may have been cancelled, and can be cancelled again.
    pub async fn cancel(
        &self,
        session: &SessionId,
        id: &UploadId,
        now: UnixTime,
    ) -> Result<Cancelled, AwsError> {
        self.end(session, id, &UploadFailure::Cancelled, now).await
    }

    /// As [`Self::cancel`], for that reason.
    ///
    /// # Errors
    ///
    /// As [`Self::cancel`].
    pub async fn end(
        &self,
        session: &SessionId,
        id: &UploadId,
        reason: &UploadFailure,
        now: UnixTime,
    ) -> Result<Cancelled, AwsError> {
        let Some(before) = self.get(session, id, now).await? else { return Ok(Cancelled::Gone) };
        let update = self
            .change(session, id)
            .update_expression(
                "SET #state = :failed, failure = :failure, expires_at = :expires_at REMOVE claim, claim_until",
            )
            .condition_expression(
                "#state IN (:receiving, :queued, :sending) AND attribute_not_exists(committing)",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":receiving", state(UploadState::Receiving))
            .expression_attribute_values(":queued", state(UploadState::Queued))
            .expression_attribute_values(":sending", state(UploadState::Sending))
            .expression_attribute_values(":failed", state(UploadState::Failed))
            .expression_attribute_values(":failure", text(&reason.name()))
            .expression_attribute_values(":expires_at", number(now.plus(KEPT_WHEN_OVER).0))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build();
        let items = both(update, self.without_delegation(session, id))?;
        let Err(error) = transaction::write(&self.client, items).await else {
            return Ok(Cancelled::Now(before));
        };
        let Some(refused) = error.refused(0) else { return Err(error.into()) };
        let Some(there) = refused.item().and_then(upload_of) else { return Ok(Cancelled::Gone) };
        Ok(match there.state {
            UploadState::Done => Cancelled::Done,
            UploadState::Failed => Cancelled::Failed(there),
            UploadState::Receiving | UploadState::Queued | UploadState::Sending => Cancelled::Committing,
        })
    }

    /// The uploads of a session that have not ended, in no order.
    ///
    /// # Errors
    ///
    /// [`AwsError`].
    pub async fn unfinished(&self, session: &SessionId, now: UnixTime) -> Result<Vec<Upload>, AwsError> {
        let mut found = Vec::new();
        let mut from = None;
        loop {
            let query = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("#session = :session AND begins_with(#item, :upload)")
                .expression_attribute_names("#session", "session")
                .expression_attribute_names("#item", "item")
                .expression_attribute_values(":session", text(session.as_str()))
                .expression_attribute_values(":upload", text(UPLOAD))
                .consistent_read(true)
                .set_exclusive_start_key(from.take());
            let answer = query.send().await.map_err(|error| AwsError::new("Query", &error))?;
            let rows = answer.items().iter().filter_map(upload_of);
            found.extend(rows.filter(|row| !row.state.is_final() && row.expires_at > now));
            match answer.last_evaluated_key {
                Some(key) if !key.is_empty() => from = Some(key),
                _ => return Ok(found),
            }
        }
    }

    fn update(&self, session: &SessionId, id: &UploadId) -> UpdateItemFluentBuilder {
        self.client.update_item().table_name(&self.table).set_key(Some(upload_key(session, id)))
    }

    /// A change of an upload's row within a transaction.
    fn change(&self, session: &SessionId, id: &UploadId) -> aws_sdk_dynamodb::types::builders::UpdateBuilder {
        Update::builder().table_name(&self.table).set_key(Some(upload_key(session, id)))
    }

    fn without_delegation(
        &self,
        session: &SessionId,
        id: &UploadId,
    ) -> Result<TransactWriteItem, BuildError> {
        let delete = Delete::builder().table_name(&self.table).set_key(Some(delegation_key(session, id)));
        Ok(TransactWriteItem::builder().delete(delete.build()?).build())
    }
}

/// A change of an upload and what goes with it, for one transaction.
fn both(
    update: Result<Update, BuildError>,
    other: Result<TransactWriteItem, BuildError>,
) -> Result<Vec<TransactWriteItem>, AwsError> {
    let update = update.map(|update| TransactWriteItem::builder().update(update).build());
    let items: Result<Vec<_>, _> = [update, other].into_iter().collect();
    items.map_err(|_| AwsError::unsendable("TransactWriteItems"))
}

fn state(state: UploadState) -> AttributeValue {
    text(state.name())
}

//! The table of sessions: every change is one conditional write here.
//!
//! Whoever speaks to Telegram for a session holds its lease: a token and an end in the row. What is written under the
//! lease demands the token, so whoever has lost it can no longer change the row. The end is for holders that die.
//!
//! The SDK sends a call again when its answer is lost, so each call knows its own work: a row it has made or changed
//! already is a success. To that end the row names the lease that ended last (`released_by`) and the one that set its
//! mark (`marked_by`).

mod item;
mod terms;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use lambdagram_domain::session::{Kind, Sealed, SessionId};
use lambdagram_domain::time::UnixTime;

use self::item::{held_lease, is_sealed_as, item_of, row_of, was_marked_by, was_released_by};
pub use self::terms::{Attempt, Change, Forward, Lease, LeaseError, LeaseToken, Leased, SessionRow};
use crate::attributes::{Item, number, text};
use crate::client::Connection;
use crate::error::AwsError;
use crate::transaction;

/// The sessions of all people.
#[derive(Clone, Debug)]
pub struct Sessions {
    client: Client,
    table: String,
}

impl Sessions {
    /// The table of that name.
    pub fn new(connection: &Connection, table: String) -> Self {
        Self { client: Client::new(connection.config()), table }
    }

    /// Writes a new session, leased from the start where that is wanted.
    ///
    /// # Errors
    ///
    /// [`AwsError`]; the session may have been written.
    pub async fn create(
        &self,
        row: &SessionRow,
        lease: Option<(&LeaseToken, UnixTime)>,
    ) -> Result<(), AwsError> {
        let mut item = item_of(row);
        if let Some((token, until)) = lease {
            item.insert("lease".to_owned(), text(&token.0));
            item.insert("lease_until".to_owned(), number(until.0));
        }
        let sent = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(id)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = sent else { return Ok(()) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(refused))
                if refused.item().is_some_and(|there| is_sealed_as(there, &row.sealed)) =>
            {
                Ok(())
            }
            _ => Err(AwsError::new("PutItem", &error)),
        }
    }

    /// The session of `id`, unless there is none or its time is over.
    ///
    /// # Errors
    ///
    /// [`AwsError`].
    pub async fn get(&self, id: &SessionId, now: UnixTime) -> Result<Option<SessionRow>, AwsError> {
        let call =
            self.client.get_item().table_name(&self.table).key("id", text(id.as_str())).consistent_read(true);
        let answer = call.send().await.map_err(|error| AwsError::new("GetItem", &error))?;
        let Some(item) = answer.item else { return Ok(None) };
        let row = row_of(&item).ok_or_else(|| AwsError::unreadable("GetItem", "session"))?;
        Ok((row.expires_at > now).then_some(row))
    }

    /// Takes the lease of a session until `until`, and counts and marks an attempt along with it. A mark that is there
    /// stays: the end of that attempt is the one to find out.
    ///
    /// # Errors
    ///
    /// [`AwsError`]; the lease may have been taken, and then ends by itself.
    pub async fn lease(
        &self,
        id: &SessionId,
        token: &LeaseToken,
        now: UnixTime,
        until: UnixTime,
        attempt: Option<&Attempt>,
    ) -> Result<Leased, AwsError> {
        let mut update = "SET lease = :token, lease_until = :until".to_owned();
        let mut condition = "attribute_exists(id) AND expires_at > :now \
             AND (attribute_not_exists(lease) OR lease_until <= :now) \
             AND (attribute_not_exists(released_by) OR released_by <> :token)"
            .to_owned();
        let mut call = self.update(id);
        if let Some(attempt) = attempt {
            update.push_str(
                ", attempts = attempts + :one, mark = if_not_exists(mark, :mark), \
                 marked_by = if_not_exists(marked_by, :token)",
            );
            condition.push_str(" AND attempts < :most");
            call = call
                .expression_attribute_values(":one", number(1))
                .expression_attribute_values(":mark", text(&attempt.mark))
                .expression_attribute_values(":most", number(attempt.most));
        }
        let sent = call
            .update_expression(update + " REMOVE released_by")
            .condition_expression(condition)
            .expression_attribute_values(":token", text(&token.0))
            .expression_attribute_values(":until", number(until.0))
            .expression_attribute_values(":now", number(now.0))
            .return_values(ReturnValue::AllOld)
            .send()
            .await;
        let unreadable = || AwsError::unreadable("UpdateItem", "session");
        match sent {
            Ok(answer) => {
                let before = answer.attributes.as_ref().and_then(row_of).ok_or_else(unreadable)?;
                Ok(Leased::Granted(before))
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(refused)) => {
                    let Some(item) = refused.item() else { return Ok(Leased::Gone) };
                    refused_lease(item, token, now, attempt).ok_or_else(unreadable)
                }
                _ => Err(AwsError::new("UpdateItem", &error)),
            },
        }
    }

    /// Gives a lease back, and writes `change` along with it.
    ///
    /// # Errors
    ///
    /// [`LeaseError`]: nothing may have been written; a lease that was not given back ends by itself.
    pub async fn release(&self, lease: &Lease, change: Change) -> Result<(), LeaseError> {
        let mut update = "SET released_by = :token".to_owned();
        let mut remove = " REMOVE lease, lease_until".to_owned();
        let mut call = self.update(&lease.id);
        if let Some((kind, sealed)) = change.sealed {
            update.push_str(SET_SEALED);
            call = with_sealed(call, kind, &sealed, lease.next_version());
        }
        if let Some(checked_at) = change.checked_at {
            update.push_str(", checked_at = :checked_at");
            call = call.expression_attribute_values(":checked_at", number(checked_at.0));
        }
        if let Some(expires_at) = change.expires_at {
            update.push_str(", expires_at = :expires_at");
            call = call.expression_attribute_values(":expires_at", number(expires_at.0));
        }
        if change.reset_attempts {
            update.push_str(", attempts = :none");
            call = call.expression_attribute_values(":none", number(0));
        }
        if change.clear_mark {
            remove.push_str(", mark, marked_by");
        }
        let sent = call
            .update_expression(update + &remove)
            .condition_expression("lease = :token")
            .expression_attribute_values(":token", text(&lease.token.0))
            .send()
            .await;
        under_lease(sent.map(drop), |there| was_released_by(there, &lease.token))
    }

    /// Writes new content, sealed as [`Lease::next_version`], and keeps the lease.
    ///
    /// # Errors
    ///
    /// [`LeaseError`].
    pub async fn save(&self, lease: &mut Lease, kind: Kind, sealed: &Sealed) -> Result<(), LeaseError> {
        let version = lease.next_version();
        let sent = with_sealed(self.update(&lease.id), kind, sealed, version)
            .update_expression(format!("SET lease = :token{SET_SEALED}"))
            .condition_expression("lease = :token AND version = :version_before")
            .expression_attribute_values(":token", text(&lease.token.0))
            .expression_attribute_values(":version_before", number(lease.version))
            .send()
            .await;
        under_lease(sent.map(drop), |there| {
            held_lease(there).is_some_and(|held| held.token == lease.token.0) && is_sealed_as(there, sealed)
        })?;
        lease.version = version;
        Ok(())
    }

    /// Puts this mark in place of the one that is there, since the end of that attempt is known.
    ///
    /// # Errors
    ///
    /// [`LeaseError`].
    pub async fn mark(&self, lease: &Lease, mark: &str) -> Result<(), LeaseError> {
        let sent = self
            .update(&lease.id)
            .update_expression("SET mark = :mark, marked_by = :token")
            .condition_expression("lease = :token")
            .expression_attribute_values(":mark", text(mark))
            .expression_attribute_values(":token", text(&lease.token.0))
            .send()
            .await;
        under_lease(sent.map(drop), |_| false)
    }

    /// Writes the session anew as `new`, under another id, and leaves `forward` where it was: both or neither. The lease
    /// is given back with it.
    ///
    /// # Errors
    ///
    /// [`LeaseError`]; with `Aws`, it may have been done.
    pub async fn move_on(
        &self,
        lease: &Lease,
        forward: &Forward,
        new: &SessionRow,
    ) -> Result<(), LeaseError> {
        let unsendable = |_| AwsError::unsendable("TransactWriteItems");
        let (set_mark, remove) = match forward.mark {
            Some(_) => (", mark = :mark", "lease, lease_until, marked_by"),
            None => ("", "lease, lease_until, mark, marked_by"),
        };
        let update = Update::builder()
            .table_name(&self.table)
            .key("id", text(lease.id.as_str()))
            .update_expression(format!(
                "SET released_by = :token, expires_at = :expires_at, attempts = :none{SET_SEALED}{set_mark} \
                 REMOVE {remove}"
            ))
            .condition_expression("lease = :token")
            .set_expression_attribute_values(Some(forward_values(lease, forward)))
            .build()
            .map_err(unsendable)?;
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item_of(new)))
            .condition_expression("attribute_not_exists(id)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(unsendable)?;
        let items = vec![
            TransactWriteItem::builder().update(update).build(),
            TransactWriteItem::builder().put(put).build(),
        ];
        let Err(error) = transaction::write(&self.client, items).await else {
            return Ok(());
        };
        let there = error.refused(1).and_then(|reason| reason.item());
        if there.is_some_and(|there| is_sealed_as(there, &new.sealed)) {
            Ok(())
        } else if error.refused(0).is_some() {
            Err(LeaseError::Lost)
        } else {
            Err(LeaseError::Aws(error.into()))
        }
    }

    /// Deletes the leased session. One that is gone already is as good.
    ///
    /// # Errors
    ///
    /// [`LeaseError`].
    pub async fn delete(&self, lease: &Lease) -> Result<(), LeaseError> {
        let sent = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key("id", text(lease.id.as_str()))
            .condition_expression("attribute_not_exists(id) OR lease = :token")
            .expression_attribute_values(":token", text(&lease.token.0))
            .send()
            .await;
        let Err(error) = sent else { return Ok(()) };
        match error.as_service_error() {
            Some(DeleteItemError::ConditionalCheckFailedException(_)) => Err(LeaseError::Lost),
            _ => Err(AwsError::new("DeleteItem", &error).into()),
        }
    }

    /// An update that tells what is there when its condition fails.
    fn update(&self, id: &SessionId) -> UpdateItemFluentBuilder {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("id", text(id.as_str()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
    }
}

/// Continues a `SET`; [`with_sealed`] gives its values.
const SET_SEALED: &str = ", kind = :kind, version = :version, key_id = :key_id, sealed = :sealed";

fn sealed_values(kind: Kind, sealed: &Sealed, version: u64) -> [(&'static str, AttributeValue); 4] {
    [
        (":kind", text(kind.name())),
        (":version", number(version)),
        (":key_id", text(&sealed.key_id)),
        (":sealed", AttributeValue::B(Blob::new(sealed.bytes.clone()))),
    ]
}

fn with_sealed(
    call: UpdateItemFluentBuilder,
    kind: Kind,
    sealed: &Sealed,
    version: u64,
) -> UpdateItemFluentBuilder {
    let values = sealed_values(kind, sealed, version);
    values.into_iter().fold(call, |call, (name, value)| call.expression_attribute_values(name, value))
}

fn forward_values(lease: &Lease, forward: &Forward) -> Item {
    let more = [
        (":token", Some(text(&lease.token.0))),
        (":expires_at", Some(number(forward.expires_at.0))),
        // A repeat of the try that succeeded may come after as many others as may be.
        (":none", Some(number(0))),
        (":mark", forward.mark.as_deref().map(text)),
    ];
    let more = more.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let sealed = sealed_values(Kind::Moved, &forward.sealed, lease.next_version());
    sealed.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Why a lease was not granted, from the row that is there. `None` when the row cannot be read, or the token was used
/// for an earlier lease.
fn refused_lease(
    item: &Item,
    token: &LeaseToken,
    now: UnixTime,
    attempt: Option<&Attempt>,
) -> Option<Leased> {
    let row = row_of(item)?;
    if row.expires_at <= now {
        return Some(Leased::Gone);
    }
    if let Some(held) = held_lease(item).filter(|held| held.until > now) {
        let own = held.token == token.0;
        return Some(if own {
            granted_before(row, item, token, attempt)
        } else {
            Leased::Busy { until: held.until }
        });
    }
    let exhausted = attempt.is_some_and(|attempt| row.attempts >= attempt.most);
    exhausted.then_some(Leased::TooManyAttempts { expires_at: row.expires_at })
}

/// A lease whose first call was answered by nobody: the row as it was before that call.
fn granted_before(row: SessionRow, item: &Item, token: &LeaseToken, attempt: Option<&Attempt>) -> Leased {
    Leased::Granted(match attempt {
        None => row,
        Some(_) => SessionRow {
            attempts: row.attempts.saturating_sub(1),
            mark: row.mark.filter(|_| !was_marked_by(item, token)),
            ..row
        },
    })
}

/// How a write under a lease ended. `is_done` tells a repeat of a write that has happened from a lost lease.
fn under_lease(
    sent: Result<(), SdkError<UpdateItemError>>,
    is_done: impl FnOnce(&Item) -> bool,
) -> Result<(), LeaseError> {
    let Err(error) = sent else { return Ok(()) };
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(refused)) => match refused.item() {
            Some(there) if is_done(there) => Ok(()),
            _ => Err(LeaseError::Lost),
        },
        _ => Err(AwsError::new("UpdateItem", &error).into()),
    }
}

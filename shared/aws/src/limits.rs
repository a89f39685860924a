//! Limits of our own, counted in DynamoDB so that all processes of a function share them.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use lambdagram_domain::time::UnixTime;

use crate::attributes::{number, text};
use crate::client::Connection;
use crate::error::AwsError;
use crate::transaction;

/// At most `most` events of one `subject` in each whole `window` of the clock. Where something is measured and not counted,
/// each unit of it is an event.
#[derive(Clone, Debug)]
pub struct Limit {
    /// What is counted and for whom: `photos#<user id>`. One window per subject.
    pub subject: String,
    /// How many pass; 0 lets nothing pass.
    pub most: u32,
    /// The length of a window, in whole seconds. Windows start at multiples of it.
    pub window: Duration,
}

impl Limit {
    /// How long until the current window ends, in seconds: what `retry_after` says.
    pub fn seconds_left(&self, now: UnixTime) -> u64 {
        let window = self.window.as_secs().max(1);
        window - now.0 % window
    }
}

/// The table of counters.
#[derive(Clone, Debug)]
pub struct Limits {
    client: Client,
    table: String,
}

impl Limits {
    /// The table of that name.
    pub fn new(connection: &Connection, table: String) -> Self {
        Self { client: Client::new(connection.config()), table }
    }

    /// Counts one event against each of `limits`, or against none when one of them is reached: then it returns the
    /// seconds until the last of those that are reached starts anew. Subjects must differ, and DynamoDB takes 100.
    ///
    /// # Errors
    ///
    /// [`AwsError`]; the event may have been counted.
    pub async fn take(&self, limits: &[Limit], now: UnixTime) -> Result<Option<u64>, AwsError> {
        if limits.is_empty() {
            return Ok(None);
        }
        let counts: Result<Vec<_>, _> = limits.iter().map(|limit| self.count(limit, 1, now)).collect();
        let counts = counts.map_err(|_| AwsError::unsendable("TransactWriteItems"))?;
        let Err(error) = transaction::write(&self.client, counts).await else {
            return Ok(None);
        };
        let reached = limits.iter().enumerate().filter(|(at, _)| error.refused(*at).is_some());
        match reached.map(|(_, limit)| limit.seconds_left(now)).max() {
            Some(retry_after) => Ok(Some(retry_after)),
            None => Err(error.into()),
        }
    }

    /// So many events at once, counted only if the limit leaves room for all of them: the condition fails when it does
    /// not.
    pub(crate) fn count(
        &self,
        limit: &Limit,
        events: u64,
        now: UnixTime,
    ) -> Result<TransactWriteItem, BuildError> {
        let window = limit.window.as_secs().max(1);
        let key = format!("{}#{}", limit.subject, now.0 / window);
        let room = i128::from(limit.most) - i128::from(events);
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(HashMap::from([("key".to_owned(), text(&key))])))
            .update_expression("ADD events :events SET expires_at = :end")
            .condition_expression(if room < 0 {
                "events <= :room"
            } else {
                "attribute_not_exists(events) OR events <= :room"
            })
            .expression_attribute_values(":events", number(events))
            .expression_attribute_values(":room", number(room))
            .expression_attribute_values(":end", number(now.0 + 2 * window))
            .build()?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_at_the_next_whole_minute() {
        let limit = Limit { subject: String::new(), most: 1, window: Duration::from_mins(1) };
        assert_eq!(limit.seconds_left(UnixTime(120)), 60);
        assert_eq!(limit.seconds_left(UnixTime(179)), 1);
    }
}

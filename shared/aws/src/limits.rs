//! Limits of our own, counted in DynamoDB so that all processes of a function share them.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, Update};
use lambdagram_domain::time::UnixTime;

/// At most `most` events of one `subject` in each whole `window` of the clock.
#[derive(Clone, Debug)]
pub struct Limit {
    /// The table of counters.
    pub table: String,
    /// What is counted and for whom: `photos#<user id>`.
    pub subject: String,
    /// How many pass.
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

    /// One event, counted only if the limit is not reached: the condition fails when it is.
    pub(crate) fn count(&self, now: UnixTime) -> Result<Update, aws_sdk_dynamodb::error::BuildError> {
        let window = self.window.as_secs().max(1);
        let key = format!("{}#{}", self.subject, now.0 / window);
        Update::builder()
            .table_name(&self.table)
            .set_key(Some(HashMap::from([("key".to_owned(), AttributeValue::S(key))])))
            .update_expression("ADD events :one SET expires_at = :end")
            .condition_expression("attribute_not_exists(events) OR events < :most")
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .expression_attribute_values(":most", AttributeValue::N(self.most.to_string()))
            .expression_attribute_values(":end", AttributeValue::N((now.0 + 2 * window).to_string()))
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_at_the_next_whole_minute() {
        let limit =
            Limit { table: String::new(), subject: String::new(), most: 1, window: Duration::from_mins(1) };
        assert_eq!(limit.seconds_left(UnixTime(120)), 60);
        assert_eq!(limit.seconds_left(UnixTime(179)), 1);
    }
}

//! FIFO queues, and the dead-letter queue of the bot's.
//!
//! The message group keeps the order of what belongs together: of a chat's jobs, of a session's uploads. The
//! deduplication id names what is to be done, so that a send which is repeated because its answer was lost is one
//! message.

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::MessageAttributeValue;
use lambdagram_domain::retry::LONGEST_HIDING;

use crate::client::Connection;
use crate::error::AwsError;

/// A FIFO queue: the messages of one group come in order, one at a time, and the groups side by side.
#[derive(Clone, Debug)]
pub struct FifoQueue {
    client: Client,
    url: String,
}

impl FifoQueue {
    /// The queue at `url`.
    pub fn new(connection: &Connection, url: String) -> Self {
        Self { client: Client::new(connection.config()), url }
    }

    /// Puts `body` at the end of the line of `group`. Within five minutes a second message of that group with the same
    /// `deduplication_id` is none (SQS, `SendMessage`). Both names have up to 128 letters, digits and punctuation marks.
    ///
    /// # Errors
    ///
    /// [`AwsError`] when SQS did not confirm; the message may be in the queue all the same.
    pub async fn send(&self, group: &str, deduplication_id: &str, body: String) -> Result<(), AwsError> {
        let sent = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_group_id(group)
            .message_deduplication_id(deduplication_id)
            .message_body(body)
            .send()
            .await;
        sent.map(drop).map_err(|error| AwsError::new("SendMessage", &error))
    }

    /// Keeps a received message, and with it the line of its group, out of sight for `duration` from now.
    ///
    /// # Errors
    ///
    /// [`AwsError`] when SQS did not confirm: the message then stays hidden as long as the queue says.
    pub async fn hide(&self, receipt_handle: &str, duration: Duration) -> Result<(), AwsError> {
        let seconds = duration.min(LONGEST_HIDING).as_secs();
        let sent = self
            .client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(receipt_handle)
            .visibility_timeout(i32::try_from(seconds).unwrap_or(i32::MAX))
            .send()
            .await;
        sent.map(drop).map_err(|error| AwsError::new("ChangeMessageVisibility", &error))
    }
}

/// Where jobs end that could not be delivered.
#[derive(Clone, Debug)]
pub struct DeadLetterQueue {
    client: Client,
    url: String,
}

impl DeadLetterQueue {
    /// The queue at `url`.
    pub fn new(connection: &Connection, url: String) -> Self {
        Self { client: Client::new(connection.config()), url }
    }

    /// Keeps `body` for a person to look at, with the `reason` beside it. A redrive to the bot queue takes it up again.
    ///
    /// `group` is the line it waited in, if it was a job. `message_id` is that of the message the body came in: it makes a repeated burial one letter, and a burial after
    /// a redrive, which gives a message a new id, a new one. SQS would drop the latter if it carried the job's id.
    ///
    /// # Errors
    ///
    /// [`AwsError`] when SQS did not confirm.
    pub async fn send(
        &self,
        body: &str,
        group: Option<&str>,
        message_id: &str,
        reason: &str,
    ) -> Result<(), AwsError> {
        let reason = MessageAttributeValue::builder().data_type("String").string_value(reason).build();
        let reason = reason.map_err(|_| AwsError::unreadable("SendMessage", "reason"))?;
        let sent = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_group_id(group.unwrap_or("unreadable"))
            .message_deduplication_id(message_id)
            .message_body(body)
            .message_attributes("reason", reason)
            .send()
            .await;
        sent.map(drop).map_err(|error| AwsError::new("SendMessage", &error))
    }
}

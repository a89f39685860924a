//! Queues that services read: where a dispatch may go in place of a URL.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::MessageAttributeValue;

use crate::client::Connection;
use crate::error::AwsError;

/// What the name of a FIFO queue ends with (SQS, `CreateQueue`).
const FIFO: &str = ".fifo";

/// The queues of services.
#[derive(Clone, Debug)]
pub struct ServiceQueues {
    client: Client,
}

/// What a FIFO queue puts a message into line by.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// The message group.
    pub group: &'a str,
    /// The deduplication id.
    pub deduplication_id: &'a str,
}

impl ServiceQueues {
    /// The queues of this account and region.
    pub fn new(connection: &Connection) -> Self {
        Self { client: Client::new(connection.config()) }
    }

    /// Puts `body` with `attributes` into the queue of that name or URL. A FIFO queue, known by its name's ending, gets it
    /// in its `line`.
    ///
    /// # Errors
    ///
    /// [`AwsError`]; the message may be in the queue all the same.
    pub async fn send(
        &self,
        queue: &str,
        line: Line<'_>,
        body: String,
        attributes: &[(&str, &str)],
    ) -> Result<(), AwsError> {
        let url = if queue.contains("://") {
            queue.to_owned()
        } else {
            let found = self.client.get_queue_url().queue_name(queue).send().await;
            let found = found.map_err(|error| AwsError::new("GetQueueUrl", &error))?;
            found.queue_url.ok_or_else(|| AwsError::unreadable("GetQueueUrl", "URL"))?
        };
        let mut call = self.client.send_message().queue_url(&url).message_body(body);
        for (name, value) in attributes {
            let value = MessageAttributeValue::builder().data_type("String").string_value(*value).build();
            let value = value.map_err(|_| AwsError::unreadable("SendMessage", "attribute"))?;
            call = call.message_attributes(*name, value);
        }
        if url.ends_with(FIFO) {
            call = call.message_group_id(line.group).message_deduplication_id(line.deduplication_id);
        }
        call.send().await.map(drop).map_err(|error| AwsError::new("SendMessage", &error))
    }
}

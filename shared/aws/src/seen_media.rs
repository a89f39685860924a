//! What was seen of people's Saved Messages a short while ago, so that a file is found without asking Telegram again.
//!
//! A shelf holds what one look at the chat found, and is kept under the lowest id it tells about. Whoever wants a message
//! reads the nearest shelves that begin at it or below; which files they hold only their owner's token tells.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use lambdagram_domain::media::MessageId;
use lambdagram_domain::session::{Sealed, SessionId};
use lambdagram_domain::time::UnixTime;

use crate::attributes::{Item, number, read_bytes, read_number, read_text, text};
use crate::client::Connection;
use crate::error::AwsError;

/// Shelves that are read for one message: the nearest may be one of a few messages within the span of another.
const NEAREST: i32 = 3;

/// One sealed shelf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShelfRow {
    /// The lowest message it tells about.
    pub lowest: MessageId,
    /// What it holds. DynamoDB takes items of 400 KB.
    pub sealed: Sealed,
    /// When it is not good any more. DynamoDB deletes it some days after that.
    pub expires_at: UnixTime,
}

/// The shelves of all sessions.
#[derive(Clone, Debug)]
pub struct SeenMedia {
    client: Client,
    table: String,
}

impl SeenMedia {
    /// The table of that name.
    pub fn new(connection: &Connection, table: String) -> Self {
        Self { client: Client::new(connection.config()), table }
    }

    /// Keeps a shelf, in place of the one that began at the same message.
    ///
    /// # Errors
    ///
    /// [`AwsError`]; it may have been kept.
    pub async fn put(&self, session: &SessionId, row: &ShelfRow) -> Result<(), AwsError> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item_of(session, row)));
        put.send().await.map(drop).map_err(|error| AwsError::new("PutItem", &error))
    }

    /// The shelves that may hold `message`, those that begin nearest to it first: at most three, without those whose time
    /// is over. What was kept before this call is seen. An item that cannot be read is left out: what it held can be
    /// found again.
    ///
    /// # Errors
    ///
    /// [`AwsError`].
    pub async fn find(
        &self,
        session: &SessionId,
        message: MessageId,
        now: UnixTime,
    ) -> Result<Vec<ShelfRow>, AwsError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("#session = :session AND lowest <= :message")
            .expression_attribute_names("#session", "session")
            .expression_attribute_values(":session", text(session.as_str()))
            .expression_attribute_values(":message", number(message.get()))
            .scan_index_forward(false)
            .limit(NEAREST)
            .consistent_read(true);
        let answer = query.send().await.map_err(|error| AwsError::new("Query", &error))?;
        let shelves = answer.items().iter().filter_map(row_of);
        Ok(shelves.filter(|shelf| shelf.expires_at > now).collect())
    }
}

fn item_of(session: &SessionId, shelf: &ShelfRow) -> Item {
    let attributes = [
        ("session", text(session.as_str())),
        ("lowest", number(shelf.lowest.get())),
        ("key_id", text(&shelf.sealed.key_id)),
        ("sealed", AttributeValue::B(Blob::new(shelf.sealed.bytes.clone()))),
        ("expires_at", number(shelf.expires_at.0)),
    ];
    attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn row_of(item: &Item) -> Option<ShelfRow> {
    Some(ShelfRow {
        lowest: MessageId::new(read_number(item, "lowest")?)?,
        sealed: Sealed {
            key_id: read_text(item, "key_id")?.to_owned(),
            bytes: read_bytes(item, "sealed")?.to_owned(),
        },
        expires_at: UnixTime(read_number(item, "expires_at")?),
    })
}

#[cfg(test)]
mod tests {
    use lambdagram_domain::session::SessionToken;

    use super::*;

    fn shelf() -> ShelfRow {
        ShelfRow {
            lowest: MessageId::new(7).unwrap(),
            sealed: Sealed { key_id: "0123abcd".to_owned(), bytes: vec![0, 255, 7] },
            expires_at: UnixTime(2000),
        }
    }

    #[test]
    fn a_shelf_survives_being_an_item() {
        let session = SessionToken::random().id();
        let item = item_of(&session, &shelf());
        assert_eq!(row_of(&item), Some(shelf()));
        assert_eq!(read_text(&item, "session"), Some(session.as_str()));
    }

    #[test]
    fn an_item_that_lacks_a_field_is_no_shelf() {
        for name in ["lowest", "key_id", "sealed", "expires_at"] {
            let mut item = item_of(&SessionToken::random().id(), &shelf());
            item.remove(name);
            assert_eq!(row_of(&item), None, "{name}");
        }
    }
}

//! The table of API keys. It is read for each request, so a key that was just made works, and one that was taken back
//! does not.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use lambdagram_domain::api_key::{ApiKeyId, StoredKey, USE_NOTED_EVERY};
use lambdagram_domain::time::UnixTime;

use crate::attributes::{Item, number, read_bytes, read_number, read_text, text};
use crate::client::Connection;
use crate::error::{AwsError, is_condition};

/// The stored keys.
#[derive(Clone, Debug)]
pub struct ApiKeys {
    client: Client,
    table: String,
}

impl ApiKeys {
    /// The table of that name.
    pub fn new(connection: &Connection, table: String) -> Self {
        Self { client: Client::new(connection.config()), table }
    }

    /// The row of that id, one that was taken back too.
    ///
    /// # Errors
    ///
    /// [`AwsError`].
    pub async fn get(&self, id: &ApiKeyId) -> Result<Option<StoredKey>, AwsError> {
        let call =
            self.client.get_item().table_name(&self.table).key("id", text(id.as_str())).consistent_read(true);
        let answer = call.send().await.map_err(|error| AwsError::new("GetItem", &error))?;
        let read = |item| key_of(&item).ok_or_else(|| AwsError::unreadable("GetItem", "key"));
        answer.item.map(read).transpose()
    }

    /// Notes that a key was used, unless that was noted a short while ago.
    ///
    /// # Errors
    ///
    /// [`AwsError`].
    pub async fn note_use(&self, id: &ApiKeyId, now: UnixTime) -> Result<(), AwsError> {
        let noted = now.0.saturating_sub(USE_NOTED_EVERY.as_secs());
        let call = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("id", text(id.as_str()))
            .update_expression("SET last_used_at = :now")
            .condition_expression(
                "attribute_exists(id) AND (attribute_not_exists(last_used_at) OR last_used_at <= :noted)",
            )
            .expression_attribute_values(":now", number(now.0))
            .expression_attribute_values(":noted", number(noted));
        match call.send().await {
            Err(error) if !is_condition(&error) => Err(AwsError::new("UpdateItem", &error)),
            _ => Ok(()),
        }
    }

    /// Stores a new key.
    ///
    /// # Errors
    ///
    /// [`AwsError`], also when there is a key of that id.
    pub async fn add(&self, key: &StoredKey) -> Result<(), AwsError> {
        let call = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item_of(key)))
            .condition_expression("attribute_not_exists(id)");
        call.send().await.map(drop).map_err(|error| AwsError::new("PutItem", &error))
    }

    /// Every key, the oldest first.
    ///
    /// # Errors
    ///
    /// [`AwsError`].
    pub async fn list(&self) -> Result<Vec<StoredKey>, AwsError> {
        let (mut keys, mut next) = (Vec::new(), None);
        loop {
            let call = self.client.scan().table_name(&self.table).consistent_read(true);
            let answer = call.set_exclusive_start_key(next).send().await;
            let answer = answer.map_err(|error| AwsError::new("Scan", &error))?;
            for item in answer.items.unwrap_or_default() {
                keys.push(key_of(&item).ok_or_else(|| AwsError::unreadable("Scan", "key"))?);
            }
            next = answer.last_evaluated_key;
            if next.is_none() {
                break;
            }
        }
        keys.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
        Ok(keys)
    }

    /// Takes a key back, for good. `false` when there is none of that id; one that was taken back stays so since then.
    ///
    /// # Errors
    ///
    /// [`AwsError`].
    pub async fn revoke(&self, id: &ApiKeyId, now: UnixTime) -> Result<bool, AwsError> {
        let call = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("id", text(id.as_str()))
            .update_expression("SET revoked_at = if_not_exists(revoked_at, :now)")
            .condition_expression("attribute_exists(id)")
            .expression_attribute_values(":now", number(now.0));
        match call.send().await {
            Ok(_) => Ok(true),
            Err(error) if is_condition(&error) => Ok(false),
            Err(error) => Err(AwsError::new("UpdateItem", &error)),
        }
    }
}

fn item_of(key: &StoredKey) -> Item {
    let always = [
        ("id", text(key.id.as_str())),
        ("name", text(&key.name)),
        ("role", text(&key.role)),
        ("hash", AttributeValue::B(Blob::new(key.hash))),
        ("created_at", number(key.created_at.0)),
    ];
    let sometimes = [
        ("last_used_at", key.last_used_at.map(|time| number(time.0))),
        ("revoked_at", key.revoked_at.map(|time| number(time.0))),
    ];
    let sometimes = sometimes.into_iter().filter_map(|(name, value)| Some((name, value?)));
    always.into_iter().chain(sometimes).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Reads an item; `None` when it is not a key.
fn key_of(item: &Item) -> Option<StoredKey> {
    Some(StoredKey {
        id: ApiKeyId::parse(read_text(item, "id")?)?,
        name: read_text(item, "name")?.to_owned(),
        role: read_text(item, "role")?.to_owned(),
        hash: read_bytes(item, "hash")?.try_into().ok()?,
        created_at: UnixTime(read_number(item, "created_at")?),
        last_used_at: read_number(item, "last_used_at").map(UnixTime),
        revoked_at: read_number(item, "revoked_at").map(UnixTime),
    })
}

#[cfg(test)]
mod tests {
    use lambdagram_domain::api_key::ApiKey;

    use super::*;

    #[test]
    fn a_key_survives_being_an_item() {
        let key = ApiKey::generate();
        let mut stored = StoredKey::new(&key, "reports".to_owned(), "notifier".to_owned(), UnixTime(1000));
        assert_eq!(key_of(&item_of(&stored)), Some(stored.clone()));
        stored.last_used_at = Some(UnixTime(1001));
        stored.revoked_at = Some(UnixTime(1002));
        assert_eq!(key_of(&item_of(&stored)), Some(stored));
    }

    #[test]
    fn an_item_that_lacks_a_field_is_no_key() {
        let stored = StoredKey::new(&ApiKey::generate(), "a".to_owned(), "b".to_owned(), UnixTime(1));
        for name in ["id", "name", "role", "hash", "created_at"] {
            let mut item = item_of(&stored);
            item.remove(name);
            assert_eq!(key_of(&item), None, "{name}");
        }
    }
}

//! Who is calling: the holder of an API key.

use lambdagram_aws::{ApiKeys, Connection};
use lambdagram_domain::api_key::{ApiKey, StoredKey};

use crate::config::{ConfigError, Environment};
use crate::http::{ApiError, Incoming};

/// Tells key holders by what they show.
pub(super) struct KeyHolders {
    keys: ApiKeys,
}

impl KeyHolders {
    pub(super) fn new(environment: &Environment, connection: &Connection) -> Result<Self, ConfigError> {
        Ok(Self { keys: ApiKeys::new(connection, environment.text("KEYS_TABLE")?) })
    }

    /// The key that `request` shows in `Authorization: Bearer`. A key that is none, does not exist, has another secret
    /// or was taken back: all are told the same, and the last three cost the same.
    ///
    /// # Errors
    ///
    /// [`ApiError::ApiKey`], [`ApiError::Aws`].
    pub(super) async fn identify(&self, request: &Incoming) -> Result<StoredKey, ApiError> {
        let shown = request.bearer().and_then(ApiKey::parse).ok_or(ApiError::ApiKey)?;
        let stored = self.keys.get(shown.id()).await?;
        let holder = StoredKey::opened_by(stored.as_ref(), &shown).ok_or(ApiError::ApiKey)?;
        if holder.notes_use_at(request.now())
            && let Err(cause) = self.keys.note_use(&holder.id, request.now()).await
        {
            tracing::warn!(key = %holder.id, cause = %cause, "That a key was used is not noted");
        }
        Ok(holder.clone())
    }
}

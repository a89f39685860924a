//! The bot's secrets: from Secrets Manager in the cloud, from the environment on one machine.
//!
//! While a secret is being replaced, the current and the previous version are both in force; a caller that meets a
//! value which fits neither asks for [`SecretStore::refresh`], which looks again at most once a minute.

use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use lambdagram_domain::secret::Secret;
use lambdagram_domain::time::UnixTime;
use serde::Deserialize;
use thiserror::Error;

use crate::client::Connection;
use crate::error::AwsError;

/// How long what was read is not read again: a flood of wrong values must not become a flood of calls.
const REFRESH_INTERVAL: Duration = Duration::from_mins(1);

/// The secrets of one bot, the JSON object that the secret holds.
#[derive(Clone, Debug)]
pub struct BotSecrets {
    /// The bot's token, `<bot id>:<secret>`.
    pub bot_token: Secret,
    /// What Telegram sends in `X-Telegram-Bot-Api-Secret-Token`.
    pub webhook_secret: Secret,
    /// The key that signs mini app tokens.
    pub mini_app_key: Secret,
}

#[derive(Deserialize)]
struct Stored {
    bot_token: String,
    webhook_secret: String,
    mini_app_key: String,
}

/// The versions in force.
#[derive(Clone, Debug)]
pub struct SecretVersions {
    /// The version everything new is made with.
    pub current: BotSecrets,
    /// The version before, while there is one.
    pub previous: Option<BotSecrets>,
}

impl SecretVersions {
    /// The current version, then the previous one.
    pub fn all(&self) -> impl Iterator<Item = &BotSecrets> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

/// Why there are no secrets.
#[derive(Debug, Error)]
pub enum SecretsError {
    /// Secrets Manager did not give them.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// The secret is not a JSON object of the three texts.
    #[error(
        "the secret must be a JSON object with bot_token, webhook_secret and mini_app_key, none of them empty"
    )]
    Malformed,
}

/// The secrets, and where they come from.
#[derive(Debug)]
pub struct SecretStore {
    source: Source,
    cached: Mutex<Cached>,
}

#[derive(Debug)]
enum Source {
    Environment,
    Manager { client: Client, id: String },
}

#[derive(Debug)]
struct Cached {
    versions: Arc<SecretVersions>,
    read_at: UnixTime,
}

impl SecretStore {
    /// Secrets that were in the environment. They never change.
    pub fn from_environment(secrets: BotSecrets) -> Self {
        let versions = Arc::new(SecretVersions { current: secrets, previous: None });
        Self { source: Source::Environment, cached: Mutex::new(Cached { versions, read_at: UnixTime(0) }) }
    }

    /// Reads the secret named `id`.
    ///
    /// # Errors
    ///
    /// [`SecretsError`].
    pub async fn from_manager(
        connection: &Connection,
        id: String,
        now: UnixTime,
    ) -> Result<Self, SecretsError> {
        let client = Client::new(connection.config());
        let versions = Arc::new(read(&client, &id).await?);
        let source = Source::Manager { client, id };
        Ok(Self { source, cached: Mutex::new(Cached { versions, read_at: now }) })
    }

    /// The versions last read.
    pub fn versions(&self) -> Arc<SecretVersions> {
        Arc::clone(&self.cached().versions)
    }

    /// Reads again, unless that was done within the last minute; returns whether it was read anew.
    ///
    /// # Errors
    ///
    /// [`SecretsError`]; the versions last read stay in force.
    pub async fn refresh(&self, now: UnixTime) -> Result<bool, SecretsError> {
        let Source::Manager { client, id } = &self.source else {
            return Ok(false);
        };
        {
            let mut cached = self.cached();
            if now.since(cached.read_at) < REFRESH_INTERVAL {
                return Ok(false);
            }
            cached.read_at = now;
        }
        let versions = Arc::new(read(client, id).await?);
        self.cached().versions = versions;
        Ok(true)
    }

    fn cached(&self) -> std::sync::MutexGuard<'_, Cached> {
        self.cached.lock().expect("nothing panics while it is held")
    }
}

async fn read(client: &Client, id: &str) -> Result<SecretVersions, SecretsError> {
    let (current, previous) =
        tokio::join!(read_stage(client, id, "AWSCURRENT"), read_stage(client, id, "AWSPREVIOUS"));
    let current = current?.ok_or_else(|| AwsError::unreadable("GetSecretValue", "current version"))?;
    let current = current.parse()?;
    // The version before is a help during rotation and may be anything, another shape included.
    let previous = previous.ok().flatten().and_then(|text| text.parse().ok());
    Ok(SecretVersions { current, previous })
}

async fn read_stage(client: &Client, id: &str, stage: &str) -> Result<Option<String>, AwsError> {
    match client.get_secret_value().secret_id(id).version_stage(stage).send().await {
        Ok(answer) => Ok(answer.secret_string),
        Err(error) => Err(AwsError::new("GetSecretValue", &error)),
    }
}

impl FromStr for BotSecrets {
    type Err = SecretsError;

    /// Reads the JSON object that the secret holds.
    fn from_str(json: &str) -> Result<Self, SecretsError> {
        let stored: Stored = serde_json::from_str(json).map_err(|_| SecretsError::Malformed)?;
        let texts = [&stored.bot_token, &stored.webhook_secret, &stored.mini_app_key];
        if texts.into_iter().any(String::is_empty) {
            return Err(SecretsError::Malformed);
        }
        Ok(Self {
            bot_token: Secret::new(stored.bot_token),
            webhook_secret: Secret::new(stored.webhook_secret),
            mini_app_key: Secret::new(stored.mini_app_key),
        })
    }
}

#[cfg(test)]
mod tests;

//! Secrets of the bot, of accounts, of the upload worker and of dispatches: from Secrets Manager in the cloud, from the
//! environment on one machine.
//!
//! While a secret is being replaced, the current and the previous version are both in force; a caller that meets a
//! value which fits neither asks for [`SecretStore::refresh`], which looks again at most once a minute.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use lambdagram_domain::secret::Secret;
use lambdagram_domain::signature::SigningSecret;
use lambdagram_domain::time::UnixTime;
use lambdagram_domain::upload::DelegationKey;
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

/// The secrets of what signs people in to their accounts, the JSON object that the secret holds.
#[derive(Clone, Debug)]
pub struct AccountSecrets {
    /// The `api_hash` that Telegram gave for the application's `api_id`.
    pub api_hash: Secret,
    /// The master secret that sessions are sealed under, of at least 32 characters.
    pub session_key: Secret,
}

/// The secret that only the upload worker has, the JSON object that the secret holds.
#[derive(Clone, Debug)]
pub struct UploadSecrets {
    /// Opens what lets the worker send a file in its owner's name.
    pub delegation_key: DelegationKey,
}

/// The secrets that requests to services are signed with, the JSON object that the secret holds.
#[derive(Clone, Debug)]
pub struct DispatchSecrets {
    signing_secret: SigningSecret,
    /// By the service's name: with a secret of its own, a service cannot sign in another one's stead.
    services: BTreeMap<String, SigningSecret>,
}

impl DispatchSecrets {
    /// The secret that is shared with `service`; without one, what `callback_url`s are signed with.
    pub fn signing_secret(&self, service: Option<&str>) -> &SigningSecret {
        service.and_then(|service| self.services.get(service)).unwrap_or(&self.signing_secret)
    }
}

/// The second document of permissions: who has which role, and where services are. It is kept like a secret, since the
/// URL of a service may have one in it. `Debug` shows none of it.
#[derive(Clone)]
pub struct Assignments(pub String);

impl fmt::Debug for Assignments {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Assignments(..)")
    }
}

impl FromStr for Assignments {
    type Err = SecretsError;

    /// Takes any text: the permissions that it is merged into say what is wrong with it.
    fn from_str(text: &str) -> Result<Self, SecretsError> {
        Ok(Self(text.to_owned()))
    }
}

/// Characters of a master secret at least: as many random base64 characters hold 192 bits.
const SHORTEST_SESSION_KEY: usize = 32;

/// The versions in force.
#[derive(Clone, Debug)]
pub struct SecretVersions<S> {
    /// The version everything new is made with.
    pub current: S,
    /// The version before, while there is one.
    pub previous: Option<S>,
}

impl<S> SecretVersions<S> {
    /// The current version, then the previous one.
    pub fn all(&self) -> impl Iterator<Item = &S> {
        std::iter::once(&self.current).chain(&self.previous)
    }
}

/// Why there are no secrets.
#[derive(Debug, Error)]
pub enum SecretsError {
    /// Secrets Manager did not give them.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// The secret is not the JSON object it should be.
    #[error("the secret must be a JSON object with {fields}")]
    Malformed {
        /// What it should hold. What it holds is not repeated.
        fields: &'static str,
    },
}

/// Secrets of one kind, and where they come from.
#[derive(Debug)]
pub struct SecretStore<S> {
    source: Source,
    cached: Mutex<Cached<S>>,
}

#[derive(Debug)]
enum Source {
    Environment,
    Manager { client: Client, id: String },
}

#[derive(Debug)]
struct Cached<S> {
    versions: Arc<SecretVersions<S>>,
    read_at: UnixTime,
}

impl<S> SecretStore<S> {
    /// Secrets that were in the environment. They never change.
    pub fn from_environment(secrets: S) -> Self {
        let versions = Arc::new(SecretVersions { current: secrets, previous: None });
        Self { source: Source::Environment, cached: Mutex::new(Cached { versions, read_at: UnixTime(0) }) }
    }

    /// The versions last read.
    pub fn versions(&self) -> Arc<SecretVersions<S>> {
        Arc::clone(&self.cached().versions)
    }

    fn cached(&self) -> std::sync::MutexGuard<'_, Cached<S>> {
        self.cached.lock().expect("nothing panics while it is held")
    }
}

impl<S: FromStr<Err = SecretsError>> SecretStore<S> {
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
}

async fn read<S>(client: &Client, id: &str) -> Result<SecretVersions<S>, SecretsError>
where
    S: FromStr<Err = SecretsError>,
{
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
        #[derive(Deserialize)]
        struct Stored {
            bot_token: String,
            webhook_secret: String,
            mini_app_key: String,
        }

        let fields = "bot_token, webhook_secret and mini_app_key, none of them empty";
        let malformed = || SecretsError::Malformed { fields };
        let stored: Stored = serde_json::from_str(json).map_err(|_| malformed())?;
        let texts = [&stored.bot_token, &stored.webhook_secret, &stored.mini_app_key];
        if texts.into_iter().any(String::is_empty) {
            return Err(malformed());
        }
        Ok(Self {
            bot_token: Secret::new(stored.bot_token),
            webhook_secret: Secret::new(stored.webhook_secret),
            mini_app_key: Secret::new(stored.mini_app_key),
        })
    }
}

impl FromStr for AccountSecrets {
    type Err = SecretsError;

    /// Reads the JSON object that the secret holds.
    fn from_str(json: &str) -> Result<Self, SecretsError> {
        #[derive(Deserialize)]
        struct Stored {
            api_hash: String,
            session_key: String,
        }

        let fields = "api_hash, which is not empty, and session_key, of at least 32 characters";
        let malformed = || SecretsError::Malformed { fields };
        let stored: Stored = serde_json::from_str(json).map_err(|_| malformed())?;
        if stored.api_hash.is_empty() || stored.session_key.chars().count() < SHORTEST_SESSION_KEY {
            return Err(malformed());
        }
        Ok(Self { api_hash: Secret::new(stored.api_hash), session_key: Secret::new(stored.session_key) })
    }
}

impl FromStr for UploadSecrets {
    type Err = SecretsError;

    /// Reads the JSON object that the secret holds.
    fn from_str(json: &str) -> Result<Self, SecretsError> {
        #[derive(Deserialize)]
        struct Stored {
            delegation_key: String,
        }

        let malformed =
            || SecretsError::Malformed { fields: "delegation_key, as `delegation-key` prints it" };
        let stored: Stored = serde_json::from_str(json).map_err(|_| malformed())?;
        let delegation_key = DelegationKey::parse(&stored.delegation_key).ok_or_else(malformed)?;
        Ok(Self { delegation_key })
    }
}

impl FromStr for DispatchSecrets {
    type Err = SecretsError;

    /// Reads the JSON object that the secret holds.
    fn from_str(json: &str) -> Result<Self, SecretsError> {
        #[derive(Deserialize)]
        struct Stored {
            signing_secret: String,
            #[serde(default)]
            services: BTreeMap<String, String>,
        }

        let fields =
            "signing_secret, and perhaps services by name, each `whsec_` and 24 to 64 bytes in base64";
        let malformed = || SecretsError::Malformed { fields };
        let parse = |text: &str| SigningSecret::parse(text).map_err(|_| malformed());
        let stored: Stored = serde_json::from_str(json).map_err(|_| malformed())?;
        let services = stored.services.into_iter().map(|(name, text)| Ok((name, parse(&text)?)));
        Ok(Self {
            signing_secret: parse(&stored.signing_secret)?,
            services: services.collect::<Result<_, SecretsError>>()?,
        })
    }
}

#[cfg(test)]
mod tests;

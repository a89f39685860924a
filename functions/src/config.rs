//! Configuration: read once, at start, from the environment, and typed. Every error names its variable.

mod accounts;
mod commands;
mod dispatch;
mod uploads;

use std::collections::HashMap;
use std::str::FromStr;
use std::time::Duration;

use lambdagram_aws::{BotSecrets, Connection, SecretStore, SecretsError};
use lambdagram_domain::access::PermissionsError;
use lambdagram_domain::init_data::TelegramKey;
use lambdagram_domain::time::UnixTime;
use thiserror::Error;

pub(crate) use self::accounts::{MediaLease, SignInAllow};

use crate::clock::Clock;

/// Why a function does not start.
#[derive(Debug, Error)]
pub(crate) enum ConfigError {
    /// A variable is missing.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// A variable does not say what it should.
    #[error("{variable} must be {expected}")]
    Invalid {
        /// Its name. The value is not repeated: it may be a secret in the wrong place.
        variable: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// The secrets cannot be read.
    #[error("the secrets cannot be read: {0}")]
    Secrets(#[from] SecretsError),
    /// Who may do what is not said as it should be.
    #[error(transparent)]
    Permissions(#[from] PermissionsError),
}

/// The variables of this process.
pub(crate) struct Environment(HashMap<String, String>);

impl Environment {
    pub(crate) fn of_process() -> Self {
        Self(std::env::vars().collect())
    }

    /// A variable that must be there.
    pub(crate) fn text(&self, name: &'static str) -> Result<String, ConfigError> {
        self.optional(name).map(str::to_owned).ok_or(ConfigError::Missing(name))
    }

    /// A variable that may be missing or empty.
    pub(crate) fn optional(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn parsed<T: FromStr>(&self, variable: &'static str, expected: &'static str) -> Result<T, ConfigError> {
        let text = self.optional(variable).ok_or(ConfigError::Missing(variable))?;
        text.parse().map_err(|_| ConfigError::Invalid { variable, expected })
    }

    /// How far the clock of a local stack runs ahead of the machine's.
    pub(crate) fn clock(&self) -> Result<Clock, ConfigError> {
        let ahead = match self.optional("CLOCK_OFFSET_MS") {
            None => 0,
            Some(_) => self.parsed("CLOCK_OFFSET_MS", "whole milliseconds")?,
        };
        Ok(Clock::ahead_by(Duration::from_millis(ahead)))
    }

    /// The stack under whose name metrics are published; none where they are not.
    pub(crate) fn metrics_stack(&self) -> Option<&str> {
        self.optional("METRICS_STACK")
    }

    /// Origins of web pages that may call, as browsers spell them.
    pub(crate) fn allowed_origins(&self) -> Vec<String> {
        let list = self.optional("ALLOWED_ORIGINS").unwrap_or_default();
        list.split(',').map(str::trim).filter(|origin| !origin.is_empty()).map(str::to_owned).collect()
    }

    /// What init data is checked against, and how old it may be.
    pub(crate) fn init_data(&self) -> Result<InitDataRules, ConfigError> {
        let with_telegrams_key = match self.text("INIT_DATA_CHECK")?.as_str() {
            "hmac" => None,
            "ed25519" => {
                let bot_id = self.bot_id()?;
                let variable = "TELEGRAM_PUBLIC_KEY";
                let expected = "an Ed25519 public key in 64 hexadecimal digits";
                let key = TelegramKey::from_hex(&self.text(variable)?);
                Some((bot_id, key.ok_or(ConfigError::Invalid { variable, expected })?))
            }
            _ => {
                return Err(ConfigError::Invalid {
                    variable: "INIT_DATA_CHECK",
                    expected: "hmac or ed25519",
                });
            }
        };
        let max_age = Duration::from_secs(self.parsed("INIT_DATA_MAX_AGE_S", "whole seconds")?);
        Ok(InitDataRules { with_telegrams_key, max_age })
    }

    /// The number before the colon of the bot's token.
    pub(crate) fn bot_id(&self) -> Result<i64, ConfigError> {
        self.parsed("BOT_ID", "the number before the colon of the bot token")
    }

    /// Pictures one person may post in a minute.
    pub(crate) fn photos_per_minute(&self) -> Result<u32, ConfigError> {
        self.parsed("PHOTOS_PER_MINUTE", "a whole number")
    }

    /// What is done with a message of which nobody knows whether it was sent.
    pub(crate) fn unresolved_sends(&self) -> Result<UnresolvedSends, ConfigError> {
        match self.text("UNRESOLVED_SENDS")?.as_str() {
            "retry" => Ok(UnresolvedSends::Retry),
            "stop" => Ok(UnresolvedSends::Stop),
            _ => Err(ConfigError::Invalid { variable: "UNRESOLVED_SENDS", expected: "retry or stop" }),
        }
    }

    /// The bot's secrets: from the environment where it has them (one machine), else from Secrets Manager.
    pub(crate) async fn secrets(
        &self,
        connection: &Connection,
        now: UnixTime,
    ) -> Result<SecretStore<BotSecrets>, ConfigError> {
        match self.optional("BOT_SECRETS") {
            Some(json) => Ok(SecretStore::from_environment(json.parse()?)),
            None => Ok(SecretStore::from_manager(connection, self.text("SECRETS_ID")?, now).await?),
        }
    }
}

/// How init data is checked.
#[derive(Clone, Debug)]
pub(crate) struct InitDataRules {
    /// The bot's id and Telegram's key; without them, the bot tokens are what it is checked against.
    pub(crate) with_telegrams_key: Option<(i64, TelegramKey)>,
    /// How old it may be.
    pub(crate) max_age: Duration,
}

/// The policy for sends that nobody knows the end of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnresolvedSends {
    /// Send again: a person may get a picture twice, none is lost.
    Retry,
    /// Leave it: a picture may be lost, none comes twice.
    Stop,
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn an_error_names_the_variable_and_not_its_value() {
        let wrong = environment(&[("PHOTOS_PER_MINUTE", "hunter2"), ("UNRESOLVED_SENDS", "hunter2")]);
        let error = wrong.photos_per_minute().unwrap_err().to_string();
        assert_eq!(error, "PHOTOS_PER_MINUTE must be a whole number");
        let error = wrong.unresolved_sends().unwrap_err().to_string();
        assert_eq!(error, "UNRESOLVED_SENDS must be retry or stop");
        assert_eq!(wrong.bot_id().unwrap_err().to_string(), "BOT_ID is not set");
    }

    #[test]
    fn init_data_is_checked_with_telegrams_key_only_when_asked_for() {
        let hmac = environment(&[("INIT_DATA_CHECK", "hmac"), ("INIT_DATA_MAX_AGE_S", "60")]);
        let rules = hmac.init_data().unwrap();
        assert_eq!((rules.with_telegrams_key, rules.max_age), (None, Duration::from_mins(1)));
        let no_key =
            environment(&[("INIT_DATA_CHECK", "ed25519"), ("BOT_ID", "1"), ("TELEGRAM_PUBLIC_KEY", "zz")]);
        let expected = "TELEGRAM_PUBLIC_KEY must be an Ed25519 public key in 64 hexadecimal digits";
        assert_eq!(no_key.init_data().unwrap_err().to_string(), expected);
    }

    #[test]
    fn origins_are_a_list_with_commas() {
        let listed = environment(&[("ALLOWED_ORIGINS", "https://a.example, https://b.example,")]);
        assert_eq!(listed.allowed_origins(), ["https://a.example", "https://b.example"]);
        assert!(environment(&[]).allowed_origins().is_empty());
    }
}

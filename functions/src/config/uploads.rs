//! Configuration of what takes files in and sends them.

use lambdagram_aws::{Connection, SecretStore, UploadSecrets};
use lambdagram_domain::time::UnixTime;
use lambdagram_domain::upload::PublicDelegationKey;

use super::{ConfigError, Environment};

/// GB that a session may upload in a day at most: more KiB are not counted.
const MOST_GIGABYTES: u32 = 4000;

/// KiB in a GB, as its users count them.
const KIBIBYTES: u32 = 1024 * 1024;

impl Environment {
    /// KiB of files that one session may upload in a day.
    pub(crate) fn upload_quota(&self) -> Result<u32, ConfigError> {
        let (variable, expected) = ("UPLOAD_GIGABYTES_PER_DAY", "a whole number from 0 to 4000");
        match self.parsed::<u32>(variable, expected)? {
            gigabytes @ 0..=MOST_GIGABYTES => Ok(gigabytes * KIBIBYTES),
            _ => Err(ConfigError::Invalid { variable, expected }),
        }
    }

    /// The key that delegations are sealed to.
    pub(crate) fn delegation_public_key(&self) -> Result<PublicDelegationKey, ConfigError> {
        let (variable, expected) = ("DELEGATION_PUBLIC_KEY", "a public key as `delegation-key` prints it");
        let key = PublicDelegationKey::parse(&self.text(variable)?);
        key.ok_or(ConfigError::Invalid { variable, expected })
    }

    /// The worker's secret: from the environment where it has it (one machine), else from Secrets Manager.
    pub(crate) async fn upload_secrets(
        &self,
        connection: &Connection,
        now: UnixTime,
    ) -> Result<SecretStore<UploadSecrets>, ConfigError> {
        match self.optional("UPLOAD_SECRETS") {
            Some(json) => Ok(SecretStore::from_environment(json.parse()?)),
            None => Ok(SecretStore::from_manager(connection, self.text("UPLOAD_SECRETS_ID")?, now).await?),
        }
    }
}

#[cfg(test)]
mod tests {
    use lambdagram_domain::upload::DelegationKey;

    use super::super::tests::environment;

    #[test]
    fn a_quota_is_given_in_gigabytes_and_counted_in_kibibytes() {
        let quota = |text| environment(&[("UPLOAD_GIGABYTES_PER_DAY", text)]).upload_quota();
        assert_eq!(quota("0").unwrap(), 0);
        assert_eq!(quota("50").unwrap(), 50 * 1024 * 1024);
        assert_eq!(quota("4000").unwrap(), 4_194_304_000);
        for wrong in ["4001", "-1", "1.5", "hunter2"] {
            let reason = "UPLOAD_GIGABYTES_PER_DAY must be a whole number from 0 to 4000";
            assert_eq!(quota(wrong).unwrap_err().to_string(), reason, "{wrong}");
        }
    }

    #[test]
    fn a_public_key_is_one_and_its_variable_is_named_otherwise() {
        let key = |text: &str| environment(&[("DELEGATION_PUBLIC_KEY", text)]).delegation_public_key();
        let public = DelegationKey::generate().public();
        assert_eq!(key(&public.encode()).unwrap(), public);
        for wrong in [&"A".repeat(43), "hunter2"] {
            let reason = "DELEGATION_PUBLIC_KEY must be a public key as `delegation-key` prints it";
            assert_eq!(key(wrong).unwrap_err().to_string(), reason, "{wrong}");
        }
        assert_eq!(key("").unwrap_err().to_string(), "DELEGATION_PUBLIC_KEY is not set");
    }
}

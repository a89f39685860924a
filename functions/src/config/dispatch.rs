//! Configuration of who may do what, and of what services are asked with.

use lambdagram_aws::{Assignments, Connection, DispatchSecrets, SecretStore};
use lambdagram_domain::access::Permissions;
use lambdagram_domain::time::UnixTime;

use super::{ConfigError, Environment};
use crate::PERMISSIONS;
use crate::access::Access;

impl Environment {
    /// Who may do what: the document that is built in, and the second one from the environment where it has it (one
    /// machine), else from Secrets Manager. An empty name means that there is none.
    pub(crate) async fn access(&self, connection: &Connection, now: UnixTime) -> Result<Access, ConfigError> {
        let assignments = match (self.optional("ASSIGNMENTS"), self.optional("ASSIGNMENTS_ID")) {
            (Some(text), _) => Some(SecretStore::from_environment(Assignments(text.to_owned()))),
            (None, Some(id)) => Some(SecretStore::from_manager(connection, id.to_owned(), now).await?),
            (None, None) => None,
        };
        Ok(Access::new(Permissions::parse(PERMISSIONS)?, assignments)?)
    }

    /// What requests to services are signed with: as [`Self::secrets`].
    pub(crate) async fn dispatch_secrets(
        &self,
        connection: &Connection,
        now: UnixTime,
    ) -> Result<SecretStore<DispatchSecrets>, ConfigError> {
        match self.optional("DISPATCH_SECRETS") {
            Some(json) => Ok(SecretStore::from_environment(json.parse()?)),
            None => Ok(SecretStore::from_manager(connection, self.text("DISPATCH_SECRETS_ID")?, now).await?),
        }
    }
}

//! What a stack signs people in to their accounts with: the application, where accounts are, and the key of sessions.

use std::collections::BTreeMap;

use lambdagram_aws::AccountSecrets;
use lambdagram_domain::secret::Secret;
use serde_json::json;

use super::{Options, StartError, Telegram, data_folder, state};
use crate::telegram::mtproto::cloud::Cloud;

/// The application that the simulated cloud sees; it takes any.
const SIMULATED_API_ID: i32 = 17_349;

/// What stands in for the number of an application that is not there: the template wants one.
const NO_API_ID: i32 = 1;

/// The half of a stack that serves accounts.
#[derive(Clone)]
pub(super) struct Accounts {
    api_id: i32,
    /// Without them, nobody can sign in.
    secrets: Option<AccountSecrets>,
    /// Data centres and key of the simulated cloud.
    cloud: Option<(String, String)>,
}

impl Accounts {
    pub(super) fn open(options: &Options, cloud: Option<&Cloud>) -> Result<Self, StartError> {
        let application = match &options.telegram {
            Telegram::Simulated => Some((SIMULATED_API_ID, None)),
            Telegram::Real { application, .. } => application
                .as_ref()
                .map(|application| (application.api_id, Some(application.api_hash.clone()))),
        };
        let cloud = cloud.map(|cloud| (cloud.dcs(), cloud.public_key_pem()));
        let Some((api_id, api_hash)) = application else {
            return Ok(Self { api_id: NO_API_ID, secrets: None, cloud });
        };
        let kept = state::account_secrets(&options.data_dir);
        let kept = kept.map_err(|error| data_folder(&options.data_dir, &error))?;
        let secrets = AccountSecrets {
            api_hash: api_hash.unwrap_or_else(|| Secret::new(kept.api_hash)),
            session_key: Secret::new(kept.session_key),
        };
        Ok(Self { api_id, secrets: Some(secrets), cloud })
    }

    pub(super) fn parameters(&self) -> BTreeMap<String, String> {
        let mut parameters = vec![
            ("TelegramApiId", self.api_id.to_string()),
            ("SignInAllow", "*".to_owned()),
            ("QrSignIn", "on".to_owned()),
            // The stack speaks plain HTTP.
            ("SessionCookie", "insecure".to_owned()),
        ];
        if let Some((dcs, key)) = &self.cloud {
            parameters.extend([
                ("TelegramServers", "custom".to_owned()),
                ("TelegramDcs", dcs.clone()),
                ("TelegramRsaKey", key.clone()),
            ]);
        }
        parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// The JSON object that the secret would hold.
    pub(super) fn secrets_json(&self) -> Option<String> {
        let secrets = self.secrets.as_ref()?;
        let json = json!({
            "api_hash": secrets.api_hash.expose(),
            "session_key": secrets.session_key.expose(),
        });
        Some(json.to_string())
    }

    pub(super) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.secrets.iter().flat_map(|secrets| [&secrets.api_hash, &secrets.session_key])
    }
}

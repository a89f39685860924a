//! What a stack signs people in to their accounts with: the application, where accounts are, the key of sessions, and that
//! of delegations.

use std::collections::BTreeMap;

use lambdagram_aws::AccountSecrets;
use lambdagram_domain::secret::Secret;
use lambdagram_domain::upload::{DelegationKey, PublicDelegationKey};
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
    /// The upload worker's private key, as text.
    delegation_key: Secret,
    /// The half of it that is no secret.
    delegation_public_key: PublicDelegationKey,
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
        let unusable = |error| data_folder(&options.data_dir, &error);
        let kept = state::upload_secrets(&options.data_dir).map_err(unusable)?;
        let delegation_key = DelegationKey::parse(&kept.delegation_key);
        let delegation_key = delegation_key
            .ok_or_else(|| data_folder(&options.data_dir, &"the kept delegation key is none"))?;
        let delegation_public_key = delegation_key.public();
        let delegation_key = Secret::new(delegation_key.encode());
        let Some((api_id, api_hash)) = application else {
            let secrets = None;
            return Ok(Self { api_id: NO_API_ID, secrets, delegation_key, delegation_public_key, cloud });
        };
        let kept = state::account_secrets(&options.data_dir).map_err(unusable)?;
        let secrets = AccountSecrets {
            api_hash: api_hash.unwrap_or_else(|| Secret::new(kept.api_hash)),
            session_key: Secret::new(kept.session_key),
        };
        Ok(Self { api_id, secrets: Some(secrets), delegation_key, delegation_public_key, cloud })
    }

    pub(super) fn parameters(&self) -> BTreeMap<String, String> {
        let mut parameters = vec![
            ("TelegramApiId", self.api_id.to_string()),
            ("SignInAllow", "*".to_owned()),
            ("QrSignIn", "on".to_owned()),
            // The stack speaks plain HTTP.
            ("SessionCookie", "insecure".to_owned()),
            ("DelegationPublicKey", self.delegation_public_key.encode()),
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

    /// The JSON object that the upload worker's secret would hold.
    pub(super) fn upload_secrets_json(&self) -> String {
        json!({"delegation_key": self.delegation_key.expose()}).to_string()
    }

    pub(super) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let of_sessions = self.secrets.iter().flat_map(|secrets| [&secrets.api_hash, &secrets.session_key]);
        of_sessions.chain([&self.delegation_key])
    }
}

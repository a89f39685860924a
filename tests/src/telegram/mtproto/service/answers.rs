//! What several methods answer with.

use grammers_tl_types::{Deserializable, enums, types};

use super::super::accounts::{Account, Phone};
use super::super::authorizations::{Authorization, Client};
use super::super::random;
use super::date;

/// A value with no flag set, no number but 0 and nothing optional in it: that is what zeros mean in TL.
pub(super) fn blank<T: Deserializable>() -> T {
    T::from_bytes(&[0; 128]).expect("a bare type without boxed fields reads zeros")
}

/// An account as others see it.
pub(super) fn user(account: &Account) -> enums::User {
    types::User {
        id: account.id,
        access_hash: Some(account.access_hash),
        first_name: Some(account.first_name.clone()),
        last_name: account.last_name.clone(),
        username: account.username.clone(),
        premium: account.premium,
        ..blank()
    }
    .into()
}

/// An account as its owner sees it.
pub(super) fn own_user(account: &Account) -> enums::User {
    let enums::User::User(user) = user(account) else { return user(account) };
    types::User { is_self: true, phone: Some(account.phone.digits().to_owned()), ..user }.into()
}

/// The answer to a login that succeeded.
pub(super) fn authorized(account: &Account) -> enums::auth::Authorization {
    types::auth::Authorization {
        setup_password_required: false,
        otherwise_relogin_days: None,
        tmp_sessions: None,
        future_auth_token: None,
        user: own_user(account),
    }
    .into()
}

/// An authorization as it is listed.
pub(super) fn listed(authorization: &Authorization, is_current: bool) -> enums::Authorization {
    let client = authorization.client.clone();
    let (api_id, device) = client.map(|client| (client.api_id, client.device)).unzip();
    let (model, system, version) = device
        .map(|device| (device.device_model, device.system_version, device.app_version))
        .unwrap_or_default();
    types::Authorization {
        current: is_current,
        official_app: false,
        password_pending: false,
        encrypted_requests_disabled: false,
        call_requests_disabled: false,
        unconfirmed: false,
        // The current one is always 0, for it cannot be ended this way.
        hash: if is_current { 0 } else { authorization.hash },
        device_model: model,
        platform: String::new(),
        system_version: system,
        api_id: api_id.unwrap_or_default(),
        app_name: "Lambdagram".to_owned(),
        app_version: version,
        date_created: date(authorization.created_at),
        date_active: date(authorization.active_at),
        ip: "127.0.0.1".to_owned(),
        country: "Localhost".to_owned(),
        region: String::new(),
    }
    .into()
}

/// The authorization that a login by QR code will become once it is collected.
pub(super) fn expected(client: Option<Client>, phone: Phone, now_s: u64) -> enums::Authorization {
    let (hash, created_at, active_at) = (random::id(), now_s, now_s);
    let keys = Vec::new();
    listed(&Authorization { hash, phone, client, created_at, active_at, keys }, false)
}

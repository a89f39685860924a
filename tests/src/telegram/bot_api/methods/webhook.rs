//! setWebhook, deleteWebhook and getWebhookInfo.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Answer;
use crate::telegram::bot_api::Shared;
use crate::telegram::bot_api::error::ApiError;
use crate::telegram::bot_api::limits::{MAX_CERTIFICATE_BYTES, check_secret_token};
use crate::telegram::bot_api::markup::check_web_url;
use crate::telegram::bot_api::params::Params;
use crate::telegram::bot_api::store::Store;
use crate::telegram::bot_api::updates;

/// Connections to a webhook at most, unless it asks for less (setWebhook).
const DEFAULT_MAX_CONNECTIONS: usize = 40;
/// Connections to a webhook at most, whatever it asks for (setWebhook).
const MAX_MAX_CONNECTIONS: usize = 100;

/// The setting that holds the webhook.
const WEBHOOK: &str = "webhook";
/// The setting that holds the webhook's last failure.
const LAST_ERROR: &str = "webhook_error";

/// A webhook as it was set.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(in super::super) struct Webhook {
    pub(in super::super) url: String,
    pub(in super::super) has_certificate: bool,
    pub(in super::super) secret_token: String,
    pub(in super::super) ip_address: String,
    pub(in super::super) max_connections: usize,
}

impl Webhook {
    pub(in super::super) fn load(store: &Store) -> rusqlite::Result<Option<Self>> {
        let saved = store.setting(WEBHOOK)?;
        Ok(saved.and_then(|webhook| serde_json::from_value(webhook).ok()))
    }

    /// Forgets the webhook, and its failures with it.
    pub(in super::super) fn remove(store: &Store) -> rusqlite::Result<()> {
        store.remove_setting(WEBHOOK)?;
        store.remove_setting(LAST_ERROR)
    }

    /// Remembers a failed delivery for getWebhookInfo.
    pub(in super::super) fn note_error(store: &Store, now_s: u64, message: &str) -> rusqlite::Result<()> {
        store.set_setting(LAST_ERROR, &json!({"date": now_s, "message": message}))
    }

    fn save(&self, store: &Store) -> rusqlite::Result<()> {
        let webhook = json!({
            "url": self.url,
            "has_certificate": self.has_certificate,
            "secret_token": self.secret_token,
            "ip_address": self.ip_address,
            "max_connections": self.max_connections,
        });
        store.set_setting(WEBHOOK, &webhook)?;
        store.remove_setting(LAST_ERROR)
    }
}

pub(super) fn set(bot: &Shared, params: &Params) -> Result<Answer, ApiError> {
    let url = params.text("url").trim().to_owned();
    if url.is_empty() {
        return delete(bot, params);
    }
    let secret_token = params.text("secret_token");
    check_secret_token(&secret_token)?;
    check_web_url(&url).map_err(|_| ApiError::bad_request("invalid webhook URL specified"))?;
    let has_certificate = check_certificate(params)?;
    let max_connections = match usize::try_from(params.integer("max_connections")) {
        Ok(0) | Err(_) => DEFAULT_MAX_CONNECTIONS,
        Ok(asked) => asked.min(MAX_MAX_CONNECTIONS),
    };
    let ip_address = params.text("ip_address");
    let webhook = Webhook { url, has_certificate, secret_token, ip_address, max_connections };
    let is_new = bot.store().atomically(|store| {
        updates::set_allowed(store, &params.text("allowed_updates"))?;
        if params.flag("drop_pending_updates") {
            store.remove_updates()?;
        }
        let is_new = has_certificate || Webhook::load(store)?.as_ref() != Some(&webhook);
        if is_new {
            webhook.save(store)?;
        }
        Ok::<_, ApiError>(is_new)
    })?;
    if !is_new {
        bot.wake();
        return Ok(Answer { result: Value::Bool(true), description: Some("Webhook is already set") });
    }
    bot.webhook_changed("terminated by setWebhook request");
    Ok(Answer { result: Value::Bool(true), description: Some("Webhook was set") })
}

pub(super) fn delete(bot: &Shared, params: &Params) -> Result<Answer, ApiError> {
    let was_set = bot.store().atomically(|store| {
        if params.flag("drop_pending_updates") {
            store.remove_updates()?;
        }
        let was_set = Webhook::load(store)?.is_some();
        Webhook::remove(store)?;
        Ok::<_, ApiError>(was_set)
    })?;
    if !was_set {
        return Ok(Answer { result: Value::Bool(true), description: Some("Webhook is already deleted") });
    }
    bot.webhook_changed("terminated by setWebhook request");
    Ok(Answer { result: Value::Bool(true), description: Some("Webhook was deleted") })
}

pub(super) fn info(bot: &Shared) -> Result<Value, ApiError> {
    let store = bot.store();
    store.remove_expired_updates(bot.clock.now_s())?;
    let webhook = Webhook::load(&store)?;
    let mut info = json!({
        "url": webhook.as_ref().map_or("", |webhook| &webhook.url),
        "has_custom_certificate": webhook.as_ref().is_some_and(|webhook| webhook.has_certificate),
        "pending_update_count": store.count_updates()?,
    });
    if let Some(webhook) = webhook {
        if !webhook.ip_address.is_empty() {
            info["ip_address"] = webhook.ip_address.into();
        }
        info["max_connections"] = webhook.max_connections.into();
    }
    if let Some(error) = store.setting(LAST_ERROR)? {
        info["last_error_date"] = error["date"].clone();
        info["last_error_message"] = error["message"].clone();
    }
    if let Some(allowed) = updates::allowed(&store)? {
        info["allowed_updates"] = allowed.into();
    }
    Ok(info)
}

/// Whether a certificate came along. It must be a file: text in its place is ignored, as on Telegram.
fn check_certificate(params: &Params) -> Result<bool, ApiError> {
    let Some(certificate) = params.file("certificate") else {
        return Ok(false);
    };
    let size = certificate.content.len();
    if size > MAX_CERTIFICATE_BYTES {
        return Err(ApiError::bad_request(format!("certificate size is too big ({size} bytes)")));
    }
    let text = String::from_utf8_lossy(&certificate.content);
    let begin = text.find("-----BEGIN CERTIFICATE-----");
    let end = text.find("-----END CERTIFICATE-----");
    match (begin, end) {
        (Some(begin), Some(end)) if begin < end => Ok(true),
        _ => Err(ApiError::bad_request("bad webhook: Failed to set certificate: no start line")),
    }
}

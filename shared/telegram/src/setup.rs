//! What a bot needs to be told once: where its webhook is, which commands it has, what its menu button opens.

use bytes::Bytes;
use lambdagram_domain::secret::Secret;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::bot_api::{BotApi, BotApiError, CALL_TIMEOUT, InputFile};

/// Connections Telegram may hold to the webhook at once: the default and, with one Lambda each, a bound on what a
/// burst costs (core.telegram.org/bots/api#setwebhook, 1 to 100).
const MAX_CONNECTIONS: u32 = 40;

/// The kinds of updates anything is done with: others are not sent, and cost nothing.
pub const ALLOWED_UPDATES: [&str; 2] = ["message", "callback_query"];

/// The label of every button that opens the Mini App.
pub const OPEN_BUTTON: &str = "Open camera";

/// How the bot is told of new updates.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Where Telegram posts them.
    pub url: String,
    /// What it sends in `X-Telegram-Bot-Api-Secret-Token`: 1 to 256 of `A-Za-z0-9_-`.
    pub secret: Secret,
    /// The public certificate in PEM of a server that signed its own.
    pub certificate: Option<Bytes>,
}

/// Sets the webhook. One that was set before is replaced, its waiting updates are kept.
///
/// # Errors
///
/// [`BotApiError`].
pub async fn set_webhook(bot: &BotApi, webhook: Webhook) -> Result<(), BotApiError> {
    let parameters = object(json!({
        "url": webhook.url,
        "secret_token": webhook.secret.expose(),
        "max_connections": MAX_CONNECTIONS,
        "allowed_updates": ALLOWED_UPDATES,
    }));
    let certificate = webhook.certificate.map(|bytes| InputFile {
        parameter: "certificate".into(),
        name: "certificate.pem".to_owned(),
        content_type: "application/x-pem-file".into(),
        bytes,
    });
    bot.call::<bool>("setWebhook", parameters, Vec::from_iter(certificate), CALL_TIMEOUT).await.map(drop)
}

/// Where the bot's webhook is, if it has one.
///
/// # Errors
///
/// [`BotApiError`].
pub async fn webhook_url(bot: &BotApi) -> Result<Option<String>, BotApiError> {
    let info: WebhookInfo = bot.call("getWebhookInfo", Map::new(), Vec::new(), CALL_TIMEOUT).await?;
    Ok(info.url.filter(|url| !url.is_empty()))
}

#[derive(Deserialize)]
struct WebhookInfo {
    url: Option<String>,
}

/// Takes the webhook away, so that updates can be asked for. Waiting updates are kept.
///
/// # Errors
///
/// [`BotApiError`].
pub async fn delete_webhook(bot: &BotApi) -> Result<(), BotApiError> {
    call(bot, "deleteWebhook", json!({})).await
}

/// Sets the bot's commands.
///
/// # Errors
///
/// [`BotApiError`].
pub async fn set_commands(bot: &BotApi) -> Result<(), BotApiError> {
    let commands = json!([{"command": "start", "description": "Open the camera"}]);
    call(bot, "setMyCommands", json!({ "commands": commands })).await
}

/// Sets the bot's commands and, for every chat that has no button of its own, the menu button.
///
/// # Errors
///
/// [`BotApiError`].
pub async fn set_commands_and_menu(bot: &BotApi, mini_app_url: &str) -> Result<(), BotApiError> {
    set_commands(bot).await?;
    call(bot, "setChatMenuButton", json!({ "menu_button": menu_button(mini_app_url) })).await
}

/// The menu button that opens the Mini App.
pub fn menu_button(mini_app_url: &str) -> Value {
    json!({"type": "web_app", "text": OPEN_BUTTON, "web_app": {"url": mini_app_url}})
}

async fn call(bot: &BotApi, method: &str, parameters: Value) -> Result<(), BotApiError> {
    bot.call::<bool>(method, object(parameters), Vec::new(), CALL_TIMEOUT).await.map(drop)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

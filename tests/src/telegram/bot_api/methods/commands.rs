//! The bot's command lists and menu buttons.

use serde_json::{Map, Value, json};

use super::Method;
use super::messages::{find_chat, target};
use crate::telegram::bot_api::Shared;
use crate::telegram::bot_api::error::ApiError;
use crate::telegram::bot_api::limits::{MAX_COMMANDS, check_command};
use crate::telegram::bot_api::markup::{check_web_url, required_text};
use crate::telegram::bot_api::params::Params;
use crate::telegram::bot_api::store::Deed;

/// The row of the menu button that all chats have unless they have one of their own.
const ALL_CHATS: i64 = 0;

pub(super) fn set(bot: &Shared, params: &Params) -> Result<Value, ApiError> {
    const PREFIX: &str = "can't parse BotCommand: ";
    let text = params.text("commands");
    let commands: Value = if text.is_empty() {
        json!([])
    } else {
        serde_json::from_str(&text).map_err(|_| ApiError::bad_request("can't parse commands JSON object"))?
    };
    let list = commands
        .as_array()
        .ok_or_else(|| ApiError::bad_request("can't parse commands: expected an Array of BotCommand"))?;
    if list.len() > MAX_COMMANDS {
        return Err(ApiError::bad_request("BOT_COMMANDS_TOO_MUCH"));
    }
    let mut kept = Vec::new();
    for command in list {
        let command = command
            .as_object()
            .ok_or_else(|| ApiError::bad_request(format!("{PREFIX}expected an Object")))?;
        let name = required_text(command, "command", PREFIX)?.trim_start_matches('/');
        let description = required_text(command, "description", PREFIX)?;
        check_command(name, description)?;
        kept.push(json!({"command": name, "description": description}));
    }
    let (scope, language) = place(params)?;
    if kept.is_empty() {
        bot.store().remove_commands(&scope, &language)?;
    } else {
        bot.store().set_commands(&scope, &language, &Value::Array(kept))?;
    }
    Ok(Value::Bool(true))
}

pub(super) fn get(bot: &Shared, params: &Params) -> Result<Value, ApiError> {
    let (scope, language) = place(params)?;
    Ok(bot.store().commands(&scope, &language)?.unwrap_or_else(|| json!([])))
}

pub(super) fn delete(bot: &Shared, params: &Params) -> Result<Value, ApiError> {
    let (scope, language) = place(params)?;
    bot.store().remove_commands(&scope, &language)?;
    Ok(Value::Bool(true))
}

/// The scope in one spelling, and the language, that a list is kept under.
fn place(params: &Params) -> Result<(String, String), ApiError> {
    const PREFIX: &str = "can't parse BotCommandScope: ";
    let language = params.text("language_code");
    let is_code = language.len() == 2 && language.bytes().all(|b| b.is_ascii_lowercase());
    if !language.is_empty() && !is_code {
        return Err(ApiError::bad_request("invalid language code specified"));
    }
    let text = params.text("scope");
    if text.is_empty() {
        return Ok(("default".to_owned(), language));
    }
    let scope: Value = serde_json::from_str(&text)
        .map_err(|_| ApiError::bad_request("can't parse BotCommandScope JSON object"))?;
    let scope = scope
        .as_object()
        .ok_or_else(|| ApiError::bad_request(format!("{PREFIX}BotCommandScope must be an Object")))?;
    let kind = required_text(scope, "type", PREFIX)?;
    let fields: &[&str] = match kind {
        "default" | "all_private_chats" | "all_group_chats" | "all_chat_administrators" => &[],
        "chat" | "chat_administrators" => &["chat_id"],
        "chat_member" => &["chat_id", "user_id"],
        _ => {
            return Err(ApiError::bad_request(format!("{PREFIX}BotCommandScope type is unsupported")));
        }
    };
    let mut spelled = kind.to_owned();
    for field in fields {
        let id = scope_id(scope, field)
            .ok_or_else(|| ApiError::bad_request(format!("{PREFIX}can't find field \"{field}\"")))?;
        spelled.push(' ');
        spelled.push_str(&id.to_string());
    }
    Ok((spelled, language))
}

fn scope_id(scope: &Map<String, Value>, field: &str) -> Option<i64> {
    let id = scope.get(field)?;
    id.as_i64().or_else(|| id.as_str()?.parse().ok())
}

pub(super) fn set_menu_button(bot: &Shared, params: &Params) -> Result<Value, ApiError> {
    let button = menu_button(params)?;
    let chat_id = private_chat(params)?;
    bot.store().atomically(|store| {
        store.set_menu_button(chat_id, &button)?;
        if chat_id != ALL_CHATS {
            find_chat(store, chat_id)?;
            let method = Method::SetChatMenuButton.name().to_owned();
            let deed = Deed { message_id: None, method, params: params.recorded(), file_path: None };
            store.add_deed(chat_id, &deed)?;
        }
        Ok(Value::Bool(true))
    })
}

pub(super) fn get_menu_button(bot: &Shared, params: &Params) -> Result<Value, ApiError> {
    let chat_id = private_chat(params)?;
    let button = bot.store().menu_button(chat_id)?;
    // Without a setting, the bot shows its commands, and a chat shows what the bot shows.
    let unset = if chat_id == ALL_CHATS { "commands" } else { "default" };
    Ok(button.unwrap_or_else(|| json!({"type": unset})))
}

/// The chat that a menu button is for: all of them, or one person's.
fn private_chat(params: &Params) -> Result<i64, ApiError> {
    if params.text("chat_id").is_empty() {
        return Ok(ALL_CHATS);
    }
    let chat_id = target(params)?;
    if chat_id < 0 {
        return Err(ApiError::bad_request("chat not found"));
    }
    Ok(chat_id)
}

fn menu_button(params: &Params) -> Result<Value, ApiError> {
    const PREFIX: &str = "can't parse menu button: ";
    let text = params.text("menu_button");
    if text.is_empty() {
        return Ok(json!({"type": "default"}));
    }
    let button: Value = serde_json::from_str(&text)
        .map_err(|_| ApiError::bad_request("can't parse menu button JSON object"))?;
    let object = button
        .as_object()
        .ok_or_else(|| ApiError::bad_request(format!("{PREFIX}MenuButton must be an Object")))?;
    match required_text(object, "type", PREFIX)? {
        kind @ ("default" | "commands") => Ok(json!({"type": kind})),
        "web_app" => {
            let text = required_text(object, "text", PREFIX)?;
            let web_app = object
                .get("web_app")
                .and_then(Value::as_object)
                .ok_or_else(|| ApiError::bad_request(format!("{PREFIX}can't find field \"web_app\"")))?;
            let url = required_text(web_app, "url", PREFIX)?;
            check_web_url(url).map_err(|reason| {
                ApiError::bad_request(format!("menu button Web App URL '{url}' is invalid: {reason}"))
            })?;
            Ok(json!({"type": "web_app", "text": text, "web_app": {"url": url}}))
        }
        _ => Err(ApiError::bad_request(format!("{PREFIX}MenuButton has unsupported type"))),
    }
}

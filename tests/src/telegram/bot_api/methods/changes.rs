//! What the bot does to messages that are there, and to buttons that were pressed.
//!
//! Only the bot's own messages are known by what they say, so only those can be edited. Any message of a chat can be
//! pinned and deleted, as long as its number has been given.

use serde_json::{Value, json};

use super::Method;
use super::messages::{find_chat, target};
use crate::telegram::bot_api::Shared;
use crate::telegram::bot_api::entities;
use crate::telegram::bot_api::error::ApiError;
use crate::telegram::bot_api::limits;
use crate::telegram::bot_api::params::Params;
use crate::telegram::bot_api::store::{Deed, Store};
use crate::telegram::bot_api::updates::pressed;

/// What Telegram says of an edit after which nothing would be different.
const NOT_MODIFIED: &str = "message is not modified: specified new message content and reply markup are exactly the \
                            same as a current content and reply markup of the message";

pub(super) fn edit_message_text(bot: &Shared, params: &Params) -> Result<Value, ApiError> {
    let text = entities::parse(params, "text", "entities")?;
    limits::check_text(&text.text)?;
    bot.store().atomically(|store| {
        let chat_id = target(params)?;
        let chat = find_chat(store, chat_id)?;
        let before = message(store, chat_id, params, "edit")?;
        let shown = |params: &Value| (params["text"].clone(), params["reply_markup"].clone());
        let after = params.recorded();
        if shown(&before.params) == shown(&after) {
            return Err(ApiError::bad_request(NOT_MODIFIED));
        }
        store.add_deed(chat_id, &deed(Method::EditMessageText, before.message_id, params))?;
        let date = bot.clock.now_s();
        Ok(json!({
            "message_id": before.message_id,
            "from": super::bot_user(bot.bot_id),
            "chat": chat,
            "date": date,
            "edit_date": date,
            "text": text.text,
        }))
    })
}

pub(super) fn delete_message(bot: &Shared, params: &Params) -> Result<Value, ApiError> {
    change(bot, params, Method::DeleteMessage, "delete")
}

pub(super) fn pin_chat_message(bot: &Shared, params: &Params) -> Result<Value, ApiError> {
    change(bot, params, Method::PinChatMessage, "pin")
}

/// Shows a person that their press was noticed. Once: then the query is over.
pub(super) fn answer_callback_query(bot: &Shared, params: &Params) -> Result<Value, ApiError> {
    bot.store().atomically(|store| {
        let query = pressed(&params.text("callback_query_id"));
        let chat_id = store.setting(&query)?.and_then(|chat_id| chat_id.as_i64()).ok_or_else(|| {
            ApiError::bad_request("query is too old and response timeout expired or query ID is invalid")
        })?;
        store.remove_setting(&query)?;
        store.add_deed(chat_id, &deed(Method::AnswerCallbackQuery, None, params))?;
        Ok(Value::Bool(true))
    })
}

fn change(bot: &Shared, params: &Params, method: Method, verb: &str) -> Result<Value, ApiError> {
    bot.store().atomically(|store| {
        let chat_id = target(params)?;
        find_chat(store, chat_id)?;
        let before = message(store, chat_id, params, verb)?;
        store.add_deed(chat_id, &deed(method, before.message_id, params))?;
        Ok(Value::Bool(true))
    })
}

/// The latest deed about the message that a method is for.
fn message(store: &Store, chat_id: i64, params: &Params, verb: &str) -> Result<Deed, ApiError> {
    let latest = store.deed_of_message(chat_id, params.integer("message_id"))?;
    let there = latest.filter(|deed| deed.method != Method::DeleteMessage.name());
    there.ok_or_else(|| ApiError::bad_request(format!("message to {verb} not found")))
}

fn deed(method: Method, message_id: Option<i64>, params: &Params) -> Deed {
    Deed { message_id, method: method.name().to_owned(), params: params.recorded(), file_path: None }
}

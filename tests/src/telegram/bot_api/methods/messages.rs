//! Messages that the bot sends.

use serde_json::{Map, Value, json};

use super::files::{self, FileKind, InputFile};
use super::{Method, bot_user};
use crate::telegram::bot_api::Shared;
use crate::telegram::bot_api::entities::{self, Formatted};
use crate::telegram::bot_api::error::ApiError;
use crate::telegram::bot_api::limits;
use crate::telegram::bot_api::markup::{Markup, required_text};
use crate::telegram::bot_api::params::Params;
use crate::telegram::bot_api::random::named_bytes;
use crate::telegram::bot_api::store::{Deed, Store};
use crate::telegram::bot_api::updates::upgraded;

pub(super) fn send_message(bot: &Shared, params: &Params) -> Result<Value, ApiError> {
    let text = entities::parse(params, "text", "entities")?;
    limits::check_text(&text.text)?;
    let markup = Markup::of(params)?;
    bot.store().atomically(|store| {
        let message = Message::begin(bot, store, params, markup.as_ref())?;
        message.with_text("text", "entities", &text).publish(Method::SendMessage, None)
    })
}

pub(super) fn send_photo(bot: &Shared, params: &Params) -> Result<Value, ApiError> {
    send_file(bot, params, FileKind::Photo, Method::SendPhoto)
}

pub(super) fn send_document(bot: &Shared, params: &Params) -> Result<Value, ApiError> {
    send_file(bot, params, FileKind::Document, Method::SendDocument)
}

fn send_file(bot: &Shared, params: &Params, kind: FileKind, method: Method) -> Result<Value, ApiError> {
    let file = InputFile::of(bot, params, kind)?;
    let caption = entities::parse(params, "caption", "caption_entities")?;
    limits::check_caption(&caption.text)?;
    let markup = Markup::of(params)?;
    bot.store().atomically(|store| {
        let mut message = Message::begin(bot, store, params, markup.as_ref())?;
        let file = file.keep(store, bot.seed)?;
        message.fields.insert(kind.name().to_owned(), files::shown_in_message(&file));
        message.with_text("caption", "caption_entities", &caption).publish(method, Some(file.path))
    })
}

/// Answers a query that init data carried: the result becomes a message of the person, in the chat of the Mini App.
/// The bot gets no update about it.
pub(super) fn answer_web_app_query(bot: &Shared, params: &Params) -> Result<Value, ApiError> {
    const PREFIX: &str = "can't parse inline query result: ";
    let result: Value = serde_json::from_str(&params.text("result"))
        .map_err(|_| ApiError::bad_request("can't parse JSON encoded web app query result"))?;
    let object = result
        .as_object()
        .ok_or_else(|| ApiError::bad_request(format!("{PREFIX}InlineQueryResult must be an Object")))?;
    required_text(object, "type", PREFIX)?;
    required_text(object, "id", PREFIX)?;
    let query_id = params.text("web_app_query_id");
    bot.store().atomically(|store| {
        let chat_id = store.take_web_app_query(&query_id)?.ok_or_else(|| {
            ApiError::bad_request("query is too old and response timeout expired or query ID is invalid")
        })?;
        find_chat(store, chat_id)?;
        let message_id = store.next_message_id(chat_id)?;
        let method = Method::AnswerWebAppQuery.name().to_owned();
        let deed = Deed { message_id: Some(message_id), method, params: params.recorded(), file_path: None };
        store.add_deed(chat_id, &deed)?;
        let inline_id = named_bytes(bot.seed, &format!("inline message of chat {chat_id}"), message_id);
        Ok(json!({"inline_message_id": hex::encode(&inline_id[..12])}))
    })
}

/// Sends two to ten photos, or two to ten documents, as messages that belong together.
pub(super) fn send_media_group(bot: &Shared, params: &Params) -> Result<Value, ApiError> {
    let media: Vec<Value> = serde_json::from_str(&params.text("media"))
        .map_err(|_| ApiError::bad_request("can't parse media JSON object"))?;
    if !(2..=10).contains(&media.len()) {
        return Err(ApiError::bad_request("wrong number of messages in the album specified"));
    }
    let mut files = Vec::new();
    for item in &media {
        let kind = match item["type"].as_str() {
            Some("photo") => FileKind::Photo,
            Some("document") => FileKind::Document,
            _ => return Err(ApiError::bad_request("can't parse InputMedia: type must be supported")),
        };
        let caption = item["caption"].as_str().unwrap_or_default();
        limits::check_caption(caption)?;
        let value = item["media"].as_str().unwrap_or_default();
        files.push((kind, InputFile::of_value(bot, params, kind, value)?, caption));
    }
    if files.iter().any(|(kind, ..)| *kind != files[0].0) {
        return Err(ApiError::bad_request("document can't be mixed with other media types"));
    }
    bot.store().atomically(|store| {
        let mut sent = Vec::new();
        for (kind, file, caption) in &files {
            let mut message = Message::begin(bot, store, params, None)?;
            let file = file.keep(store, bot.seed)?;
            message.fields.insert(kind.name().to_owned(), files::shown_in_message(&file));
            if !caption.is_empty() {
                message.fields.insert("caption".to_owned(), (*caption).into());
            }
            sent.push(message.publish(Method::SendMediaGroup, Some(file.path))?);
        }
        Ok(Value::Array(sent))
    })
}

/// A message in the making, inside the change that stores it.
struct Message<'a> {
    store: &'a Store,
    params: &'a Params,
    chat_id: i64,
    number: i64,
    fields: Map<String, Value>,
    markup: Option<&'a Markup>,
}

impl<'a> Message<'a> {
    fn begin(
        bot: &Shared,
        store: &'a Store,
        params: &'a Params,
        markup: Option<&'a Markup>,
    ) -> Result<Self, ApiError> {
        let chat_id = target(params)?;
        let chat = find_chat(store, chat_id)?;
        if let Some(markup) = markup {
            markup.check_chat(chat_id > 0)?;
        }
        let number = store.next_message_id(chat_id)?;
        let mut fields = Map::new();
        fields.insert("message_id".to_owned(), number.into());
        fields.insert("from".to_owned(), bot_user(bot.bot_id));
        fields.insert("chat".to_owned(), chat);
        fields.insert("date".to_owned(), bot.clock.now_s().into());
        if params.flag("protect_content") {
            fields.insert("has_protected_content".to_owned(), true.into());
        }
        Ok(Self { store, params, chat_id, number, fields, markup })
    }

    fn with_text(mut self, field: &str, entities_field: &str, text: &Formatted) -> Self {
        if !text.text.is_empty() {
            self.fields.insert(field.to_owned(), text.text.clone().into());
        }
        if let Some(entities) = text.shown_entities() {
            self.fields.insert(entities_field.to_owned(), entities);
        }
        self
    }

    fn publish(mut self, method: Method, file_path: Option<String>) -> Result<Value, ApiError> {
        let deed = Deed {
            message_id: Some(self.number),
            method: method.name().to_owned(),
            params: self.params.recorded(),
            file_path,
        };
        self.store.add_deed(self.chat_id, &deed)?;
        if let Some(markup) = self.markup.and_then(Markup::shown) {
            self.fields.insert("reply_markup".to_owned(), markup.clone());
        }
        Ok(Value::Object(self.fields))
    }
}

/// The chat a method is for.
pub(super) fn target(params: &Params) -> Result<i64, ApiError> {
    let text = params.text("chat_id");
    if text.is_empty() {
        return Err(ApiError::bad_request("chat_id is empty"));
    }
    text.parse().ok().filter(|chat_id| *chat_id != 0).ok_or_else(|| ApiError::bad_request("chat not found"))
}

/// The chat as messages show it. A person is there from the first time that they are named.
pub(in super::super) fn find_chat(store: &Store, chat_id: i64) -> Result<Value, ApiError> {
    if let Some(supergroup) = store.setting(&upgraded(chat_id))? {
        return Err(ApiError::migrated(supergroup.as_i64().unwrap_or_default()));
    }
    if let Some(chat) = store.chat(chat_id)? {
        return Ok(chat);
    }
    if chat_id < 0 {
        return Err(ApiError::bad_request("chat not found"));
    }
    let chat = json!({"id": chat_id, "first_name": format!("Person {chat_id}"), "type": "private"});
    store.set_chat(chat_id, &chat)?;
    Ok(chat)
}

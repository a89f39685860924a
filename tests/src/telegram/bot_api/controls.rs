//! The bot half of the `/_sim` controls: tests and people stand here for Telegram's users.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::methods::find_chat;
use super::store::Store;
use super::{BotApi, SentMessage, Shared, entities, updates};
use crate::telegram::faults::Fault;

/// Ids of supergroups and channels lie below this one (core.telegram.org/api/bots/ids).
const FIRST_SUPERGROUP: i64 = -1_000_000_000_000;

pub(super) fn router(bot: BotApi) -> Router {
    Router::new()
        .route("/_sim/init-data", post(init_data))
        .route("/_sim/bot/updates", post(add_update))
        .route("/_sim/bot/chats/{chat_id}/messages", get(messages))
        .route("/_sim/faults", post(plan_fault))
        .with_state(bot)
}

/// Why a control did nothing, as a sentence under 400.
struct Refusal(String);

impl<E: std::error::Error> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, Json(json!({"error": self.0}))).into_response()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InitData {
    user: Map<String, Value>,
    auth_date: Option<u64>,
    query_id: Option<String>,
    start_param: Option<String>,
    chat_type: Option<String>,
    chat_instance: Option<String>,
}

/// Signs init data for the bot, and remembers its query, so that answerWebAppQuery knows it.
async fn init_data(State(BotApi(bot)): State<BotApi>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let asked: InitData = serde_json::from_slice(&body)?;
    let user_id = asked.user.get("id").and_then(Value::as_i64).filter(|id| *id > 0);
    let user_id = user_id.ok_or_else(|| Refusal("The user needs a positive id.".to_owned()))?;
    let store = bot.store();
    remember_person(&store, user_id, &asked.user)?;
    if let Some(query_id) = &asked.query_id {
        store.add_web_app_query(query_id, user_id)?;
    }
    // Telegram escapes slashes in the JSON that it signs.
    let user = Value::Object(asked.user).to_string().replace('/', "\\/");
    let auth_date = asked.auth_date.unwrap_or_else(|| bot.clock.now_s()).to_string();
    let fields = [
        ("query_id", asked.query_id),
        ("user", Some(user)),
        ("chat_instance", asked.chat_instance),
        ("chat_type", asked.chat_type),
        ("start_param", asked.start_param),
        ("auth_date", Some(auth_date)),
    ];
    let fields = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    Ok(Json(json!({"init": bot.signer.sign(&bot.token, bot.bot_id, fields)})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextMessage {
    chat_id: i64,
    text: String,
    from: Option<Map<String, Value>>,
}

/// Takes a text message or a whole update. The number of a whole update is ignored, since Telegram gives the
/// numbers; it is null in the answer when the bot has not asked for that kind of update.
async fn add_update(
    State(BotApi(bot)): State<BotApi>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let given: Map<String, Value> = serde_json::from_slice(&body)?;
    let update_id = bot.store().atomically(|store| {
        let content = if given.contains_key("chat_id") {
            text_message(&bot, store, serde_json::from_value(Value::Object(given))?)?
        } else {
            given
        };
        updates::receive(&bot, store, &content).map_err(Refusal::from)
    })?;
    bot.wake();
    Ok((StatusCode::CREATED, Json(json!({"update_id": update_id}))))
}

/// A message as a person types it: commands and the like get their entities.
fn text_message(bot: &Shared, store: &Store, given: TextMessage) -> Result<Map<String, Value>, Refusal> {
    let TextMessage { chat_id, text, from } = given;
    let text = entities::plain(&text);
    if chat_id == 0 || text.text.is_empty() {
        return Err(Refusal("A message needs a chat_id other than 0 and a text.".to_owned()));
    }
    let is_private = chat_id > 0;
    if !is_private && from.is_none() {
        return Err(Refusal("A message in a group needs its sender in \"from\".".to_owned()));
    }
    if let Some(person) = from.as_ref().filter(|_| is_private) {
        remember_person(store, chat_id, person)?;
    }
    if !is_private && store.chat(chat_id)?.is_none() {
        let kind = if chat_id < FIRST_SUPERGROUP { "supergroup" } else { "group" };
        let group = json!({"id": chat_id, "title": format!("Group {}", -chat_id), "type": kind});
        store.set_chat(chat_id, &group)?;
    }
    let chat = find_chat(store, chat_id).map_err(|_| Refusal("The chat is unknown.".to_owned()))?;
    let mut sender = json!({"id": chat_id, "is_bot": false, "first_name": chat["first_name"]});
    for (field, value) in from.into_iter().flatten() {
        sender[field] = value;
    }
    let mut message = json!({
        "message_id": store.next_message_id(chat_id)?,
        "from": sender,
        "chat": chat,
        "date": bot.clock.now_s(),
        "text": text.text,
    });
    if let Some(entities) = text.shown_entities() {
        message["entities"] = entities;
    }
    Ok(Map::from_iter([("message".to_owned(), message)]))
}

/// What a person is called in their private chat.
fn remember_person(store: &Store, user_id: i64, user: &Map<String, Value>) -> rusqlite::Result<()> {
    let mut chat = json!({"id": user_id, "type": "private"});
    for field in ["first_name", "last_name", "username"] {
        if let Some(value) = user.get(field) {
            chat[field] = value.clone();
        }
    }
    store.set_chat(user_id, &chat)
}

async fn messages(
    State(bot): State<BotApi>,
    Path(chat_id): Path<String>,
) -> Result<Json<Vec<SentMessage>>, Refusal> {
    let chat_id = chat_id.parse().map_err(|_| Refusal("A chat id is a whole number.".to_owned()))?;
    Ok(Json(bot.messages(chat_id)))
}

async fn plan_fault(State(bot): State<BotApi>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let fault: Fault = serde_json::from_slice(&body)?;
    bot.faults().plan(fault)?;
    Ok(Json(json!({})))
}

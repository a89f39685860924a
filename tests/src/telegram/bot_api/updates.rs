//! Updates on their way to the bot: which kinds there are, which of them the bot wants, how long each lives, and
//! which ones wait for one another.

use serde_json::{Map, Value};

use super::Shared;
use super::store::{PendingUpdate, Store};

/// Seconds in a day, the life of most updates (the Bot API server).
const DAY_S: u64 = 86_400;
/// Seconds a callback, shipping or pre-checkout query lives (the Bot API server).
const QUERY_S: u64 = 150;
/// Seconds a chosen inline result lives (the Bot API server).
const CHOSEN_RESULT_S: u64 = 600;
/// Seconds an inline query lives (the Bot API server).
const INLINE_QUERY_S: u64 = 30;
/// Seconds of silence after which update numbers start anew (`Update.update_id`).
const SILENCE_S: u64 = 7 * DAY_S;
/// The numbers that a series of updates may start from.
const FIRST_NUMBERS: (u64, u64) = (100_000_000, 999_999_999);

/// The setting with the kinds of update that the bot asked for.
const ALLOWED: &str = "allowed_updates";
/// The setting with the last update's number and time.
const LAST_UPDATE: &str = "last_update";

/// Kinds that a bot gets only when it asks for them.
const NOT_BY_DEFAULT: &[&str] = &["chat_member", "message_reaction", "message_reaction_count"];

struct Kind {
    name: &'static str,
    /// Where the id is that the queue is named after.
    queued_by: &'static str,
    /// What tells queues of one id apart: its 33rd bit and above.
    series: i64,
    lifetime_s: u64,
}

const fn kind(name: &'static str, queued_by: &'static str, series: i64, lifetime_s: u64) -> Kind {
    Kind { name, queued_by, series, lifetime_s }
}

/// All kinds, with queues and lifetimes as the Bot API server has them.
const KINDS: &[Kind] = &[
    kind("message", "/chat/id", 0, DAY_S),
    kind("edited_message", "/chat/id", 0, DAY_S),
    kind("channel_post", "/chat/id", 0, DAY_S),
    kind("edited_channel_post", "/chat/id", 0, DAY_S),
    kind("inline_query", "/from/id", 1, INLINE_QUERY_S),
    kind("chosen_inline_result", "/from/id", 2, CHOSEN_RESULT_S),
    kind("callback_query", "/from/id", 3, QUERY_S),
    kind("shipping_query", "/from/id", 4, QUERY_S),
    kind("pre_checkout_query", "/from/id", 4, QUERY_S),
    kind("purchased_paid_media", "/from/id", 4, DAY_S),
    kind("my_chat_member", "/chat/id", 5, DAY_S),
    kind("chat_member", "/from/id", 6, DAY_S),
    kind("chat_join_request", "/from/id", 6, DAY_S),
    kind("chat_boost", "/chat/id", 7, DAY_S),
    kind("removed_chat_boost", "/chat/id", 7, DAY_S),
    kind("message_reaction", "/chat/id", 8, DAY_S),
    kind("message_reaction_count", "/chat/id", 9, DAY_S),
    kind("business_connection", "/user/id", 10, DAY_S),
    kind("business_message", "/chat/id", 11, DAY_S),
    kind("edited_business_message", "/chat/id", 11, DAY_S),
    kind("deleted_business_messages", "/chat/id", 11, DAY_S),
    kind("poll", "/id", 0, DAY_S),
    kind("poll_answer", "/poll_id", 0, DAY_S),
];

/// Why something is no update.
#[derive(Debug, thiserror::Error)]
pub(super) enum UpdateError {
    #[error("An update is an object with exactly one kind of content, such as \"message\".")]
    Kind,
    #[error("An update of this kind needs the id at {0}.")]
    Queue(&'static str),
    #[error("The simulator's database failed.")]
    Store(#[from] rusqlite::Error),
}

/// Takes an update in, as of now: its life begins with its arrival, whatever dates it carries, and the number is
/// given here. `None` when the bot does not want its kind.
pub(super) fn receive(
    bot: &Shared,
    store: &Store,
    content: &Map<String, Value>,
) -> Result<Option<i64>, UpdateError> {
    let mut kinds = KINDS.iter().filter_map(|kind| content.get(kind.name).map(|body| (kind, body)));
    let (Some((kind, body)), None) = (kinds.next(), kinds.next()) else {
        return Err(UpdateError::Kind);
    };
    let id = body.pointer(kind.queued_by).and_then(queue_number);
    let queue_id = id.ok_or(UpdateError::Queue(kind.queued_by))?.wrapping_add(kind.series << 33);
    remember_chat(store, body)?;
    remember_upgrade(store, body)?;
    if kind.name == "callback_query" {
        remember_press(store, body)?;
    }
    let wanted = match allowed(store)? {
        Some(allowed) => allowed.iter().any(|name| name == kind.name),
        None => !NOT_BY_DEFAULT.contains(&kind.name),
    };
    if !wanted {
        return Ok(None);
    }
    let update_id = next_number(bot, store)?;
    let mut numbered = Map::new();
    numbered.insert("update_id".to_owned(), update_id.into());
    numbered.insert(kind.name.to_owned(), body.clone());
    let expires_at = bot.clock.now_s() + kind.lifetime_s;
    store.add_update(&PendingUpdate { update_id, queue_id, expires_at, body: Value::Object(numbered) })?;
    Ok(Some(update_id))
}

/// The kinds that the bot asked for; `None` for the usual ones.
pub(super) fn allowed(store: &Store) -> rusqlite::Result<Option<Vec<String>>> {
    let saved = store.setting(ALLOWED)?;
    Ok(saved.and_then(|allowed| serde_json::from_value(allowed).ok()))
}

/// Keeps the kinds a bot asks for. What is no list of texts changes nothing, unknown names are dropped, and an empty
/// list means the usual kinds.
pub(super) fn set_allowed(store: &Store, text: &str) -> rusqlite::Result<()> {
    let Ok(mut names) = serde_json::from_str::<Vec<String>>(text) else {
        return Ok(());
    };
    names.retain(|name| KINDS.iter().any(|kind| kind.name == name));
    if names.is_empty() { store.remove_setting(ALLOWED) } else { store.set_setting(ALLOWED, &names.into()) }
}

/// An update brings its chat to the bot's knowledge.
fn remember_chat(store: &Store, body: &Value) -> rusqlite::Result<()> {
    match body.get("chat") {
        Some(chat) => match chat["id"].as_i64() {
            Some(chat_id) => store.set_chat(chat_id, chat),
            None => Ok(()),
        },
        None => Ok(()),
    }
}

/// A notice in a group that it has become a supergroup (`Message.migrate_to_chat_id`): from then on the group refuses
/// what is sent to it.
fn remember_upgrade(store: &Store, body: &Value) -> rusqlite::Result<()> {
    let upgrade = body.pointer("/chat/id").and_then(Value::as_i64).zip(body["migrate_to_chat_id"].as_i64());
    let Some((group, supergroup)) = upgrade else { return Ok(()) };
    let chat = serde_json::json!({"id": supergroup, "title": body["chat"]["title"], "type": "supergroup"});
    store.set_chat(supergroup, &chat)?;
    store.set_setting(&upgraded(group), &supergroup.into())
}

/// A pressed button waits for answerCallbackQuery; its answer is shown in the chat with the button.
fn remember_press(store: &Store, query: &Value) -> rusqlite::Result<()> {
    match (query["id"].as_str(), query.pointer("/message/chat/id")) {
        (Some(id), Some(chat_id)) => store.set_setting(&pressed(id), chat_id),
        _ => Ok(()),
    }
}

/// The setting with the supergroup that a group has become.
pub(super) fn upgraded(group: i64) -> String {
    format!("upgraded {group}")
}

/// The setting with the chat of a button that was pressed.
pub(super) fn pressed(query_id: &str) -> String {
    format!("pressed {query_id}")
}

fn next_number(bot: &Shared, store: &Store) -> rusqlite::Result<i64> {
    let now_s = bot.clock.now_s();
    let last = store.setting(LAST_UPDATE)?;
    let follows = last.and_then(|last| {
        let is_recent = now_s.saturating_sub(last["date"].as_u64()?) < SILENCE_S;
        is_recent.then_some(last["update_id"].as_u64()? + 1)
    });
    let number = follows.unwrap_or_else(|| bot.random().between(FIRST_NUMBERS.0, FIRST_NUMBERS.1));
    store.set_setting(LAST_UPDATE, &serde_json::json!({"update_id": number, "date": now_s}))?;
    Ok(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Poll ids are texts, all others are numbers.
fn queue_number(id: &Value) -> Option<i64> {
    id.as_i64().or_else(|| id.as_str()?.parse().ok())
}

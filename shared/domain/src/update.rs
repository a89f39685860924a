//! Updates as Telegram's webhook delivers them, and what each one asks for.

use serde_json::Value;
use thiserror::Error;

use crate::ids::ChatId;
use crate::incoming::{CONTENT, Incoming};

/// The body is not an update: not JSON, or without an `update_id`.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("not a Telegram update")]
pub struct NotAnUpdate;

/// One update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// Its number. Repeats carry the same; after a week of silence numbers may start anywhere.
    pub id: i64,
    /// What it asks for.
    pub request: Request,
    /// What a person asks with it, for the services that bot commands, buttons and messages are routed to. What no
    /// route claims is left to `request`.
    pub incoming: Option<Incoming>,
}

/// What an update asks the bot to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// A person wrote in their private chat: show them the Mini App.
    Welcome(ChatId),
    /// Nothing. The kind of update, for the log: a field name of `Update`, `unknown` where it is none of Telegram's.
    Nothing(&'static str),
}

/// The kinds that the log may name; others are counted as `unknown`, since a field name could be anybody's text.
const KINDS: [&str; 14] = [
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "message_reaction",
    "inline_query",
    "chosen_inline_result",
    "callback_query",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "business_message",
];

impl Update {
    /// Reads the body of a webhook request. Whatever has an `update_id` is an update: kinds and shapes that are not
    /// known ask for nothing, because Telegram would repeat a refused one for a day and hold back its chat.
    ///
    /// # Errors
    ///
    /// [`NotAnUpdate`].
    pub fn parse(body: &[u8]) -> Result<Self, NotAnUpdate> {
        let body: Value = serde_json::from_slice(body).map_err(|_| NotAnUpdate)?;
        let id = body.get("update_id").and_then(Value::as_i64).ok_or(NotAnUpdate)?;
        let welcome = body.get("message").and_then(private_message).map(Request::Welcome);
        let request = welcome.unwrap_or_else(|| {
            let kind = KINDS.into_iter().find(|kind| body.get(kind).is_some());
            Request::Nothing(kind.unwrap_or("unknown"))
        });
        Ok(Self { id, request, incoming: Incoming::of_update(&body) })
    }
}

/// The chat of `message` when a person wrote it in private.
fn private_message(message: &Value) -> Option<ChatId> {
    let chat = message.get("chat")?;
    let private = chat.get("type").and_then(Value::as_str) == Some("private");
    let from_bot = message.pointer("/from/is_bot").and_then(Value::as_bool).unwrap_or(false);
    let has_content = CONTENT.iter().any(|field| message.get(field).is_some());
    (private && !from_bot && has_content).then_some(())?;
    chat.get("id").and_then(Value::as_i64).map(ChatId)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(update: &Value) -> Result<Update, NotAnUpdate> {
        Update::parse(update.to_string().as_bytes())
    }

    #[test]
    fn any_private_message_of_a_person_asks_for_the_mini_app() {
        for content in [
            json!({"text": "/start"}),
            json!({"text": "hello"}),
            json!({"sticker": {}}),
            json!({"photo": []}),
        ] {
            let mut message = json!({"message_id": 1, "date": 1, "chat": {"id": 7, "type": "private"}, "from": {"id": 7, "is_bot": false}});
            message.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
            let update = parse(&json!({"update_id": 5, "message": message})).unwrap();
            assert_eq!((update.id, update.request), (5, Request::Welcome(ChatId(7))));
            assert_eq!(update.incoming.map(|incoming| incoming.chat), Some(ChatId(7)));
        }
    }

    #[test]
    fn notices_bots_and_groups_ask_for_nothing() {
        let private = json!({"id": 7, "type": "private"});
        for message in [
            json!({"chat": private, "write_access_allowed": {"from_request": true}}),
            json!({"chat": private, "text": "hi", "from": {"id": 8, "is_bot": true}}),
            json!({"chat": {"id": -1, "type": "group"}, "text": "/start"}),
            json!({"chat": {"type": "private"}, "text": "/start"}),
            json!("a text"),
            json!({}),
        ] {
            let update = parse(&json!({"update_id": 5, "message": message})).unwrap();
            assert_eq!((update.id, update.request), (5, Request::Nothing("message")), "{message}");
        }
    }

    #[test]
    fn kinds_that_are_not_known_are_updates_all_the_same() {
        assert_eq!(parse(&json!({"update_id": 5})).unwrap().request, Request::Nothing("unknown"));
        assert_eq!(
            parse(&json!({"update_id": 5, "hologram": {}})).unwrap().request,
            Request::Nothing("unknown")
        );
        assert_eq!(
            parse(&json!({"update_id": 5, "callback_query": 1})).unwrap().request,
            Request::Nothing("callback_query")
        );
    }

    #[test]
    fn what_has_no_update_id_is_no_update() {
        for body in ["", "[]", "null", "{}", "{", r#"{"update_id":"5"}"#, r#"{"update_id":1.5}"#] {
            assert_eq!(Update::parse(body.as_bytes()), Err(NotAnUpdate), "{body}");
        }
    }
}

//! What people ask the bot: commands, pressed buttons and plain messages, in private chats, groups and topics.
//!
//! Only what a person does now counts. Edited messages, channel posts, what bots write, and messages in the name of a
//! chat (anonymous administrators, posts forwarded from a linked channel) ask for nothing: nobody's role stands behind
//! them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::bot_command::BotCommand;
use crate::ids::{ChatId, UserId};

/// Something a person asks the bot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incoming {
    /// Who asks.
    pub user: UserId,
    /// Where: the chat that an answer goes to.
    pub chat: ChatId,
    /// Whether that is the person's private chat with the bot.
    pub private: bool,
    /// The topic an answer goes to. A thread of replies is none: Telegram refuses messages to it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub message_thread_id: Option<i64>,
    /// The message: of a pressed button, the one the button is on.
    pub message_id: i64,
    /// What they ask.
    pub asks: Asks,
}

/// What a person asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Asks {
    /// A bot command, perhaps one for another bot: [`BotCommand::is_for`].
    Command(BotCommand),
    /// A button was pressed.
    CallbackQuery {
        /// Names the press, for `answerCallbackQuery`.
        id: String,
        /// What the button carries; a button of a game has none.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        data: Option<String>,
    },
    /// Any other message.
    Message {
        /// Its text, or the caption of what it is.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        text: Option<String>,
    },
}

impl Incoming {
    /// What the update `body` asks, if a person asks anything with it. A button under a message that was sent through
    /// inline mode has no chat to answer in, so it asks for nothing either.
    pub(crate) fn of_update(body: &Value) -> Option<Self> {
        if let Some(message) = body.get("message") {
            return Self::of_message(message);
        }
        let query = body.get("callback_query")?;
        let text_of = |field| query.get(field).and_then(Value::as_str).map(str::to_owned);
        let asks = Asks::CallbackQuery { id: text_of("id")?, data: text_of("data") };
        Self::new(query.get("from")?, query.get("message")?, asks)
    }

    fn of_message(message: &Value) -> Option<Self> {
        let is_written = CONTENT.iter().any(|field| message.get(field).is_some());
        (is_written && message.get("sender_chat").is_none()).then_some(())?;
        let command = BotCommand::of_message(message).map(Asks::Command);
        let asks = command.unwrap_or_else(|| {
            let text = message.get("text").or_else(|| message.get("caption"));
            Asks::Message { text: text.and_then(Value::as_str).map(str::to_owned) }
        });
        Self::new(message.get("from")?, message, asks)
    }

    fn new(from: &Value, message: &Value, asks: Asks) -> Option<Self> {
        let number = |value: &Value, field| value.get(field).and_then(Value::as_i64);
        let is = |value: &Value, field| value.get(field).and_then(Value::as_bool) == Some(true);
        (!is(from, "is_bot")).then_some(())?;
        let chat = message.get("chat")?;
        Some(Self {
            user: UserId(number(from, "id")?),
            chat: ChatId(number(chat, "id")?),
            private: chat.get("type").and_then(Value::as_str) == Some("private"),
            message_thread_id: number(message, "message_thread_id")
                .filter(|_| is(message, "is_topic_message")),
            message_id: number(message, "message_id")?,
            asks,
        })
    }
}

/// What a message must carry to be somebody's message and not a notice of Telegram's (a pinned message, a granted
/// permission, a changed photo): the content fields of `Message`, core.telegram.org/bots/api#message.
pub(crate) const CONTENT: [&str; 20] = [
    "text",
    "animation",
    "audio",
    "checklist",
    "contact",
    "dice",
    "document",
    "game",
    "live_photo",
    "location",
    "paid_media",
    "photo",
    "poll",
    "sticker",
    "story",
    "venue",
    "video",
    "video_note",
    "voice",
    "web_app_data",
];

#[cfg(test)]
mod tests;

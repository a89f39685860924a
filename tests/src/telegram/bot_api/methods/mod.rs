//! The methods of the Bot API that the simulator has.

mod changes;
mod commands;
mod files;
mod messages;
mod polling;
mod webhook;

use serde_json::{Value, json};

pub(super) use self::messages::find_chat;
pub(super) use self::polling::Poll;
pub(super) use self::webhook::Webhook;

use super::error::ApiError;
use super::params::Params;
use super::{BOT_USERNAME, Shared};

/// What a method returns, and what some say about it.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) result: Value,
    pub(super) description: Option<&'static str>,
}

/// Declares the methods once: variant and the name that Telegram spells.
macro_rules! methods {
    ($($variant:ident $name:literal),+ $(,)?) => {
        /// A method by its name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Method { $($variant),+ }

        impl Method {
            /// Names are found in any case, as on Telegram.
            pub(super) fn of_name(name: &str) -> Option<Self> {
                $(if name.eq_ignore_ascii_case($name) { return Some(Self::$variant); })+
                None
            }

            pub(super) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

methods! {
    AnswerCallbackQuery "answerCallbackQuery",
    AnswerWebAppQuery "answerWebAppQuery",
    DeleteMessage "deleteMessage",
    DeleteMyCommands "deleteMyCommands",
    DeleteWebhook "deleteWebhook",
    EditMessageText "editMessageText",
    GetChatMenuButton "getChatMenuButton",
    GetFile "getFile",
    GetMe "getMe",
    GetMyCommands "getMyCommands",
    GetUpdates "getUpdates",
    GetWebhookInfo "getWebhookInfo",
    PinChatMessage "pinChatMessage",
    SendDocument "sendDocument",
    SendMediaGroup "sendMediaGroup",
    SendMessage "sendMessage",
    SendPhoto "sendPhoto",
    SetChatMenuButton "setChatMenuButton",
    SetMyCommands "setMyCommands",
    SetWebhook "setWebhook",
}

impl Method {
    /// Whether a webhook's answer may name it: nothing that asks, and nothing that touches the webhook itself.
    pub(super) fn may_answer_webhook(self) -> bool {
        !self.name().starts_with("get") && !matches!(self, Self::SetWebhook | Self::DeleteWebhook)
    }
}

/// Runs a method. Only getUpdates waits.
pub(super) async fn run(bot: &Shared, method: Method, params: &Params) -> Result<Answer, ApiError> {
    let result = match method {
        Method::SetWebhook => return webhook::set(bot, params),
        Method::DeleteWebhook => return webhook::delete(bot, params),
        Method::GetWebhookInfo => webhook::info(bot),
        Method::GetUpdates => polling::get_updates(bot, params).await,
        Method::GetMe => Ok(me(bot)),
        Method::SendMessage => messages::send_message(bot, params),
        Method::SendPhoto => messages::send_photo(bot, params),
        Method::SendDocument => messages::send_document(bot, params),
        Method::SendMediaGroup => messages::send_media_group(bot, params),
        Method::EditMessageText => changes::edit_message_text(bot, params),
        Method::DeleteMessage => changes::delete_message(bot, params),
        Method::PinChatMessage => changes::pin_chat_message(bot, params),
        Method::AnswerCallbackQuery => changes::answer_callback_query(bot, params),
        Method::AnswerWebAppQuery => messages::answer_web_app_query(bot, params),
        Method::GetFile => files::get_file(bot, params),
        Method::SetMyCommands => commands::set(bot, params),
        Method::GetMyCommands => commands::get(bot, params),
        Method::DeleteMyCommands => commands::delete(bot, params),
        Method::SetChatMenuButton => commands::set_menu_button(bot, params),
        Method::GetChatMenuButton => commands::get_menu_button(bot, params),
    };
    result.map(Answer::of)
}

impl Answer {
    const fn of(result: Value) -> Self {
        Self { result, description: None }
    }
}

fn me(bot: &Shared) -> Value {
    let mut me = bot_user(bot.bot_id);
    me["can_join_groups"] = json!(true);
    me["can_read_all_group_messages"] = json!(false);
    me["supports_inline_queries"] = json!(false);
    me["can_connect_to_business"] = json!(false);
    me["has_main_web_app"] = json!(false);
    me
}

/// The bot as the sender of messages.
fn bot_user(bot_id: i64) -> Value {
    json!({
        "id": bot_id,
        "is_bot": true,
        "first_name": "Lambdagram Simulated Bot",
        "username": BOT_USERNAME,
    })
}

//! What each kind of work asks of the Bot API, as calls.

use std::borrow::Cow;

use lambdagram_domain::bot_api::Chat;
use lambdagram_domain::ids::ChatId;
use lambdagram_domain::picture::{Delivery, Picture};
use lambdagram_telegram::bot_api::InputFile;
use lambdagram_telegram::setup::{OPEN_BUTTON, menu_button};
use serde_json::{Map, Value, json};

/// One call to the Bot API.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Cow<'static, str>,
    pub(super) parameters: Map<String, Value>,
    pub(super) files: Vec<InputFile>,
    /// Whether it delivers a picture, which may also go as a document.
    is_picture: bool,
}

impl Call {
    fn new(method: &'static str, parameters: Value) -> Self {
        let Value::Object(parameters) = parameters else {
            unreachable!("parameters are written as an object")
        };
        Self { method: method.into(), parameters, files: Vec::new(), is_picture: false }
    }

    /// The call that a command asks for.
    pub(super) fn of_command(method: String, parameters: Map<String, Value>, files: Vec<InputFile>) -> Self {
        Self { method: method.into(), parameters, files, is_picture: false }
    }

    /// The same call in another chat.
    pub(super) fn in_chat(mut self, chat_id: ChatId) -> Self {
        self.parameters.insert("chat_id".to_owned(), chat_id.0.into());
        self
    }

    /// The call that delivers a picture.
    pub(super) fn with_picture(chat: &Chat, delivery: Delivery) -> Self {
        match delivery {
            Delivery::Photo(picture) => Self::with_photo(chat, picture),
            Delivery::Document(picture) => Self::with_photo(chat, picture).into_document(),
        }
    }

    /// The same picture as a document, when Telegram did not take it as a photo.
    pub(super) fn as_document(&self) -> Option<Self> {
        (self.is_picture && self.method == "sendPhoto").then(|| self.clone().into_document())
    }

    fn with_photo(chat: &Chat, picture: Picture) -> Self {
        let name = format!("photo.{}", picture.file_extension());
        let content_type = picture.content_type().into();
        let bytes = picture.into_bytes().into();
        let files = vec![InputFile { parameter: "photo".into(), name, content_type, bytes }];
        Self { files, is_picture: true, ..Self::new("sendPhoto", json!({ "chat_id": chat })) }
    }

    fn into_document(mut self) -> Self {
        self.method = "sendDocument".into();
        self.files.iter_mut().for_each(|file| file.parameter = "document".into());
        // Or Telegram looks into the file, and may make a sticker of a WebP.
        self.parameters.insert("disable_content_type_detection".to_owned(), Value::Bool(true));
        self
    }
}

/// The calls that show a person the way into the Mini App: a keyboard that stays, a button whose app knows who opens
/// it (init data is empty in an app opened from a keyboard), and the menu button of their chat.
///
/// Without an address there is nothing to open, and Telegram would refuse the buttons.
pub(super) fn welcome(chat: &Chat, mini_app_url: Option<&str>) -> Vec<Call> {
    let Some(mini_app_url) = mini_app_url else {
        let text = "Welcome! The camera is not set up yet.";
        return vec![Call::new("sendMessage", json!({ "chat_id": chat, "text": text }))];
    };
    let button = json!({"text": OPEN_BUTTON, "web_app": {"url": mini_app_url}});
    let keyboard = json!({"keyboard": [[button]], "resize_keyboard": true, "is_persistent": true});
    let inline = json!({"inline_keyboard": [[button]]});
    vec![
        Call::new(
            "sendMessage",
            json!({
                "chat_id": chat,
                "text": "Welcome! Take a picture with the camera, and it arrives in this chat.",
                "reply_markup": keyboard,
            }),
        ),
        Call::new(
            "sendMessage",
            json!({"chat_id": chat, "text": "Open the camera here whenever you like:", "reply_markup": inline}),
        ),
        Call::new("setChatMenuButton", json!({"chat_id": chat, "menu_button": menu_button(mini_app_url)})),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_address_a_person_is_told_so() {
        let calls = welcome(&ChatId(7).into(), None);
        assert_eq!(calls.len(), 1);
        let text = "Welcome! The camera is not set up yet.";
        assert_eq!(Value::from(calls[0].parameters.clone()), json!({"chat_id": 7, "text": text}));
    }

    #[test]
    fn a_person_is_shown_three_ways_into_the_mini_app() {
        let calls = welcome(&ChatId(7).into(), Some("https://app.example"));
        let button = json!({"text": "Open camera", "web_app": {"url": "https://app.example"}});
        assert_eq!(
            calls.iter().map(|call| &*call.method).collect::<Vec<_>>(),
            ["sendMessage", "sendMessage", "setChatMenuButton"]
        );
        assert!(calls.iter().all(|call| call.parameters["chat_id"] == 7 && call.files.is_empty()));
        assert_eq!(calls[0].parameters["reply_markup"]["keyboard"], json!([[button]]));
        assert_eq!(calls[1].parameters["reply_markup"], json!({"inline_keyboard": [[button]]}));
        assert_eq!(calls[2].parameters["menu_button"]["web_app"], button["web_app"]);
    }
}

//! Tests of what updates ask: shapes of messages and buttons as the Bot API sends them.

use serde_json::json;

use super::*;

fn person() -> Value {
    json!({"id": 7, "is_bot": false, "first_name": "A"})
}

fn message(chat: &Value, more: Value) -> Value {
    let mut message = json!({"message_id": 3, "date": 1, "chat": chat, "from": person()});
    let Value::Object(more) = more else { panic!("fields") };
    message.as_object_mut().unwrap().extend(more);
    message
}

fn command(text: &str) -> Value {
    json!({"text": text, "entities": [{"type": "bot_command", "offset": 0, "length": text.len()}]})
}

fn private() -> Value {
    json!({"id": 7, "type": "private"})
}

fn group() -> Value {
    json!({"id": -1001, "type": "supergroup", "is_forum": true})
}

fn of_message(message: &Value) -> Option<Incoming> {
    Incoming::of_update(&json!({"update_id": 1, "message": message}))
}

fn plain(text: &str) -> Asks {
    Asks::Message { text: Some(text.to_owned()) }
}

#[test]
fn a_private_message_tells_who_asks_and_where() {
    assert_eq!(
        of_message(&message(&private(), json!({"text": "hi"}))),
        Some(Incoming {
            user: UserId(7),
            chat: ChatId(7),
            private: true,
            message_thread_id: None,
            message_id: 3,
            asks: plain("hi"),
        })
    );
}

#[test]
fn a_command_in_a_groups_topic_tells_the_topic() {
    let topic = json!({"message_thread_id": 12, "is_topic_message": true});
    let mut message = message(&group(), command("/ping@examplebot"));
    message.as_object_mut().unwrap().extend(topic.as_object().unwrap().clone());
    let incoming = of_message(&message).unwrap();
    assert_eq!((incoming.chat, incoming.private), (ChatId(-1001), false));
    assert_eq!(incoming.message_thread_id, Some(12));
    let Asks::Command(command) = incoming.asks else { panic!("a command") };
    assert_eq!((command.name.as_str(), command.bot.as_deref()), ("ping", Some("examplebot")));
}

#[test]
fn a_thread_of_replies_is_no_topic() {
    let incoming = of_message(&message(&group(), json!({"text": "hi", "message_thread_id": 12}))).unwrap();
    assert_eq!(incoming.message_thread_id, None);
}

#[test]
fn what_has_no_text_is_a_message_with_its_caption_or_none() {
    let photo = of_message(&message(&private(), json!({"photo": [], "caption": "look"}))).unwrap();
    assert_eq!(photo.asks, plain("look"));
    let sticker = of_message(&message(&private(), json!({"sticker": {}}))).unwrap();
    assert_eq!(sticker.asks, Asks::Message { text: None });
}

#[test]
fn a_pressed_button_tells_the_message_it_is_on() {
    let on = message(
        &group(),
        json!({"text": "Sure?", "from": {"id": 9, "is_bot": true}, "message_thread_id": 12, "is_topic_message": true}),
    );
    let query = json!({"id": "55", "from": person(), "message": on, "chat_instance": "1", "data": "yes"});
    assert_eq!(
        Incoming::of_update(&json!({"update_id": 1, "callback_query": query})),
        Some(Incoming {
            user: UserId(7),
            chat: ChatId(-1001),
            private: false,
            message_thread_id: Some(12),
            message_id: 3,
            asks: Asks::CallbackQuery { id: "55".to_owned(), data: Some("yes".to_owned()) },
        })
    );
}

#[test]
fn a_button_on_a_message_that_telegram_no_longer_shows_is_told_too() {
    let on = json!({"chat": private(), "message_id": 3, "date": 0});
    let query =
        json!({"id": "55", "from": person(), "message": on, "chat_instance": "1", "game_short_name": "g"});
    let incoming = Incoming::of_update(&json!({"update_id": 1, "callback_query": query})).unwrap();
    assert_eq!(incoming.asks, Asks::CallbackQuery { id: "55".to_owned(), data: None });
}

#[test]
fn a_button_of_inline_mode_asks_for_nothing() {
    let query = json!({"id": "55", "from": person(), "inline_message_id": "x", "data": "yes"});
    assert_eq!(Incoming::of_update(&json!({"update_id": 1, "callback_query": query})), None);
}

#[test]
fn only_what_a_person_writes_now_counts() {
    let written = message(&private(), json!({"text": "hi"}));
    for kind in ["edited_message", "channel_post", "edited_channel_post", "business_message", "guest_message"]
    {
        assert_eq!(Incoming::of_update(&json!({"update_id": 1, kind: written})), None, "{kind}");
    }
    for (message, why) in [
        (message(&private(), json!({"text": "hi", "from": {"id": 8, "is_bot": true}})), "a bot"),
        (message(&group(), json!({"text": "hi", "sender_chat": group()})), "in the name of a chat"),
        (message(&group(), json!({"pinned_message": {}})), "a notice"),
        (message(&group(), json!({"text": "hi", "from": null})), "nobody"),
        (message(&json!({"type": "private"}), json!({"text": "hi"})), "no chat"),
        (message(&private(), json!({"text": "hi", "message_id": "3"})), "no message id"),
        (json!("hi"), "no message"),
        (json!({}), "nothing"),
    ] {
        assert_eq!(of_message(&message), None, "{why}");
    }
}

#[test]
fn it_keeps_its_shape_in_a_queue() {
    let incoming = of_message(&message(&private(), command("/ping"))).unwrap();
    let json = json!({
        "user": 7, "chat": 7, "private": true, "message_id": 3,
        "asks": {"kind": "command", "name": "ping", "arguments": [], "rest": ""},
    });
    assert_eq!(serde_json::to_value(&incoming).unwrap(), json);
    assert_eq!(serde_json::from_value::<Incoming>(json).unwrap(), incoming);
}

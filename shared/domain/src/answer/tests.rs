//! Tests of what services answer: shapes, and the borders of the chat.

use super::*;

fn in_topic() -> Origin {
    Origin { chat: ChatId(-100), message_thread_id: Some(3), callback_query: None }
}

fn pressed() -> Origin {
    Origin { chat: ChatId(7), message_thread_id: None, callback_query: Some("55".to_owned()) }
}

fn read(origin: &Origin, body: &Value) -> Result<Vec<(&'static str, Value)>, String> {
    let answers = origin.read(body.to_string().as_bytes()).map_err(|error| error.to_string())?;
    Ok(answers.into_iter().map(|answer| (answer.method.name(), Value::Object(answer.call.data))).collect())
}

#[test]
fn a_reply_is_a_message_where_it_was_asked() {
    let expected = json!({"chat_id": -100, "message_thread_id": 3, "text": "pong"});
    assert_eq!(read(&in_topic(), &json!({"reply": "pong"})), Ok(vec![("sendMessage", expected)]));
    let expected = json!({"chat_id": 7, "text": "pong"});
    assert_eq!(read(&pressed(), &json!({"reply": "pong"})), Ok(vec![("sendMessage", expected)]));
}

#[test]
fn nothing_is_an_answer_that_comes_later() {
    for body in ["", " \r\n"] {
        assert!(in_topic().read(body.as_bytes()).unwrap().is_empty());
    }
    assert_eq!(read(&in_topic(), &json!([])), Ok(Vec::new()));
}

#[test]
fn a_call_is_led_to_the_chat_and_the_topic_it_was_asked_from() {
    let photo = json!({"method": "send_photo", "photo": "https://a.example/1.jpg"});
    let expected = json!({"chat_id": -100, "message_thread_id": 3, "photo": "https://a.example/1.jpg"});
    assert_eq!(read(&in_topic(), &photo), Ok(vec![("sendPhoto", expected)]));
    let other_topic =
        json!({"method": "sendMessage", "chat_id": "-100", "text": "a", "message_thread_id": 4});
    let expected = json!({"chat_id": -100, "text": "a", "message_thread_id": 4});
    assert_eq!(read(&in_topic(), &other_topic), Ok(vec![("sendMessage", expected)]));
    let steps = json!([
        {"method": "answerCallbackQuery", "text": "yes"},
        {"method": "editMessageText", "message_id": 9, "text": "Done."},
        {"reply": "And more."},
    ]);
    assert_eq!(
        read(&pressed(), &steps),
        Ok(vec![
            ("answerCallbackQuery", json!({"callback_query_id": "55", "text": "yes"})),
            ("editMessageText", json!({"chat_id": 7, "message_id": 9, "text": "Done."})),
            ("sendMessage", json!({"chat_id": 7, "text": "And more."})),
        ])
    );
    let menu = json!({"method": "setChatMenuButton", "menu_button": {"type": "commands"}});
    let expected = json!({"chat_id": 7, "menu_button": {"type": "commands"}});
    assert_eq!(read(&pressed(), &menu), Ok(vec![("setChatMenuButton", expected)]));
    let copied = json!({"method": "copyMessage", "message_id": 9});
    let expected = json!({"chat_id": 7, "from_chat_id": 7, "message_id": 9});
    assert_eq!(read(&pressed(), &copied), Ok(vec![("copyMessage", expected)]));
}

#[test]
fn nothing_leads_to_another_place() {
    for (answer, parameter) in [
        (json!({"method": "sendMessage", "chat_id": 8, "text": "a"}), "chat_id"),
        (json!({"method": "sendMessage", "chat_id": "@channel", "text": "a"}), "chat_id"),
        (json!({"method": "copyMessage", "from_chat_id": 8, "message_id": 1}), "from_chat_id"),
        (json!({"method": "answerCallbackQuery", "callback_query_id": "56"}), "callback_query_id"),
        (json!({"method": "editMessageText", "inline_message_id": "x", "text": "a"}), "inline_message_id"),
        (
            json!({"method": "sendMessage", "business_connection_id": "x", "text": "a"}),
            "business_connection_id",
        ),
        (
            json!({"method": "sendMessage", "text": "a", "reply_parameters": {"message_id": 1, "chat_id": 8}}),
            "reply_parameters",
        ),
        (
            json!({"method": "sendMessage", "text": "a", "reply_parameters": r#"{"message_id":1,"chat_id":"8"}"#}),
            "reply_parameters",
        ),
    ] {
        let method = Method::parse(answer["method"].as_str().unwrap()).unwrap().name();
        let told =
            format!("`{parameter}` of {method} leads to another place than the one that was asked from");
        assert_eq!(read(&pressed(), &answer), Err(told), "{answer}");
    }
}

#[test]
fn what_does_not_act_in_the_chat_is_refused() {
    for method in ["setMyName", "answerInlineQuery", "uploadStickerFile", "setMyCommands"] {
        let told = format!("{method} does not act in the chat that was asked from");
        assert_eq!(read(&pressed(), &json!({"method": method})), Err(told));
    }
    // Nobody has pressed a button.
    let told = "answerCallbackQuery does not act in the chat that was asked from".to_owned();
    assert_eq!(read(&in_topic(), &json!({"method": "answerCallbackQuery"})), Err(told));
}

#[test]
fn what_is_no_answer_says_what_one_is() {
    let six: Vec<_> = (0..6).map(|_| json!({"reply": "a"})).collect();
    for body in [
        json!("pong"),
        json!({"reply": 1}),
        json!({"reply": "a", "text": "b"}),
        json!({"ok": true}),
        json!([["reply"]]),
        json!(six),
        json!(null),
    ] {
        let told =
            "an answer is `{\"reply\": \"...\"}`, an object with `method`, or a list of up to 5 of them";
        assert_eq!(read(&pressed(), &body), Err(told.to_owned()), "{body}");
    }
    assert_eq!(pressed().read(b"ok").unwrap_err(), AnswerError::NotAnAnswer);
    assert_eq!(
        read(&pressed(), &json!({"method": "sendMesage"})),
        Err("the answer names an unknown method".to_owned())
    );
    let told = "sendMessage: `text` is missing.".to_owned();
    assert_eq!(read(&pressed(), &json!({"method": "sendMessage"})), Err(told));
    let told = "reply: `text` must have 1 to 4096 characters.".to_owned();
    assert_eq!(read(&pressed(), &json!({"reply": ""})), Err(told));
}

#[test]
fn a_press_is_acknowledged_where_there_was_one() {
    let answer = pressed().acknowledges(Some("No.")).unwrap();
    assert!(answer.is_acknowledgement());
    let expected = json!({"callback_query_id": "55", "text": "No."});
    assert_eq!(Value::Object(answer.call.data), expected);
    assert!(in_topic().acknowledges(None).is_none());
}

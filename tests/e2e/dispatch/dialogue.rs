//! A service that holds a dialogue with buttons.

use serde_json::{Value, json};

use super::support::{Address, answered, everything_to};
use crate::support::TestStack;

/// Asks for a size with two buttons, and notes the one that is pressed.
fn order(asks: &Value) -> Value {
    match asks["kind"].as_str().unwrap() {
        "command" => json!({
            "method": "sendMessage",
            "text": "Which size?",
            "reply_markup": {"inline_keyboard": [[
                {"text": "small", "callback_data": "s"},
                {"text": "large", "callback_data": "l"},
            ]]},
        }),
        "callback_query" => json!([
            {"method": "answerCallbackQuery", "text": format!("You chose {}.", asks["data"].as_str().unwrap())},
            {"method": "editMessageText", "message_id": 2, "text": "Ordered."},
        ]),
        _ => json!({"reply": "Write /order."}),
    }
}

#[tokio::test]
async fn a_dialogue_with_buttons_goes_on_in_one_message() {
    let address = Address::open().await;
    let stack = TestStack::start_with_assignments(&everything_to(&address.url, "responder")).await;
    let service = address.script(|_, asked| answered(200, &order(&asked.json()["asks"]).to_string()));
    stack.write(7, "/order").await;
    stack.stack.settle().await;
    assert_eq!(stack.chat(7)[0].message_id, Some(2), "the person's message is the first");
    stack.press(7, "4711", "l").await;
    stack.stack.settle().await;
    let chat = stack.chat(7);
    let deeds: Vec<_> = chat.iter().map(|deed| (deed.method.as_str(), &deed.params["text"])).collect();
    assert_eq!(
        deeds,
        [
            ("sendMessage", &json!("Which size?")),
            ("answerCallbackQuery", &json!("You chose l.")),
            ("editMessageText", &json!("Ordered.")),
        ]
    );
    let pressed = json!({"kind": "callback_query", "id": "4711", "data": "l"});
    assert_eq!(service.bodies()[1]["asks"], pressed);
    stack.end_clean().await;
}

#[tokio::test]
async fn a_pressed_button_stops_when_its_service_answers_with_a_message_alone() {
    let address = Address::open().await;
    let stack = TestStack::start_with_assignments(&everything_to(&address.url, "notifier")).await;
    address.always(200, &json!({"reply": "noted"}));
    stack.press(7, "4712", "a").await;
    stack.stack.settle().await;
    let mut methods: Vec<_> = stack.chat(7).into_iter().map(|deed| deed.method).collect();
    // They are two lines: the button's, which belongs to no chat, and the chat's.
    methods.sort();
    assert_eq!(methods, ["answerCallbackQuery", "sendMessage"]);
    stack.end_clean().await;
}

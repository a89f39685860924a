//! sendMessage, answerWebAppQuery, and what every method has in common.

use serde_json::json;

use super::{Simulator, answer, refused};
use crate::telegram::bot_api::{BOT_USERNAME, DEFAULT_BOT_TOKEN};

#[tokio::test]
async fn the_bot_presents_itself() {
    let sim = Simulator::start().await;
    let expected = json!({
        "id": 1_000_000_001,
        "is_bot": true,
        "first_name": "Lambdagram Simulated Bot",
        "username": BOT_USERNAME,
        "can_join_groups": true,
        "can_read_all_group_messages": false,
        "supports_inline_queries": false,
        "can_connect_to_business": false,
        "has_main_web_app": false,
    });
    assert_eq!(sim.ok("getMe", json!({})).await, expected);
    assert_eq!(sim.ok("GETME", json!({})).await, expected);
    assert_eq!(sim.bot.bot_id(), 1_000_000_001);
}

#[tokio::test]
async fn a_text_arrives_in_the_chat_and_comes_back_as_a_message() {
    let sim = Simulator::start().await;
    let params = json!({"chat_id": 7, "text": " <b>hi</b> there ", "parse_mode": "HTML"});
    let mut message = sim.ok("sendMessage", params.clone()).await;
    let date = message["date"].take().as_u64().unwrap();
    assert!(date.abs_diff(sim.clock.now_s()) <= 1);
    let expected = json!({
        "message_id": 1,
        "from": {
            "id": 1_000_000_001,
            "is_bot": true,
            "first_name": "Lambdagram Simulated Bot",
            "username": BOT_USERNAME,
        },
        "chat": {"id": 7, "first_name": "Person 7", "type": "private"},
        "date": null,
        "text": "hi there",
        "entities": [{"offset": 0, "length": 2, "type": "bold"}],
    });
    assert_eq!(message, expected);
    let deeds = serde_json::to_value(sim.bot.messages(7)).unwrap();
    assert_eq!(deeds, json!([{"message_id": 1, "method": "sendMessage", "params": params}]));
}

#[tokio::test]
async fn message_numbers_grow_in_each_chat_by_themselves() {
    let sim = Simulator::start().await;
    let mut numbers = Vec::new();
    for chat_id in [7, 7, 8, 7] {
        let message = sim.ok("sendMessage", json!({"chat_id": chat_id, "text": "x"})).await;
        assert_eq!(message["entities"], json!(null));
        numbers.push(message["message_id"].as_i64().unwrap());
    }
    assert_eq!(numbers, [1, 2, 1, 3]);
}

#[tokio::test]
async fn texts_are_measured_in_utf16_units_after_their_marks_are_read() {
    let sim = Simulator::start().await;
    let longest = "😀".repeat(2048);
    sim.ok("sendMessage", json!({"chat_id": 7, "text": longest})).await;
    let marked = format!("<b>{longest}</b>");
    sim.ok("sendMessage", json!({"chat_id": 7, "text": marked, "parse_mode": "HTML"})).await;
    let too_long = json!({"chat_id": 7, "text": format!("{longest}x")});
    sim.assert_refused("sendMessage", too_long, 400, "Bad Request: message is too long").await;
    for text in [json!({"chat_id": 7}), json!({"chat_id": 7, "text": " \n"})] {
        sim.assert_refused("sendMessage", text, 400, "Bad Request: message text is empty").await;
    }
    assert_eq!(sim.bot.messages(7).len(), 2);
}

#[tokio::test]
async fn a_chat_must_be_named_and_known() {
    let sim = Simulator::start().await;
    let refuse = async |chat_id, description| {
        sim.assert_refused("sendMessage", json!({"chat_id": chat_id, "text": "x"}), 400, description).await;
    };
    refuse(json!(""), "Bad Request: chat_id is empty").await;
    refuse(json!(0), "Bad Request: chat not found").await;
    refuse(json!(-5), "Bad Request: chat not found").await;
    refuse(json!("@somebody"), "Bad Request: chat not found").await;
}

#[tokio::test]
async fn web_app_buttons_are_for_private_chats() {
    let sim = Simulator::start().await;
    let update = json!({"chat_id": -5, "text": "hello", "from": {"id": 7, "first_name": "A"}});
    assert_eq!(sim.control("/_sim/bot/updates", update).await.0, 201);
    let markup = json!({"inline_keyboard": [[{"text": "Open", "web_app": {"url": "http://127.0.0.1/app"}}]]});
    let to_group = json!({"chat_id": -5, "text": "x", "reply_markup": markup});
    sim.assert_refused("sendMessage", to_group, 400, "Bad Request: BUTTON_TYPE_INVALID").await;
    let to_person = json!({"chat_id": 7, "text": "x", "reply_markup": markup.to_string()});
    assert_eq!(sim.ok("sendMessage", to_person).await["reply_markup"], markup);
    assert_eq!(sim.bot.messages(7)[0].params["reply_markup"], markup);
}

#[tokio::test]
async fn parameters_come_by_get_and_in_a_form_too() {
    let sim = Simulator::start().await;
    let get = sim.http.get(format!("{}?chat_id=7&text=a%20b", sim.method_url("sendmessage")));
    assert_eq!(answer(get).await.1["result"]["text"], "a b");
    let form = sim
        .http
        .post(sim.method_url("sendMessage"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("chat_id=7&text=c+d");
    assert_eq!(answer(form).await.1["result"]["text"], "c d");
}

#[tokio::test]
async fn unknown_methods_paths_and_tokens_are_refused() {
    let sim = Simulator::start().await;
    sim.assert_refused("sendDice", json!({"chat_id": 7}), 404, "Not Found: method not found").await;
    let elsewhere = sim.http.get(format!("{}/else", sim.url));
    assert_eq!(answer(elsewhere).await, refused(404, "Not Found"));
    let wrong_token = sim.http.get(format!("{}/bot1:wrong/getMe", sim.url));
    assert_eq!(answer(wrong_token).await, refused(401, "Unauthorized"));
    let encoded = DEFAULT_BOT_TOKEN.replace(':', "%3A");
    let encoded = sim.http.get(format!("{}/bot{encoded}/getMe", sim.url));
    assert_eq!(answer(encoded).await.0, 200);
}

#[tokio::test]
async fn a_web_app_query_is_answered_once() {
    let sim = Simulator::start().await;
    let asked = json!({"user": {"id": 7, "first_name": "A"}, "query_id": "AAE"});
    assert_eq!(sim.control("/_sim/init-data", asked).await.0, 200);
    let params = json!({"web_app_query_id": "AAE", "result": {"type": "article", "id": "1"}});
    let result = sim.ok("answerWebAppQuery", params.clone()).await;
    assert_eq!(result["inline_message_id"].as_str().map(str::len), Some(24));
    let deeds = serde_json::to_value(sim.bot.messages(7)).unwrap();
    assert_eq!(deeds, json!([{"message_id": 1, "method": "answerWebAppQuery", "params": params}]));
    let again = "Bad Request: query is too old and response timeout expired or query ID is invalid";
    sim.assert_refused("answerWebAppQuery", params, 400, again).await;
    let no_id = json!({"web_app_query_id": "AAE", "result": {"type": "article"}});
    let sentence = "Bad Request: can't parse inline query result: can't find field \"id\"";
    sim.assert_refused("answerWebAppQuery", no_id, 400, sentence).await;
}

//! The controls: people, as tests play them.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::{Simulator, answer};

fn fields(init: &str) -> Vec<(&str, String)> {
    let decode = |value| percent_decode_str(value).decode_utf8().unwrap().into_owned();
    init.split('&')
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (name, decode(value)))
        .collect()
}

#[tokio::test]
async fn init_data_carries_what_was_asked_for_in_telegrams_way() {
    let sim = Simulator::start().await;
    let asked = json!({
        "user": {"id": 7, "first_name": "A+ é", "photo_url": "https://t.me/i"},
        "auth_date": 1_733_509_682,
        "query_id": "AAE",
        "start_param": "debug",
        "chat_type": "sender",
        "chat_instance": "888",
    });
    let (status, body) = sim.control("/_sim/init-data", asked).await;
    assert_eq!(status, 200, "{body}");
    let fields = fields(body["init"].as_str().unwrap());
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let expected =
        ["query_id", "user", "chat_instance", "chat_type", "start_param", "auth_date", "signature", "hash"];
    assert_eq!(names, expected);
    assert!(fields[1].1.contains(r#""photo_url":"https:\/\/t.me\/i""#), "{}", fields[1].1);
    let user: Value = serde_json::from_str(&fields[1].1).unwrap();
    assert_eq!(user, json!({"id": 7, "first_name": "A+ é", "photo_url": "https://t.me/i"}));
    assert_eq!((fields[5].1.as_str(), fields[6].1.len(), fields[7].1.len()), ("1733509682", 86, 64));
    assert_eq!(sim.bot.public_key_hex().len(), 64);
}

#[tokio::test]
async fn init_data_is_from_now_unless_told_otherwise() {
    let sim = Simulator::start().await;
    let (_, body) = sim.control("/_sim/init-data", json!({"user": {"id": 7, "first_name": "A"}})).await;
    let fields = fields(body["init"].as_str().unwrap());
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["user", "auth_date", "signature", "hash"]);
    assert!(fields[1].1.parse::<u64>().unwrap().abs_diff(sim.clock.now_s()) <= 1);
}

#[tokio::test]
async fn a_text_becomes_a_message_with_its_entities() {
    let sim = Simulator::start().await;
    let from = json!({"id": 7, "first_name": "Ada", "username": "ada"});
    let update = json!({"chat_id": 7, "text": "/start now", "from": from});
    let (status, body) = sim.control("/_sim/bot/updates", update).await;
    assert_eq!(status, 201, "{body}");
    let updates = sim.ok("getUpdates", json!({})).await;
    let expected = json!([{
        "update_id": body["update_id"],
        "message": {
            "message_id": 1,
            "from": {"id": 7, "is_bot": false, "first_name": "Ada", "username": "ada"},
            "chat": {"id": 7, "first_name": "Ada", "username": "ada", "type": "private"},
            "date": updates[0]["message"]["date"],
            "text": "/start now",
            "entities": [{"offset": 0, "length": 6, "type": "bot_command"}],
        },
    }]);
    assert_eq!(updates, expected);
    assert_eq!(sim.ok("sendMessage", json!({"chat_id": 7, "text": "x"})).await["message_id"], 2);
}

#[tokio::test]
async fn what_the_bot_did_can_be_read() {
    let sim = Simulator::start().await;
    sim.ok("sendMessage", json!({"chat_id": 7, "text": "x"})).await;
    let deeds = sim.http.get(format!("{}/_sim/bot/chats/7/messages", sim.controls_url));
    let expected = json!([
        {"message_id": 1, "method": "sendMessage", "params": {"chat_id": 7, "text": "x"}},
    ]);
    assert_eq!(answer(deeds).await, (200, expected));
    let nobody = sim.http.get(format!("{}/_sim/bot/chats/-5/messages", sim.controls_url));
    assert_eq!(answer(nobody).await, (200, json!([])));
    let nonsense = sim.http.get(format!("{}/_sim/bot/chats/x/messages", sim.controls_url));
    assert_eq!(answer(nonsense).await, (400, json!({"error": "A chat id is a whole number."})));
}

#[tokio::test]
async fn what_no_person_could_cause_is_refused() {
    let sim = Simulator::start().await;
    let cases = [
        ("/_sim/init-data", json!({"user": {"first_name": "A"}}), "The user needs a positive id."),
        (
            "/_sim/bot/updates",
            json!({"chat_id": 7, "text": " "}),
            "A message needs a chat_id other than 0 and a text.",
        ),
        (
            "/_sim/bot/updates",
            json!({"chat_id": -5, "text": "x"}),
            "A message in a group needs its sender in \"from\".",
        ),
        (
            "/_sim/bot/updates",
            json!({"unknown": {}}),
            "An update is an object with exactly one kind of content, such as \"message\".",
        ),
        (
            "/_sim/bot/updates",
            json!({"message": {"text": "x"}}),
            "An update of this kind needs the id at /chat/id.",
        ),
    ];
    for (path, body, sentence) in cases {
        assert_eq!(sim.control(path, body).await, (400, json!({"error": sentence})));
    }
    assert_eq!(sim.control("/_sim/init-data", json!({"user": {"id": 7}, "hash": "x"})).await.0, 400);
    assert_eq!(sim.bot.pending_updates(), 0);
}

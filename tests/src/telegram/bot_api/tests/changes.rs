//! Edits, deletions and pins, answers to pressed buttons, albums, and groups that become supergroups.

use reqwest::multipart::{Form, Part};
use serde_json::json;

use super::{Simulator, refused};

#[tokio::test]
async fn a_message_is_edited_until_nothing_would_be_different() {
    let sim = Simulator::start().await;
    sim.ok("sendMessage", json!({"chat_id": 7, "text": "a"})).await;
    let edit = json!({"chat_id": 7, "message_id": 1, "text": "b"});
    assert_eq!(sim.ok("editMessageText", edit.clone()).await["text"], "b");
    let (status, body) = sim.call("editMessageText", edit).await;
    let says = body["description"].as_str().unwrap();
    assert!(status == 400 && says.starts_with("Bad Request: message is not modified: "), "{body}");
    let unknown = json!({"chat_id": 7, "message_id": 9, "text": "b"});
    sim.assert_refused("editMessageText", unknown, 400, "Bad Request: message to edit not found").await;
}

#[tokio::test]
async fn a_message_is_pinned_and_deleted_once() {
    let sim = Simulator::start().await;
    sim.ok("sendMessage", json!({"chat_id": 7, "text": "a"})).await;
    let it = json!({"chat_id": 7, "message_id": 1});
    assert_eq!(sim.ok("pinChatMessage", it.clone()).await, json!(true));
    assert_eq!(sim.ok("deleteMessage", it.clone()).await, json!(true));
    for (method, verb) in [("deleteMessage", "delete"), ("pinChatMessage", "pin")] {
        let description = format!("Bad Request: message to {verb} not found");
        sim.assert_refused(method, it.clone(), 400, &description).await;
    }
}

#[tokio::test]
async fn a_pressed_button_is_answered_once_in_its_chat() {
    let sim = Simulator::start().await;
    let message = json!({"message_id": 1, "chat": {"id": 7, "type": "private", "first_name": "A"}});
    let press = json!({"id": "q1", "from": {"id": 7, "is_bot": false, "first_name": "A"}, "message": message, "data": "x"});
    assert_eq!(sim.control("/_sim/bot/updates", json!({"callback_query": press})).await.0, 201);
    let answer = json!({"callback_query_id": "q1", "text": "done"});
    assert_eq!(sim.ok("answerCallbackQuery", answer.clone()).await, json!(true));
    assert_eq!(sim.bot.messages(7)[0].params, answer);
    let too_old = "Bad Request: query is too old and response timeout expired or query ID is invalid";
    sim.assert_refused("answerCallbackQuery", answer, 400, too_old).await;
}

#[tokio::test]
async fn an_album_is_one_message_for_each_file() {
    let sim = Simulator::start().await;
    let form = |count: usize| {
        let media: Vec<_> =
            (0..count).map(|at| json!({"type": "document", "media": format!("attach://f{at}")})).collect();
        let form = Form::new().text("chat_id", "7").text("media", json!(media).to_string());
        (0..count).fold(form, |form, at| {
            let part = Part::bytes(format!("file {at}").into_bytes()).file_name(format!("{at}.txt"));
            form.part(format!("f{at}"), part)
        })
    };
    let (status, body) = sim.upload("sendMediaGroup", form(2)).await;
    assert_eq!(status, 200, "{body}");
    let names: Vec<_> =
        body["result"].as_array().unwrap().iter().map(|one| &one["document"]["file_name"]).collect();
    assert_eq!(names, ["0.txt", "1.txt"]);
    assert_eq!(sim.bot.messages(7).len(), 2);
    let says = "Bad Request: wrong number of messages in the album specified";
    assert_eq!(sim.upload("sendMediaGroup", form(1)).await, refused(400, says));
}

#[tokio::test]
async fn a_group_that_became_a_supergroup_says_which() {
    let sim = Simulator::start().await;
    let group = json!({"id": -5, "type": "group", "title": "G"});
    let notice = json!({"message_id": 1, "chat": group, "migrate_to_chat_id": -1_000_000_000_005_i64});
    assert_eq!(sim.control("/_sim/bot/updates", json!({"message": notice})).await.0, 201);
    let (status, body) = sim.call("sendMessage", json!({"chat_id": -5, "text": "a"})).await;
    let expected = json!({
        "ok": false,
        "error_code": 400,
        "description": "Bad Request: group chat was upgraded to a supergroup chat",
        "parameters": {"migrate_to_chat_id": -1_000_000_000_005_i64},
    });
    assert_eq!((status, body), (400, expected));
    sim.ok("sendMessage", json!({"chat_id": -1_000_000_000_005_i64, "text": "a"})).await;
}

//! Planned faults as a bot meets them.

use serde_json::json;

use super::{Simulator, refused};

fn text() -> serde_json::Value {
    json!({"chat_id": 7, "text": "x"})
}

#[tokio::test]
async fn flood_control_tells_in_body_and_header_how_long_to_wait() {
    let sim = Simulator::start().await;
    sim.plan(json!({"method": "sendMessage", "error": "429:7", "times": 1, "when": "before"})).await;
    let response = sim.http.post(sim.method_url("sendMessage")).json(&text()).send().await.unwrap();
    assert_eq!(response.headers()["retry-after"], "7");
    let expected = json!({
        "ok": false,
        "error_code": 429,
        "description": "Too Many Requests: retry after 7",
        "parameters": {"retry_after": 7},
    });
    let status = response.status().as_u16();
    assert_eq!((status, response.json().await.unwrap()), (429, expected));
    assert_eq!(sim.bot.messages(7), []);
    sim.ok("sendMessage", text()).await;
}

#[tokio::test]
async fn errors_come_with_the_code_and_the_words_that_were_planned() {
    let sim = Simulator::start().await;
    let cases = [
        ("403:Forbidden: bot was blocked by the user", 403, "Forbidden: bot was blocked by the user"),
        ("500:Internal Server Error", 500, "Internal Server Error"),
        ("PEER_ID_INVALID", 400, "Bad Request: PEER_ID_INVALID"),
    ];
    for (error, code, description) in cases {
        sim.plan(json!({"method": "SENDMESSAGE", "error": error})).await;
        sim.assert_refused("sendMessage", text(), code, description).await;
    }
    sim.plan(json!({"method": "*", "error": "FLOOD_WAIT_3"})).await;
    assert_eq!(sim.call("getMe", json!({})).await.1["parameters"], json!({"retry_after": 3}));
    assert_eq!(sim.bot.messages(7), []);
}

#[tokio::test]
async fn a_fault_after_the_effect_leaves_the_effect() {
    let sim = Simulator::start().await;
    sim.plan(json!({"method": "sendMessage", "error": "500:Internal Server Error", "when": "after"})).await;
    assert_eq!(sim.call("sendMessage", text()).await, refused(500, "Internal Server Error"));
    assert_eq!(sim.bot.messages(7).len(), 1);
    sim.plan(json!({"method": "sendMessage", "error": "drop", "when": "after"})).await;
    assert!(sim.http.post(sim.method_url("sendMessage")).json(&text()).send().await.is_err());
    assert_eq!(sim.bot.messages(7).len(), 2);
}

#[tokio::test]
async fn a_dropped_call_has_no_effect_and_the_next_one_works() {
    let sim = Simulator::start().await;
    sim.plan(json!({"method": "sendMessage", "error": "drop", "times": 2})).await;
    for _ in 0..2 {
        let error = sim.http.post(sim.method_url("sendMessage")).json(&text()).send().await.unwrap_err();
        assert!(error.is_request(), "{error}");
    }
    assert_eq!(sim.bot.messages(7), []);
    assert_eq!(sim.ok("sendMessage", text()).await["message_id"], 1);
}

#[tokio::test]
async fn a_hanging_call_gets_no_answer() {
    let sim = Simulator::start().await;
    sim.plan(json!({"method": "sendMessage", "error": "hang", "when": "after"})).await;
    let hanging = tokio::spawn(sim.http.post(sim.method_url("sendMessage")).json(&text()).send());
    sim.bot.faults().hit("sendMessage").await;
    assert_eq!(sim.bot.messages(7).len(), 1);
    sim.ok("sendMessage", text()).await;
    assert!(!hanging.is_finished());
    hanging.abort();
}

#[tokio::test]
async fn a_fault_may_be_for_one_chat() {
    let sim = Simulator::start().await;
    sim.plan(json!({"method": "sendMessage", "error": "429:1", "chat_id": 8})).await;
    sim.ok("sendMessage", text()).await;
    assert_eq!(sim.call("sendMessage", json!({"chat_id": 8, "text": "x"})).await.0, 429);
    assert_eq!(sim.bot.faults().hits("sendMessage"), 1);
}

#[tokio::test]
async fn a_fault_that_nobody_could_render_is_refused() {
    let sim = Simulator::start().await;
    let sentence = "A fault's error is \"<code>:<text>\", an RPC error name, \"drop\" or \"hang\".";
    let bad = json!({"method": "getMe", "error": "boom"});
    assert_eq!(sim.control("/_sim/faults", bad).await, (400, json!({"error": sentence})));
    assert_eq!(sim.control("/_sim/faults", json!({"method": "getMe"})).await.0, 400);
}

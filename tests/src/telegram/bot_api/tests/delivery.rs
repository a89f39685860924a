//! Delivery to a webhook whose answers the test gives.

use std::time::Duration;

use axum::response::Response;
use serde_json::{Value, json};

use super::{Hook, Simulator};

async fn start() -> (Simulator, Hook) {
    let mut sim = Simulator::start().await;
    let hook = Hook::start().await;
    sim.ok("setWebhook", json!({"url": hook.url, "secret_token": "secret"})).await;
    sim.deliver();
    (sim, hook)
}

async fn info(sim: &Simulator) -> Value {
    sim.ok("getWebhookInfo", json!({})).await
}

#[tokio::test]
async fn an_update_arrives_once_with_the_secret() {
    let (sim, mut hook) = start().await;
    let update_id = sim.write(7, "hello").await;
    let call = hook.next().await;
    assert_eq!(call.headers["x-telegram-bot-api-secret-token"], "secret");
    assert_eq!(call.headers["content-type"], "application/json");
    assert_eq!((call.update_id(), &call.update["message"]["text"]), (update_id, &json!("hello")));
    call.answer(204);
    sim.until(|bot| bot.pending_updates() == 0).await;
    assert_eq!(info(&sim).await["last_error_message"], json!(null));
}

#[tokio::test]
async fn a_chat_is_served_in_order_and_others_meanwhile() {
    let (sim, mut hook) = start().await;
    let first = sim.write(7, "a").await;
    let second = sim.write(7, "b").await;
    let other = sim.write(8, "c").await;
    let (one, two) = (hook.next().await, hook.next().await);
    let (of_seven, of_eight) = if one.update_id() == first { (one, two) } else { (two, one) };
    assert_eq!((of_seven.update_id(), of_eight.update_id()), (first, other));
    of_seven.answer(500);
    let again = hook.next().await;
    assert_eq!(again.update_id(), first);
    again.answer(200);
    let next = hook.next().await;
    assert_eq!(next.update_id(), second);
    next.answer(200);
    of_eight.answer(200);
    sim.until(|bot| bot.pending_updates() == 0).await;
}

#[tokio::test]
async fn no_more_connections_are_used_than_allowed() {
    let (sim, mut hook) = start().await;
    sim.ok("setWebhook", json!({"url": hook.url, "max_connections": 1})).await;
    let mut written = Vec::new();
    for chat_id in [7, 8, 9] {
        written.push(sim.write(chat_id, "a").await);
    }
    for update_id in written {
        let call = hook.next().await;
        assert_eq!(call.update_id(), update_id);
        assert!(hook.calls.try_recv().is_err());
        call.answer(200);
    }
}

#[tokio::test]
async fn a_failed_update_is_tried_at_once_then_after_growing_waits() {
    let (sim, mut hook) = start().await;
    sim.write(7, "a").await;
    hook.next().await.answer(500);
    let mut waits = Vec::new();
    for _ in 0..6 {
        hook.next().await.answer(500);
        waits.push(sim.advance_to_retry().await);
    }
    assert_eq!(waits[..5], [2, 4, 8, 16, 32]);
    assert!((60..=120).contains(&waits[5]), "{waits:?}");
    hook.next().await.answer(200);
    sim.until(|bot| bot.pending_updates() == 0).await;
    let info = info(&sim).await;
    assert_eq!(info["last_error_message"], "Wrong response from the webhook: 500 Internal Server Error");
    assert!(info["last_error_date"].as_u64().is_some());
}

#[tokio::test]
async fn the_webhooks_retry_after_is_honoured() {
    let (sim, mut hook) = start().await;
    sim.write(7, "a").await;
    let busy = Response::builder().status(503).header("retry-after", "100").body("".into()).unwrap();
    hook.next().await.answer_with(busy);
    assert_eq!(sim.advance_to_retry().await, 100);
    hook.next().await.answer(200);
}

#[tokio::test]
async fn an_answer_is_awaited_for_a_minute() {
    let (sim, mut hook) = start().await;
    let update_id = sim.write(7, "a").await;
    let unanswered = hook.next().await;
    sim.clock.advance(Duration::from_mins(1));
    let again = hook.next().await;
    assert_eq!((again.update_id(), again.update.clone()), (update_id, unanswered.update));
    again.answer(200);
    sim.until(|bot| bot.pending_updates() == 0).await;
    assert_eq!(info(&sim).await["last_error_message"], "Read timeout expired");
}

#[tokio::test]
async fn an_update_that_would_be_too_old_is_dropped() {
    let (sim, mut hook) = start().await;
    let query = json!({"callback_query": {"id": "1", "from": {"id": 7}, "data": "x"}});
    assert_eq!(sim.control("/_sim/bot/updates", query).await.0, 201);
    let busy = Response::builder().status(503).header("retry-after", "200").body("".into()).unwrap();
    hook.next().await.answer_with(busy);
    sim.until(|bot| bot.pending_updates() == 0).await;
    let message = sim.write(7, "a").await;
    let call = hook.next().await;
    assert_eq!(call.update_id(), message);
    call.answer(200);
}

#[tokio::test]
async fn a_message_that_failed_for_a_day_is_dropped() {
    let (sim, mut hook) = start().await;
    sim.write(7, "a").await;
    hook.next().await.answer(500);
    hook.next().await.answer(500);
    sim.advance_to_retry().await;
    let unanswered = hook.next().await;
    sim.clock.advance(Duration::from_secs(86_401));
    sim.until(|bot| bot.pending_updates() == 0).await;
    drop(unanswered);
}

#[tokio::test]
async fn a_webhook_that_is_gone_for_23_hours_is_closed() {
    let (sim, mut hook) = start().await;
    sim.write(7, "a").await;
    hook.next().await.answer(410);
    hook.next().await.answer(410);
    let mut rounds = sim.bot.next_delivery();
    rounds.wait_for(Option::is_some).await.unwrap();
    sim.clock.advance(Duration::from_secs(23 * 3600 + 1));
    hook.next().await.answer(410);
    while info(&sim).await["url"] != "" {
        rounds.changed().await.unwrap();
    }
    assert_eq!(info(&sim).await["pending_update_count"], 1);
}

#[tokio::test]
async fn redirects_are_failures() {
    let (sim, mut hook) = start().await;
    sim.write(7, "a").await;
    let moved = Response::builder().status(302).header("location", &hook.url).body("".into()).unwrap();
    hook.next().await.answer_with(moved);
    hook.next().await.answer(200);
    sim.until(|bot| bot.pending_updates() == 0).await;
    assert_eq!(info(&sim).await["last_error_message"], "Wrong response from the webhook: 302 Found");
}

#[tokio::test]
async fn a_webhook_that_is_not_there_is_told_and_tried_again() {
    let (sim, mut hook) = start().await;
    sim.ok("setWebhook", json!({"url": "http://127.0.0.1:1/hook"})).await;
    sim.write(7, "a").await;
    sim.advance_to_retry().await;
    assert_eq!(info(&sim).await["last_error_message"], "Connection refused");
    sim.ok("setWebhook", json!({"url": hook.url})).await;
    hook.next().await.answer(200);
    sim.until(|bot| bot.pending_updates() == 0).await;
    assert_eq!(info(&sim).await["last_error_message"], json!(null));
}

#[tokio::test]
async fn a_webhooks_answer_may_call_a_method() {
    let (sim, mut hook) = start().await;
    sim.write(7, "a").await;
    let answer = |body: Value| {
        let response = Response::builder().header("content-type", "application/json");
        response.body(body.to_string().into()).unwrap()
    };
    hook.next().await.answer_with(answer(json!({"method": "SendMessage", "chat_id": 7, "text": "hi"})));
    sim.until(|bot| bot.messages(7).len() == 1).await;
    sim.write(7, "b").await;
    hook.next().await.answer_with(answer(json!({"method": "deleteWebhook"})));
    sim.until(|bot| bot.pending_updates() == 0).await;
    assert_eq!(info(&sim).await["url"], hook.url.as_str());
}

#[tokio::test]
async fn what_waits_is_delivered_after_a_restart_or_dropped_on_demand() {
    let sim = Simulator::start().await;
    let mut hook = Hook::start().await;
    sim.ok("setWebhook", json!({"url": hook.url})).await;
    let first = sim.write(7, "a").await;
    let mut sim = sim.restart().await;
    assert_eq!(info(&sim).await["pending_update_count"], 1);
    sim.deliver();
    let call = hook.next().await;
    assert_eq!(call.update_id(), first);
    sim.write(7, "b").await;
    sim.ok("setWebhook", json!({"url": hook.url, "max_connections": 2, "drop_pending_updates": true})).await;
    assert_eq!(sim.bot.pending_updates(), 0);
    let last = sim.write(7, "c").await;
    let call = hook.next().await;
    assert_eq!(call.update_id(), last);
    call.answer(200);
}

//! getUpdates: what waits, what is confirmed, and who may ask.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Simulator, refused};

fn ids(updates: &Value) -> Vec<i64> {
    updates.as_array().unwrap().iter().map(|update| update["update_id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn updates_wait_until_an_offset_confirms_them() {
    let sim = Simulator::start().await;
    let first = sim.write(7, "a").await;
    let second = sim.write(8, "b").await;
    let third = sim.write(7, "c").await;
    assert_eq!((second, third), (first + 1, first + 2));
    for _ in 0..2 {
        assert_eq!(ids(&sim.ok("getUpdates", json!({})).await), [first, second, third]);
    }
    assert_eq!(ids(&sim.ok("getUpdates", json!({"limit": 1})).await), [first]);
    assert_eq!(ids(&sim.ok("getUpdates", json!({"offset": second})).await), [second, third]);
    assert_eq!(ids(&sim.ok("getUpdates", json!({"offset": -1})).await), [third]);
    assert_eq!(sim.bot.pending_updates(), 1);
    assert_eq!(ids(&sim.ok("getUpdates", json!({"offset": third + 1})).await), [] as [i64; 0]);
    assert_eq!(sim.bot.pending_updates(), 0);
}

#[tokio::test]
async fn a_long_poll_ends_with_an_update() {
    let sim = Simulator::start().await;
    let mut polls = sim.bot.0.poll.subscribe();
    let poll = async { ids(&sim.ok("getUpdates", json!({"timeout": 50})).await) };
    let write = async {
        polls.changed().await.unwrap();
        sim.write(7, "a").await
    };
    let (received, written) = tokio::join!(poll, write);
    assert_eq!(received, [written]);
}

#[tokio::test]
async fn a_long_poll_ends_on_time() {
    let sim = Simulator::start().await;
    let mut polls = sim.bot.0.poll.subscribe();
    let poll = sim.ok("getUpdates", json!({"timeout": 9999}));
    let advance = async {
        polls.changed().await.unwrap();
        // The wait may begin a moment after the poll is announced: time passes until it ends.
        loop {
            sim.clock.advance(Duration::from_secs(50));
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        updates = poll => assert_eq!(updates, json!([])),
        () = advance => unreachable!("time passes for ever"),
    }
}

#[tokio::test]
async fn only_one_may_poll_and_nobody_while_a_webhook_is_set() {
    let sim = Simulator::start().await;
    let mut polls = sim.bot.0.poll.subscribe();
    let first = sim.call("getUpdates", json!({"timeout": 50}));
    let second = async {
        polls.changed().await.unwrap();
        sim.ok("getUpdates", json!({})).await
    };
    let (first, second) = tokio::join!(first, second);
    let other =
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
    assert_eq!((first, second), (refused(409, other), json!([])));
    polls.borrow_and_update();
    let waiting = sim.call("getUpdates", json!({"timeout": 50}));
    let set = async {
        polls.changed().await.unwrap();
        sim.ok("setWebhook", json!({"url": "http://127.0.0.1:9/"})).await
    };
    let (waiting, _) = tokio::join!(waiting, set);
    assert_eq!(waiting, refused(409, "Conflict: terminated by setWebhook request"));
    let active = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
    sim.assert_refused("getUpdates", json!({}), 409, active).await;
}

#[tokio::test]
async fn updates_that_are_too_old_are_gone() {
    let sim = Simulator::start().await;
    let query = json!({"callback_query": {"id": "1", "from": {"id": 7}, "data": "x"}});
    assert_eq!(sim.control("/_sim/bot/updates", query).await.0, 201);
    let message = sim.write(7, "a").await;
    sim.clock.advance(Duration::from_secs(152));
    assert_eq!(ids(&sim.ok("getUpdates", json!({})).await), [message]);
    sim.clock.advance(Duration::from_hours(24));
    assert_eq!(sim.ok("getUpdates", json!({})).await, json!([]));
}

#[tokio::test]
async fn after_a_week_of_silence_the_numbers_start_anew() {
    let sim = Simulator::start().await;
    let first = sim.write(7, "a").await;
    sim.clock.advance(Duration::from_hours(7 * 24 - 1));
    assert_eq!(sim.write(7, "b").await, first + 1);
    sim.clock.advance(Duration::from_hours(7 * 24));
    assert_ne!(sim.write(7, "c").await, first + 2);
}

#[tokio::test]
async fn only_the_kinds_that_the_bot_asks_for_reach_it() {
    let sim = Simulator::start().await;
    let member =
        json!({"chat_member": {"chat": {"id": -5, "type": "group", "title": "G"}, "from": {"id": 7}}});
    let unwanted = sim.control("/_sim/bot/updates", member.clone()).await;
    assert_eq!(unwanted, (201, json!({"update_id": null})));
    sim.ok("getUpdates", json!({"allowed_updates": ["chat_member"]})).await;
    let (_, wanted) = sim.control("/_sim/bot/updates", member.clone()).await;
    let message = json!({"chat_id": 7, "text": "x"});
    assert_eq!(sim.control("/_sim/bot/updates", message).await, (201, json!({"update_id": null})));
    let expected = json!([{"update_id": wanted["update_id"], "chat_member": member["chat_member"]}]);
    assert_eq!(sim.ok("getUpdates", json!({})).await, expected);
}

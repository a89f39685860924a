//! getUpdates.

use std::time::Duration;

use serde_json::Value;

use super::Webhook;
use crate::telegram::bot_api::Shared;
use crate::telegram::bot_api::error::ApiError;
use crate::telegram::bot_api::params::Params;
use crate::telegram::bot_api::updates;

/// Seconds that a long poll waits at most (the Bot API server).
const MAX_TIMEOUT_S: u64 = 50;
/// Updates of one answer at most (getUpdates).
const MAX_LIMIT: usize = 100;

/// Whose turn it is to poll: a newer poll, or a webhook, ends the one that waits.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Poll {
    turn: u64,
    ended_by: &'static str,
}

impl Poll {
    pub(in super::super) const fn supersede(&mut self, ended_by: &'static str) {
        self.turn += 1;
        self.ended_by = ended_by;
    }
}

pub(super) async fn get_updates(bot: &Shared, params: &Params) -> Result<Value, ApiError> {
    let limit = match usize::try_from(params.integer("limit")) {
        Ok(0) | Err(_) => MAX_LIMIT,
        Ok(limit) => limit.min(MAX_LIMIT),
    };
    let offset = params.integer("offset");
    begin(bot, params, offset)?;
    let mut polls = bot.poll.subscribe();
    bot.poll.send_modify(|poll| {
        poll.supersede(
            "terminated by other getUpdates request; make sure that only one bot instance is running",
        );
    });
    let turn = polls.borrow_and_update().turn;
    let timeout = u64::try_from(params.integer("timeout")).unwrap_or_default().min(MAX_TIMEOUT_S);
    let mut changed = bot.changed.subscribe();
    let waited = bot.clock.sleep(Duration::from_secs(timeout));
    tokio::pin!(waited);
    loop {
        let updates = ready(bot, offset.max(0), limit)?;
        if !updates.is_empty() {
            return Ok(Value::Array(updates));
        }
        tokio::select! {
            () = &mut waited => return Ok(Value::Array(Vec::new())),
            _ = changed.changed() => {}
            _ = polls.changed() => {
                let poll = *polls.borrow();
                if poll.turn != turn {
                    return Err(ApiError::conflict(poll.ended_by));
                }
            }
        }
    }
}

/// Refuses while a webhook is set; forgets what the offset confirms.
fn begin(bot: &Shared, params: &Params, offset: i64) -> Result<(), ApiError> {
    bot.store().atomically(|store| {
        if Webhook::load(store)?.is_some() {
            return Err(ApiError::conflict(
                "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
            ));
        }
        updates::set_allowed(store, &params.text("allowed_updates"))?;
        if offset < 0 {
            store.keep_last_updates(-offset)?;
        } else {
            store.remove_updates_before(offset)?;
        }
        Ok(())
    })
}

fn ready(bot: &Shared, offset: i64, limit: usize) -> Result<Vec<Value>, ApiError> {
    let store = bot.store();
    store.remove_expired_updates(bot.clock.now_s())?;
    let updates = store.updates_from(offset, limit)?;
    Ok(updates.into_iter().map(|update| update.body).collect())
}

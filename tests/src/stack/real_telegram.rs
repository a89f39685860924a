//! Brings the updates of a real bot to a stack that has no public address.
//!
//! It asks for updates and posts each to the webhook as Telegram would. An update is confirmed to Telegram only by asking
//! for the next, so one that the webhook does not take is given again.

use std::time::Duration;

use lambdagram_domain::retry;
use lambdagram_domain::secret::Secret;
use lambdagram_telegram::bot_api::{BotApi, BotApiError};
use lambdagram_telegram::http::client_builder;
use lambdagram_telegram::setup::ALLOWED_UPDATES;
use serde_json::{Value, json};

use crate::clock::Clock;

/// How long Telegram holds a question open when there is nothing to tell (core.telegram.org/bots/api#getupdates).
const LONG_POLL: Duration = Duration::from_secs(50);

/// Asks for updates until it is dropped, and hands each to the webhook at `url`.
pub(super) async fn forward(bot: BotApi, url: String, secret: Secret, clock: Clock) {
    let http = client_builder().build().expect("the bot's own client was built before");
    let mut offset = 0;
    let mut failures = 0;
    loop {
        let outcome = match updates(&bot, offset).await {
            Ok(updates) => hand_over(&http, &url, &secret, updates, &mut offset).await,
            Err(error) => Err(error.to_string()),
        };
        match outcome {
            Ok(()) => failures = 0,
            Err(reason) => {
                failures += 1;
                let pause = retry::delay_after(failures.min(5)).unwrap_or_default();
                tracing::warn!(reason, pause_s = pause.as_secs(), "Updates do not come through");
                clock.sleep(pause).await;
            }
        }
    }
}

async fn updates(bot: &BotApi, offset: i64) -> Result<Vec<Value>, BotApiError> {
    let parameters =
        json!({"offset": offset, "timeout": LONG_POLL.as_secs(), "allowed_updates": ALLOWED_UPDATES});
    let Value::Object(parameters) = parameters else { unreachable!("parameters are written as an object") };
    bot.call("getUpdates", parameters, Vec::new(), LONG_POLL + Duration::from_secs(10)).await
}

async fn hand_over(
    http: &reqwest::Client,
    url: &str,
    secret: &Secret,
    updates: Vec<Value>,
    offset: &mut i64,
) -> Result<(), String> {
    for update in updates {
        let request = http.post(url).header("x-telegram-bot-api-secret-token", secret.expose()).json(&update);
        let answer = request.send().await.map_err(|error| error.without_url().to_string())?;
        if !answer.status().is_success() {
            return Err(format!("the webhook answered {}", answer.status()));
        }
        *offset = update.get("update_id").and_then(Value::as_i64).map_or(*offset, |id| id + 1);
    }
    Ok(())
}

//! The two halves of a stack, the bot's and the accounts'. With the real Telegram, one may do without the other: its
//! functions then do not run, and say what is missing whenever somebody calls them.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::gateway::{Answered, Invoke, Invoked};
use crate::lambda::Lambda;
use crate::template::Model;

/// What is missing when there is no bot.
const NO_BOT: &str = "--telegram real needs BOT_TOKEN, the token of your bot";

/// What is missing when there are no accounts.
const NO_ACCOUNTS: &str =
    "--telegram real needs TELEGRAM_API_ID and TELEGRAM_API_HASH, which my.telegram.org gives, for accounts";

/// The functions that do not run, by logical id, each with the reason.
pub(super) type Missing = BTreeMap<String, String>;

/// The functions of the template that have no secrets to work with, or queue work for the bot that is not there.
pub(super) fn missing(model: &Model, has_bot: bool, has_accounts: bool) -> Missing {
    let halves = [
        ("SECRETS_ID", has_bot, NO_BOT),
        ("BOT_QUEUE_URL", has_bot, NO_BOT),
        ("ACCOUNT_SECRETS_ID", has_accounts, NO_ACCOUNTS),
    ];
    let lacks = |function: &crate::template::model::Function| {
        let half =
            halves.iter().find(|(variable, has, _)| !has && function.environment.contains_key(*variable));
        half.map(|(_, _, reason)| (function.logical_id.clone(), (*reason).to_owned()))
    };
    model.functions.iter().filter_map(lacks).collect()
}

/// The functions as the gateway reaches them.
#[derive(Clone)]
pub(super) struct Reachable {
    pub(super) lambda: Lambda,
    pub(super) missing: Arc<Missing>,
}

impl Reachable {
    /// Whether the function does not run; says why in the log.
    fn is_missing(&self, function: &str) -> bool {
        let reason = self.missing.get(function);
        if let Some(reason) = reason {
            tracing::warn!("{function} does not run: {reason}");
        }
        reason.is_some()
    }
}

impl Invoke for Reachable {
    async fn invoke(&self, function: &str, payload: Bytes) -> Invoked {
        if self.is_missing(function) {
            return Invoked::Failed;
        }
        Invoke::invoke(&self.lambda, function, payload).await
    }

    async fn stream(&self, function: &str, payload: Bytes) -> Answered {
        if self.is_missing(function) {
            return Answered::Whole(Invoked::Failed);
        }
        Invoke::stream(&self.lambda, function, payload).await
    }
}

//! The simulated Telegram of a bench's stack, and what has arrived there.

use lambdagram_tests::telegram::bot_api::BotApi;

use crate::common::ground::{BenchStack, Failure, LOOK_EVERY, PATIENCE};

/// The Telegram that the stack's bot works with.
pub(crate) fn telegram(ours: &BenchStack) -> Result<&BotApi, Failure> {
    Ok(ours.stack.simulated().ok_or("a bench's stack has the simulated Telegram")?)
}

/// Returns once the bot has done `count` things in a chat.
pub(crate) async fn arrived(telegram: &BotApi, chat_id: i64, count: usize) -> Result<(), Failure> {
    let look = async {
        while telegram.messages(chat_id).len() < count {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let looked = tokio::time::timeout(PATIENCE, look).await;
    looked.map_err(|_| {
        format!("chat {chat_id} has {} of {count} messages", telegram.messages(chat_id).len()).into()
    })
}

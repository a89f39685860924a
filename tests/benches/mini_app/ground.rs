//! The simulated Telegram of a bench's stack, what has arrived there, and what a server beside it takes.

use std::time::Duration;

use lambdagram_tests::telegram::bot_api::BotApi;

use crate::common::figures::megabytes;
use crate::common::ground::{BenchStack, Failure, LOOK_EVERY, PATIENCE, bytes_of};

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

/// The resident memory of processes, as Linux counts it: pages they share count for each.
pub(crate) fn memory(processes: &[u32]) -> Result<String, Failure> {
    let bytes: Result<Vec<_>, _> = processes.iter().map(|process| bytes_of(*process, "VmRSS")).collect();
    let bytes = bytes?;
    let largest = bytes.iter().max().copied().unwrap_or_default();
    Ok(match bytes.len() {
        1 => format!("{}, 1 process", megabytes(largest)),
        count => {
            format!("{}, {count} processes, {} at most", megabytes(bytes.iter().sum()), megabytes(largest))
        }
    })
}

/// How often something happened in a second.
#[expect(clippy::cast_precision_loss, reason = "counts of a bench are small")]
pub(crate) fn rate(count: usize, within: Duration) -> String {
    format!("{:.0}/s", count as f64 / within.as_secs_f64())
}

//! Lets a stack come to rest, with its clock pushed forward whenever everything waits.

use std::time::Duration;

use super::Stack;
use crate::telegram::bot_api::BotApi;

/// How long a message may be on its way from the queue into its function's hands, when neither counts it.
const HANDOVER: Duration = Duration::from_millis(5);

impl Stack {
    /// Returns when nothing is left to do: every update is delivered to the webhook, and every queue that feeds a
    /// function is empty. Messages that are hidden and updates that are to be tried again are not waited for; the clock
    /// is advanced to when they are due.
    pub async fn settle(&self) {
        loop {
            for source in &self.sources {
                source.idle().await;
            }
            tokio::time::sleep(HANDOVER).await;
            if self.sources.iter().any(|source| source.in_flight() > 0) {
                continue;
            }
            let pending = self.simulated.as_ref().map_or(0, BotApi::pending_updates);
            if pending == 0 && self.waiting_messages() == 0 {
                return;
            }
            let now_ms = self.clock.now_ms();
            let next_delivery =
                self.simulated.as_ref().and_then(|simulated| *simulated.next_delivery().borrow());
            let due_ms =
                self.sqs.next_due_ms().into_iter().chain(next_delivery.filter(|_| pending > 0)).min();
            if let Some(due_ms) = due_ms.filter(|due_ms| *due_ms > now_ms) {
                self.clock.advance(Duration::from_millis(due_ms - now_ms));
            }
        }
    }

    /// Returns when no function is at work: a client that has left may have asked for more than it waited for.
    pub async fn rest(&self) {
        let is_at_work = || {
            let mut functions = self.model.functions.iter();
            functions.any(|function| self.lambda.in_flight(&function.logical_id) > 0)
        };
        while is_at_work() {
            tokio::time::sleep(HANDOVER).await;
        }
    }

    /// Messages in the queues that feed functions.
    fn waiting_messages(&self) -> usize {
        let sources = self.model.functions.iter().flat_map(|function| &function.queue_sources);
        let depths = sources.map(|source| self.sqs.depth(&source.queue));
        depths.map(|depth| depth.visible + depth.in_flight + depth.delayed).sum()
    }
}

//! Word of the end of a command, for whoever asked to be told: it goes to the dispatch queue, from where it is delivered.

use std::time::Duration;

use lambdagram_domain::dispatch::Delivery;
use lambdagram_domain::ids::JobId;

use super::BotWorker;
use crate::queue_worker::Verdict;

/// When the message comes again whose callback the dispatch queue did not take.
const PAUSE: Duration = Duration::from_secs(5);

impl BotWorker {
    /// Queues the word that `job` has ended, if somebody is to have it. The message must not go before: its repeat finds
    /// the job finished, and comes here again.
    pub(super) async fn tell(&self, job: &JobId, callback_url: Option<String>) -> Verdict {
        let Some(url) = callback_url else { return Verdict::Done };
        let delivery = Delivery::callback(job.clone(), url);
        let body = serde_json::to_string(&delivery).expect("a delivery is plain data");
        match self.dispatch_queue.send(&delivery.group(), delivery.id.as_str(), body).await {
            Ok(()) => Verdict::Done,
            Err(cause) => {
                tracing::warn!(job = %job, cause = %cause, "Who asked for it is told of its end later");
                Verdict::Later(PAUSE)
            }
        }
    }
}

//! Amazon SQS on this machine.
//!
//! The product hands over its work through queues, and what it promises (order per chat, nothing lost, nothing
//! twice) rests on their rules. So these are the real rules: FIFO groups that lock, a deduplication window,
//! visibility, redrive, the limits and the errors. Any AWS SDK and the `aws` command can use the endpoint.
//!
//! From the outside in: `http.rs` speaks the two protocols (`query.rs` translates the older one), `api/` holds
//! the actions, [`Sqs`] is the handle that they share with the event source poller, `state.rs` is all
//! queues, `queue.rs` one of them, `store.rs` the file. Who may call is not asked here: signatures are the business
//! of the layer in front.

mod api;
mod attributes;
mod deduplication;
mod error;
mod http;
mod limits;
mod message;
mod move_task;
mod query;
mod queue;
mod redrive;
mod state;
mod store;
mod stored;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

pub use self::error::{OpenError, SqsError};
use self::limits::{BATCH_ENTRIES, VISIBILITY_S, WAIT_S};
use self::message::validate_id;
pub use self::message::{
    MessageAttribute, MessageAttributes, ReceivedMessage, Send, Sent, StoredMessage, Visibility,
    attributes_md5,
};
pub use self::queue::Depth;
use self::state::{State, Wanted};
use self::store::Store;
use super::ACCOUNT;
use crate::clock::Clock;

/// The file of the queues, in the data folder.
const FILE: &str = "sqs.sqlite";

/// All queues of the stack. A clone is another handle to the same queues.
#[derive(Clone)]
pub struct Sqs(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    clock: Clock,
    endpoint: RwLock<String>,
}

/// How to receive.
#[derive(Clone, Debug, Default)]
pub struct Receive {
    /// Most messages to receive, 1 to 10; 1 if absent.
    pub max_messages: Option<i64>,
    /// Seconds to wait for a message, 0 to 20; the queue's own if absent.
    pub wait_seconds: Option<i64>,
    /// Seconds that received messages stay hidden, 0 to 43,200; the queue's own if absent.
    pub visibility_timeout: Option<i64>,
    /// FIFO: names this attempt. Accepted, and without effect: no answer is lost on the way here.
    pub attempt_id: Option<String>,
}

impl Sqs {
    /// Opens the queues that lie in `data_dir`, which is created if need be.
    ///
    /// # Errors
    /// When the folder or the file cannot be created, read or written.
    pub fn open(data_dir: &Path, clock: Clock) -> Result<Self, OpenError> {
        std::fs::create_dir_all(data_dir)?;
        let store = Store::open(&data_dir.join(FILE))?;
        let state = Mutex::new(State::load(store)?);
        Ok(Self(Arc::new(Inner { state, clock, endpoint: RwLock::default() })))
    }

    /// Tells where the endpoint is, once its listener is bound: queue URLs are `{endpoint}/{account}/{name}`.
    pub fn set_endpoint(&self, endpoint: &str) {
        let mut current = self.0.endpoint.write().unwrap_or_else(PoisonError::into_inner);
        endpoint.trim_end_matches('/').clone_into(&mut current);
    }

    /// Creates a queue, or brings the settings of an existing one to exactly these. A queue that others name as
    /// their dead-letter queue comes before them.
    ///
    /// # Errors
    /// When the name, a setting or the redrive policy is refused, or the file cannot be written.
    pub fn ensure_queue(&self, name: &str, attributes: &BTreeMap<String, String>) -> Result<(), SqsError> {
        self.with_state(|state, now_ms| state.ensure(name, attributes, now_ms))
    }

    /// The URL of a queue.
    pub fn queue_url(&self, name: &str) -> String {
        let endpoint = self.0.endpoint.read().unwrap_or_else(PoisonError::into_inner);
        format!("{endpoint}/{ACCOUNT}/{name}")
    }

    /// Receives messages; waits for the first as long as asked. Dropping the future loses nothing.
    ///
    /// # Errors
    /// When the queue does not exist or the request is out of range; [`SqsError::OverLimit`] when 120,000 messages
    /// of a standard queue are in flight and no waiting is asked for.
    pub async fn receive(&self, queue: &str, request: Receive) -> Result<Vec<ReceivedMessage>, SqsError> {
        let wanted = request.check()?;
        let started_ms = self.0.clock.now_ms();
        loop {
            let changed = self.with_state(|state, _| state.changed(queue))?;
            let mut changed = pin!(changed.notified());
            changed.as_mut().enable();
            let (received, wake_ms) = self.with_state(|state, now_ms| {
                let received = state.receive(queue, &wanted, now_ms)?;
                let entry = state.entry(queue)?;
                let attributes = &entry.queue.attributes;
                let wait_s = request.wait_seconds.map_or(u64::from(attributes.wait_s()), i64::unsigned_abs);
                let deadline_ms = started_ms + wait_s * 1000;
                if received.is_empty() && wait_s == 0 && entry.queue.is_full() && !attributes.is_fifo() {
                    return Err(SqsError::OverLimit { queue: queue.to_owned() });
                }
                let due_ms = state.next_due_ms().map_or(deadline_ms, |due_ms| due_ms.min(deadline_ms));
                Ok((received, (now_ms < deadline_ms).then_some(due_ms)))
            })?;
            let Some(wake_ms) = wake_ms.filter(|_| received.is_empty()) else {
                return Ok(received);
            };
            tokio::select! {
                () = changed => {}
                () = self.0.clock.sleep_until_ms(wake_ms) => {}
            }
        }
    }

    /// Deletes a received message.
    ///
    /// # Errors
    /// When the queue does not exist, the receipt handle is none of its own, or (FIFO) has expired.
    pub fn delete(&self, queue: &str, receipt_handle: &str) -> Result<(), SqsError> {
        self.with_state(|state, _| state.entry_mut(queue)?.queue.delete(receipt_handle))
    }

    /// Sends a message.
    ///
    /// # Errors
    /// When the queue does not exist, or the message breaks one of its rules.
    pub fn send(&self, queue: &str, message: Send) -> Result<Sent, SqsError> {
        self.with_state(|state, now_ms| state.send(queue, message, now_ms))
    }

    /// Hides a received message for `seconds` from now; zero shows it at once.
    ///
    /// # Errors
    /// When the queue does not exist, the message is not in flight, or 12 hours are exceeded.
    pub fn change_visibility(&self, queue: &str, receipt_handle: &str, seconds: u32) -> Result<(), SqsError> {
        check_visibility_timeout(i64::from(seconds))?;
        self.with_state(|state, now_ms| {
            state.entry_mut(queue)?.queue.change_visibility(now_ms, receipt_handle, seconds)
        })
    }

    /// How many messages a queue holds; none if there is no such queue.
    pub fn depth(&self, queue: &str) -> Depth {
        self.look(|state| state.entry(queue).map(|entry| entry.queue.depth()).unwrap_or_default())
    }

    /// The nearest clock time at which a hidden message becomes visible, in milliseconds.
    pub fn next_due_ms(&self) -> Option<u64> {
        self.look(State::next_due_ms)
    }

    /// The messages of a queue in order, whatever their visibility, without receiving them.
    pub fn messages(&self, queue: &str) -> Vec<StoredMessage> {
        self.look(|state| state.entry(queue).map(|entry| entry.queue.stored()).unwrap_or_default())
    }

    /// The HTTP endpoint.
    pub fn router(&self) -> axum::Router {
        http::router(self.clone())
    }

    /// Drops all messages of all queues, and the memory of what was sent.
    pub fn reset(&self) {
        let done = self.with_state(|state, _| {
            state.reset();
            Ok(())
        });
        if let Err(error) = done {
            tracing::error!(%error, "the queues could not be emptied");
        }
    }

    /// Does something with the queues at the present time, and writes down what came of it.
    fn with_state<T>(&self, act: impl FnOnce(&mut State, u64) -> Result<T, SqsError>) -> Result<T, SqsError> {
        let mut state = self.lock();
        let now_ms = self.0.clock.now_ms();
        state.advance(now_ms)?;
        let result = act(&mut state, now_ms);
        if let Err(error) = state.commit() {
            tracing::error!(cause = ?error, "the file of the queues cannot be written");
            return Err(error);
        }
        result
    }

    /// Looks at the queues at the present time.
    fn look<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        let mut state = self.lock();
        if let Err(error) = state.advance(self.0.clock.now_ms()) {
            tracing::error!(cause = ?error, "the file of the queues cannot be read");
        }
        read(&state)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Receive {
    fn check(&self) -> Result<Wanted, SqsError> {
        let limit = self.max_messages.map_or(Ok(1), usize::try_from).unwrap_or(0);
        if !(1..=BATCH_ENTRIES).contains(&limit) {
            let reason = format!("Must be between 1 and {BATCH_ENTRIES}, if provided.");
            let given = self.max_messages.unwrap_or_default();
            return Err(SqsError::invalid("MaxNumberOfMessages", &given, reason));
        }
        if let Some(wait) = self.wait_seconds
            && !(0..=i64::from(WAIT_S)).contains(&wait)
        {
            let reason = format!("Must be >= 0 and <= {WAIT_S}, if provided.");
            return Err(SqsError::invalid("WaitTimeSeconds", &wait, reason));
        }
        let visibility_s = self.visibility_timeout.map(check_visibility_timeout).transpose()?;
        validate_id("ReceiveRequestAttemptId", self.attempt_id.as_deref())?;
        Ok(Wanted { limit, visibility_s })
    }
}

fn check_visibility_timeout(seconds: i64) -> Result<u32, SqsError> {
    u32::try_from(seconds).ok().filter(|seconds| *seconds <= VISIBILITY_S).ok_or_else(|| {
        let reason = format!("VisibilityTimeout must be an integer between 0 and {VISIBILITY_S}");
        SqsError::invalid("VisibilityTimeout", &seconds, reason)
    })
}

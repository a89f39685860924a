//! The Lambda service on this machine: function processes, their Runtime API, and queue polling.
//!
//! A function is a process that knows nothing of this stack: it gets Lambda's environment and asks Lambda's Runtime
//! API for work. What Lambda promises holds here too, because the product leans on it: one invocation at a time per
//! process, a process frozen between invocations, limits of size and time, and an environment that is gone after a
//! crash or a time-out. Not imitated: memory and bandwidth limits, and START, END and REPORT lines.
//!
//! From the outside in: [`Lambda`] is the handle; `pool.rs` knows all processes and picks one; `life.rs` is one
//! process from its start to its end; `runtime_api.rs` is what that process talks to; `stream.rs` carries an answer
//! that comes in pieces; `launch.rs` starts the process.
//! [`event_source`] feeds functions from queues.

pub mod event_source;
mod invocation;
mod launch;
mod life;
mod logs;
mod pool;
mod runtime_api;
mod sqs_event;
mod stream;
mod work;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rustix::process::Signal;
use tokio::sync::oneshot;

pub use self::invocation::{Invocation, PAYLOAD_LIMIT};
pub use self::launch::{Launcher, die_with_parent};
pub use self::logs::{LogLine, LogSink, Stream};
pub use self::pool::{ProcessInfo, ProcessState};
pub use self::stream::{Answer, ResponseStream};

use self::launch::Spawner;
use self::pool::{Choice, Pool};
use self::work::Work;
use crate::clock::Clock;
use crate::template::model::Function;

/// How long a function may take from its start to its first request for work (Lambda quotas: initialization phase).
const INITIALISATION: Duration = Duration::from_secs(10);

/// How many processes there may be at once: a tenth of an account's default concurrency, since one machine carries
/// them all.
const PROCESSES: usize = 100;

/// Idle processes kept per function. A burst wider than this is rare here, and each costs memory.
const IDLE_PER_FUNCTION: usize = 10;

/// How long an idle process is kept, in real time. Lambda says only "some time"; observers report 5 to 15 minutes.
const IDLE_LIFE: Duration = Duration::from_mins(10);

/// How long processes may take to leave when the stack stops. Together with [`KILLED_WITHIN`] below two seconds, which
/// is what Ctrl-C promises.
const LEAVE_WITHIN: Duration = Duration::from_millis(1_200);

/// How long killed processes may take to be gone.
const KILLED_WITHIN: Duration = Duration::from_millis(600);

/// Most bytes of a streamed answer: 200 MB (Lambda quotas, "Invocation payload"), in the same megabytes as the 6 MB
/// of a buffered one.
pub const STREAM_LIMIT: usize = 200 * 1024 * 1024;

/// What the Lambda service is made of.
pub struct Options {
    /// The functions, from the template.
    pub functions: Vec<Function>,
    /// How a function is started.
    pub launcher: Launcher,
    /// Variables every function gets besides its own, which they override: endpoints, secrets, `RUST_LOG`.
    pub extra_environment: BTreeMap<String, String>,
    /// The stack's clock.
    pub clock: Clock,
    /// Where the functions' output goes.
    pub logs: LogSink,
    /// The limits; the default is Lambda's, or what one machine can carry.
    pub limits: Limits,
}

/// Limits that tests narrow.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Processes at once, over all functions.
    pub processes: usize,
    /// Idle processes kept per function.
    pub idle_per_function: usize,
    /// Real time an idle process is kept.
    pub idle_life: Duration,
    /// Real time from a process's start to its first request for work.
    pub initialisation: Duration,
    /// Most bytes of a streamed answer.
    pub streamed_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            processes: PROCESSES,
            idle_per_function: IDLE_PER_FUNCTION,
            idle_life: IDLE_LIFE,
            initialisation: INITIALISATION,
            streamed_bytes: STREAM_LIMIT,
        }
    }
}

/// The Lambda service. A clone is another handle; when the last one is dropped, every process is killed.
#[derive(Clone)]
pub struct Lambda(Arc<Handle>);

/// Ends the processes when the last [`Lambda`] is dropped; the lives of processes hold only what is shared.
struct Handle(Arc<Shared>);

/// What the service and the lives of its processes share.
struct Shared {
    functions: BTreeMap<String, Arc<Function>>,
    launcher: Launcher,
    spawner: Spawner,
    extra_environment: BTreeMap<String, String>,
    clock: Clock,
    logs: LogSink,
    limits: Limits,
    pool: Pool,
}

impl Lambda {
    /// A service without a process yet: the first invocation of a function starts one.
    ///
    /// # Panics
    /// Outside a Tokio runtime, and when the system has no thread left.
    pub fn new(options: Options) -> Self {
        let functions = options.functions.into_iter();
        Self(Arc::new(Handle(Arc::new(Shared {
            functions: functions.map(|function| (function.logical_id.clone(), Arc::new(function))).collect(),
            launcher: options.launcher,
            spawner: Spawner::start(),
            extra_environment: options.extra_environment,
            clock: options.clock,
            logs: options.logs,
            limits: options.limits,
            pool: Pool::new(options.limits),
        }))))
    }

    /// Invokes a function and waits for its answer, as Lambda's `Invoke` does: a streamed answer is waited for to its
    /// end. An invocation that nobody waits for any longer still runs to its end, as on Lambda.
    pub async fn invoke(&self, logical_id: &str, payload: Bytes) -> Invocation {
        match self.stream(logical_id, payload).await {
            Answer::Whole(outcome) => outcome,
            Answer::Stream(stream) => stream.collect().await,
        }
    }

    /// Invokes a function and takes its answer as it comes, as Lambda's `InvokeWithResponseStream` does. Until the
    /// stream has ended the process is at work, within the function's timeout. A function that does not stream gives
    /// a whole answer.
    pub async fn stream(&self, logical_id: &str, payload: Bytes) -> Answer {
        let shared = &self.0.0;
        let Some(function) = shared.functions.get(logical_id) else {
            return Answer::Whole(Invocation::NotFound);
        };
        if payload.len() > PAYLOAD_LIMIT {
            return Answer::Whole(Invocation::PayloadTooLarge { bytes: payload.len() });
        }
        let (answer, answered) = oneshot::channel();
        shared.dispatch(function, Work::new(payload, answer));
        answered.await.unwrap_or(Answer::Whole(Invocation::Stopped))
    }

    /// Every process there is, in the order of their starts.
    pub fn processes(&self) -> Vec<ProcessInfo> {
        self.0.0.pool.processes()
    }

    /// How many invocations of a function are running.
    pub fn in_flight(&self, logical_id: &str) -> usize {
        self.0.0.pool.in_flight(logical_id)
    }

    /// Returns once `condition` holds for the processes; looks whenever one starts, changes its state or ends.
    pub async fn wait_until(&self, condition: impl Fn(&[ProcessInfo]) -> bool) {
        self.0.0.pool.wait_until(condition).await;
    }

    /// Kills the process that was given this access key id, as a machine that fails would. `false`: there is none.
    pub fn kill(&self, access_key_id: &str) -> bool {
        self.0.0.pool.signal(Signal::KILL, |process| process.access_key_id == access_key_id) > 0
    }

    /// Kills every process that is at work on an invocation of this function; tells how many there were.
    pub fn kill_running(&self, logical_id: &str) -> usize {
        self.0.0.pool.signal(Signal::KILL, |process| {
            process.function == logical_id && process.state == ProcessState::Running
        })
    }

    /// Ends every process and returns when they are gone, within two seconds. Later invocations are
    /// [`Invocation::Stopped`].
    pub async fn shutdown(&self) {
        let pool = &self.0.0.pool;
        let idle = pool.close();
        pool.signal(Signal::CONT, |_| true);
        pool.signal(Signal::TERM, |_| true);
        if tokio::time::timeout(LEAVE_WITHIN, pool.wait_until(<[_]>::is_empty)).await.is_err() {
            pool.signal(Signal::KILL, |_| true);
            if tokio::time::timeout(KILLED_WITHIN, pool.wait_until(<[_]>::is_empty)).await.is_err() {
                tracing::error!(processes = pool.processes().len(), "Function processes outlive their kill");
            }
        }
        drop(idle);
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let idle = self.0.pool.close();
        self.0.pool.signal(Signal::KILL, |_| true);
        drop(idle);
    }
}

impl Shared {
    /// Gives the work to a process, a new one if none is idle.
    fn dispatch(self: &Arc<Self>, function: &Arc<Function>, mut work: Work) {
        loop {
            match self.pool.choose(function, self.clock.offset_ms()) {
                Choice::Idle(hand) => match hand.send(work) {
                    Ok(()) => return,
                    Err(returned) => work = returned,
                },
                Choice::Start(number) => {
                    tokio::spawn(life::live(Arc::clone(self), Arc::clone(function), number, work));
                    return;
                }
                Choice::TooManyRequests => return work.finish(Invocation::TooManyRequests),
                Choice::Stopped => return work.finish(Invocation::Stopped),
            }
        }
    }
}

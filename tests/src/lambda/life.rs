//! One process from its start to its end: initialise, serve, freeze, serve again, leave.

use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::StatusCode;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::launch::launch;
use super::logs::Stream;
use super::pool::ProcessState;
use super::runtime_api::{Call, Event, Outcome, RuntimeApi};
use super::stream::End;
use super::work::Work;
use super::{Invocation, Shared};
use crate::aws::{ACCOUNT, REGION};
use crate::template::model::Function;

/// How long an answer waits for the function to ask for more. An invocation ends with that request; a caller who
/// invokes again at once then finds the process idle. A function that does something else first is not waited for.
const ANSWER_WITHIN: Duration = Duration::from_millis(100);

/// How long the last lines of a process that is gone may take to be read.
const LAST_LINES_WITHIN: Duration = Duration::from_secs(1);

type Next = oneshot::Sender<Event>;
type Hand = oneshot::Receiver<Work>;

/// What a process does next.
enum Step {
    Call(Call),
    Exit(Option<ExitStatus>),
    Late,
}

struct Process {
    shared: Arc<Shared>,
    function: Arc<Function>,
    number: u64,
    offset_ms: u64,
    child: Child,
    group: Option<Pid>,
    api: RuntimeApi,
    output: JoinSet<()>,
}

/// Starts process `number` for an invocation and lives its life.
pub(super) async fn live(shared: Arc<Shared>, function: Arc<Function>, number: u64, work: Work) {
    let (mut process, is_welcome) = match Process::start(&shared, &function, number).await {
        Ok(started) => started,
        Err(cause) => {
            shared.pool.remove(number);
            let message = format!("RequestId: {} Error: {}: {cause}", work.request_id, function.binary);
            shared.logs.push(&function.logical_id, Stream::Platform, message.clone());
            return work.finish(Invocation::function_error("Runtime.InvalidEntrypoint", &message));
        }
    };
    if is_welcome {
        process.work(work).await;
    } else {
        work.finish(Invocation::Stopped);
    }
    process.end().await;
}

impl Process {
    /// The process, and whether the service still wants it.
    async fn start(
        shared: &Arc<Shared>,
        function: &Arc<Function>,
        number: u64,
    ) -> std::io::Result<(Self, bool)> {
        let api = RuntimeApi::bind(shared.limits.streamed_bytes).await?;
        let offset_ms = shared.clock.offset_ms();
        let access_key_id = shared.pool.access_key_id(number);
        let mut child = launch(shared, function, &access_key_id, &api.address, offset_ms).await?;
        let mut output = JoinSet::new();
        let name = &function.logical_id;
        if let Some(stdout) = child.stdout.take() {
            output.spawn(shared.logs.clone().follow(name.clone(), Stream::Stdout, stdout));
        }
        if let Some(stderr) = child.stderr.take() {
            output.spawn(shared.logs.clone().follow(name.clone(), Stream::Stderr, stderr));
        }
        let group = child.id().and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
        let is_welcome = group.is_some_and(|group| shared.pool.started(number, group));
        let (shared, function) = (Arc::clone(shared), Arc::clone(function));
        Ok((Self { shared, function, number, offset_ms, child, group, api, output }, is_welcome))
    }

    /// Serves this invocation and all later ones; returns when the process is to end.
    async fn work(&mut self, first: Work) {
        let Some((mut next, mut work)) = self.initialise(first).await else {
            return;
        };
        loop {
            self.shared.pool.set(self.number, ProcessState::Running);
            let Some((asked, hand)) = self.serve(work, next).await else {
                return;
            };
            let Some(more) = self.rest(hand).await else { return };
            (next, work) = (asked, more);
        }
    }

    /// Waits until the function asks for its first invocation.
    async fn initialise(&mut self, work: Work) -> Option<(Next, Work)> {
        let deadline = Instant::now() + self.shared.limits.initialisation;
        let outcome = match self.step(deadline).await {
            Step::Call(Call::Next(next)) => return Some((next, work)),
            Step::Call(Call::InitError { error_type, payload, verdict }) => {
                let _ = verdict.send(StatusCode::ACCEPTED);
                Invocation::FunctionError { error_type, payload }
            }
            Step::Call(Call::Answer { .. } | Call::Begin { .. } | Call::End { .. }) => {
                Invocation::function_error(
                    "Runtime.InvalidStateTransition",
                    &format!(
                        "RequestId: {} Error: The function answered before it was asked",
                        work.request_id
                    ),
                )
            }
            Step::Exit(status) => self.failed(Invocation::crashed(&work.request_id, status)),
            Step::Late => {
                self.failed(Invocation::timed_out(&work.request_id, self.shared.limits.initialisation))
            }
        };
        work.finish(outcome);
        None
    }

    /// Hands out one invocation and sees it through until the process is frozen. `None`: it is gone, or of no use.
    ///
    /// A streamed answer belongs to the invocation to its last byte, and so does the function's time.
    async fn serve(&mut self, mut work: Work, next: Next) -> Option<(Next, Hand)> {
        let timeout = self.function.timeout;
        let deadline = Instant::now() + timeout;
        let mut undelivered = next.send(self.event(&work)).err();
        loop {
            match self.step(deadline).await {
                // The connection broke before the invocation reached the function: it asks again.
                Step::Call(Call::Next(again)) => {
                    if let Some(event) = undelivered.take() {
                        undelivered = again.send(event).err();
                    }
                }
                Step::Call(Call::Answer { request_id, outcome, verdict })
                    if request_id == work.request_id && !work.is_streaming() =>
                {
                    let (status, outcome) = judge(outcome);
                    let _ = verdict.send(status);
                    return self.conclude(work, outcome, deadline).await;
                }
                Step::Call(Call::Begin { request_id, incoming, verdict })
                    if request_id == work.request_id && !work.is_streaming() =>
                {
                    work.begin(incoming);
                    let _ = verdict.send(StatusCode::ACCEPTED);
                }
                Step::Call(Call::End { request_id, end, verdict })
                    if request_id == work.request_id && work.is_streaming() =>
                {
                    let Some((status, outcome)) = judge_stream(end) else {
                        self.break_off(work, deadline).await;
                        return None;
                    };
                    let _ = verdict.send(status);
                    return self.conclude(work, outcome, deadline).await;
                }
                Step::Call(call) => refuse(call),
                // It was gone before the invocation reached it: another process serves it.
                Step::Exit(_) if undelivered.is_some() => {
                    self.shared.dispatch(&self.function, work);
                    return None;
                }
                Step::Exit(status) => {
                    let outcome = self.failed(Invocation::crashed(&work.request_id, status));
                    work.finish(outcome);
                    return None;
                }
                Step::Late => {
                    self.signal(Signal::KILL);
                    let outcome = self.failed(Invocation::timed_out(&work.request_id, timeout));
                    work.finish(outcome);
                    return None;
                }
            }
        }
    }

    /// Says how an invocation ended whose stream broke off: what breaks the connection is mostly the end of the process.
    async fn break_off(&mut self, work: Work, deadline: Instant) {
        let limit = deadline.min(Instant::now() + ANSWER_WITHIN);
        let outcome = loop {
            match self.step(limit).await {
                Step::Call(call) => refuse(call),
                Step::Exit(status) => break self.failed(Invocation::crashed(&work.request_id, status)),
                Step::Late => {
                    break Invocation::function_error("Runtime.TruncatedResponse", "Response body truncated");
                }
            }
        };
        work.finish(outcome);
    }

    /// Passes the answer on and freezes the process when it asks for more, at the latest at the deadline.
    async fn conclude(&mut self, work: Work, outcome: Invocation, deadline: Instant) -> Option<(Next, Hand)> {
        self.shared.pool.set(self.number, ProcessState::Answered);
        let mut answer = Some((work, outcome));
        let mut limit = deadline.min(Instant::now() + ANSWER_WITHIN);
        let frozen = loop {
            match self.step(limit).await {
                Step::Call(Call::Next(next)) => break Some((next, self.freeze())),
                Step::Call(call) => refuse(call),
                Step::Exit(_) => break None,
                Step::Late => match answer.take() {
                    Some((work, outcome)) => {
                        work.finish(outcome);
                        limit = deadline;
                    }
                    None => break None,
                },
            }
        };
        if let Some((work, outcome)) = answer {
            work.finish(outcome);
        }
        frozen
    }

    /// Stops the process, as Lambda freezes an environment between invocations.
    fn freeze(&self) -> Hand {
        self.signal(Signal::STOP);
        self.shared.pool.rest(self.number, &self.function.logical_id, self.offset_ms)
    }

    /// Waits, frozen, for the next invocation, and thaws for it. `None`: the process is gone, or is to end.
    async fn rest(&mut self, mut hand: Hand) -> Option<Work> {
        let (given, is_gone) = tokio::select! {
            given = &mut hand => (given.ok(), false),
            _ = self.child.wait() => (self.last_work(hand), true),
            () = tokio::time::sleep(self.shared.limits.idle_life) => (self.last_work(hand), false),
        };
        let work = given?;
        if is_gone {
            self.shared.dispatch(&self.function, work);
            return None;
        }
        self.signal(Signal::CONT);
        Some(work)
    }

    /// Withdraws from the pool; the work that came in this moment, if any. Later work goes to another process.
    fn last_work(&self, mut hand: Hand) -> Option<Work> {
        self.shared.pool.withdraw(self.number);
        hand.close();
        hand.try_recv().ok()
    }

    /// What the process does next; calls come before its exit, which may follow at once.
    async fn step(&mut self, deadline: Instant) -> Step {
        tokio::select! {
            biased;
            Some(call) = self.api.calls.recv() => Step::Call(call),
            status = self.child.wait() => Step::Exit(status.ok()),
            () = tokio::time::sleep_until(deadline) => Step::Late,
        }
    }

    fn event(&self, work: &Work) -> Event {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let deadline = now + Duration::from_millis(self.offset_ms) + self.function.timeout;
        let id = uuid::Uuid::new_v4().simple().to_string();
        Event {
            request_id: work.request_id.clone(),
            deadline_ms: u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX),
            function_arn: format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{}", self.function.logical_id),
            trace_id: format!("Root=1-{:08x}-{};Sampled=0", now.as_secs(), &id[..24]),
            payload: work.payload.clone(),
        }
    }

    /// Says in the function's log what Lambda would say there.
    fn failed(&self, outcome: Invocation) -> Invocation {
        if let Invocation::TimedOut { message } | Invocation::Crashed { message } = &outcome {
            self.shared.logs.push(&self.function.logical_id, Stream::Platform, message.clone());
        }
        outcome
    }

    /// Signals the process and whatever it started, unless it is gone and its id may be another's.
    fn signal(&self, signal: Signal) {
        if let (Some(group), Some(_)) = (self.group, self.child.id()) {
            let _ = kill_process_group(group, signal);
        }
    }

    /// Kills the process if it still lives, and forgets it once its last lines are read.
    async fn end(mut self) {
        self.shared.pool.set(self.number, ProcessState::Retiring);
        self.signal(Signal::KILL);
        if let Err(cause) = self.child.wait().await {
            tracing::error!(function = self.function.logical_id, %cause, "A process could not be waited for");
        }
        let mut output = self.output;
        let _ =
            tokio::time::timeout(LAST_LINES_WITHIN, async { while output.join_next().await.is_some() {} })
                .await;
        self.shared.pool.remove(self.number);
    }
}

/// What the process is told about its answer, and what the caller gets.
fn judge(outcome: Outcome) -> (StatusCode, Invocation) {
    match outcome {
        Outcome::Response(payload) => (StatusCode::ACCEPTED, Invocation::Success(payload)),
        Outcome::Error { error_type, payload } => {
            (StatusCode::ACCEPTED, Invocation::FunctionError { error_type, payload })
        }
        Outcome::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, Invocation::ResponseTooLarge),
    }
}

/// As [`judge`], for the end of a stream; nothing for one that broke off.
fn judge_stream(end: End) -> Option<(StatusCode, Invocation)> {
    Some(match end {
        End::Complete => (StatusCode::ACCEPTED, Invocation::Success(Bytes::new())),
        End::Error { error_type, payload } => {
            (StatusCode::ACCEPTED, Invocation::FunctionError { error_type, payload })
        }
        End::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, Invocation::ResponseTooLarge),
        End::Broken => return None,
    })
}

/// Refuses a call that this moment does not allow; a request for work is refused by dropping it.
fn refuse(call: Call) {
    match call {
        Call::Next(_) => {}
        Call::Answer { verdict, .. } | Call::Begin { verdict, .. } | Call::End { verdict, .. } => {
            let _ = verdict.send(StatusCode::BAD_REQUEST);
        }
        Call::InitError { verdict, .. } => drop(verdict.send(StatusCode::FORBIDDEN)),
    }
}

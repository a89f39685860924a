//! All processes: which are idle, which is taken next, how many there may be.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::sync::{oneshot, watch};

use super::{Limits, Work};
use crate::template::model::Function;

/// What a process is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessState {
    /// It was started for an invocation and has not asked for it yet.
    Starting,
    /// It is at work on an invocation.
    Running,
    /// It has answered and not yet asked for more.
    Answered,
    /// It is frozen, and waits for an invocation.
    Idle,
    /// It is being ended.
    Retiring,
}

/// A process, seen from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessInfo {
    /// The process id, once there is one; also the id of its process group.
    pub pid: Option<u32>,
    /// The function's logical id.
    pub function: String,
    /// What it is doing.
    pub state: ProcessState,
    /// Its `AWS_ACCESS_KEY_ID`, which no other process has.
    pub access_key_id: String,
}

/// What to do with an invocation.
pub(super) enum Choice {
    /// Hand it to this idle process.
    Idle(oneshot::Sender<Work>),
    /// Start a process with this number.
    Start(u64),
    /// As many processes are at work as there may be.
    TooManyRequests,
    /// The service is stopping.
    Stopped,
}

/// All processes.
pub(super) struct Pool {
    limits: Limits,
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    is_closed: bool,
    started: u64,
    processes: BTreeMap<u64, ProcessInfo>,
    /// The longest idle first.
    idle: Vec<Idle>,
}

/// A frozen process. Dropping `hand` retires it.
pub(super) struct Idle {
    number: u64,
    function: String,
    /// How far the clock was ahead when it was started.
    offset_ms: u64,
    hand: oneshot::Sender<Work>,
}

impl Pool {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, state: Mutex::default(), changed: watch::Sender::new(()) }
    }

    /// Picks the process that was idle for the shortest time, else makes room for a new one.
    ///
    /// A process that was started before the clock was advanced would tell the old time, so it is retired instead.
    pub(super) fn choose(&self, function: &Function, offset_ms: u64) -> Choice {
        self.change(|state| {
            if state.is_closed {
                return Choice::Stopped;
            }
            state.retire_where(|idle| idle.offset_ms != offset_ms);
            let latest = state.idle.iter().rposition(|idle| idle.function == function.logical_id);
            if let Some(at) = latest {
                let idle = state.idle.remove(at);
                state.set(idle.number, ProcessState::Running);
                return Choice::Idle(idle.hand);
            }
            let alive = state.processes.values().filter(|process| process.state != ProcessState::Retiring);
            if alive.count() >= self.limits.processes {
                if state.idle.is_empty() {
                    return Choice::TooManyRequests;
                }
                state.retire(0);
            }
            state.started += 1;
            let number = state.started;
            let process = ProcessInfo {
                pid: None,
                function: function.logical_id.clone(),
                state: ProcessState::Starting,
                access_key_id: format!("{}-{number}", function.logical_id),
            };
            state.processes.insert(number, process);
            Choice::Start(number)
        })
    }

    /// Notes the id of a started process. `false`: the service has stopped meanwhile.
    pub(super) fn started(&self, number: u64, pid: Pid) -> bool {
        self.change(|state| {
            if let Some(process) = state.processes.get_mut(&number) {
                process.pid = Some(pid.as_raw_nonzero().get().unsigned_abs());
            }
            !state.is_closed
        })
    }

    pub(super) fn set(&self, number: u64, process_state: ProcessState) {
        self.change(|state| state.set(number, process_state));
    }

    /// Takes a frozen process back. The receiver yields its next work, or an error when it is to end.
    pub(super) fn rest(&self, number: u64, function: &str, offset_ms: u64) -> oneshot::Receiver<Work> {
        let (hand, work) = oneshot::channel();
        self.change(|state| {
            if state.is_closed {
                return;
            }
            state.set(number, ProcessState::Idle);
            state.idle.push(Idle { number, function: function.to_owned(), offset_ms, hand });
            let siblings = state.idle.iter().filter(|idle| idle.function == function).count();
            if siblings > self.limits.idle_per_function
                && let Some(oldest) = state.idle.iter().position(|idle| idle.function == function)
            {
                state.retire(oldest);
            }
        });
        work
    }

    /// Withdraws an idle process, so that it is given no more work.
    pub(super) fn withdraw(&self, number: u64) {
        self.change(|state| state.idle.retain(|idle| idle.number != number));
    }

    /// Forgets a process that is gone.
    pub(super) fn remove(&self, number: u64) {
        self.change(|state| {
            state.idle.retain(|idle| idle.number != number);
            state.processes.remove(&number);
        });
    }

    /// Refuses all further work. The idle processes stay frozen until what is returned is dropped.
    pub(super) fn close(&self) -> Vec<Idle> {
        self.change(|state| {
            state.is_closed = true;
            std::mem::take(&mut state.idle)
        })
    }

    /// Sends a signal to the processes that `wanted` picks; tells how many.
    pub(super) fn signal(&self, signal: Signal, wanted: impl Fn(&ProcessInfo) -> bool) -> usize {
        let state = self.state();
        let wanted = state.processes.values().filter(|process| wanted(process));
        wanted
            .filter(|process| process.group().is_some_and(|group| kill_process_group(group, signal).is_ok()))
            .count()
    }

    pub(super) fn processes(&self) -> Vec<ProcessInfo> {
        self.state().processes.values().cloned().collect()
    }

    pub(super) fn access_key_id(&self, number: u64) -> String {
        self.state().processes.get(&number).map(|process| process.access_key_id.clone()).unwrap_or_default()
    }

    pub(super) fn in_flight(&self, function: &str) -> usize {
        let state = self.state();
        let at_work = state.processes.values().filter(|process| {
            process.function == function
                && matches!(process.state, ProcessState::Starting | ProcessState::Running)
        });
        at_work.count()
    }

    pub(super) async fn wait_until(&self, condition: impl Fn(&[ProcessInfo]) -> bool) {
        let mut changed = self.changed.subscribe();
        while !condition(&self.processes()) {
            // The sender lives in `self`, so waiting cannot fail.
            let _ = changed.changed().await;
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let changed = change(&mut self.state());
        self.changed.send_replace(());
        changed
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn set(&mut self, number: u64, process_state: ProcessState) {
        if let Some(process) = self.processes.get_mut(&number) {
            process.state = process_state;
        }
    }

    fn retire(&mut self, at: usize) {
        let idle = self.idle.remove(at);
        self.set(idle.number, ProcessState::Retiring);
    }

    fn retire_where(&mut self, unwanted: impl Fn(&Idle) -> bool) {
        while let Some(at) = self.idle.iter().position(&unwanted) {
            self.retire(at);
        }
    }
}

impl ProcessInfo {
    fn group(&self) -> Option<Pid> {
        self.pid.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw)
    }
}

//! The Lambda service, with real processes: `src/bin/probe/` is the function and does what its event says.

mod endings;
mod event_source;
mod processes;
mod streams;
mod survivors;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use lambdagram_tests::clock::Clock;
use lambdagram_tests::lambda::{Invocation, Lambda, Launcher, Limits, LogSink, Options, ProcessState};
use lambdagram_tests::template::model::Function;
use serde_json::{Value, json};

/// The test function's executable.
pub(crate) const PROBE: &str = env!("CARGO_BIN_EXE_probe");

/// A Lambda service with probes.
pub(crate) struct Bench {
    pub(crate) lambda: Lambda,
    pub(crate) clock: Clock,
    pub(crate) logs: LogSink,
}

/// A probe that may take ten seconds.
pub(crate) fn probe(logical_id: &str) -> Function {
    Function {
        logical_id: logical_id.to_owned(),
        binary: "probe".to_owned(),
        memory_mb: 256,
        timeout: Duration::from_secs(10),
        environment: BTreeMap::new(),
        routes: Vec::new(),
        queue_sources: Vec::new(),
        policy: Vec::new(),
    }
}

impl Bench {
    pub(crate) fn new(functions: Vec<Function>) -> Self {
        Self::limited(functions, Limits::default())
    }

    pub(crate) fn limited(functions: Vec<Function>, limits: Limits) -> Self {
        let (clock, logs) = (Clock::default(), LogSink::default());
        let lambda = Lambda::new(Options {
            functions,
            launcher: Launcher::Reexecute(PROBE.into()),
            extra_environment: BTreeMap::from([("RUST_LOG".to_owned(), "off".to_owned())]),
            clock: clock.clone(),
            logs: logs.clone(),
            limits,
        });
        Self { lambda, clock, logs }
    }

    pub(crate) async fn invoke(&self, function: &str, event: &Value) -> Invocation {
        self.lambda.invoke(function, Bytes::from(event.to_string())).await
    }

    /// The process that answers an invocation.
    async fn who(&self, function: &str) -> u64 {
        let answer = success(self.invoke(function, &json!({ "do": "who" })).await);
        answer["pid"].as_u64().expect("a process id")
    }

    /// Starts an invocation that never ends by itself, and waits until it runs.
    async fn hang(&self, function: &str) -> tokio::task::JoinHandle<Invocation> {
        let before = self.lambda.in_flight(function);
        let (lambda, name) = (self.lambda.clone(), function.to_owned());
        let hanging =
            tokio::spawn(async move { lambda.invoke(&name, Bytes::from_static(br#"{"do":"hang"}"#)).await });
        let is_running = |state| state == ProcessState::Running;
        self.lambda
            .wait_until(|processes| {
                processes.iter().filter(|it| it.function == function && is_running(it.state)).count() > before
            })
            .await;
        hanging
    }

    fn states(&self) -> Vec<ProcessState> {
        self.lambda.processes().into_iter().map(|process| process.state).collect()
    }
}

/// The answer of an invocation that must have one.
pub(crate) fn success(outcome: Invocation) -> Value {
    let Invocation::Success(payload) = outcome else { panic!("no answer, but {outcome:?}") };
    serde_json::from_slice(&payload).expect("the answer is JSON")
}

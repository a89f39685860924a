//! Nothing outlives the stack, however it goes.

use std::io::{BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use lambdagram_tests::lambda::Invocation;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use serde_json::json;

use super::{Bench, PROBE, probe};

#[tokio::test]
async fn shutting_down_ends_frozen_and_running_processes_within_two_seconds() {
    let bench = Bench::new(vec![probe("Camera")]);
    let hanging = bench.hang("Camera").await;
    bench.who("Camera").await;
    let gone: Vec<_> =
        bench.lambda.processes().into_iter().map(|process| watch(process.pid.unwrap())).collect();
    let started = Instant::now();
    bench.lambda.shutdown().await;
    assert!(started.elapsed() < Duration::from_secs(2));
    assert_eq!(bench.lambda.processes(), []);
    for process in gone {
        end_of(process).await;
    }
    assert!(matches!(hanging.await.unwrap(), Invocation::Crashed { .. }));
    assert_eq!(bench.invoke("Camera", &json!({})).await, Invocation::Stopped);
}

#[tokio::test]
async fn dropping_the_last_handle_kills_every_process() {
    let bench = Bench::new(vec![probe("Camera")]);
    bench.who("Camera").await;
    let process = watch(bench.lambda.processes()[0].pid.unwrap());
    drop(bench);
    end_of(process).await;
}

#[tokio::test]
async fn the_functions_of_a_killed_stack_die() {
    for arguments in [&["host", "probe"][..], &["host", "probe", "hang"], &["host", "orphan"]] {
        let (mut host, function) = host(arguments);
        let function = watch(function);
        kill_process(Pid::from_child(&host), Signal::KILL).unwrap();
        host.wait().unwrap();
        end_of(function).await;
    }
}

/// A stack of its own with one function; the function's process id.
fn host(arguments: &[&str]) -> (Child, u32) {
    let mut host = Command::new(PROBE).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(host.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (host, line.trim().parse().unwrap())
}

/// A process to be waited for, a child of this one or not.
fn watch(pid: u32) -> OwnedFd {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    pidfd_open(pid, PidfdFlags::empty()).unwrap()
}

/// Returns when the process has ended: that is when its descriptor becomes readable.
async fn end_of(process: OwnedFd) {
    let waiting =
        tokio::task::spawn_blocking(move || poll(&mut [PollFd::new(&process, PollFlags::IN)], None).unwrap());
    waiting.await.unwrap();
}

#[tokio::test]
async fn an_invocation_nobody_waits_for_runs_to_its_end() {
    let bench = Bench::new(vec![probe("Camera")]);
    let event = json!({ "do": "print", "stdout": "still done" }).to_string();
    let waiting = tokio::spawn({
        let lambda = bench.lambda.clone();
        async move { lambda.invoke("Camera", Bytes::from(event)).await }
    });
    bench.lambda.wait_until(|processes| !processes.is_empty()).await;
    waiting.abort();
    bench.logs.wait_for(|line| line.line == "still done").await;
}

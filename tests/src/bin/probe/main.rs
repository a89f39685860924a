//! A function for the tests of the local stack: it does what its event says.
//!
//! `probe function <anything>` is the function, as `local function <binary>` is one of the product's. `probe host` is a
//! Lambda service whose only purpose is to be killed: it runs one function and prints the function's process id.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what a function prints is its log")]

mod by_hand;
mod streams;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;

use lambda_runtime::{LambdaEvent, service_fn};
use lambdagram_tests::clock::Clock;
use lambdagram_tests::lambda::{Lambda, Launcher, Limits, LogSink, Options, ProcessState, die_with_parent};
use lambdagram_tests::template::model::Function;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use serde_json::{Value, json};

type Failure = lambda_runtime::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Failure> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next().as_deref()) {
        (Some("function"), Some("refuses_to_start")) => {
            eprintln!("a variable is missing");
            Ok(ExitCode::FAILURE)
        }
        (Some("function"), Some("never_asks")) => std::future::pending().await,
        (Some("function"), Some("reports_that_it_cannot_start")) => {
            report_init_error()?;
            Ok(ExitCode::FAILURE)
        }
        (Some("function"), Some("streams")) => {
            die_with_parent()?;
            streams::with_lambda_runtime().await?;
            Ok(ExitCode::SUCCESS)
        }
        (Some("function"), Some("streams_http")) => {
            die_with_parent()?;
            streams::with_lambda_http().await?;
            Ok(ExitCode::SUCCESS)
        }
        (Some("function"), Some("by_hand")) => {
            die_with_parent()?;
            by_hand::serve()?;
            Ok(ExitCode::SUCCESS)
        }
        (Some("function"), Some("orphan")) => function().await,
        (Some("function"), Some(_)) => {
            die_with_parent()?;
            function().await
        }
        (Some("host"), Some(binary)) => host(binary, arguments.next().as_deref() == Some("hang")).await,
        _ => Err("usage: probe function <name> | probe host <name> [hang]".into()),
    }
}

async fn function() -> Result<ExitCode, Failure> {
    lambda_runtime::run(service_fn(answer)).await?;
    Ok(ExitCode::SUCCESS)
}

/// What an event can ask for: `{"do": "...", ...}`. An event of the gateway asks through its body.
async fn answer(event: LambdaEvent<Value>) -> Result<Value, Failure> {
    let asked = event.payload["body"].as_str().and_then(|body| serde_json::from_str(body).ok());
    let asked: Value = asked.unwrap_or_else(|| event.payload.clone());
    if event.payload["Records"].is_array() {
        return Ok(work(&event.payload));
    }
    match asked["do"].as_str().unwrap_or("echo") {
        "answer" => Ok(asked["answer"].clone()),
        "big" => Ok(Value::String(
            "x".repeat(asked["bytes"].as_u64().and_then(|n| n.try_into().ok()).unwrap_or(0)),
        )),
        "context" => Ok(json!({
            "request_id": event.context.request_id,
            "deadline_ms": event.context.deadline,
            "arn": event.context.invoked_function_arn,
            "environment": std::env::vars().collect::<BTreeMap<_, _>>(),
            "folder": std::env::current_dir()?,
        })),
        "exit" => std::process::exit(asked["status"].as_i64().and_then(|n| n.try_into().ok()).unwrap_or(0)),
        "fail" => Err("as asked".into()),
        "hang" => std::future::pending().await,
        "abort" => std::process::abort(),
        "print" => {
            println!("{}", asked["stdout"].as_str().unwrap_or_default());
            eprintln!("{}", asked["stderr"].as_str().unwrap_or_default());
            Ok(Value::Null)
        }
        "who" => Ok(json!({ "pid": std::process::id() })),
        _ => Ok(json!({ "statusCode": 200, "body": event.payload.to_string() })),
    }
}

/// Works on messages of a queue: `crash` ends the process, `fail` fails that message, any other text is printed.
fn work(event: &Value) -> Value {
    let mut failures = Vec::new();
    for record in event["Records"].as_array().into_iter().flatten() {
        match record["body"].as_str().unwrap_or_default() {
            "crash" => std::process::abort(),
            "fail" => failures.push(json!({ "itemIdentifier": record["messageId"] })),
            text => println!("{text}"),
        }
    }
    json!({ "batchItemFailures": failures })
}

/// Runs a function until this process is killed: idle, or at work for ever.
async fn host(binary: &str, hangs: bool) -> Result<ExitCode, Failure> {
    let logs = LogSink::default();
    let lambda = Lambda::new(Options {
        functions: vec![Function {
            logical_id: "Child".to_owned(),
            binary: binary.to_owned(),
            memory_mb: 128,
            timeout: std::time::Duration::from_mins(10),
            environment: BTreeMap::new(),
            routes: Vec::new(),
            queue_sources: Vec::new(),
            policy: Vec::new(),
        }],
        launcher: Launcher::Reexecute(std::env::current_exe()?),
        extra_environment: BTreeMap::new(),
        clock: Clock::default(),
        logs,
        limits: Limits::default(),
    });
    let event = if hangs { json!({ "do": "hang" }) } else { json!({ "do": "who" }) };
    let wanted = if hangs { ProcessState::Running } else { ProcessState::Idle };
    let invoking = lambda.clone();
    let invocation = tokio::spawn(async move { invoking.invoke("Child", event.to_string().into()).await });
    lambda.wait_until(|processes| processes.iter().any(|process| process.state == wanted)).await;
    let pid = lambda.processes()[0].pid.unwrap_or_default();
    if !hangs {
        // The signal that stops it was sent; the kernel only helps those that have stopped.
        let child = Pid::from_raw(i32::try_from(pid)?).ok_or("no child")?;
        let stopped = WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT;
        tokio::task::spawn_blocking(move || waitid(WaitId::Pid(child), stopped)).await??;
    }
    println!("{pid}");
    let _ = invocation.await;
    std::future::pending().await
}

fn report_init_error() -> std::io::Result<()> {
    let body = r#"{"errorType":"Probe.NoConfiguration","errorMessage":"TABLE is not set"}"#;
    let mut connection = TcpStream::connect(variable("AWS_LAMBDA_RUNTIME_API"))?;
    write!(
        connection,
        "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: lambda\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    connection.read_to_end(&mut Vec::new())?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a test function has no configuration file")]
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

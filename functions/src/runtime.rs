//! Starts a function: logs, configuration, clients, then invocations until the environment is taken away.
//!
//! A start that fails says why in one line and ends the process, so that the first thing in a function's log is the
//! name of the variable that is wrong.

use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lambda_http::request::LambdaRequest;
use lambda_http::{Request, RequestExt, Response};
use lambda_runtime::{LambdaEvent, service_fn};
use lambdagram_aws::Connection;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::clock::Clock;
use crate::config::{ConfigError, Environment};
use crate::http::{Endpoint, Front, Streamed};
use crate::meter::Meter;

/// What a function is built from.
pub(crate) struct Start {
    pub(crate) environment: Environment,
    pub(crate) clock: Clock,
    pub(crate) meter: Meter,
}

impl Start {
    /// The connection to AWS, for a function that has one.
    pub(crate) async fn connect(&self) -> Connection {
        Connection::from_lambda_environment().await
    }
}

/// Runs a function behind API Gateway, on routes that do not stream.
pub(crate) fn serve_http<E, B, F>(build: B) -> ExitCode
where
    E: Endpoint,
    B: FnOnce(Arc<Start>) -> F,
    F: Future<Output = Result<E, ConfigError>>,
{
    run(async |start| {
        let front = front(start, build).await?;
        let service = service_fn(move |request: Request| {
            let front = Arc::clone(&front);
            async move { Ok::<Response<lambda_http::Body>, lambda_http::Error>(front.answer(request).await) }
        });
        Ok(lambda_http::run(service).await)
    })
}

/// Runs a function behind API Gateway, on routes whose events say `ResponseTransferMode: RESPONSE_STREAM`. Every answer
/// of such a function is streamed, errors too.
pub(crate) fn serve_stream<E, B, F>(build: B) -> ExitCode
where
    E: Endpoint,
    B: FnOnce(Arc<Start>) -> F,
    F: Future<Output = Result<E, ConfigError>>,
{
    run(async |start| {
        let front = front(start, build).await?;
        let service = service_fn(move |event: LambdaEvent<LambdaRequest>| {
            let front = Arc::clone(&front);
            let request = Request::from(event.payload).with_lambda_context(event.context);
            async move { Ok::<Streamed, lambda_runtime::Error>(front.stream(request).await) }
        });
        Ok(lambda_runtime::run(service).await)
    })
}

async fn front<E, B, F>(start: Arc<Start>, build: B) -> Result<Arc<Front<E>>, ConfigError>
where
    E: Endpoint,
    B: FnOnce(Arc<Start>) -> F,
    F: Future<Output = Result<E, ConfigError>>,
{
    let endpoint = build(Arc::clone(&start)).await?;
    Ok(Arc::new(Front::new(endpoint, start.environment.allowed_origins(), start.clock, start.meter)))
}

/// Runs a function behind a queue or a direct invocation.
pub(crate) fn serve_events<H, T, A, B, F>(build: B) -> ExitCode
where
    H: Handler<T, A>,
    T: DeserializeOwned,
    A: Serialize,
    B: FnOnce(Arc<Start>) -> F,
    F: Future<Output = Result<H, ConfigError>>,
{
    run(async |start| {
        let meter = start.meter;
        let handler = Arc::new(build(start).await?);
        let service = service_fn(move |event: LambdaEvent<T>| {
            let handler = Arc::clone(&handler);
            async move {
                let deadline = UNIX_EPOCH + Duration::from_millis(event.context.deadline);
                let answer = handler.handle(event.payload, deadline).await;
                meter.publish();
                Ok::<A, lambda_runtime::Error>(answer)
            }
        });
        Ok(lambda_runtime::run(service).await)
    })
}

/// A function that takes events.
pub(crate) trait Handler<T, A>: Send + Sync + 'static {
    /// Handles one event, until `deadline` at the latest.
    fn handle(&self, event: T, deadline: SystemTime) -> impl Future<Output = A> + Send;
}

fn run<M, F>(main: M) -> ExitCode
where
    M: FnOnce(Arc<Start>) -> F,
    F: Future<Output = Result<Result<(), lambda_runtime::Error>, ConfigError>>,
{
    start_logging();
    // One thread: a function handles one request at a time, most of which it waits.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("the process may open an event queue");
    let outcome = runtime.block_on(async {
        let environment = Environment::of_process();
        let clock = environment.clock()?;
        let meter = Meter::start(environment.metrics_stack());
        main(Arc::new(Start { environment, clock, meter })).await
    });
    match outcome {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            tracing::error!(error = %error, "The Lambda runtime ended");
            ExitCode::FAILURE
        }
        Err(error) => {
            tracing::error!(error = %error, "The function cannot start");
            ExitCode::FAILURE
        }
    }
}

/// One JSON object a line on standard output. Our own code logs from `info` on; libraries only their warnings, and
/// never more: what they log in detail may hold requests.
fn start_logging() {
    let filter = Targets::new().with_default(Level::WARN).with_target("lambdagram_functions", Level::INFO);
    let lines = fmt::layer().json().flatten_event(true).with_current_span(true).with_span_list(false);
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
    // A panic's message may quote what it choked on; where it happened is enough to find it.
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, "Panicked");
    }));
}

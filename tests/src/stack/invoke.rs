//! Functions reached from outside: by the gateway, and one at a time by `cargo run -- invoke`.
//!
//! A stack that runs leaves a note in its data folder that says where its services are. With it, a function can be run
//! beside the stack, against the same tables and queues, by another process that starts nothing else.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::halves::Missing;
use super::{Options, Stack, StartError, data_folder, state};
use crate::clock::Clock;
use crate::gateway::{Answered, Incomplete, Invoke, Invoked, Streamed};
use crate::lambda::{self, Answer, Invocation, Lambda};
use crate::template::{self, Environment, Model, TemplateError};

impl Invoke for Lambda {
    async fn invoke(&self, function: &str, payload: Bytes) -> Invoked {
        Self::invoke(self, function, payload).await.into()
    }

    async fn stream(&self, function: &str, payload: Bytes) -> Answered {
        match Self::stream(self, function, payload).await {
            Answer::Whole(outcome) => Answered::Whole(outcome.into()),
            Answer::Stream(answer) => Answered::Stream(Streamed {
                media_type: answer.media_type().to_owned(),
                chunks: stream::unfold(answer, async |mut answer| {
                    let chunk = answer.next().await?;
                    Some((chunk.map_err(|_| Incomplete), answer))
                })
                .boxed(),
            }),
        }
    }
}

impl From<Invocation> for Invoked {
    fn from(outcome: Invocation) -> Self {
        match outcome {
            Invocation::Success(answer) => Self::Success(answer),
            Invocation::TooManyRequests => Self::Throttled,
            Invocation::PayloadTooLarge { .. } => Self::PayloadTooLarge,
            Invocation::ResponseTooLarge => Self::ResponseTooLarge,
            Invocation::FunctionError { .. }
            | Invocation::TimedOut { .. }
            | Invocation::Crashed { .. }
            | Invocation::NotFound
            | Invocation::Stopped => Self::Failed,
        }
    }
}

/// Why a file of environment variables cannot be used.
#[derive(Debug, Error)]
#[error("{}: {reason}", .path.display())]
pub struct EnvironmentFileError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

/// Reads a file as `sam local invoke -n` takes it: variables by function, `{"PostPhoto": {"NAME": "value"}}`.
///
/// # Errors
///
/// [`EnvironmentFileError`].
pub fn read_environment_file(
    path: &Path,
) -> Result<BTreeMap<String, BTreeMap<String, String>>, EnvironmentFileError> {
    let failed = |reason: String| EnvironmentFileError { path: path.to_owned(), reason };
    let text = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    serde_json::from_slice(&text).map_err(|error| failed(error.to_string()))
}

/// The variable with the secret that only those functions get which the template gives the variable.
pub(super) const UPLOAD_SECRETS: &str = "UPLOAD_SECRETS";

/// The Lambda host with the template's functions: each gets its own variables, then those of this machine, then those
/// that were given for it.
pub(super) fn start_lambda(
    model: &Model,
    machine: &BTreeMap<String, String>,
    options: &Options,
    clock: Clock,
) -> Lambda {
    let mut functions = model.functions.clone();
    for function in &mut functions {
        let may_read = function.environment.contains_key(UPLOAD_SECRETS);
        let of_machine = machine.iter().filter(|(name, _)| may_read || *name != UPLOAD_SECRETS);
        function.environment.extend(of_machine.map(|(name, value)| (name.clone(), value.clone())));
        function.environment.extend(options.overrides.get(&function.logical_id).cloned().unwrap_or_default());
    }
    Lambda::new(lambda::Options {
        functions,
        launcher: options.launcher.clone(),
        extra_environment: BTreeMap::new(),
        clock,
        logs: options.logs.clone(),
        limits: lambda::Limits::default(),
    })
}

/// What a running stack tells other processes of this machine's user.
#[derive(Serialize, Deserialize)]
pub(super) struct Running {
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) sqs_endpoint: String,
    pub(super) api_url: String,
    pub(super) function_environment: BTreeMap<String, String>,
    pub(super) missing: Missing,
}

const RUNNING_FILE: &str = "running.json";

impl Running {
    pub(super) fn write(&self, data_dir: &Path) -> io::Result<()> {
        state::write_private(data_dir, RUNNING_FILE, self)
    }

    /// What the template of `project` describes, as the stack runs it.
    fn model(&self, project: &Path) -> Result<Model, TemplateError> {
        let environment =
            Environment { sqs_endpoint: self.sqs_endpoint.clone(), api_url: self.api_url.clone() };
        template::load(&project.join("template.yaml"), &self.parameters, &environment)
    }

    /// Why a function does not run, if it does not.
    fn refusal(&self, function: &str) -> Option<StartError> {
        self.missing.get(function).map(|reason| StartError::Missing { reason: reason.clone() })
    }

    pub(super) fn remove(data_dir: &Path) -> io::Result<()> {
        match std::fs::remove_file(data_dir.join(RUNNING_FILE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Runs one function once: beside the stack that runs in this data folder, or in one that is started for it.
///
/// # Errors
///
/// [`StartError`].
pub async fn invoke_once(options: Options, function: &str, event: Bytes) -> Result<Invocation, StartError> {
    let unusable = |error: io::Error| data_folder(&options.data_dir, &error);
    if !state::is_in_use(&options.data_dir).map_err(unusable)? {
        // No queue feeds a function meanwhile: what it began would be cut off when this one is done.
        let (stack, running) = Stack::open(options).await?;
        let outcome = match running.refusal(function) {
            Some(refusal) => Err(refusal),
            None => Ok(stack.lambda().invoke(function, event).await),
        };
        stack.stop().await;
        return outcome;
    }
    let running: Running = state::read(&options.data_dir, RUNNING_FILE)
        .map_err(unusable)?
        .ok_or_else(|| StartError::InUse { path: options.data_dir.clone() })?;
    if let Some(refusal) = running.refusal(function) {
        return Err(refusal);
    }
    let model = running.model(&options.project)?;
    let clock = state::clock(&options.data_dir).map_err(unusable)?;
    let lambda = start_lambda(&model, &running.function_environment, &options, clock);
    let invocation = lambda.invoke(function, event).await;
    lambda.shutdown().await;
    Ok(invocation)
}

/// Where a running stack keeps its API keys.
pub struct KeysTable {
    /// The DynamoDB it is in.
    pub endpoint: String,
    /// Its name there.
    pub table: String,
    /// The time in that stack.
    pub clock: Clock,
}

/// The API keys of the stack that runs in this data folder, if one does.
///
/// # Errors
///
/// [`StartError`].
pub fn running_keys_table(data_dir: &Path, project: &Path) -> Result<Option<KeysTable>, StartError> {
    let unusable = |error: io::Error| data_folder(data_dir, &error);
    // A stack that was killed has left its note behind.
    if !data_dir.is_dir() || !state::is_in_use(data_dir).map_err(unusable)? {
        return Ok(None);
    }
    let Some(running) = state::read::<Running>(data_dir, RUNNING_FILE).map_err(unusable)? else {
        return Ok(None);
    };
    let functions = running.model(project)?.functions;
    let table = functions.into_iter().find_map(|mut function| function.environment.remove("KEYS_TABLE"));
    let endpoint = running.function_environment.get("AWS_ENDPOINT_URL_DYNAMODB").cloned();
    let clock = state::clock(data_dir).map_err(unusable)?;
    Ok(endpoint.zip(table).map(|(endpoint, table)| KeysTable { endpoint, table, clock }))
}

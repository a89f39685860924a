//! Functions reached from outside: by the gateway, and one at a time by `cargo run -- invoke`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use thiserror::Error;

use super::Stack;
use crate::gateway::{Invoke, Invoked};
use crate::lambda::{Invocation, Lambda};

/// The Lambda host as the gateway calls it.
#[derive(Clone)]
pub(super) struct Gateway(pub(super) Lambda);

impl Invoke for Gateway {
    async fn invoke(&self, function: &str, payload: Bytes) -> Invoked {
        match self.0.invoke(function, payload).await {
            Invocation::Success(answer) => Invoked::Success(answer),
            Invocation::TooManyRequests => Invoked::Throttled,
            Invocation::PayloadTooLarge => Invoked::PayloadTooLarge,
            Invocation::ResponseTooLarge => Invoked::ResponseTooLarge,
            Invocation::FunctionError { .. }
            | Invocation::TimedOut { .. }
            | Invocation::Crashed { .. }
            | Invocation::UnknownFunction => Invoked::Failed,
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

impl Stack {
    /// Runs one function once.
    pub async fn invoke(&self, function: &str, event: Bytes) -> Invocation {
        self.lambda.invoke(function, event).await
    }
}

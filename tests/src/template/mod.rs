//! `template.yaml`, read as AWS SAM reads it and reduced to what the local stack runs.
//!
//! The stack holds no route, table, queue or timeout of its own: all come from this model, so local and cloud
//! cannot drift. What the stack would have to obey and does not know is an error, never passed over: a template that
//! loads here behaves here as it does in the cloud. What only matters in the cloud (alarms, log groups, encryption,
//! lifecycles) is known by name and left alone.

mod api;
mod error;
mod function;
pub mod model;
mod names;
mod node;
mod parameters;
mod queue_source;
mod resolver;
mod resources;
mod storage;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

pub use error::{Problem, TemplateError};
pub use model::Model;

/// What a template cannot know: where this machine's services listen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// Address of SQS, which queue URLs begin with.
    pub sqs_endpoint: String,
    /// Address of the API, in place of its execute-api address.
    pub api_url: String,
}

/// Reads the template at `path` with these parameter values.
///
/// # Errors
///
/// [`TemplateError`] when the file cannot be read, is no YAML, refers to what it does not have, breaks a parameter's
/// rule, or asks for something the local stack does not do.
pub fn load(
    path: &Path,
    parameters: &BTreeMap<String, String>,
    environment: &Environment,
) -> Result<Model, TemplateError> {
    let file = || path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let text = std::fs::read_to_string(path).map_err(|error| {
        let message = match error.kind() {
            io::ErrorKind::NotFound => "is not here; start in the folder of the project".to_owned(),
            _ => error.to_string(),
        };
        TemplateError { file: file(), problem: Problem::new("", message) }
    })?;
    parse(&text, parameters, environment).map_err(|problem| TemplateError { file: file(), problem })
}

/// Reads the text of a template with these parameter values.
///
/// # Errors
///
/// [`Problem`], as for [`load`].
pub fn parse(
    text: &str,
    parameters: &BTreeMap<String, String>,
    environment: &Environment,
) -> Result<Model, Problem> {
    let document = node::parse(text)?;
    let document = node::Node::of(&document);
    let parameters = parameters::values(&document, parameters)?;
    let resolver = resolver::Resolver::new(&document, parameters, environment);
    resources::model(&document, &resolver)
}

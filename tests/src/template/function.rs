//! `AWS::Serverless::Function`: what one function is, where it is reached, and what it may do.

use std::collections::BTreeMap;
use std::time::Duration;

use super::error::Problem;
use super::model::{Function, Route, Statement};
use super::names::API_ID;
use super::node::Node;
use super::queue_source::{self, Source};
use super::resolver::Resolver;

const READ: &[&str] =
    &["Environment", "Events", "FunctionName", "MemorySize", "Policies", "Runtime", "Timeout"];

/// Properties without an effect on one machine: where the code comes from, how it is logged and traced.
const LEFT_ALONE: &[&str] =
    &["Architectures", "CodeUri", "Description", "Handler", "LoggingConfig", "Tags", "Tracing"];

/// Lambda's least and largest memory in MB (AWS, Lambda quotas).
const MEMORY_MB: std::ops::RangeInclusive<u32> = 128..=10_240;

/// Lambda's memory in MB when a template names none (AWS, `AWS::Lambda::Function`).
const DEFAULT_MEMORY_MB: u32 = 128;

/// Lambda's longest invocation in seconds (AWS, Lambda quotas).
const LONGEST_TIMEOUT_S: u64 = 900;

/// Lambda's timeout in seconds when a template names none (AWS, `AWS::Lambda::Function`).
const DEFAULT_TIMEOUT_S: u64 = 3;

/// An integration's shortest timeout in milliseconds (API Gateway quotas for REST APIs).
const SHORTEST_INTEGRATION_MS: u64 = 50;

/// A buffered integration's longest timeout in milliseconds (API Gateway quotas for REST APIs, unless raised).
const LONGEST_INTEGRATION_MS: u64 = 29_000;

/// A streamed integration's longest timeout in milliseconds: 15 minutes (API Gateway, "Stream the integration
/// response").
const LONGEST_STREAM_MS: u64 = 900_000;

/// A function and the queues among its events.
pub(super) struct Read {
    pub(super) function: Function,
    pub(super) sources: Vec<Source>,
}

pub(super) fn read(
    logical_id: &str,
    resource: &Node,
    properties: &Node,
    resolver: &Resolver<'_>,
) -> Result<Read, Problem> {
    properties.only(&[READ, LEFT_ALONE])?;
    let runtime = resolver.require(properties, "Runtime")?;
    if runtime.text()? != "provided.al2023" {
        return Err(runtime.problem("the local stack runs provided.al2023 only"));
    }
    let memory = resolver.get(properties, "MemorySize")?;
    let timeout = resolver.get(properties, "Timeout")?;
    let timeout_s = timeout.map_or(Ok(DEFAULT_TIMEOUT_S), |node| node.number(1..=LONGEST_TIMEOUT_S))?;
    let mut routes = Vec::new();
    let mut sources = Vec::new();
    for (_, event) in properties.get("Events").map_or(Ok(Vec::new()), |events| events.entries())? {
        let kind = event.require("Type")?;
        let event = event.require("Properties")?;
        match kind.text()?.as_str() {
            "Api" => routes.push(route(&event, resolver)?),
            "SQS" => sources.extend(queue_source::event(logical_id, &event, resolver)?),
            other => return Err(kind.problem(format!("the local stack serves no event of type {other}"))),
        }
    }
    let function = Function {
        logical_id: logical_id.to_owned(),
        binary: binary(resource)?,
        memory_mb: memory.map_or(Ok(DEFAULT_MEMORY_MB), |node| node.number(MEMORY_MB))?,
        timeout: Duration::from_secs(timeout_s),
        environment: environment(properties, resolver)?,
        routes,
        queue_sources: Vec::new(),
        policy: policy(properties, resolver)?,
    };
    Ok(Read { function, sources })
}

fn binary(resource: &Node) -> Result<String, Problem> {
    let metadata = resource.require("Metadata")?;
    let method = metadata.require("BuildMethod")?;
    if method.text()? != "rust-cargolambda" {
        return Err(method.problem("the local stack builds with rust-cargolambda only"));
    }
    metadata.require("BuildProperties")?.require("Binary")?.text()
}

fn environment(properties: &Node, resolver: &Resolver<'_>) -> Result<BTreeMap<String, String>, Problem> {
    let Some(environment) = properties.get("Environment") else {
        return Ok(BTreeMap::new());
    };
    environment.only(&[&["Variables"]])?;
    let variables = resolver.require(&environment, "Variables")?;
    variables.entries()?.into_iter().map(|(name, value)| Ok((name, value.text()?))).collect()
}

fn route(event: &Node, resolver: &Resolver<'_>) -> Result<Route, Problem> {
    event.only(&[&["Method", "Path", "ResponseTransferMode", "RestApiId", "TimeoutInMillis"]])?;
    let api = resolver.require(event, "RestApiId")?;
    if api.text()? != API_ID {
        return Err(api.problem("is not the API of this template"));
    }
    let path = resolver.require(event, "Path")?;
    if !path.text()?.starts_with('/') {
        return Err(path.problem("does not begin with a slash"));
    }
    let method = resolver.require(event, "Method")?;
    let known = ["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
    let name = method.text()?.to_uppercase();
    if !known.contains(&name.as_str()) {
        return Err(method.problem(format!("{name} is no method of API Gateway")));
    }
    let streams = match resolver.get(event, "ResponseTransferMode")? {
        Some(mode) => streams(&mode)?,
        None => false,
    };
    let longest = if streams { LONGEST_STREAM_MS } else { LONGEST_INTEGRATION_MS };
    let timeout = resolver.get(event, "TimeoutInMillis")?;
    let timeout_ms = timeout.map(|node| node.number(SHORTEST_INTEGRATION_MS..=longest)).transpose()?;
    Ok(Route { method: name, path: path.text()?, streams, timeout: timeout_ms.map(Duration::from_millis) })
}

/// SAM hands any other word through and makes a buffered integration of it, without a complaint: `STREAM`, which is
/// what API Gateway calls the mode, among them.
fn streams(mode: &Node) -> Result<bool, Problem> {
    match mode.text()?.as_str() {
        "RESPONSE_STREAM" => Ok(true),
        "BUFFERED" => Ok(false),
        other => Err(mode.problem(format!("`{other}` is neither BUFFERED nor RESPONSE_STREAM"))),
    }
}

fn policy(properties: &Node, resolver: &Resolver<'_>) -> Result<Vec<Statement>, Problem> {
    let Some(policies) = resolver.get(properties, "Policies")? else {
        return Ok(Vec::new());
    };
    let mut statements = Vec::new();
    for policy in policies.items_or_one() {
        if policy.get("Statement").is_none() {
            return Err(policy.problem("the local stack enforces inline statements only"));
        }
        policy.only(&[&["Statement", "Version"]])?;
        for statement in policy.require("Statement")?.items_or_one() {
            statements.push(self::statement(&statement)?);
        }
    }
    Ok(statements)
}

fn statement(node: &Node) -> Result<Statement, Problem> {
    node.only(&[&["Action", "Effect", "Resource", "Sid"]])?;
    let effect = node.require("Effect")?;
    let texts = |key| node.require(key)?.items_or_one().iter().map(Node::text).collect::<Result<Vec<_>, _>>();
    Ok(Statement {
        allow: match effect.text()?.as_str() {
            "Allow" => true,
            "Deny" => false,
            other => return Err(effect.problem(format!("`{other}` is neither Allow nor Deny"))),
        },
        actions: texts("Action")?,
        resources: texts("Resource")?,
    })
}

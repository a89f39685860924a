//! Queues that feed functions: `AWS::Lambda::EventSourceMapping`, and the SQS event of a function that SAM turns into
//! one.

use std::collections::BTreeMap;

use super::error::Problem;
use super::model::{Function, Queue, QueueSource};
use super::names;
use super::node::Node;
use super::resolver::Resolver;

const READ: &[&str] = &["BatchSize", "Enabled", "FunctionResponseTypes", "ScalingConfig"];

/// Messages per invocation when a template names none, and the most that a FIFO queue gives (AWS, Lambda with SQS).
const DEFAULT_BATCH_SIZE: usize = 10;

/// The most messages per invocation from a standard queue (AWS, Lambda with SQS).
const LARGEST_BATCH_SIZE: usize = 10_000;

/// What `MaximumConcurrency` may be (AWS, `ScalingConfig`).
const MAXIMUM_CONCURRENCY: std::ops::RangeInclusive<usize> = 2..=1000;

/// A visibility timeout in seconds when a template names none (AWS, SQS).
const DEFAULT_VISIBILITY_S: u64 = 30;

/// A mapping whose ends are not looked up yet.
pub(super) struct Source {
    at: String,
    /// A function's logical id, name or ARN.
    function: String,
    queue_arn: String,
    mapping: QueueSource,
}

/// `AWS::Lambda::EventSourceMapping`; `None` when it is switched off.
pub(super) fn mapping(properties: &Node, resolver: &Resolver<'_>) -> Result<Option<Source>, Problem> {
    properties.only(&[READ, &["EventSourceArn", "FunctionName"]])?;
    let function = resolver.require(properties, "FunctionName")?.text()?;
    let queue = resolver.require(properties, "EventSourceArn")?.text()?;
    read(properties, function, queue, resolver)
}

/// The SQS event of a function; `None` when it is switched off.
pub(super) fn event(
    function: &str,
    properties: &Node,
    resolver: &Resolver<'_>,
) -> Result<Option<Source>, Problem> {
    properties.only(&[READ, &["Queue"]])?;
    let queue = resolver.require(properties, "Queue")?.text()?;
    read(properties, function.to_owned(), queue, resolver)
}

fn read(
    properties: &Node,
    function: String,
    queue_arn: String,
    resolver: &Resolver<'_>,
) -> Result<Option<Source>, Problem> {
    if resolver.get(properties, "Enabled")?.map_or(Ok(true), |enabled| enabled.truth())? {
        let batch_size = resolver.get(properties, "BatchSize")?;
        let maximum_concurrency = match resolver.get(properties, "ScalingConfig")? {
            Some(scaling) => {
                scaling.only(&[&["MaximumConcurrency"]])?;
                scaling
                    .get("MaximumConcurrency")
                    .map(|number| number.number(MAXIMUM_CONCURRENCY))
                    .transpose()?
            }
            None => None,
        };
        let mapping = QueueSource {
            queue: queue_arn.rsplit(':').next().unwrap_or_default().to_owned(),
            batch_size: batch_size
                .map_or(Ok(DEFAULT_BATCH_SIZE), |number| number.number(1..=LARGEST_BATCH_SIZE))?,
            maximum_concurrency,
            report_batch_item_failures: reports_failures(properties, resolver)?,
        };
        return Ok(Some(Source { at: properties.at.clone(), function, queue_arn, mapping }));
    }
    Ok(None)
}

fn reports_failures(properties: &Node, resolver: &Resolver<'_>) -> Result<bool, Problem> {
    let Some(kinds) = resolver.get(properties, "FunctionResponseTypes")? else {
        return Ok(false);
    };
    for kind in kinds.items()? {
        if kind.text()? != "ReportBatchItemFailures" {
            return Err(kind.problem("Lambda knows ReportBatchItemFailures only"));
        }
    }
    Ok(!kinds.items()?.is_empty())
}

/// Gives a mapping to its function, once everything else is read.
pub(super) fn attach(
    source: Source,
    function_names: &BTreeMap<String, String>,
    functions: &mut [Function],
    queues: &[Queue],
) -> Result<(), Problem> {
    let Source { at, function, queue_arn, mapping } = source;
    let problem = |message: String| Problem::new(&at, message);
    let name = function.rsplit(':').next().unwrap_or_default();
    let logical_id = function_names.get(name).map_or(name, String::as_str);
    let function = functions
        .iter_mut()
        .find(|function| function.logical_id == logical_id)
        .ok_or_else(|| problem(format!("there is no function {name}")))?;
    let queue = queues
        .iter()
        .find(|queue| names::queue_arn(&queue.name) == queue_arn)
        .ok_or_else(|| problem(format!("{queue_arn} is no queue of this template")))?;
    if queue.name.ends_with(names::FIFO) && mapping.batch_size > DEFAULT_BATCH_SIZE {
        let most = format!("a FIFO queue gives at most {DEFAULT_BATCH_SIZE} messages at once");
        return Err(problem(most));
    }
    let visibility = queue.attributes.get("VisibilityTimeout").map(|text| text.parse());
    let visibility_s = visibility.and_then(Result::ok).unwrap_or(DEFAULT_VISIBILITY_S);
    if visibility_s < function.timeout.as_secs() {
        let timeout_s = function.timeout.as_secs();
        return Err(problem(format!(
            "the queue's visibility timeout of {visibility_s} s is shorter than the function's timeout of {timeout_s} s"
        )));
    }
    function.queue_sources.push(mapping);
    Ok(())
}

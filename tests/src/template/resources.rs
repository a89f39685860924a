//! From the template's resources to the model: which run, which are left alone, and what must agree between them.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde_yaml_ng::{Mapping, Value};

use super::error::Problem;
use super::model::{Bucket, Function, Model, Queue, Table};
use super::names::{API_ID, Kind};
use super::node::Node;
use super::resolver::Resolver;
use super::{api, function, queue_source, storage};
use crate::aws::REGION;

/// Resource types that nothing on this machine notices.
const LEFT_ALONE: &[&str] = &[
    "AWS::ApiGateway::Account",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::IAM::Role",
    "AWS::Logs::LogGroup",
    "AWS::S3::BucketPolicy",
];

const SECTIONS: &[&str] = &[
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Globals",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Transform",
];

/// Reduces a document to what the stack runs.
pub(super) fn model(document: &Node, resolver: &Resolver<'_>) -> Result<Model, Problem> {
    document.only(&[SECTIONS])?;
    let globals = globals(document)?;
    let mut apis = Vec::new();
    let mut model = Parts::default();
    let mut sources = Vec::new();
    for (logical_id, resource) in document.require("Resources")?.entries()? {
        if !resolver.exists(&resource)? {
            continue;
        }
        let kind = resource.require("Type")?;
        let kind_name = kind.text()?;
        let name = |kind| resolver.name_of(&logical_id, kind, &resource);
        match kind_name.as_str() {
            "AWS::Serverless::Api" => {
                let properties = with_globals(&resource, globals.get("Api"))?;
                apis.push(api::read(&properties, resolver)?);
            }
            "AWS::Serverless::Function" => {
                let properties = with_globals(&resource, globals.get("Function"))?;
                let name = name(Kind::Function)?;
                let function = function::read(&logical_id, &resource, &properties, resolver)?;
                sources.extend(function.sources);
                model.function_names.insert(name, logical_id.clone());
                model.functions.push(function.function);
            }
            "AWS::Lambda::EventSourceMapping" => {
                sources.extend(queue_source::mapping(&resource.require("Properties")?, resolver)?);
            }
            "AWS::DynamoDB::Table" => {
                let properties = resource.require("Properties")?;
                model.tables.push(storage::table(name(Kind::Table)?, &properties, resolver)?);
            }
            "AWS::S3::Bucket" => {
                model.buckets.push(storage::bucket(name(Kind::Bucket)?, &resource, resolver)?);
            }
            "AWS::SQS::Queue" => {
                model.queues.push(storage::queue(name(Kind::Queue)?, &resource, resolver)?);
            }
            left_alone if LEFT_ALONE.contains(&left_alone) => {}
            unknown => return Err(kind.problem(format!("the local stack cannot run {unknown}"))),
        }
    }
    for source in sources {
        queue_source::attach(source, &model.function_names, &mut model.functions, &model.queues)?;
    }
    check_routes(&model.functions)?;
    let resources = document.require("Resources")?;
    let [api] = <[_; 1]>::try_from(apis)
        .map_err(|apis| resources.problem(format!("has {} of AWS::Serverless::Api, not one", apis.len())))?;
    let url_of_the_cloud = format!("https://{API_ID}.execute-api.{REGION}.amazonaws.com/{}", api.stage);
    for value in model.functions.iter_mut().flat_map(|function| function.environment.values_mut()) {
        *value = value.replace(&url_of_the_cloud, &resolver.environment().api_url);
    }
    Ok(Model {
        api,
        functions: model.functions,
        tables: model.tables,
        buckets: model.buckets,
        queues: model.queues,
    })
}

#[derive(Default)]
struct Parts {
    functions: Vec<Function>,
    /// Logical ids by what CloudFormation would call the function.
    function_names: BTreeMap<String, String>,
    tables: Vec<Table>,
    buckets: Vec<Bucket>,
    queues: Vec<Queue>,
}

/// The `Globals` section, whose other parts would belong to resources that do not run here.
fn globals<'a>(document: &Node<'a>) -> Result<Node<'a>, Problem> {
    let empty = Node::new(Value::Mapping(Mapping::new()), "Globals".to_owned());
    let globals = document.get("Globals").unwrap_or(empty);
    globals.only(&[&["Api", "Function"]])?;
    Ok(globals)
}

/// A resource's properties on top of the globals for its type.
fn with_globals<'a>(resource: &Node<'a>, globals: Option<Node>) -> Result<Node<'a>, Problem> {
    let properties = resource.require("Properties")?;
    Ok(match globals {
        Some(globals) => {
            Node::new(merge(globals.value.into_owned(), properties.value.into_owned()), properties.at)
        }
        None => properties,
    })
}

/// SAM's rule: mappings are merged, lists are put together, everything else is replaced.
fn merge(global: Value, own: Value) -> Value {
    match (global, own) {
        (Value::Mapping(mut global), Value::Mapping(own)) => {
            for (key, value) in own {
                let merged = match global.remove(&key) {
                    Some(general) => merge(general, value),
                    None => value,
                };
                global.insert(key, merged);
            }
            Value::Mapping(global)
        }
        (Value::Sequence(global), Value::Sequence(own)) => global.into_iter().chain(own).collect(),
        (_, own) => own,
    }
}

/// API Gateway has one function per method and path.
fn check_routes(functions: &[Function]) -> Result<(), Problem> {
    let mut owners = BTreeMap::new();
    for function in functions {
        for route in &function.routes {
            match owners.entry((&route.method, &route.path)) {
                Entry::Vacant(free) => {
                    free.insert(&function.logical_id);
                }
                Entry::Occupied(taken) => {
                    let at = format!("Resources.{}.Properties.Events", function.logical_id);
                    let (method, path, owner) = (&route.method, &route.path, taken.get());
                    return Err(Problem::new(&at, format!("{method} {path} already belongs to {owner}")));
                }
            }
        }
    }
    let binaries: BTreeSet<_> = functions.iter().map(|function| &function.binary).collect();
    if binaries.len() < functions.len() {
        return Err(Problem::new("Resources", "two functions have the same binary"));
    }
    Ok(())
}

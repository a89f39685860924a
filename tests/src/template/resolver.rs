//! Intrinsic functions: turns what a template says into plain values.
//!
//! Values are resolved only where the stack reads them, so a template may use whatever it likes for resources that do
//! not run here.

use std::cell::Cell;
use std::collections::BTreeMap;

use serde_yaml_ng::{Mapping, Value};

use super::Environment;
use super::error::Problem;
use super::names::{self, Kind};
use super::node::{Node, join, scalar};

/// How deep names may refer to each other; deeper than any real template, so that a circle is found.
const DEEPEST: u8 = 32;

/// Resolves intrinsics against one document, its parameters and this machine's endpoints.
pub(super) struct Resolver<'a> {
    document: &'a Node<'a>,
    parameters: BTreeMap<String, Value>,
    environment: &'a Environment,
    depth: Cell<u8>,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(
        document: &'a Node<'a>,
        parameters: BTreeMap<String, Value>,
        environment: &'a Environment,
    ) -> Self {
        Self { document, parameters, environment, depth: Cell::new(0) }
    }

    pub(super) fn environment(&self) -> &Environment {
        self.environment
    }

    /// The resolved value under `key`; `None` when it is absent or resolves to `AWS::NoValue`.
    pub(super) fn get(&self, node: &Node, key: &str) -> Result<Option<Node<'static>>, Problem> {
        node.get(key).map_or(Ok(None), |node| self.resolve(&node))
    }

    pub(super) fn require(&self, node: &Node, key: &str) -> Result<Node<'static>, Problem> {
        self.get(node, key)?.ok_or_else(|| Problem::new(&join(&node.at, key), "is missing"))
    }

    /// The value with every intrinsic in it replaced; `None` for `AWS::NoValue`.
    pub(super) fn resolve(&self, node: &Node) -> Result<Option<Node<'static>>, Problem> {
        if let Some(name) = node.value.as_mapping().and_then(intrinsic) {
            let value = self.call(name, &node.require(name)?)?;
            return Ok(value.map(|value| Node::new(value, node.at.clone())));
        }
        let value = match &*node.value {
            Value::Sequence(_) => {
                let items =
                    node.items()?.iter().map(|item| self.resolve(item)).collect::<Result<Vec<_>, _>>()?;
                Value::Sequence(items.into_iter().flatten().map(|item| item.value.into_owned()).collect())
            }
            Value::Mapping(_) => {
                let mut resolved = Mapping::new();
                for (key, entry) in node.entries()? {
                    if let Some(entry) = self.resolve(&entry)? {
                        resolved.insert(key.into(), entry.value.into_owned());
                    }
                }
                Value::Mapping(resolved)
            }
            plain => plain.clone(),
        };
        Ok(Some(Node::new(value, node.at.clone())))
    }

    /// Whether the resource exists under the parameters given.
    pub(super) fn exists(&self, resource: &Node) -> Result<bool, Problem> {
        resource.get("Condition").map_or(Ok(true), |condition| self.named_condition(&condition))
    }

    /// The name that a resource of the document has on this machine.
    pub(super) fn name_of(&self, logical_id: &str, kind: Kind, resource: &Node) -> Result<String, Problem> {
        let Some(properties) = resource.get("Properties") else {
            return Ok(names::derived(logical_id));
        };
        if let Some(name) = self.nested(&properties, || self.get(&properties, kind.name_property()))? {
            return name.text();
        }
        let fifo = kind == Kind::Queue
            && self.get(&properties, "FifoQueue")?.is_some_and(|fifo| fifo.truth() == Ok(true));
        Ok(names::derived(logical_id) + if fifo { ".fifo" } else { "" })
    }

    fn call(&self, name: &str, argument: &Node) -> Result<Option<Value>, Problem> {
        match name {
            "Ref" => return self.reference(argument, &argument.text()?),
            "Fn::If" => {
                let [condition, yes, no] = arguments(argument)?;
                let chosen = if self.named_condition(&condition)? { yes } else { no };
                return Ok(self.resolve(&chosen)?.map(|node| node.value.into_owned()));
            }
            _ => {}
        }
        Ok(Some(match name {
            "Fn::GetAtt" => self.attribute_of(argument)?.into(),
            "Fn::Sub" => self.substitute(argument)?.into(),
            "Fn::Join" => {
                let [separator, list] = arguments(argument)?;
                let parts = self.list(&list)?.iter().map(Node::text).collect::<Result<Vec<_>, _>>()?;
                parts.join(&self.value(&separator)?.text()?).into()
            }
            "Fn::Split" => {
                let [separator, text] = arguments(argument)?;
                let (separator, text) = (self.value(&separator)?.text()?, self.value(&text)?.text()?);
                text.split(&separator).map(Value::from).collect()
            }
            "Fn::Select" => {
                let [index, list] = arguments(argument)?;
                let list = self.list(&list)?;
                let index: usize = self.value(&index)?.number(0..=usize::MAX)?;
                let chosen = list.get(index).ok_or_else(|| argument.problem("there is no such item"))?;
                chosen.value.clone().into_owned()
            }
            "Fn::FindInMap" => {
                let [map, first, second] = arguments(argument)?;
                let mut found = self.document.require("Mappings")?;
                for key in [map, first, second] {
                    found = found.require(&self.value(&key)?.text()?)?;
                }
                found.value.into_owned()
            }
            "Condition" | "Fn::Equals" | "Fn::Not" | "Fn::And" | "Fn::Or" => {
                self.holds(name, argument)?.into()
            }
            other => return Err(argument.problem(format!("the local stack cannot resolve {other}"))),
        }))
    }

    fn value(&self, node: &Node) -> Result<Node<'static>, Problem> {
        self.resolve(node)?.ok_or_else(|| node.problem("has no value"))
    }

    fn list(&self, node: &Node) -> Result<Vec<Node<'static>>, Problem> {
        self.value(node)?.items()
    }

    fn reference(&self, at: &Node, name: &str) -> Result<Option<Value>, Problem> {
        if name == "AWS::NoValue" {
            return Ok(None);
        }
        if let Some(value) = self.parameters.get(name) {
            return Ok(Some(value.clone()));
        }
        if let Some(value) = names::pseudo_parameter(name) {
            return Ok(Some(value.into()));
        }
        let (kind, resource) = self.resource(at, name)?;
        let resource_name = self.name_of(name, kind, &resource)?;
        Ok(Some(kind.reference(&resource_name, &self.environment.sqs_endpoint).into()))
    }

    fn attribute_of(&self, argument: &Node) -> Result<String, Problem> {
        let [resource, attribute] = arguments(argument)?;
        self.attribute(argument, &resource.text()?, &attribute.text()?)
    }

    fn attribute(&self, at: &Node, logical_id: &str, attribute: &str) -> Result<String, Problem> {
        let (kind, resource) = self.resource(at, logical_id)?;
        let name = self.name_of(logical_id, kind, &resource)?;
        kind.attribute(&name, attribute, &self.environment.sqs_endpoint)
            .ok_or_else(|| at.problem(format!("the local stack knows no {logical_id}.{attribute}")))
    }

    fn resource(&self, at: &Node, logical_id: &str) -> Result<(Kind, Node<'a>), Problem> {
        let resource = self
            .document
            .get("Resources")
            .and_then(|resources| resources.get(logical_id))
            .ok_or_else(|| at.problem(format!("there is no parameter or resource {logical_id}")))?;
        if !self.exists(&resource)? {
            return Err(at.problem(format!("{logical_id} does not exist, since its condition is false")));
        }
        let resource_type = resource.require("Type")?.text()?;
        let kind = Kind::of(&resource_type).ok_or_else(|| {
            at.problem(format!("{logical_id} is an {resource_type}, which does not run here"))
        })?;
        Ok((kind, resource))
    }

    fn substitute(&self, argument: &Node) -> Result<String, Problem> {
        let (template, variables) = match argument.items() {
            Ok(_) => {
                let [template, variables] = arguments(argument)?;
                (template.text()?, Some(variables))
            }
            Err(_) => (argument.text()?, None),
        };
        let mut result = String::new();
        let mut rest = template.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) =
                after.split_once('}').ok_or_else(|| argument.problem("has a `${` without its `}`"))?;
            result.push_str(before);
            match name.strip_prefix('!') {
                Some(literal) => result.extend(["${", literal, "}"]),
                None => result.push_str(&self.variable(argument, variables.as_ref(), name.trim())?),
            }
            rest = after;
        }
        result.push_str(rest);
        Ok(result)
    }

    fn variable(&self, at: &Node, own: Option<&Node>, name: &str) -> Result<String, Problem> {
        if let Some(value) = own.and_then(|own| own.get(name)) {
            return self.value(&value)?.text();
        }
        if let Some((resource, attribute)) = name.split_once('.') {
            return self.attribute(at, resource, attribute);
        }
        self.reference(at, name)?
            .as_ref()
            .and_then(scalar)
            .ok_or_else(|| at.problem(format!("{name} is no string")))
    }

    fn named_condition(&self, name: &Node) -> Result<bool, Problem> {
        let conditions = self.document.require("Conditions")?;
        let condition = conditions.require(&name.text()?)?;
        self.nested(name, || self.condition(&condition))
    }

    fn condition(&self, node: &Node) -> Result<bool, Problem> {
        match node.value.as_mapping().and_then(intrinsic) {
            Some(name) => self.holds(name, &node.require(name)?),
            None => Err(node.problem("is no condition")),
        }
    }

    fn holds(&self, name: &str, argument: &Node) -> Result<bool, Problem> {
        match name {
            "Condition" => self.named_condition(argument),
            "Fn::Equals" => {
                let [left, right] = arguments(argument)?;
                Ok(self.value(&left)?.text()? == self.value(&right)?.text()?)
            }
            "Fn::Not" => {
                let [condition] = arguments(argument)?;
                Ok(!self.condition(&condition)?)
            }
            "Fn::And" => {
                let all = argument
                    .items()?
                    .iter()
                    .map(|item| self.condition(item))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok(all.into_iter().all(|holds| holds))
            }
            "Fn::Or" => {
                let all = argument
                    .items()?
                    .iter()
                    .map(|item| self.condition(item))
                    .collect::<Result<Vec<_>, _>>()?;
                Ok(all.into_iter().any(|holds| holds))
            }
            other => Err(argument.problem(format!("{other} is no condition"))),
        }
    }

    /// Follows a name, and stops where names refer to each other in a circle.
    fn nested<T>(&self, at: &Node, follow: impl FnOnce() -> Result<T, Problem>) -> Result<T, Problem> {
        if self.depth.get() == DEEPEST {
            return Err(at.problem("refers to itself"));
        }
        self.depth.set(self.depth.get() + 1);
        let result = follow();
        self.depth.set(self.depth.get() - 1);
        result
    }
}

/// The intrinsic that a mapping with a single key calls.
fn intrinsic(mapping: &Mapping) -> Option<&str> {
    let mut keys = mapping.keys();
    match (keys.next().and_then(Value::as_str), keys.next()) {
        // `Condition` is also a key of policies; only a name under it is a reference to a condition.
        (Some("Condition"), None) => mapping["Condition"].is_string().then_some("Condition"),
        (Some(name), None) if name == "Ref" || name.starts_with("Fn::") => Some(name),
        _ => None,
    }
}

/// Exactly the arguments that an intrinsic takes; one that takes a single one may leave the brackets away.
fn arguments<'a, const N: usize>(argument: &Node<'a>) -> Result<[Node<'a>; N], Problem> {
    let items = if N == 1 { argument.items_or_one() } else { argument.items()? };
    let given = items.len();
    items.try_into().map_err(|_| argument.problem(format!("has {given} arguments in place of {N}")))
}

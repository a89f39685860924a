//! A value of the template together with the path that leads to it, so that every complaint can name its place.

use std::borrow::Cow;
use std::fmt::Display;
use std::ops::RangeInclusive;

use serde_yaml_ng::value::TaggedValue;
use serde_yaml_ng::{Mapping, Value};

use super::error::Problem;

/// A value and where it stands: a part of the document, which is not copied, or what became of one.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    pub(super) value: Cow<'a, Value>,
    pub(super) at: String,
}

/// Parses a whole document; short intrinsics (`!Ref x`) become their long form (`{Ref: x}`).
pub(super) fn parse(text: &str) -> Result<Value, Problem> {
    let value = serde_yaml_ng::from_str(text).map_err(|error| Problem::new("", error.to_string()))?;
    Ok(long_form(value))
}

impl<'a> Node<'a> {
    /// A whole document.
    pub(super) fn of(document: &'a Value) -> Self {
        Self { value: Cow::Borrowed(document), at: String::new() }
    }

    /// What became of the value at this place.
    pub(super) fn new(value: Value, at: String) -> Self {
        Self { value: Cow::Owned(value), at }
    }

    /// A part of this value; `None` where it has no such part.
    fn part(&self, key: &str, find: impl FnOnce(&Value) -> Option<&Value>) -> Option<Self> {
        let value = match &self.value {
            Cow::Borrowed(value) => Cow::Borrowed(find(value)?),
            Cow::Owned(value) => Cow::Owned(find(value)?.clone()),
        };
        Some(Self { value, at: join(&self.at, key) })
    }

    pub(super) fn problem(&self, message: impl Into<String>) -> Problem {
        Problem::new(&self.at, message)
    }

    /// The value under `key`, if this is a mapping that has it.
    pub(super) fn get(&self, key: &str) -> Option<Self> {
        self.part(key, |value| value.get(key))
    }

    pub(super) fn require(&self, key: &str) -> Result<Self, Problem> {
        self.get(key).ok_or_else(|| Problem::new(&join(&self.at, key), "is missing"))
    }

    /// Keys and values in the order they are written.
    pub(super) fn entries(&self) -> Result<Vec<(String, Self)>, Problem> {
        let mapping = self.value.as_mapping().ok_or_else(|| self.problem("is no mapping"))?;
        let entry = |key| {
            let name = scalar(key).ok_or_else(|| self.problem("has a key that is no string"))?;
            let node = self.part(&name, |value| value.get(key)).expect("one of its keys");
            Ok((name, node))
        };
        mapping.keys().map(entry).collect()
    }

    pub(super) fn items(&self) -> Result<Vec<Self>, Problem> {
        let items = self.value.as_sequence().ok_or_else(|| self.problem("is no list"))?;
        let item = |index: usize| self.part(&index.to_string(), |value| value.get(index));
        Ok((0..items.len()).filter_map(item).collect())
    }

    /// The items of a list, or the value itself where a template may leave the brackets away.
    pub(super) fn items_or_one(&self) -> Vec<Self> {
        self.items().unwrap_or_else(|_| vec![self.clone()])
    }

    /// A string, number or truth value as text, as CloudFormation converts them.
    pub(super) fn text(&self) -> Result<String, Problem> {
        scalar(&self.value).ok_or_else(|| self.problem("is no string"))
    }

    /// A whole number within `range`.
    pub(super) fn number<N>(&self, range: RangeInclusive<N>) -> Result<N, Problem>
    where
        N: std::str::FromStr + PartialOrd + Display,
    {
        let text = self.text()?;
        text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
            self.problem(format!("`{text}` is no whole number from {} to {}", range.start(), range.end()))
        })
    }

    pub(super) fn truth(&self) -> Result<bool, Problem> {
        match self.text()?.as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            other => Err(self.problem(format!("`{other}` is neither true nor false"))),
        }
    }

    /// Refuses keys the local stack would have to obey and does not know.
    pub(super) fn only(&self, known: &[&[&str]]) -> Result<(), Problem> {
        for (key, node) in self.entries()? {
            if !known.iter().any(|keys| keys.contains(&key.as_str())) {
                return Err(node.problem("the local stack does not know this property"));
            }
        }
        Ok(())
    }
}

/// A path one step further down.
pub(super) fn join(at: &str, key: &str) -> String {
    if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") }
}

/// The text of a string, number or truth value.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn long_form(value: Value) -> Value {
    match value {
        Value::Tagged(tagged) => long_form_of_tag(*tagged),
        Value::Sequence(items) => items.into_iter().map(long_form).collect(),
        Value::Mapping(mapping) => {
            Value::Mapping(mapping.into_iter().map(|(key, value)| (key, long_form(value))).collect())
        }
        other => other,
    }
}

fn long_form_of_tag(tagged: TaggedValue) -> Value {
    let tag = tagged.tag.to_string();
    let tag = tag.trim_start_matches('!');
    let argument = match (tag, long_form(tagged.value)) {
        ("GetAtt", Value::String(text)) => {
            let (resource, attribute) = text.split_once('.').unwrap_or((&text, ""));
            Value::Sequence(vec![resource.into(), attribute.into()])
        }
        (_, argument) => argument,
    };
    let name = match tag {
        "Ref" | "Condition" => tag.to_owned(),
        other => format!("Fn::{other}"),
    };
    Value::Mapping(Mapping::from_iter([(name.into(), argument)]))
}

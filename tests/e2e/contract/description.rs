//! `docs/openapi.yaml`, read once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use crate::support::project;

/// What a path of a description has besides its methods.
const NO_METHODS: [&str; 1] = ["parameters"];

/// How a schema is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reading {
    /// As it stands: clients have to put up with fields that are new to them.
    Open,
    /// What is not described must not be there: what is answered is described whole.
    Closed,
}

/// The description.
pub(crate) struct Description {
    root: Value,
    /// Its schemas as they stand, and closed.
    schemas: [Value; 2],
    /// Validators by the text of their schema.
    validators: Mutex<HashMap<(Reading, String), Arc<Validator>>>,
}

/// One operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation {
    /// Its method in capital letters.
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) value: &'static Value,
}

impl Description {
    pub(crate) fn get() -> &'static Self {
        static DESCRIPTION: OnceLock<Description> = OnceLock::new();
        DESCRIPTION.get_or_init(|| {
            let text = std::fs::read_to_string(project().join("docs/openapi.yaml")).unwrap();
            let root: Value = serde_yaml_ng::from_str(&text).unwrap();
            let open = root["components"]["schemas"].clone();
            let closed = closed(&open);
            Self { root, schemas: [open, closed], validators: Mutex::default() }
        })
    }

    /// All of it.
    pub(crate) fn root(&'static self) -> &'static Value {
        &self.root
    }

    /// What a value is, or what it refers to.
    pub(crate) fn resolve(&'static self, value: &'static Value) -> &'static Value {
        match value.get("$ref").and_then(Value::as_str) {
            None => value,
            Some(reference) => {
                let pointer = reference.strip_prefix('#').expect("a reference within the description");
                let target = self.root.pointer(pointer);
                self.resolve(target.unwrap_or_else(|| panic!("{reference} leads nowhere")))
            }
        }
    }

    /// The value of a key, resolved.
    pub(crate) fn at(&'static self, value: &'static Value, key: &str) -> Option<&'static Value> {
        value.get(key).map(|value| self.resolve(value))
    }

    /// The operations, in the description's order.
    pub(crate) fn operations(&'static self) -> Vec<Operation> {
        let paths = self.root["paths"].as_object().unwrap();
        let of_path = |(path, item): (&'static String, &'static Value)| {
            let item = item.as_object().unwrap();
            let methods = item.iter().filter(|(method, _)| !NO_METHODS.contains(&method.as_str()));
            methods.map(|(method, value)| Operation { method: capital(method), path, value })
        };
        paths.iter().flat_map(of_path).collect()
    }

    pub(crate) fn operation(&'static self, method: &str, path: &str) -> Option<Operation> {
        self.operations().into_iter().find(|it| it.method == method && it.path == path)
    }

    /// The parameters of an operation and of its path, resolved.
    pub(crate) fn parameters(&'static self, operation: Operation) -> Vec<&'static Value> {
        let places = [&self.root["paths"][operation.path], operation.value];
        let lists = places.into_iter().filter_map(|place| place.get("parameters")?.as_array());
        lists.flatten().map(|parameter| self.resolve(parameter)).collect()
    }

    pub(crate) fn has_path(&self, path: &str) -> bool {
        self.root["paths"].get(path).is_some()
    }

    /// The value that a text stands for, by the type of its schema.
    pub(crate) fn read(&'static self, schema: &'static Value, text: &str) -> Value {
        match text.parse::<u64>() {
            Ok(number) if self.resolve(schema)["type"] == "integer" => json!(number),
            _ => json!(text),
        }
    }

    /// What is wrong with `value`, by a schema of the description.
    pub(crate) fn faults(&self, reading: Reading, schema: &Value, value: &Value) -> Vec<String> {
        let validator = self.validator(reading, schema);
        let faults = validator.iter_errors(value);
        faults.map(|fault| format!("{} {fault}", fault.instance_path())).collect()
    }

    fn validator(&self, reading: Reading, schema: &Value) -> Arc<Validator> {
        let mut validators = self.validators.lock().unwrap();
        let make = || {
            let (schema, schemas) = match reading {
                Reading::Open => (schema.clone(), &self.schemas[0]),
                Reading::Closed => (closed(schema), &self.schemas[1]),
            };
            let whole = json!({"components": {"schemas": schemas}, "allOf": [schema]});
            let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
            Arc::new(options.build(&whole).unwrap_or_else(|error| panic!("{schema}: {error}")))
        };
        Arc::clone(validators.entry((reading, schema.to_string())).or_insert_with(make))
    }
}

/// The examples that stand beside a schema, each with its name.
pub(crate) fn examples_of(content: &'static Value) -> Vec<(&'static str, &'static Value)> {
    let description = Description::get();
    let one = content.get("example").map(|value| ("example", value));
    let named = content.get("examples").and_then(Value::as_object).into_iter().flatten();
    let named = named.map(|(name, example)| (name.as_str(), &description.resolve(example)["value"]));
    one.into_iter().chain(named).collect()
}

fn capital(method: &str) -> &'static str {
    ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(method))
        .unwrap_or_else(|| panic!("{method} is no method"))
}

/// The same schema, by which an object has no fields but those that it describes.
fn closed(schema: &Value) -> Value {
    match schema {
        Value::Array(parts) => parts.iter().map(closed).collect(),
        Value::Object(fields) => {
            let mut fields: Map<_, _> =
                fields.iter().map(|(name, value)| (name.clone(), closed(value))).collect();
            let describes_fields =
                fields.get("properties").is_some_and(|it| it.get("type").is_none_or(Value::is_object));
            if describes_fields && !fields.contains_key("additionalProperties") {
                fields.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            Value::Object(fields)
        }
        other => other.clone(),
    }
}

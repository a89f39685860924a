//! Examples of the description are what their schemas say, and `events/` asks for what it describes.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::description::{Description, Operation, Reading, examples_of};
use crate::support::project;

/// Whatever has examples beside a schema, each with where it is.
fn contents() -> Vec<(String, &'static Value)> {
    let description = Description::get();
    let mut found = Vec::new();
    let mut add = |place: String, holder: &'static Value| {
        for (media_type, content) in holder.get("content").and_then(Value::as_object).into_iter().flatten() {
            found.push((format!("{place} {media_type}"), content));
        }
    };
    for Operation { method, path, value } in description.operations() {
        if let Some(body) = description.at(value, "requestBody") {
            add(format!("{method} {path}, request,"), body);
        }
        for (status, response) in value["responses"].as_object().unwrap() {
            add(format!("{method} {path} {status}"), description.resolve(response));
        }
    }
    for (status, response) in description.root()["x-any-path"].as_object().unwrap() {
        add(format!("any path {status}"), description.resolve(response));
    }
    found
}

#[test]
fn every_example_is_what_its_schema_says() {
    let description = Description::get();
    for (place, content) in contents() {
        let examples = examples_of(content);
        assert!(!examples.is_empty() || place.ends_with("*/*"), "{place} has no example");
        for (name, example) in examples {
            let faults = description.faults(Reading::Closed, &content["schema"], example);
            // An update has more kinds than anybody lists.
            assert!(
                faults.is_empty() || place.contains("/telegram/webhook, request"),
                "{place}, {name}: {faults:?}"
            );
        }
    }
}

#[test]
fn every_example_of_a_parameter_is_what_its_schema_says() {
    let description = Description::get();
    for operation in description.operations() {
        for parameter in description.parameters(operation) {
            if let Some(example) = parameter.get("example") {
                let faults = description.faults(Reading::Open, &parameter["schema"], example);
                assert!(faults.is_empty(), "{}: {faults:?}", parameter["name"]);
            }
        }
    }
}

#[test]
fn nothing_is_described_that_no_operation_has() {
    let root = Description::get().root();
    let mut used = BTreeSet::new();
    references(root, &mut used);
    let schemes = Description::get().operations().into_iter().filter_map(|it| it.value.get("security"));
    let schemes =
        schemes.flat_map(|list| list.as_array().unwrap()).flat_map(|it| it.as_object().unwrap().keys());
    used.extend(schemes.map(|name| format!("#/components/securitySchemes/{name}")));
    for (kind, named) in root["components"].as_object().unwrap() {
        for name in named.as_object().unwrap().keys() {
            let reference = format!("#/components/{kind}/{name}");
            assert!(used.contains(&reference), "{reference} is used nowhere");
        }
    }
}

fn references(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Array(parts) => parts.iter().for_each(|part| references(part, into)),
        Value::Object(fields) => {
            into.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|part| references(part, into));
        }
        _ => {}
    }
}

#[test]
fn every_operation_has_a_name_of_its_own_and_a_summary() {
    let mut names = BTreeSet::new();
    for Operation { method, path, value } in Description::get().operations() {
        let name =
            value["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no operationId"));
        assert!(names.insert(name), "{name} twice");
        assert!(value["summary"].is_string() && value["tags"].is_array(), "{method} {path}");
    }
}

#[test]
fn the_bodies_of_events_are_what_is_described() {
    let mut compared = 0;
    for entry in std::fs::read_dir(project().join("events")).unwrap() {
        let path = entry.unwrap().path();
        let event: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let (Some(method), Some(resource)) = (event["httpMethod"].as_str(), event["resource"].as_str())
        else {
            continue;
        };
        let Some(operation) = Description::get().operation(method, resource) else {
            assert!(path.ends_with("fallback.json"), "{} asks for what is not described", path.display());
            continue;
        };
        let Some(body) = event["body"].as_str() else { continue };
        let decoded = || STANDARD.decode(body).unwrap();
        let bytes = if event["isBase64Encoded"] == true { decoded() } else { body.as_bytes().to_vec() };
        let schema = operation.value.pointer("/requestBody/content/application~1json/schema");
        let (Some(schema), Ok(body)) = (schema, serde_json::from_slice(&bytes)) else { continue };
        let faults = Description::get().faults(Reading::Open, schema, &body);
        assert!(faults.is_empty(), "{}: {faults:?}", path.display());
        compared += 1;
    }
    assert!(compared >= 8, "only {compared} bodies were looked at");
}

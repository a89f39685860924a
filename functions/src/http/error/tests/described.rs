//! The description of the API knows every error, and no other.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;
use std::path::Path;

use super::*;

/// The sentence of a command that was waited for and failed: no error of the API, so not in `error.rs`.
const OF_A_COMMAND: (u16, &str) = (502, "The command failed.");

fn text_of(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Statuses and sentences of all errors that are examples in the description, each with where it is.
fn described() -> BTreeMap<(u16, String), String> {
    let root: Value = serde_yaml_ng::from_str(&text_of("docs/openapi.yaml")).unwrap();
    let resolve = |value: &Value| match value["$ref"].as_str() {
        Some(reference) => root.pointer(reference.trim_start_matches('#')).unwrap().clone(),
        None => value.clone(),
    };
    let mut found = BTreeMap::new();
    let mut add = |place: &str, responses: &Value| {
        for (status, response) in responses.as_object().unwrap() {
            let examples = resolve(response)["content"]["application/json"]["examples"].take();
            for example in examples.as_object().into_iter().flat_map(Map::values) {
                if let Some(sentence) = resolve(example)["value"]["error"].as_str() {
                    found.insert((status.parse().unwrap(), sentence.to_owned()), place.to_owned());
                }
            }
        }
    };
    for (path, item) in root["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap().iter().filter(|(_, it)| it.is_object()) {
            add(&format!("{method} {path}"), &operation["responses"]);
        }
    }
    add("any path", &root["x-any-path"]);
    found
}

/// What the code can answer: every error of the tables, and every failure.
fn known() -> BTreeSet<(u16, String)> {
    let errors = every_error().into_iter();
    let errors = errors.map(|(_, status, body)| (status, body["error"].as_str().unwrap().to_owned()));
    errors.chain(FAILURES.map(|(_, sentence)| (500, sentence.to_owned()))).collect()
}

#[test]
fn the_tables_have_every_error() {
    let source = include_str!("../../error.rs");
    let (failures, errors) = source.split_once("pub(crate) enum ApiError").unwrap();
    // Each variant has a sentence.
    assert_eq!(failures.matches("#[error(").count(), FAILURES.len());
    let tabled: Vec<_> = every_error().iter().map(|(error, ..)| discriminant(error)).collect();
    let tabled = tabled.iter().enumerate().filter(|(at, one)| !tabled[..*at].contains(one)).count();
    // `Failed` and `WithCookie`.
    assert_eq!(errors.matches("#[error(").count(), tabled + 2);
}

#[test]
fn every_error_is_an_example_of_its_status_in_the_description() {
    let described = described();
    for error in known() {
        assert!(described.contains_key(&error), "{error:?} is not described");
    }
}

#[test]
fn no_error_is_described_that_nothing_answers() {
    let (known, template) = (known(), text_of("template.yaml"));
    let sources = sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")));
    let said = |text: &str| sources.contains(&format!("\"{text}\""));
    for (error, place) in described() {
        let (status, sentence) = (error.0, error.1.as_str());
        let is_of_the_code = match (status, sentence.trim_end_matches('.').split_once(" must be ")) {
            _ if known.contains(&error) => true,
            (400, Some((parameter, expected))) => said(parameter) && said(expected),
            (415, Some(("Content-Type", expected))) => said(expected),
            (400, None) => sentence
                .strip_prefix("Part ")
                .and_then(|rest| rest.trim_end_matches('.').split_once(' '))
                .is_some_and(|(_, problem)| said(problem)),
            _ => (status, sentence) == OF_A_COMMAND && said(sentence),
        };
        let is_of_the_gateway = status >= 413 && template.contains(&format!("{{\"error\":\"{sentence}\""));
        assert!(is_of_the_code || is_of_the_gateway, "{place}: nothing answers {error:?}");
    }
}

/// The code, without tests that are files of their own.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") {
            text.push_str(&sources(&path));
        } else if path.is_file() && !path.ends_with("tests.rs") {
            text.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
    text
}

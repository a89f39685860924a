//! Routes, functions and their events: the code, the template, the manifest and `events/` name the same ones.

use std::collections::BTreeSet;

use lambdagram_functions::{FUNCTIONS, ROUTES};
use serde_json::Value;

use super::{repository, template, text_of};

fn binaries() -> BTreeSet<String> {
    FUNCTIONS.iter().map(|(name, _)| (*name).to_owned()).collect()
}

#[test]
fn the_code_knows_the_routes_of_the_template() {
    let model = template();
    let routes = model.functions.iter().flat_map(|function| &function.routes);
    let in_template: BTreeSet<_> = routes
        .filter(|route| route.method != "ANY")
        .map(|route| (route.method.as_str(), route.path.as_str()))
        .collect();
    assert_eq!(BTreeSet::from(ROUTES), in_template);
}

#[test]
fn the_code_knows_the_functions_of_the_template() {
    let in_template: Vec<_> = template().functions.into_iter().map(|function| function.binary).collect();
    assert_eq!(in_template.len(), FUNCTIONS.len());
    assert_eq!(BTreeSet::from_iter(in_template), binaries());
}

#[test]
fn every_function_is_a_binary_of_the_package() {
    let manifest = text_of("functions/Cargo.toml");
    let names = manifest.split("[[bin]]\nname = \"").skip(1).filter_map(|table| table.split('"').next());
    assert_eq!(names.map(str::to_owned).collect::<BTreeSet<_>>(), binaries());
}

#[test]
fn every_function_has_an_event_to_try_it_with() {
    let folder = std::fs::read_dir(repository().join("events")).expect("the folder of events");
    let files: BTreeSet<_> = folder
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name in UTF-8"))
        .collect();
    let mut expected: BTreeSet<_> = binaries().iter().map(|binary| format!("{binary}.json")).collect();
    expected.insert("env.json".to_owned());
    assert_eq!(files, expected);
}

#[test]
fn env_json_speaks_of_the_functions_of_the_template_and_their_variables() {
    let given: Value = serde_json::from_str(&text_of("events/env.json")).expect("env.json is JSON");
    let given = given.as_object().expect("an object by function");
    let model = template();
    let logical_ids: BTreeSet<_> =
        model.functions.iter().map(|function| function.logical_id.as_str()).collect();
    assert_eq!(given.keys().map(String::as_str).collect::<BTreeSet<_>>(), logical_ids);
    for function in &model.functions {
        for name in given[&function.logical_id].as_object().expect("variables by name").keys() {
            assert!(
                function.environment.contains_key(name),
                "sam passes on no {name} to {}",
                function.logical_id
            );
        }
    }
}

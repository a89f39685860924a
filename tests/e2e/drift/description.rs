//! The description of the API and its routes.

use std::collections::BTreeSet;

use lambdagram_functions::ROUTES;
use serde_yaml_ng::Value;

use super::text_of;

/// What a path of a description has besides its methods.
const NO_METHODS: [&str; 1] = ["parameters"];

#[test]
fn every_route_is_described_and_nothing_else() {
    let description: Value = serde_yaml_ng::from_str(&text_of("docs/openapi.yaml")).expect("YAML");
    let paths = description["paths"].as_mapping().expect("paths");
    let described: BTreeSet<(String, String)> = paths
        .iter()
        .flat_map(|(path, operations)| {
            let methods = operations.as_mapping().expect("operations").keys();
            let methods = methods.map(|method| method.as_str().expect("a method"));
            let methods = methods.filter(|method| !NO_METHODS.contains(method));
            methods.map(|method| (method.to_uppercase(), path.as_str().expect("a path").to_owned()))
        })
        .collect();
    let routes = ROUTES.map(|(method, path)| (method.to_owned(), path.to_owned()));
    assert_eq!(described, BTreeSet::from(routes));
}

//! The description of the API, its routes in the code and in the template, and what API Gateway answers by itself.

use std::collections::BTreeSet;

use lambdagram_functions::ROUTES;
use serde_json::Value;

use super::template;
use crate::contract::Description;

#[test]
fn every_route_is_described_and_nothing_else() {
    let described = Description::get().operations().into_iter().map(|it| (it.method, it.path));
    assert_eq!(described.collect::<BTreeSet<_>>(), BTreeSet::from(ROUTES));
}

#[test]
fn every_route_of_the_template_is_described_and_whether_it_streams() {
    let described = Description::get().operations().into_iter();
    let described =
        described.map(|it| (it.method.to_owned(), it.path.to_owned(), it.value["x-streamed"] == true));
    let functions = template().functions;
    let routes = functions.into_iter().flat_map(|function| function.routes).filter(|it| it.method != "ANY");
    let routes = routes.map(|route| (route.method, route.path, route.streams));
    assert_eq!(described.collect::<BTreeSet<_>>(), routes.collect());
}

#[test]
fn what_api_gateway_answers_by_itself_is_described_for_every_operation() {
    // Of `DEFAULT_4XX`, API Gateway knows the status and the sentence. Integrations that fail have 502.
    let responses = template().api.gateway_responses;
    let described_by_kind =
        [("REQUEST_TOO_LARGE", 413), ("THROTTLED", 429), ("DEFAULT_5XX", 502), ("INTEGRATION_TIMEOUT", 504)];
    for (kind, status) in described_by_kind {
        let response = &responses[kind];
        assert!(response.status.is_none_or(|its| its == status), "{kind}");
        let text = &response.templates["application/json"];
        // What is filled in stands in quotes already.
        let body: Value = serde_json::from_str(text).unwrap();
        for operation in Description::get().operations() {
            let takes_bodies = operation.method == "POST";
            if status == 413 && !takes_bodies || operation.method == "HEAD" {
                continue;
            }
            let described = sentences(operation.value, status);
            let place = format!("{kind} at {} {}", operation.method, operation.path);
            assert!(described.contains(&&body["error"]), "{place}: {described:?}");
        }
    }
    let others: Vec<_> =
        responses.keys().filter(|kind| !described_by_kind.iter().any(|(known, _)| known == kind)).collect();
    assert_eq!(others, ["DEFAULT_4XX"]);
}

/// The sentences that are examples of a status of an operation.
fn sentences(operation: &'static Value, status: u16) -> Vec<&'static Value> {
    let description = Description::get();
    let response = description.at(&operation["responses"], &status.to_string());
    let examples = response.and_then(|it| it["content"]["application/json"]["examples"].as_object());
    let examples = examples.into_iter().flat_map(serde_json::Map::values);
    examples.map(|example| &description.resolve(example)["value"]["error"]).collect()
}

//! Sees every answer of a stack, and what of it is not described.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use lambdagram_tests::gateway::{Exchange, Observer};
use serde_json::Value;

use super::description::{Description, Reading, examples_of};
use super::taken::faults_of_request;

/// What the front of API Gateway answers in plain text before it knows the API, as the description's head says.
const OF_THE_FRONT: [StatusCode; 3] =
    [StatusCode::BAD_REQUEST, StatusCode::REQUEST_TIMEOUT, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE];

/// Headers of every answer, of which the description's head speaks, or which are HTTP's own.
const EVERYWHERE: [&str; 10] = [
    "access-control-allow-credentials",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "date",
    "transfer-encoding",
    "vary",
];

/// What every answer of API Gateway's begins its own headers with.
const OF_THE_GATEWAY: &str = "x-amz";

/// Sees the answers of one stack. Where something of them was not described, it ends their test.
#[derive(Default)]
pub(crate) struct Witness(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    /// What was not described.
    faults: BTreeSet<String>,
    /// How often each operation succeeded, by its method and its path.
    successes: BTreeMap<(String, String), usize>,
}

impl Witness {
    /// The part that watches.
    pub(crate) fn observer(&self) -> Observer {
        let seen = Arc::clone(&self.0);
        Arc::new(move |exchange| {
            let place = format!("{} {} {}", exchange.method, exchange.uri.path(), exchange.status);
            let faults = faults_of(exchange).into_iter().map(|fault| format!("{place}: {fault}"));
            let mut seen = seen.lock().unwrap();
            seen.faults.extend(faults);
            if let Some(taken) = exchange.taken.clone().filter(|_| exchange.status.is_success()) {
                *seen.successes.entry((taken.method, taken.resource)).or_default() += 1;
            }
        })
    }

    /// How often each operation has succeeded since this was asked last.
    pub(crate) fn take_successes(&self) -> BTreeMap<(String, String), usize> {
        std::mem::take(&mut self.0.lock().unwrap().successes)
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let seen = self.0.lock().unwrap();
        let faults = &seen.faults;
        assert!(faults.is_empty() || std::thread::panicking(), "not as docs/openapi.yaml says: {faults:#?}");
    }
}

/// What is not described of an exchange.
pub(super) fn faults_of(exchange: &Exchange) -> Vec<String> {
    let description = Description::get();
    let Some(taken) = &exchange.taken else {
        let is_of_the_front = OF_THE_FRONT.contains(&exchange.status) && exchange.answered.is_none();
        return if is_of_the_front { Vec::new() } else { vec!["the front answers no such thing".to_owned()] };
    };
    let Some(operation) = description.operation(&taken.method, &taken.resource) else {
        return faults_on_no_operation(exchange, description.has_path(&taken.resource));
    };
    let Some(response) = description.at(&operation.value["responses"], exchange.status.as_str()) else {
        return vec![format!("the status is not described; {:?}", exchange.answered)];
    };
    let mut faults = faults_of_answer(exchange, response);
    if exchange.status.is_success() {
        faults.extend(faults_of_request(exchange, operation));
    }
    faults
}

/// What is answered where there is no path, or a path has no such method.
fn faults_on_no_operation(exchange: &Exchange, has_path: bool) -> Vec<String> {
    let description = Description::get();
    match exchange.status {
        StatusCode::NO_CONTENT if exchange.method == "OPTIONS" && has_path => {
            let is_preflight = exchange.headers.contains_key("access-control-allow-methods");
            if is_preflight { Vec::new() } else { vec!["it is no preflight".to_owned()] }
        }
        // Whatever the path is.
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => Vec::new(),
        status => {
            let expected = if has_path { StatusCode::METHOD_NOT_ALLOWED } else { StatusCode::NOT_FOUND };
            if status != expected || has_path != exchange.headers.contains_key(ALLOW) {
                return vec![format!("{expected} is described where there is no such operation")];
            }
            let responses = &description.root()["x-any-path"];
            faults_of_answer(exchange, description.at(responses, status.as_str()).expect("an answer"))
        }
    }
}

fn faults_of_answer(exchange: &Exchange, response: &'static Value) -> Vec<String> {
    let mut faults = faults_of_headers(&exchange.headers, response);
    let media_type = exchange.headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap());
    let Some(contents) = response.get("content") else {
        if exchange.answered.as_ref().is_some_and(|answered| !answered.is_empty()) {
            faults.push("it has a body".to_owned());
        }
        return faults;
    };
    if contents.get("*/*").is_some() {
        return faults;
    }
    let content = media_type.and_then(|media_type| contents.get(media_type));
    let (Some(content), Some(answered)) = (content, &exchange.answered) else {
        faults.push(format!("no body of the type {media_type:?} is described"));
        return faults;
    };
    let Ok(body) = serde_json::from_slice::<Value>(answered) else {
        faults.push("the body is no JSON".to_owned());
        return faults;
    };
    faults.extend(Description::get().faults(Reading::Closed, &content["schema"], &body));
    // Sentences are what clients tell errors apart by.
    if let Some(sentence) = body["error"].as_str().filter(|_| !exchange.status.is_success()) {
        let known = examples_of(content).into_iter().filter_map(|(_, example)| example["error"].as_str());
        if !known.map(without_numbers).any(|known| known == without_numbers(sentence)) {
            faults.push(format!("“{sentence}” is no example"));
        }
    }
    faults
}

/// A sentence may name the part of a file that it is about.
fn without_numbers(sentence: &str) -> String {
    match sentence.split_once(' ') {
        Some(("Part", rest)) => rest.trim_start_matches(|letter: char| letter.is_ascii_digit()).to_owned(),
        _ => sentence.to_owned(),
    }
}

fn faults_of_headers(headers: &HeaderMap, response: &'static Value) -> Vec<String> {
    let description = Description::get();
    let mut faults = Vec::new();
    let described = response.get("headers").and_then(Value::as_object).into_iter().flatten();
    let described: Vec<_> = described.map(|(name, header)| (name, description.resolve(header))).collect();
    let find = |name: &str| described.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    for (name, header) in &described {
        if header["required"] == true && !headers.contains_key(name.as_str()) {
            faults.push(format!("the header {name} is missing"));
        }
    }
    for (name, value) in headers {
        let name = name.as_str();
        let Some((_, header)) = find(name) else {
            if !EVERYWHERE.contains(&name) && !name.starts_with(OF_THE_GATEWAY) {
                faults.push(format!("the header {name} is not described"));
            }
            continue;
        };
        let schema = &header["schema"];
        let value = description.read(schema, &String::from_utf8_lossy(value.as_bytes()));
        faults.extend(
            description
                .faults(Reading::Open, schema, &value)
                .into_iter()
                .map(|fault| format!("{name}: {fault}")),
        );
    }
    if find(CACHE_CONTROL.as_str()).is_none() && headers.get(CACHE_CONTROL).is_none_or(|it| it != "no-store")
    {
        faults.push("it may be stored".to_owned());
    }
    faults
}

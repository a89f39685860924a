//! What was taken of a request has to be what the description says is taken: parameters, and bodies in JSON or of a form.
//!
//! Parameters and fields that are not described are passed over, as the API does.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::{FutureExt as _, stream};
use http::header::CONTENT_TYPE;
use lambdagram_tests::gateway::Exchange;
use multer::Multipart;
use reqwest::Url;
use serde_json::{Map, Value, json};

use super::description::{Description, Operation, Reading};

/// What is not described of a request that succeeded.
pub(super) fn faults_of_request(exchange: &Exchange, operation: Operation) -> Vec<String> {
    let mut faults = faults_of_parameters(exchange, operation);
    faults.extend(faults_of_body(exchange, operation.value));
    faults.into_iter().map(|fault| format!("taken: {fault}")).collect()
}

fn faults_of_parameters(exchange: &Exchange, operation: Operation) -> Vec<String> {
    let description = Description::get();
    let mut faults = Vec::new();
    let query = query_of(exchange);
    for parameter in description.parameters(operation) {
        let name = parameter["name"].as_str().unwrap();
        let values: Vec<String> = match parameter["in"].as_str().unwrap() {
            "query" => {
                query.iter().filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect()
            }
            "path" => segment_of(exchange, operation.path, name).into_iter().collect(),
            "header" => {
                let values = exchange.asked_headers.get_all(name).iter();
                values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
            }
            place => panic!("{name} is in {place}"),
        };
        if values.is_empty() && parameter["required"] == true {
            faults.push(format!("{name} was missing"));
        }
        for value in values {
            let value = description.read(&parameter["schema"], &value);
            let of_value = description.faults(Reading::Open, &parameter["schema"], &value);
            faults.extend(of_value.into_iter().map(|fault| format!("{name}: {fault}")));
        }
    }
    faults
}

fn query_of(exchange: &Exchange) -> Vec<(String, String)> {
    let url = Url::parse(&format!("http://gateway{}", exchange.uri)).unwrap();
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// What stands in the place of `{name}` of a path.
fn segment_of(exchange: &Exchange, path: &str, name: &str) -> Option<String> {
    let mut segments = path.split('/').zip(exchange.uri.path().split('/'));
    let place = format!("{{{name}}}");
    segments.find(|(described, _)| *described == place).map(|(_, segment)| segment.to_owned())
}

fn faults_of_body(exchange: &Exchange, operation: &'static Value) -> Vec<String> {
    let description = Description::get();
    let Some(body) = description.at(operation, "requestBody") else { return Vec::new() };
    // A client need not say what its body is.
    let Some(media_type) = exchange.asked_headers.get(CONTENT_TYPE) else { return Vec::new() };
    let media_type = media_type.to_str().unwrap();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let Some(content) = body["content"].get(essence) else {
        // Where no type is refused, none is looked at.
        let is_looked_at = operation["responses"].get("415").is_some();
        let fault = || format!("a body of the type {essence} is not described");
        return is_looked_at.then(fault).into_iter().collect();
    };
    let Some(asked) = exchange.asked.as_ref().filter(|asked| !asked.is_empty() || body["required"] == true)
    else {
        return Vec::new();
    };
    let value = match essence {
        "application/json" => serde_json::from_slice(asked).map_err(|error| error.to_string()),
        _ => fields_of(media_type, asked).map_err(|error| error.to_string()),
    };
    match value {
        Ok(value) => description.faults(Reading::Open, &content["schema"], &value),
        Err(error) => vec![error],
    }
}

/// The fields of a form as an object. Of a file it has no bytes: they have no schema.
fn fields_of(media_type: &str, body: &Bytes) -> Result<Value, multer::Error> {
    let boundary = multer::parse_boundary(media_type)?;
    let mut form = Multipart::new(stream::iter([Ok::<_, Infallible>(body.clone())]), boundary);
    let read = async {
        let mut fields = Map::new();
        while let Some(field) = form.next_field().await? {
            let name = field.name().unwrap_or_default().to_owned();
            let is_file = field.file_name().is_some();
            let bytes = field.bytes().await?;
            let text = if is_file { String::new() } else { String::from_utf8_lossy(&bytes).into_owned() };
            fields.insert(name, json!(text));
        }
        Ok(Value::Object(fields))
    };
    read.now_or_never().expect("all of the form is there")
}

//! The event a function gets: the REST API's proxy event, payload format 1.0.
//!
//! - `path` is the path as it was sent, percent-encoding included, without the stage; `requestContext.path` has the
//!   stage, as on an execute-api host.
//! - Path parameters and query values are decoded once, `+` in a query is a space, `;` splits like `&` (API Gateway
//!   important notes); bytes that are no UTF-8 become U+FFFD.
//! - The single maps hold the last value, the multi maps every value in the order sent. Without a query string both
//!   are null, as path parameters are on a route without any.
//! - Header names are lower case, as those of an HTTP/2 client; those that API Gateway adds have its spelling.
//! - A body that is not of a binary media type is text: what is no UTF-8 in it becomes U+FFFD and is lost, as with
//!   API Gateway. No body is null.

use std::collections::BTreeMap;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Version};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::FormatItem;
use time::macros::format_description;
use uuid::Uuid;

use super::headers::reaches_function;
use super::routes::Match;
use crate::aws::ACCOUNT;

/// The API's id: ten letters and digits, as API Gateway gives.
const API_ID: &str = "lambdagram";

/// The deployment's id: six letters and digits.
const DEPLOYMENT_ID: &str = "local1";

/// How many random bytes an extended request id has; 15 characters of base64 and a `=`.
const EXTENDED_ID_BYTES: usize = 11;

/// `requestTime` in the Common Log Format, in UTC.
const LOG_TIME: &[FormatItem<'static>] =
    format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000");

/// One request's marks, made when it arrives.
#[derive(Debug)]
pub(super) struct Arrival {
    /// API Gateway's id of the request.
    pub(super) request_id: String,
    /// The other id, `x-amz-apigw-id` to the client.
    pub(super) extended_id: String,
    /// Milliseconds since the Unix epoch.
    pub(super) at_ms: u64,
    /// The client's address.
    pub(super) source: IpAddr,
}

impl Arrival {
    pub(super) fn new(at_ms: u64, source: IpAddr) -> Self {
        Self {
            request_id: Uuid::new_v4().to_string(),
            extended_id: STANDARD.encode(&Uuid::new_v4().as_bytes()[..EXTENDED_ID_BYTES]),
            at_ms,
            source,
        }
    }

    fn trace_id(&self) -> String {
        let random = Uuid::new_v4().simple().to_string();
        format!("Root=1-{:08x}-{}", self.at_ms / 1000, &random[..24])
    }
}

/// A request and where it goes.
#[derive(Debug)]
pub(super) struct Request<'a> {
    /// Method, URI, version and headers as sent.
    pub(super) parts: &'a Parts,
    /// The method after `X-HTTP-Method-Override`.
    pub(super) method: &'a str,
    /// The path without the stage.
    pub(super) path: &'a str,
    /// The stage's name.
    pub(super) stage: &'a str,
    /// The route, if there is one.
    pub(super) route: Option<&'a Match<'a>>,
    /// Ids, time and address.
    pub(super) arrival: &'a Arrival,
}

impl Request<'_> {
    /// The whole event.
    pub(super) fn event(&self, body: &Bytes, binary: bool) -> Value {
        let headers = self.headers();
        let query = query_values(self.parts.uri.query().unwrap_or_default());
        let encoded = binary && !body.is_empty();
        let body = match (body.is_empty(), encoded) {
            (true, _) => Value::Null,
            (false, true) => Value::String(STANDARD.encode(body)),
            (false, false) => Value::String(String::from_utf8_lossy(body).into_owned()),
        };
        json!({
            "resource": self.route.map(|route| route.resource),
            "path": self.path,
            "httpMethod": self.method,
            "headers": last_values(&headers),
            "multiValueHeaders": headers,
            "queryStringParameters": (!query.is_empty()).then(|| last_values(&query)),
            "multiValueQueryStringParameters": (!query.is_empty()).then_some(query),
            "pathParameters": self.route.map(|route| &route.parameters).filter(|it| !it.is_empty()),
            "stageVariables": null,
            "requestContext": self.context(),
            "body": body,
            "isBase64Encoded": encoded,
        })
    }

    /// `requestContext`, which gateway responses may name parts of, too.
    pub(super) fn context(&self) -> Value {
        let domain_name = host_without_port(host(self.parts));
        json!({
            "accountId": ACCOUNT,
            "apiId": API_ID,
            "deploymentId": DEPLOYMENT_ID,
            "domainName": domain_name,
            "domainPrefix": domain_name.split('.').next(),
            "extendedRequestId": self.arrival.extended_id,
            "httpMethod": self.method,
            "identity": self.identity(),
            "path": format!("/{}{}", self.stage, self.path),
            "protocol": protocol(self.parts.version),
            "requestId": self.arrival.request_id,
            "requestTime": log_time(self.arrival.at_ms),
            "requestTimeEpoch": self.arrival.at_ms,
            "resourceId": self.route.map(|route| route.resource_id),
            "resourcePath": self.route.map(|route| route.resource),
            "stage": self.stage,
        })
    }

    fn identity(&self) -> Value {
        json!({
            "accessKey": null,
            "accountId": null,
            "caller": null,
            "cognitoAuthenticationProvider": null,
            "cognitoAuthenticationType": null,
            "cognitoIdentityId": null,
            "cognitoIdentityPoolId": null,
            "principalOrgId": null,
            "sourceIp": self.arrival.source.to_string(),
            "user": null,
            "userAgent": text(&self.parts.headers, "user-agent"),
            "userArn": null,
        })
    }

    fn headers(&self) -> BTreeMap<String, Vec<String>> {
        let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in &self.parts.headers {
            if reaches_function(name, value) {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                headers.entry(name.as_str().to_owned()).or_default().push(value);
            }
        }
        let host = host(self.parts);
        if !host.is_empty() {
            headers.insert("host".to_owned(), vec![host.to_owned()]);
        }
        // The override has become the method.
        headers.remove("x-http-method-override");
        let source = self.arrival.source.to_string();
        let forwarded_for = match headers.remove("x-forwarded-for") {
            Some(before) => format!("{}, {source}", before.join(", ")),
            None => source,
        };
        let trace_id = headers
            .remove("x-amzn-trace-id")
            .and_then(|given| given.into_iter().find(|it| it.contains("Root=")))
            .unwrap_or_else(|| self.arrival.trace_id());
        headers.remove("x-forwarded-port");
        headers.remove("x-forwarded-proto");
        headers.insert("X-Amzn-Trace-Id".to_owned(), vec![trace_id]);
        headers.insert("X-Forwarded-For".to_owned(), vec![forwarded_for]);
        headers.insert("X-Forwarded-Port".to_owned(), vec![port(host).to_owned()]);
        headers.insert("X-Forwarded-Proto".to_owned(), vec!["http".to_owned()]);
        headers
    }
}

/// Where the client believes to be: the `Host` header, or the host of an absolute URI.
fn host(parts: &Parts) -> &str {
    let from_uri = parts.uri.authority().map(http::uri::Authority::as_str);
    from_uri.or_else(|| text(&parts.headers, "host")).unwrap_or_default()
}

fn host_without_port(host: &str) -> &str {
    split_port(host).0
}

/// The port the client used; 80 is what a URL without one means.
fn port(host: &str) -> &str {
    split_port(host).1.unwrap_or("80")
}

fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (name, Some(port)),
        _ => (host, None),
    }
}

/// A header's first value, if it is ASCII.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Every value of every name in a query string, decoded.
pub(super) fn query_values(query: &str) -> BTreeMap<String, Vec<String>> {
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in query.split(['&', ';']).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        values.entry(form_decoded(name)).or_default().push(form_decoded(value));
    }
    values
}

fn form_decoded(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

fn last_values(values: &BTreeMap<String, Vec<String>>) -> Map<String, Value> {
    values
        .iter()
        .filter_map(|(name, values)| Some((name.clone(), Value::from(values.last()?.as_str()))))
        .collect()
}

fn protocol(version: Version) -> &'static str {
    if version == Version::HTTP_10 { "HTTP/1.0" } else { "HTTP/1.1" }
}

fn log_time(at_ms: u64) -> String {
    let seconds = i64::try_from(at_ms / 1000).unwrap_or(i64::MAX);
    OffsetDateTime::from_unix_timestamp(seconds)
        .ok()
        .and_then(|time| time.format(LOG_TIME).ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded_with_every_value_in_order() {
        let expected = BTreeMap::from([
            ("a".to_owned(), vec!["1 2".to_owned(), "+".to_owned()]),
            ("b c".to_owned(), vec![String::new()]),
            ("d".to_owned(), vec!["x=y".to_owned()]),
            ("e".to_owned(), vec!["100%".to_owned()]),
        ]);
        assert_eq!(query_values("a=1+2&a=%2B&&b%20c;d=x=y&e=100%"), expected);
        assert_eq!(query_values(""), BTreeMap::new());
    }

    #[test]
    fn a_time_is_written_as_in_the_common_log_format() {
        assert_eq!(log_time(1_428_582_896_123), "09/Apr/2015:12:34:56 +0000");
    }

    #[test]
    fn a_port_is_split_from_names_and_addresses() {
        assert_eq!(split_port("localhost:3000"), ("localhost", Some("3000")));
        assert_eq!(split_port("[::1]:80"), ("[::1]", Some("80")));
        assert_eq!(split_port("[::1]"), ("[::1]", None));
        assert_eq!(split_port("example.com"), ("example.com", None));
    }
}

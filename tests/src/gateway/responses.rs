//! What API Gateway answers by itself: gateway responses.
//!
//! Each failure has a type. The template may say what a type answers, or what `DEFAULT_4XX` and `DEFAULT_5XX` do
//! for types it does not name; else it is `{"message": ...}`. Types, statuses and fallbacks are those of "Gateway
//! response types" in the developer guide; messages are what the service sends.
//!
//! Two failures never get here, because API Gateway's front answers them before it knows the API: see
//! [`FrontError`]. The front also words a body above 10 MB in plain text in the cloud ("Customizing the default
//! gateway response for 413 isn't currently supported", important notes); here the template's answer is given,
//! because that is the contract of this API.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::event::query_values;
use super::media::first_type;
use crate::template::model::GatewayResponse;

/// The media type of an answer without a template.
const JSON: &str = "application/json";

/// A request that API Gateway answers instead of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GatewayError {
    /// No resource has this path, or it has no such method. The service words it so for any request.
    NoRoute,
    /// The body is above 10 MB.
    BodyTooLarge,
    /// The event is above what Lambda takes.
    PayloadTooLarge,
    /// The function did not answer in time.
    Timeout,
    /// Lambda ran no function because too many run: the failure is the integration's, and the client sees 500.
    /// Lambda's own 429 is not passed on (re:Post, "API Gateway proxy integration does not forward Lambda throttling").
    Throttled,
    /// The function failed, or what it returned is no answer.
    Failed,
    /// The function's base64 is none.
    NotBase64,
}

impl GatewayError {
    /// The gateway response's type. A failed function has none of its own.
    fn kind(self) -> &'static str {
        match self {
            Self::NoRoute => "MISSING_AUTHENTICATION_TOKEN",
            Self::BodyTooLarge | Self::PayloadTooLarge => "REQUEST_TOO_LARGE",
            Self::Timeout => "INTEGRATION_TIMEOUT",
            Self::Throttled => "INTEGRATION_FAILURE",
            Self::Failed => "DEFAULT_5XX",
            Self::NotBase64 => "API_CONFIGURATION_ERROR",
        }
    }

    fn fallback(self) -> &'static str {
        if self.status().is_server_error() { "DEFAULT_5XX" } else { "DEFAULT_4XX" }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::NoRoute => StatusCode::FORBIDDEN,
            Self::BodyTooLarge | Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
            Self::Throttled | Self::NotBase64 => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Failed => StatusCode::BAD_GATEWAY,
        }
    }

    fn message(self) -> &'static str {
        match self {
            Self::NoRoute => "Missing Authentication Token",
            Self::BodyTooLarge => "HTTP content length exceeded 10485760 bytes.",
            Self::PayloadTooLarge => "Request Too Long",
            Self::Timeout => "Endpoint request timed out",
            Self::Throttled | Self::Failed | Self::NotBase64 => "Internal server error",
        }
    }

    /// `x-amzn-errortype`.
    fn exception(self) -> &'static str {
        match self {
            Self::NoRoute => "MissingAuthenticationTokenException",
            Self::BodyTooLarge | Self::PayloadTooLarge => "RequestTooLargeException",
            Self::Timeout | Self::Throttled | Self::Failed | Self::NotBase64 => {
                "InternalServerErrorException"
            }
        }
    }
}

/// A request that the front of API Gateway refuses, in plain text and whatever the template says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrontError {
    /// Request line and header values are above 10,240 bytes.
    HeadersTooLarge,
    /// The query has `|`, `{` or `}` as they are, which have to be percent-encoded.
    UnencodedQuery,
    /// The body broke off, or is none.
    BrokenBody,
    /// The body was not sent in time.
    StalledBody,
}

impl FrontError {
    /// The answer.
    pub(super) fn render(self) -> Response {
        match self {
            Self::HeadersTooLarge => {
                (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "HTTP header is larger than 10240 bytes.")
            }
            Self::UnencodedQuery | Self::BrokenBody => (StatusCode::BAD_REQUEST, "Bad Request"),
            Self::StalledBody => (StatusCode::REQUEST_TIMEOUT, "Request Timeout"),
        }
        .into_response()
    }
}

/// What a gateway response may draw on.
#[derive(Debug)]
pub(super) struct Circumstances<'a> {
    /// The request's method, URI and headers.
    pub(super) request: &'a Parts,
    /// The request's `requestContext`.
    pub(super) context: Value,
    /// The path's parameters.
    pub(super) path_parameters: Option<&'a BTreeMap<String, String>>,
}

/// The answer to a failure.
pub(super) fn render(
    error: GatewayError,
    responses: &BTreeMap<String, GatewayResponse>,
    mut circumstances: Circumstances<'_>,
) -> Response {
    let message = error.message();
    circumstances.context["error"] = json!({
        "message": message,
        "messageString": Value::from(message).to_string(),
        "responseType": error.kind(),
    });
    let response = responses.get(error.kind()).or_else(|| responses.get(error.fallback()));
    let status =
        response.and_then(|response| StatusCode::from_u16(response.status?).ok()).unwrap_or(error.status());
    let mut headers = HeaderMap::new();
    headers.insert("x-amzn-errortype", HeaderValue::from_static(error.exception()));
    let (media_type, body) =
        match response.and_then(|response| template(response, &circumstances.request.headers)) {
            Some((media_type, template)) => (media_type, filled(template, &circumstances.context)),
            None => (JSON, json!({"message": message}).to_string()),
        };
    if let Ok(media_type) = HeaderValue::from_str(media_type) {
        headers.insert(CONTENT_TYPE, media_type);
    }
    for (name, expression) in response.into_iter().flat_map(|response| &response.headers) {
        let value = circumstances.mapped(expression);
        let pair = (name.parse::<HeaderName>(), value.map(|value| HeaderValue::from_str(&value)));
        if let (Ok(name), Some(Ok(value))) = pair {
            headers.insert(name, value);
        }
    }
    (status, headers, Body::from(body)).into_response()
}

/// The template of the first type the client accepts, else that of JSON, else any.
fn template<'a>(response: &'a GatewayResponse, request: &HeaderMap) -> Option<(&'a str, &'a str)> {
    let accepted = first_type(request, &ACCEPT).unwrap_or_default();
    let (media_type, template) = response
        .templates
        .get_key_value(&accepted)
        .or_else(|| response.templates.get_key_value(JSON))
        .or_else(|| response.templates.first_key_value())?;
    Some((media_type, template))
}

impl Circumstances<'_> {
    /// What a header's mapping stands for: a part of the request or of the context, else itself. Nothing, where the
    /// request has no such part: the header is then left out.
    fn mapped(&self, expression: &str) -> Option<String> {
        if let Some(name) = expression.strip_prefix("method.request.header.") {
            let value = self.request.headers.get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        } else if let Some(name) = expression.strip_prefix("method.request.querystring.") {
            query_values(self.request.uri.query().unwrap_or_default()).remove(name)?.pop()
        } else if let Some(name) = expression.strip_prefix("method.request.path.") {
            self.path_parameters?.get(name).cloned()
        } else if let Some(name) = expression.strip_prefix("context.") {
            looked_up(&self.context, name)
        } else {
            Some(expression.to_owned())
        }
    }
}

/// A template with its `$context` variables filled in. Gateway responses run no VTL beyond that; a variable the
/// request does not have is left out.
fn filled(template: &str, context: &Value) -> String {
    const VARIABLE: &str = "$context.";
    let mut text = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(VARIABLE) {
        text.push_str(&rest[..at]);
        rest = &rest[at + VARIABLE.len()..];
        let end =
            rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.').unwrap_or(rest.len());
        // A full stop behind a name ends a sentence.
        let name = rest[..end].trim_end_matches('.');
        text.push_str(&looked_up(context, name).unwrap_or_default());
        rest = &rest[name.len()..];
    }
    text.push_str(rest);
    text
}

/// A value by its dotted name, `identity.sourceIp` for example.
fn looked_up(context: &Value, name: &str) -> Option<String> {
    match name.split('.').try_fold(context, |value, key| value.get(key))? {
        Value::String(text) => Some(text.clone()),
        value @ (Value::Number(_) | Value::Bool(_)) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in_and_everything_else_is_left() {
        let context = json!({
            "requestId": "r-1", "requestTimeEpoch": 7, "resourcePath": null,
            "error": {"message": "No", "messageString": "\"No\""},
        });
        let template = r#"{"error":$context.error.messageString,"id":"$context.requestId","n":$context.requestTimeEpoch}"#;
        assert_eq!(filled(template, &context), r#"{"error":"No","id":"r-1","n":7}"#);
        assert_eq!(
            filled("It is $context.requestId. [$context.resourcePath] $5", &context),
            "It is r-1. [] $5"
        );
    }
}

//! What an endpoint answers.

use ::http::{HeaderName, HeaderValue, StatusCode};
use lambda_http::{Body, Response};
use serde_json::Value;

use super::JSON;

/// A status, headers, and a JSON body or none.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Option<Value>,
}

impl Answer {
    pub(crate) fn json(status: StatusCode, body: Value) -> Self {
        Self { status, headers: Vec::new(), body: Some(body) }
    }

    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: None }
    }

    /// Adds a header. A value that cannot be one is left out; ours are built from plain ASCII.
    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.extend(HeaderValue::from_str(value).ok().map(|value| (name, value)));
        self
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let body = self.body.map_or(Body::Empty, |body| Body::Text(body.to_string()));
        let has_body = !matches!(body, Body::Empty);
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if has_body {
            headers.insert(JSON.0, JSON.1);
        }
        headers.extend(self.headers);
        response
    }
}

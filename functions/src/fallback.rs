//! What no route takes: unknown paths, methods that a path does not have, and preflights.
//!
//! API Gateway would answer these with a 403 of its own, and a preflight with one static origin.

use std::process::ExitCode;

use http::header::ACCESS_CONTROL_REQUEST_METHOD;

use crate::http::{Answer, ApiError, Endpoint, Incoming, preflight};
use crate::routes::methods_of;
use crate::runtime::serve_http;

/// Runs the function.
pub fn main() -> ExitCode {
    serve_http(async |_start| Ok(Fallback))
}

struct Fallback;

impl Endpoint for Fallback {
    async fn handle(&self, request: Incoming) -> Result<Answer, ApiError> {
        let mut methods = methods_of(request.route());
        if methods.is_empty() {
            return Err(ApiError::NotFound);
        }
        methods.push("OPTIONS");
        let asks_beforehand = request.header(ACCESS_CONTROL_REQUEST_METHOD.as_str()).is_some();
        if *request.method() == http::Method::OPTIONS && asks_beforehand {
            return Ok(preflight(&methods));
        }
        Err(ApiError::MethodNotAllowed { allow: methods })
    }
}

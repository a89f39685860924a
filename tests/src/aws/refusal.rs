//! Errors in each service's own shape.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::json;

use super::call::Need;
use super::{ACCOUNT, Service};

/// What IAM answers to a function that may not do this.
pub(super) fn not_allowed(service: Service, function: &str, need: &Need) -> Response<Body> {
    let Need { action, resource } = need;
    let user = format!("arn:aws:sts::{ACCOUNT}:assumed-role/{function}Role/{function}");
    let message = format!(
        "User: {user} is not authorized to perform: {action} on resource: {resource} because no identity-based \
         policy allows the {action} action"
    );
    let (status, code) = match service {
        Service::DynamoDb => (StatusCode::BAD_REQUEST, "AccessDeniedException"),
        Service::S3 | Service::Sqs => (StatusCode::FORBIDDEN, "AccessDenied"),
    };
    error(service, status, code, &message)
}

/// An error of a service.
pub(super) fn error(service: Service, status: StatusCode, code: &str, message: &str) -> Response<Body> {
    let (kind, body) = match service {
        Service::DynamoDb | Service::Sqs => (
            "application/x-amz-json-1.0",
            json!({ "__type": format!("com.amazon.coral.service#{code}"), "message": message }).to_string(),
        ),
        Service::S3 => (
            "application/xml",
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code><Message>{}</Message></Error>",
                escaped(code),
                escaped(message)
            ),
        ),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let (Service::Sqs, Ok(value)) = (service, HeaderValue::try_from(format!("{code};Sender"))) {
        response.headers_mut().insert("x-amzn-query-error", value);
    }
    response
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

//! The front that every call passes before its service: who calls, what for, whether that is allowed, and whether a
//! fault is due.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, Response, StatusCode};
use axum::middleware::{self, Next};

use super::Service;
use super::call::{self, Call, Need};
use super::faults::{Effect, Faults, When};
use super::iam::Policies;
use super::{refusal, s3_call};

/// The largest body of a DynamoDB or SQS call in bytes: DynamoDB takes 16 MB (AWS, DynamoDB quotas), SQS less.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// Kills the function process that signs with this access key id.
pub type Kill = Arc<dyn Fn(&str) + Send + Sync>;

/// What stands before the services.
#[derive(Clone)]
pub struct Front {
    policies: Arc<Policies>,
    faults: Faults,
    kill: Kill,
}

impl Front {
    /// A front with these policies and faults.
    pub fn new(policies: Policies, faults: Faults, kill: Kill) -> Self {
        Self { policies: Arc::new(policies), faults, kill }
    }

    /// The service behind this front.
    pub fn wrap(&self, service: Service, router: Router) -> Router {
        router.layer(middleware::from_fn_with_state((self.clone(), service), pass))
    }

    async fn suffer(&self, effect: Effect, service: Service, access_key_id: &str) -> Response<Body> {
        match effect {
            Effect::Error { status, code } => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                return refusal::error(service, status, &code, "A fault that a test asked for.");
            }
            Effect::Kill => (self.kill)(access_key_id),
            Effect::Hang => {}
        }
        std::future::pending().await
    }
}

async fn pass(
    State((front, service)): State<(Front, Service)>,
    request: Request,
    next: Next,
) -> Response<Body> {
    // A browser's preflight is no call.
    if request.method() == Method::OPTIONS {
        return next.run(request).await;
    }
    let (call, request) = match read(service, request).await {
        Ok(read) => read,
        Err(too_large) => return too_large,
    };
    let (parts, body) = request.into_parts();
    let access_key_id = call::access_key_id(&parts).unwrap_or_default();
    let function = front.policies.function_of(&access_key_id);
    let permitted =
        |need: &Need| function.is_none_or(|name| front.policies.permit(name, &need.action, &need.resource));
    if let Some((function, refused)) = function.zip(call.needs.iter().find(|need| !permitted(need))) {
        return refusal::not_allowed(service, function, refused);
    }
    if let Some(effect) = front.faults.meet(function, service, &call.operation, When::Before) {
        return front.suffer(effect, service, &access_key_id).await;
    }
    let listing = Need::new("s3:ListBucket", s3_call::bucket_arn(&parts));
    let mut response = next.run(Request::from_parts(parts, body)).await;
    // S3 does not tell whether an object exists to those who may not list its bucket.
    let reads = service == Service::S3 && ["GetObject", "HeadObject"].contains(&call.operation.as_str());
    if let Some(function) = function.filter(|_| reads && response.status() == StatusCode::NOT_FOUND)
        && !permitted(&listing)
    {
        response = refusal::not_allowed(service, function, &listing);
    }
    match front.faults.meet(function, service, &call.operation, When::After) {
        Some(effect) => front.suffer(effect, service, &access_key_id).await,
        None => response,
    }
}

/// Tells what a request asks for. Bodies of S3 are streamed and left alone.
async fn read(service: Service, request: Request) -> Result<(Call, Request), Response<Body>> {
    let (parts, body) = request.into_parts();
    if service == Service::S3 {
        return Ok((s3_call::s3(&parts), Request::from_parts(parts, body)));
    }
    let body = axum::body::to_bytes(body, LARGEST_BODY).await.map_err(|_| {
        let message = format!("The request is larger than {LARGEST_BODY} bytes.");
        refusal::error(service, StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &message)
    })?;
    let call = match service {
        Service::DynamoDb => call::dynamodb(&parts, &body),
        Service::Sqs | Service::S3 => call::sqs(&parts, &body),
    };
    Ok((call, Request::from_parts(parts, Body::from(body))))
}

//! The buckets' CORS rules: preflights, and the headers that let a browser's page read an answer.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use axum::middleware::{self, Next};
use serde::Deserialize;

use super::iam::matches;
use super::{AwsError, Service, refusal};
use crate::template::model::Bucket;

/// A rule as CloudFormation writes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Rule {
    allowed_origins: Vec<String>,
    allowed_methods: Vec<String>,
    #[serde(default)]
    allowed_headers: Vec<String>,
    #[serde(default)]
    exposed_headers: Vec<String>,
    max_age: Option<u32>,
}

type Rules = Arc<Vec<(String, Vec<Rule>)>>;

/// The service with its buckets' rules around it.
pub(super) fn wrap(buckets: &[Bucket], router: Router) -> Result<Router, AwsError> {
    let rules = buckets.iter().map(|bucket| match serde_json::from_value(bucket.cors.clone()) {
        Ok(rules) => Ok((bucket.name.clone(), rules)),
        Err(error) => Err(AwsError::Resource { name: bucket.name.clone(), reason: error.to_string() }),
    });
    let rules: Rules = Arc::new(rules.collect::<Result<_, _>>()?);
    Ok(router.layer(middleware::from_fn_with_state(rules, apply)))
}

async fn apply(State(rules): State<Rules>, request: Request, next: Next) -> Response<Body> {
    let preflight = request.method() == Method::OPTIONS;
    let asked = Asked::read(&request);
    let bucket = request.uri().path().trim_start_matches('/').split('/').next().unwrap_or_default();
    let rules = rules.iter().find(|(name, _)| name == bucket).map_or(&[][..], |(_, rules)| rules);
    let headers = asked.and_then(|asked| rules.iter().find_map(|rule| rule.headers(&asked, preflight)));
    let mut response = match (preflight, &headers) {
        (false, _) => next.run(request).await,
        (true, Some(_)) => Response::new(Body::empty()),
        (true, None) => {
            let message = "CORSResponse: This CORS request is not allowed.";
            refusal::error(Service::S3, StatusCode::FORBIDDEN, "AccessForbidden", message)
        }
    };
    response.headers_mut().extend(headers.unwrap_or_default());
    response
}

/// What a browser asks leave for.
struct Asked {
    origin: String,
    method: String,
    /// Header names in small letters.
    headers: Vec<String>,
}

impl Asked {
    fn read(request: &Request) -> Option<Self> {
        let header = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
        let headers = header(header::ACCESS_CONTROL_REQUEST_HEADERS).unwrap_or_default();
        let method = header(header::ACCESS_CONTROL_REQUEST_METHOD).unwrap_or(request.method().as_str());
        Some(Self {
            origin: header(header::ORIGIN)?.to_owned(),
            method: method.to_owned(),
            headers: headers
                .split(',')
                .map(|name| name.trim().to_lowercase())
                .filter(|name| !name.is_empty())
                .collect(),
        })
    }
}

impl Rule {
    /// The answer's headers, if this rule allows what is asked.
    fn headers(&self, asked: &Asked, preflight: bool) -> Option<HeaderMap> {
        let origin = self.allowed_origins.iter().find(|pattern| matches(pattern, &asked.origin))?;
        let allowed =
            |name: &String| self.allowed_headers.iter().any(|pattern| matches(&pattern.to_lowercase(), name));
        if !self.allowed_methods.contains(&asked.method) || !asked.headers.iter().all(allowed) {
            return None;
        }
        let any = origin == "*";
        let mut headers = HeaderMap::new();
        let mut set = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        set(header::ACCESS_CONTROL_ALLOW_ORIGIN, if any { "*" } else { &asked.origin });
        set(header::ACCESS_CONTROL_ALLOW_METHODS, &self.allowed_methods.join(", "));
        set(header::VARY, "Origin, Access-Control-Request-Headers, Access-Control-Request-Method");
        if !any {
            set(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        }
        if !self.exposed_headers.is_empty() {
            set(header::ACCESS_CONTROL_EXPOSE_HEADERS, &self.exposed_headers.join(", "));
        }
        if preflight && !asked.headers.is_empty() {
            set(header::ACCESS_CONTROL_ALLOW_HEADERS, &asked.headers.join(", "));
        }
        if let Some(seconds) = self.max_age.filter(|_| preflight) {
            set(header::ACCESS_CONTROL_MAX_AGE, &seconds.to_string());
        }
        Some(headers)
    }
}

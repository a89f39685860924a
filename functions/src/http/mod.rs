//! What every endpoint shares: one way in, one way out.
//!
//! [`Front`] gives each answer its request id, cache and CORS headers, turns an [`ApiError`] or a panic into JSON, and
//! logs one line a request, and one more about a body that is streamed. Endpoints see an [`Incoming`] and return an
//! [`Answer`].

mod answer;
mod cookie;
mod cors;
mod error;
mod form;
mod incoming;
mod number;
mod origin;
mod streamed;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use ::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use ::http::{HeaderValue, Method};
use futures_util::FutureExt;
use lambda_http::{Body, Request, Response};
use lambdagram_domain::measure;
use tracing::{Instrument, Span};

pub(crate) use self::answer::Answer;
pub(crate) use self::cookie::CookieRules;
pub(crate) use self::cors::preflight;
pub(crate) use self::error::{ApiError, Failure};
pub(crate) use self::form::{Form, FormField};
pub(crate) use self::incoming::{By, Incoming};
pub(crate) use self::number::{deserialize_whole, whole};
pub(crate) use self::streamed::{StreamFailed, Streamed};

use self::answer::Content;
use self::cors::AllowedOrigins;
use self::streamed::streamed;
use crate::clock::Clock;
use crate::meter::Meter;

/// One endpoint.
pub(crate) trait Endpoint: Send + Sync + 'static {
    /// What the endpoint says when something inside fails it.
    const FAILURE: Failure = Failure::Internal;

    /// Answers one request.
    fn handle(&self, request: Incoming) -> impl Future<Output = Result<Answer, ApiError>> + Send;
}

/// An endpoint with what all endpoints share around it.
pub(crate) struct Front<E> {
    endpoint: E,
    origins: Arc<AllowedOrigins>,
    clock: Clock,
    meter: Meter,
}

impl<E: Endpoint> Front<E> {
    pub(crate) fn new(endpoint: E, origins: Vec<String>, clock: Clock, meter: Meter) -> Self {
        Self { endpoint, origins: Arc::new(AllowedOrigins::new(origins)), clock, meter }
    }

    /// Answers one request on a route that does not stream, whatever happens in the endpoint. API Gateway counts the
    /// body by itself.
    pub(crate) async fn answer(&self, request: Request) -> Response<Body> {
        let (response, _) = self.respond(request, Route::Buffers).await;
        self.meter.publish();
        response.map(|content| match content {
            Content::Json(body) => Body::Text(body.to_string()),
            _ => Body::Empty,
        })
    }

    /// Answers one request on a route that streams, whatever happens in the endpoint.
    pub(crate) async fn stream(&self, request: Request) -> Streamed {
        let is_head = *request.method() == Method::HEAD;
        let (response, span) = self.respond(request, Route::Streams).await;
        self.meter.publish();
        streamed(response, is_head, span, self.meter)
    }

    async fn respond(&self, request: Request, on: Route) -> (Response<Content>, Span) {
        let started = Instant::now();
        let request = Incoming::new(request, self.clock.now(), Arc::clone(&self.origins));
        let request_id = request.id().to_owned();
        let span = tracing::info_span!("request", request_id, trace_id = request.trace_id());
        let origin = request.header("origin").map(str::to_owned);
        let (method, route) = (request.method().to_string(), request.route().to_owned());

        let handled =
            AssertUnwindSafe(self.endpoint.handle(request)).catch_unwind().instrument(span.clone()).await;
        let outcome = match handled {
            Ok(Ok(answer)) if on == Route::Buffers && answer.wants_streaming() => {
                Err(E::FAILURE.because("a route that buffers cannot give this body"))
            }
            Ok(outcome) => outcome,
            Err(_panic) => Err(ApiError::Panic),
        };
        let answer =
            outcome.unwrap_or_else(|error| span.in_scope(|| error.into_answer(&request_id, E::FAILURE)));
        let mut response = answer.into_response();
        let headers = response.headers_mut();
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        if let Ok(id) = HeaderValue::from_str(&request_id) {
            headers.insert("x-request-id", id);
        }
        self.origins.allow(origin.as_deref(), headers);

        let status = response.status().as_u16();
        let duration = started.elapsed();
        measure::REQUESTS.add(1);
        measure::FAILURES.add(u64::from(response.status().is_server_error()));
        measure::REQUEST_TIME.record(duration);
        let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        span.in_scope(|| tracing::info!(method, route, status, duration_ms, "Answered"));
        (response, span)
    }
}

/// How API Gateway passes an answer on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Route {
    /// In one piece, as text.
    Buffers,
    /// As it is made.
    Streams,
}

/// The header that says a body is JSON.
pub(crate) const JSON: (::http::HeaderName, HeaderValue) =
    (CONTENT_TYPE, HeaderValue::from_static("application/json"));

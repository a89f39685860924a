//! The front that turns HTTP requests into Lambda events, as API Gateway does: a regional REST API with proxy
//! integrations, buffered ones and streamed ones.
//!
//! It knows of Lambda only [`Invoke`], and of the API what the template's model says: routes, stage, binary media
//! types, gateway responses. A request goes through the front's limits, is routed (`routes`), taken in (`body`),
//! made an event (`event`), and the function's output becomes the answer, as a whole (`answer`) or as it comes
//! (`stream`). Whatever goes wrong on the way is a gateway response (`responses`).
//!
//! Paths match as they are and with the stage in front (`/prod/post`), so that a client which was built against an
//! execute-api host works, too; the event's `path` never has the stage.
//!
//! A client that leaves ends nothing but its own answer: the function runs on, as it does in the cloud.
//!
//! Not here: throttling, authorizers, usage plans, request validation, caching, and the bandwidth of streams (2 MB/s
//! after the first 10 MB).

mod answer;
mod body;
mod event;
mod headers;
mod media;
mod observe;
mod responses;
mod routes;
mod serve;
mod stream;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use bytes::Bytes;
use http::header::{CONNECTION, HeaderMap, HeaderValue};
use http::request::Parts;
use tokio::time::{Instant, timeout_at};

use self::answer::Unusable;
use self::body::Received;
use self::event::Arrival;
use self::media::BinaryMediaTypes;
pub use self::observe::{Exchange, Observer, Taken, observed};
use self::responses::{Circumstances, FrontError, GatewayError};
use self::routes::{Integration, Match, Routes};
pub use self::serve::serve;
pub use self::stream::{Answered, Chunks, Incomplete, Streamed};
use crate::clock::Clock;
use crate::template::model::{Api, Function, GatewayResponse};

/// How long an integration may take where its route does not say (API Gateway quotas for REST APIs: 29 s unless
/// raised), a streamed answer to its last byte. In real time: advancing the clock makes no function late.
pub const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(29);

/// How large request line and header values may be together, in bytes (API Gateway quotas for REST APIs, not
/// raisable).
const MAX_HEADERS: usize = 10_240;

/// Runs functions.
pub trait Invoke: Clone + Send + Sync + 'static {
    /// Invokes the function with this logical id and waits for what it returns.
    fn invoke(&self, function: &str, payload: Bytes) -> impl Future<Output = Invoked> + Send;

    /// Invokes the function with this logical id and takes what it returns as it comes.
    fn stream(&self, function: &str, payload: Bytes) -> impl Future<Output = Answered> + Send;
}

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invoked {
    /// The function returned this.
    Success(Bytes),
    /// It returned an error, crashed, did not start, or ran out of its own time.
    Failed,
    /// It was not run: too many invocations are running.
    Throttled,
    /// It was not run: the payload is larger than Lambda takes.
    PayloadTooLarge,
    /// It ran, and what it returned is larger than Lambda gives back.
    ResponseTooLarge,
}

/// The API as a router that answers every request. It can be merged into another router, whose routes then go first.
pub fn router<I: Invoke>(api: &Api, functions: &[Function], invoke: I, clock: Clock) -> Router {
    router_with_timeout(api, functions, invoke, clock, INTEGRATION_TIMEOUT)
}

/// As [`router`], with another time for integrations.
pub fn router_with_timeout<I: Invoke>(
    api: &Api,
    functions: &[Function],
    invoke: I,
    clock: Clock,
    integration_timeout: Duration,
) -> Router {
    let gateway = Arc::new(Gateway {
        stage: api.stage.clone(),
        binary: BinaryMediaTypes::new(&api.binary_media_types),
        responses: api.gateway_responses.clone(),
        routes: Routes::new(functions),
        integration_timeout,
        invoke,
        clock,
    });
    Router::new().fallback(move |request: Request| {
        let gateway = Arc::clone(&gateway);
        async move { gateway.answer(request).await }
    })
}

struct Gateway<I> {
    stage: String,
    binary: BinaryMediaTypes,
    responses: BTreeMap<String, GatewayResponse>,
    routes: Routes,
    integration_timeout: Duration,
    invoke: I,
    clock: Clock,
}

impl<I: Invoke> Gateway<I> {
    /// The answer to a request, with the ids that every answer has.
    async fn answer(&self, request: Request) -> Response {
        let source = request
            .extensions()
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |ConnectInfo(peer)| peer.ip());
        let arrival = Arrival::new(self.clock.now_ms(), source);
        let mut response = self.answer_arrived(request, &arrival).await;
        for (name, id) in
            [("x-amzn-requestid", &arrival.request_id), ("x-amz-apigw-id", &arrival.extended_id)]
        {
            if let Ok(id) = HeaderValue::from_str(id) {
                response.headers_mut().insert(name, id);
            }
        }
        response
    }

    async fn answer_arrived(&self, request: Request, arrival: &Arrival) -> Response {
        let (parts, body) = request.into_parts();
        let received = body::receive(body, body::IDLE_TIMEOUT).await;
        if head_length(&parts) > MAX_HEADERS {
            return closing(FrontError::HeadersTooLarge.render());
        }
        if parts.uri.query().is_some_and(|query| query.contains(['|', '{', '}'])) {
            return FrontError::UnencodedQuery.render();
        }
        let method = overridden_method(&parts);
        let path = self.without_stage(parts.uri.path());
        let route = self.routes.find(method, path);
        let request = event::Request {
            parts: &parts,
            method,
            path,
            stage: &self.stage,
            route: route.as_ref(),
            arrival,
        };
        let result = match (received, &route) {
            (Received::Broken, _) => return closing(FrontError::BrokenBody.render()),
            (Received::Stalled, _) => return closing(FrontError::StalledBody.render()),
            (Received::TooLarge, _) => Err(GatewayError::BodyTooLarge),
            (Received::Whole(_), None) => Err(GatewayError::NoRoute),
            (Received::Whole(body), Some(route)) => self.integrate(&request, route, &body).await,
        };
        let mut response = match result {
            Ok(response) => response,
            Err(error) => {
                let circumstances = Circumstances {
                    request: &parts,
                    context: request.context(),
                    path_parameters: route.as_ref().map(|route| &route.parameters),
                };
                let response = responses::render(error, &self.responses, circumstances);
                // More of the body may be on its way than was drained.
                if error == GatewayError::BodyTooLarge { closing(response) } else { response }
            }
        };
        if let Some(route) = route {
            let taken = Taken { method: method.to_owned(), resource: route.resource.to_owned() };
            response.extensions_mut().insert(taken);
        }
        response
    }

    async fn integrate(
        &self,
        request: &event::Request<'_>,
        route: &Match<'_>,
        body: &Bytes,
    ) -> Result<Response, GatewayError> {
        let headers = &request.parts.headers;
        let event = Bytes::from(request.event(body, self.binary.hold_request(headers)).to_string());
        let Integration { function, streams, timeout } = route.integration;
        let deadline = Instant::now() + timeout.unwrap_or(self.integration_timeout);
        let answer = if *streams {
            self.stream(function, event, deadline).await?
        } else {
            let output = self.invoke(function, event, deadline).await?;
            answer::read(&output, headers, &self.binary).map(|answer| {
                let mut response = Response::new(Body::from(answer.body));
                *response.status_mut() = answer.status;
                *response.headers_mut() = answer.headers;
                response
            })
        };
        answer.map_err(|unusable| {
            tracing::warn!(function, ?unusable, "A function's answer cannot be used.");
            match unusable {
                Unusable::Malformed | Unusable::Incomplete => GatewayError::Failed,
                Unusable::NotBase64 => GatewayError::NotBase64,
            }
        })
    }

    async fn invoke(&self, function: &str, payload: Bytes, deadline: Instant) -> Result<Bytes, GatewayError> {
        let (invoke, function) = (self.invoke.clone(), function.to_owned());
        let invoked = in_task(deadline, async move { invoke.invoke(&function, payload).await }).await?;
        succeeded(invoked)
    }

    /// The answer as far as its head; its body is on its way.
    async fn stream(
        &self,
        function: &str,
        payload: Bytes,
        deadline: Instant,
    ) -> Result<Result<Response, Unusable>, GatewayError> {
        let (invoke, function) = (self.invoke.clone(), function.to_owned());
        let answered = in_task(deadline, async move { invoke.stream(&function, payload).await }).await?;
        match answered {
            Answered::Stream(streamed) => {
                let answer = stream::answer(streamed, deadline, stream::IDLE_TIMEOUT);
                timeout_at(deadline, answer).await.map_err(|_| GatewayError::Timeout)
            }
            Answered::Whole(invoked) => succeeded(invoked).map(|_| Err(Unusable::Malformed)),
        }
    }

    fn without_stage<'a>(&self, path: &'a str) -> &'a str {
        let rest = path.strip_prefix('/').and_then(|path| path.strip_prefix(&self.stage));
        match rest {
            Some("") => "/",
            Some(rest) if rest.starts_with('/') => rest,
            _ => path,
        }
    }
}

/// Runs a function in a task of its own: it ends as it would, even if its time here or its client is gone.
async fn in_task<T: Send + 'static>(
    deadline: Instant,
    invocation: impl Future<Output = T> + Send + 'static,
) -> Result<T, GatewayError> {
    match timeout_at(deadline, tokio::spawn(invocation)).await {
        Err(_) => Err(GatewayError::Timeout),
        Ok(Ok(ended)) => Ok(ended),
        Ok(Err(_)) => Err(GatewayError::Failed),
    }
}

fn succeeded(invoked: Invoked) -> Result<Bytes, GatewayError> {
    match invoked {
        Invoked::Success(output) => Ok(output),
        Invoked::Throttled => Err(GatewayError::Throttled),
        Invoked::PayloadTooLarge => Err(GatewayError::PayloadTooLarge),
        Invoked::Failed | Invoked::ResponseTooLarge => Err(GatewayError::Failed),
    }
}

/// The method the request asks for: API Gateway obeys `X-HTTP-Method-Override` (important notes).
fn overridden_method(parts: &Parts) -> &str {
    event::text(&parts.headers, "x-http-method-override")
        .filter(|method| routes::is_method(method))
        .unwrap_or(parts.method.as_str())
}

/// Request line and header values, in bytes.
fn head_length(parts: &Parts) -> usize {
    // Two spaces and the version.
    let request_line = parts.method.as_str().len() + target_length(parts) + " HTTP/1.1 ".len();
    let values: usize = parts.headers.values().map(HeaderValue::len).sum();
    request_line + values
}

fn target_length(parts: &Parts) -> usize {
    parts.uri.path_and_query().map_or(0, |target| target.as_str().len())
}

/// The answer, behind which the connection ends.
fn closing(mut response: Response) -> Response {
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

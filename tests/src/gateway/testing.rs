//! What the tests of this module share: functions of a template, a Lambda that is a closure, and requests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tower::ServiceExt as _;

use super::{Answered, Chunks, Incomplete, Invoke, Invoked, Streamed, router, router_with_timeout};
use crate::clock::Clock;
use crate::template::model::{Api, Function, GatewayResponse, Route};

/// A function with these routes.
pub(super) fn function(logical_id: &str, routes: &[(&str, &str)]) -> Function {
    let route = |(method, path): &(&str, &str)| Route {
        method: (*method).to_owned(),
        path: (*path).to_owned(),
        streams: path.starts_with("/stream"),
        timeout: None,
    };
    Function {
        logical_id: logical_id.to_owned(),
        binary: logical_id.to_ascii_lowercase(),
        memory_mb: 128,
        timeout: Duration::from_secs(3),
        environment: BTreeMap::new(),
        routes: routes.iter().map(route).collect(),
        queue_sources: Vec::new(),
        policy: Vec::new(),
    }
}

/// The functions of these tests.
pub(super) fn functions() -> Vec<Function> {
    vec![
        function("PostPhoto", &[("POST", "/post")]),
        function("GetPost", &[("GET", "/post/{id}"), ("HEAD", "/post/{id}")]),
        function("Files", &[("ANY", "/files/{proxy+}")]),
        function("Stream", &[("ANY", "/stream")]),
    ]
}

/// An API with these gateway responses.
pub(super) fn api(gateway_responses: &[(&str, GatewayResponse)]) -> Api {
    Api {
        stage: "prod".to_owned(),
        binary_media_types: vec!["multipart~1form-data".to_owned()],
        gateway_responses: gateway_responses
            .iter()
            .map(|(kind, response)| ((*kind).to_owned(), response.clone()))
            .collect(),
    }
}

/// A Lambda whose every function is one closure. It keeps what it was invoked with.
#[derive(Clone)]
pub(super) struct FakeLambda {
    run: Arc<dyn Fn(&str) -> Invoked + Send + Sync>,
    invocations: Arc<Mutex<Vec<(String, Value)>>>,
}

impl FakeLambda {
    pub(super) fn new(run: impl Fn(&str) -> Invoked + Send + Sync + 'static) -> Self {
        Self { run: Arc::new(run), invocations: Arc::default() }
    }

    pub(super) fn returning(output: &Value) -> Self {
        let output = Bytes::from(output.to_string());
        Self::new(move |_| Invoked::Success(output.clone()))
    }

    pub(super) fn fine() -> Self {
        Self::returning(&json!({"statusCode": 200, "body": "fine"}))
    }

    /// Functions and events, in order.
    pub(super) fn invocations(&self) -> Vec<(String, Value)> {
        self.invocations.lock().unwrap().clone()
    }

    /// The only event.
    pub(super) fn event(&self) -> Value {
        let [(_, event)] = <[_; 1]>::try_from(self.invocations()).expect("one invocation");
        event
    }

    /// The API over this Lambda, without gateway responses.
    pub(super) fn router(&self) -> Router {
        self.router_with(&[])
    }

    pub(super) fn router_with(&self, gateway_responses: &[(&str, GatewayResponse)]) -> Router {
        router(&api(gateway_responses), &functions(), self.clone(), Clock::default())
    }
}

impl Invoke for FakeLambda {
    async fn invoke(&self, function: &str, payload: Bytes) -> Invoked {
        let event = serde_json::from_slice(&payload).expect("events are JSON");
        self.invocations.lock().unwrap().push((function.to_owned(), event));
        (self.run)(function)
    }

    async fn stream(&self, function: &str, payload: Bytes) -> Answered {
        Answered::Whole(Invoke::invoke(self, function, payload).await)
    }
}

/// A Lambda whose every function streams what the test sends, once.
#[derive(Clone)]
pub(super) struct FakeStream {
    media_type: &'static str,
    chunks: Arc<Mutex<Option<Chunks>>>,
}

/// What a [`FakeStream`] writes.
pub(super) type Chunk = Result<Bytes, Incomplete>;

impl FakeStream {
    pub(super) fn new(chunks: impl Stream<Item = Chunk> + Send + 'static) -> Self {
        let media_type = "application/vnd.awslambda.http-integration-response";
        Self { media_type, chunks: Arc::new(Mutex::new(Some(chunks.boxed()))) }
    }

    pub(super) fn of_type(self, media_type: &'static str) -> Self {
        Self { media_type, ..self }
    }

    pub(super) fn router(&self) -> Router {
        self.router_with_timeout(Duration::from_secs(29))
    }

    pub(super) fn router_with_timeout(&self, timeout: Duration) -> Router {
        router_with_timeout(&api(&[]), &functions(), self.clone(), Clock::default(), timeout)
    }
}

impl Invoke for FakeStream {
    async fn invoke(&self, _: &str, _: Bytes) -> Invoked {
        panic!("the route does not stream")
    }

    async fn stream(&self, _: &str, _: Bytes) -> Answered {
        let chunks = self.chunks.lock().unwrap().take().expect("one invocation");
        Answered::Stream(Streamed { media_type: self.media_type.to_owned(), chunks })
    }
}

/// A Lambda whose function says when it has started, waits until it may end, and says when it has ended.
#[derive(Clone, Default)]
pub(super) struct Gate {
    pub(super) started: Arc<Notify>,
    pub(super) open: Arc<Notify>,
    pub(super) ended: Arc<Notify>,
}

impl Gate {
    pub(super) fn router(&self, timeout: Duration) -> Router {
        router_with_timeout(&api(&[]), &functions(), self.clone(), Clock::default(), timeout)
    }
}

impl Invoke for Gate {
    async fn invoke(&self, _: &str, _: Bytes) -> Invoked {
        self.started.notify_one();
        self.open.notified().await;
        self.ended.notify_one();
        Invoked::Success(Bytes::from_static(br#"{"statusCode":200}"#))
    }

    async fn stream(&self, function: &str, payload: Bytes) -> Answered {
        Answered::Whole(self.invoke(function, payload).await)
    }
}

/// What a client got.
#[derive(Debug)]
pub(super) struct Got {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Got {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the answer is JSON")
    }
}

/// Sends a request to a router, as from 192.0.2.7.
pub(super) async fn send(router: Router, mut request: Request<Body>) -> Got {
    let peer = std::net::SocketAddr::from(([192, 0, 2, 7], 50_000));
    request.extensions_mut().insert(ConnectInfo(peer));
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Got { status: parts.status, headers: parts.headers, body }
}

/// A request without a body.
pub(super) fn request(method: &str, uri: &str) -> Request<Body> {
    request_with(method, uri, &[], Body::empty())
}

pub(super) fn request_with(
    method: &str,
    uri: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Request<Body> {
    let builder = Request::builder().method(method).uri(uri);
    headers
        .iter()
        .fold(builder, |builder, (name, value)| builder.header(*name, *value))
        .body(body.into())
        .unwrap()
}

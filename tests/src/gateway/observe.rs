//! Lets a test see what passes through the gateway: each request and its answer, before the answer leaves.
//!
//! Of bodies it sees JSON and forms alone, since those can be held against a description. Nothing is changed on the way.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{self, Body};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, StatusCode, Uri};
use http_body_util::BodyExt as _;

/// Bytes of an answer in JSON at most: what Lambda gives back is less.
const MOST: usize = 10 * 1024 * 1024;

/// The route that a request took: a method, and a resource's path as in the template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The method by which it was routed.
    pub method: String,
    /// The resource's path.
    pub resource: String,
}

/// A request and its answer.
#[derive(Debug)]
pub struct Exchange {
    /// The request's method, as it was sent.
    pub method: Method,
    /// What was asked for.
    pub uri: Uri,
    /// The request's headers.
    pub asked_headers: HeaderMap,
    /// The request's body, where it is JSON or a form: as much of it as was read.
    pub asked: Option<Bytes>,
    /// Where it was routed; `None` for what the front answers before it knows.
    pub taken: Option<Taken>,
    /// The answer's status.
    pub status: StatusCode,
    /// The answer's headers.
    pub headers: HeaderMap,
    /// The answer's body, where it is JSON.
    pub answered: Option<Bytes>,
}

/// Who is shown each exchange.
pub type Observer = Arc<dyn Fn(&Exchange) + Send + Sync>;

/// The same router, whose exchanges `observer` sees.
pub fn observed(router: Router, observer: Observer) -> Router {
    router.layer(from_fn(move |request: Request, next: Next| {
        let observer = Arc::clone(&observer);
        async move { observe(request, next, &observer).await }
    }))
}

async fn observe(request: Request, next: Next, observer: &Observer) -> Response {
    let (method, uri, asked_headers) =
        (request.method().clone(), request.uri().clone(), request.headers().clone());
    let is_seen = is_json(&asked_headers) || is(&asked_headers, "multipart/form-data");
    let sent = is_seen.then(Arc::<Mutex<Vec<u8>>>::default);
    let request = match sent.clone() {
        Some(sent) => request.map(|body| overheard(body, sent)),
        None => request,
    };
    let (mut parts, body) = next.run(request).await.into_parts();
    let taken = parts.extensions.remove();
    let (answered, body) = if is_json(&parts.headers) {
        match body::to_bytes(body, MOST).await {
            Ok(bytes) => (Some(bytes.clone()), Body::from(bytes)),
            // It broke off, and does so for the client.
            Err(error) => return Response::from_parts(parts, Body::from_stream(failing(error))),
        }
    } else {
        (None, body)
    };
    let asked = sent.map(|sent| Bytes::from(sent.lock().unwrap_or_else(PoisonError::into_inner).clone()));
    let (status, headers) = (parts.status, parts.headers.clone());
    observer(&Exchange { method, uri, asked_headers, asked, taken, status, headers, answered });
    Response::from_parts(parts, body)
}

/// A body of which a copy is kept as it is read.
fn overheard(body: Body, copy: Arc<Mutex<Vec<u8>>>) -> Body {
    Body::new(body.map_frame(move |frame| {
        if let Some(data) = frame.data_ref() {
            copy.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(data);
        }
        frame
    }))
}

fn failing(error: axum::Error) -> impl futures_util::Stream<Item = Result<Bytes, axum::Error>> {
    futures_util::stream::iter([Err(error)])
}

fn is_json(headers: &HeaderMap) -> bool {
    is(headers, "application/json")
}

fn is(headers: &HeaderMap, expected: &str) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    media_type.is_some_and(|it| it.split(';').next().unwrap_or_default().trim() == expected)
}

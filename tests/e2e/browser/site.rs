//! A web server with a test's own pages.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderName, HeaderValue, StatusCode, Uri};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

/// A page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: String,
}

/// The server, which ends with this.
pub(crate) struct Site {
    port: u16,
    pages: Arc<Pages>,
    _shutdown: DropGuard,
}

/// The pages by their paths.
type Pages = Mutex<HashMap<String, Shown>>;

impl Site {
    pub(crate) async fn start() -> Self {
        let (pages, shutdown) = (Arc::new(Pages::default()), CancellationToken::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = Router::new().fallback(show).with_state(Arc::clone(&pages));
        let ended = shutdown.clone().cancelled_owned();
        tokio::spawn(axum::serve(listener, router).with_graceful_shutdown(ended).into_future());
        let site = Self { port, pages, _shutdown: shutdown.drop_guard() };
        site.put("/favicon.ico", "image/x-icon", Shown::default());
        site
    }

    /// Puts a page of this type at a path.
    pub(crate) fn put(&self, path: &str, media_type: &'static str, mut shown: Shown) {
        shown.headers.push((http::header::CONTENT_TYPE, HeaderValue::from_static(media_type)));
        self.pages.lock().unwrap().insert(path.to_owned(), shown);
    }

    /// The URL of a path under any name of a host: the browser takes all of them for this machine.
    pub(crate) fn url(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.port)
    }
}

async fn show(State(pages): State<Arc<Pages>>, uri: Uri) -> Response {
    let Some(shown) = pages.lock().unwrap().get(uri.path()).cloned() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut response = shown.body.into_response();
    response.headers_mut().extend(shown.headers);
    response
}

//! The console: the page that shows the product at work.
//!
//! Its files are read from `shared/console` at each request, so that who changes one sees it at the next look. The folder
//! works on any host as it is; what the stack adds is the file that says where the API is, and the headers, whose policy
//! lets the page speak to nobody but this stack.
//!
//! The description of the API is here, too: as it is written, as JSON, and as a page to read, `/reference`. That page is
//! one of our own. Bundles of Redoc, Scalar, Swagger UI and `RapiDoc` were weighed: each is one to three megabytes of script
//! that would have to be kept here or fetched by everybody who builds this, and needs styles inline, which the policy
//! refuses. Browsers read no YAML, hence the JSON.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, get_service};
use http::StatusCode;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use serde_json::json;
use tower::ServiceBuilder;
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;

/// Where the page is in the project.
const FOLDER: &str = "shared/console";

/// Where the API is described.
const API: &str = "docs/openapi.yaml";

/// Its media type (RFC 9512). It is in UTF-8, which some clients only believe when they are told.
const YAML: &str = "application/yaml; charset=utf-8";

/// Cameras are for the page alone.
const PERMISSIONS: &str = "camera=(self), microphone=(), geolocation=()";

/// What the page is told, and whom it may speak to.
pub(super) struct Console<'a> {
    /// The folder with `template.yaml`.
    pub(super) project: &'a Path,
    /// Where staged files go.
    pub(super) s3: &'a str,
    /// The simulated Bot API, which has the pictures of the simulated chat.
    pub(super) bot_api: Option<&'a str>,
    /// The phone number of the simulated account.
    pub(super) phone: Option<&'a str>,
}

impl Console<'_> {
    /// The page; whatever is asked of its addresses but to see it goes to `gateway`.
    pub(super) fn router(&self, gateway: &Router) -> Router {
        let folder = self.project.join(FOLDER);
        let simulator = self.phone.map(|phone| json!({ "phone": phone }));
        let config = json!({ "api": "", "simulator": simulator });
        let config = format!("// Made by the local stack.\n\nexport const config = {config};\n");
        let header = |name: HeaderName, value: HeaderValue| SetResponseHeaderLayer::overriding(name, value);
        let fixed = |name: HeaderName, value: &'static str| header(name, HeaderValue::from_static(value));
        let policy =
            HeaderValue::from_str(&self.policy()).unwrap_or(HeaderValue::from_static("default-src 'none'"));
        let headers = ServiceBuilder::new()
            .layer(header(CONTENT_SECURITY_POLICY, policy))
            .layer(fixed(CACHE_CONTROL, "no-cache"))
            .layer(fixed(X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .layer(fixed(REFERRER_POLICY, "same-origin"))
            .layer(fixed(HeaderName::from_static("permissions-policy"), PERMISSIONS));
        let reference =
            || get_service(headers.clone().service(ServeFile::new(folder.join("reference.html"))));
        let described = |show: fn(&str) -> Response| {
            let path = self.project.join(API);
            get(move || description(path, show)).layer(headers.clone())
        };
        let otherwise = |route: MethodRouter| route.fallback_service(gateway.clone());
        Router::new()
            .route(
                "/",
                otherwise(get_service(headers.clone().service(ServeFile::new(folder.join("index.html"))))),
            )
            .route(
                "/assets/config.js",
                otherwise(
                    get(move || async { ([(CONTENT_TYPE, "text/javascript")], config) })
                        .layer(headers.clone()),
                ),
            )
            .route("/reference", otherwise(reference()))
            .route("/reference.html", otherwise(reference()))
            .route("/openapi.yaml", otherwise(described(as_yaml)))
            .route("/openapi.json", otherwise(described(as_json)))
            .nest_service("/assets", headers.service(ServeDir::new(folder.join("assets"))))
    }

    /// Nothing inline, nothing from elsewhere. Telegram's web apps may show the page in a frame.
    fn policy(&self) -> String {
        let (s3, bot_api) = (self.s3, self.bot_api.unwrap_or_default());
        format!(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob: {bot_api}; \
             media-src 'self' blob:; connect-src 'self' {s3}; frame-src blob:; base-uri 'none'; form-action 'self'; \
             frame-ancestors 'self' https://web.telegram.org"
        )
    }
}

/// The description of the API, read anew.
async fn description(path: PathBuf, show: fn(&str) -> Response) -> Response {
    match tokio::fs::read_to_string(&path).await {
        Ok(text) => show(&text),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "The description of the API cannot be read");
            StatusCode::NOT_FOUND.into_response()
        }
    }
}

fn as_yaml(text: &str) -> Response {
    ([(CONTENT_TYPE, YAML)], text.to_owned()).into_response()
}

/// In the order in which it is written.
fn as_json(text: &str) -> Response {
    let json = serde_yaml_ng::from_str::<serde_yaml_ng::Value>(text)
        .map_err(|error| error.to_string())
        .and_then(|read| serde_json::to_string(&read).map_err(|error| error.to_string()));
    match json {
        Ok(json) => ([(CONTENT_TYPE, "application/json")], json).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error).into_response(),
    }
}

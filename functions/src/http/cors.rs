//! Which web pages may read an answer, and what a preflight is told.

use ::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, HeaderMap,
    VARY,
};
use ::http::{HeaderValue, StatusCode};

use super::Answer;

/// What a page may read of an answer besides the headers every page may read.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "Content-Range, Accept-Ranges, ETag, Content-Disposition, Retry-After, Location, Link, x-request-id",
);

/// What a page may send.
const SENT: &str = "Authorization, Content-Type, Idempotency-Key, If-None-Match, If-Range, Prefer, Range, X-Session-Transport";

/// How long a browser remembers a preflight: 2 hours, the most Chromium takes.
const REMEMBERED_SECONDS: &str = "7200";

/// The configured origins.
#[derive(Debug)]
pub(super) struct AllowedOrigins(Vec<String>);

impl AllowedOrigins {
    pub(super) fn new(origins: Vec<String>) -> Self {
        Self(origins)
    }

    /// Whether `origin` is listed, letter for letter as browsers spell it.
    pub(super) fn contains(&self, origin: &str) -> bool {
        self.0.iter().any(|listed| listed == origin)
    }

    /// Lets `origin` read the answer if it is listed. The answer differs by origin either way, and says so to caches.
    pub(super) fn allow(&self, origin: Option<&str>, headers: &mut HeaderMap) {
        headers.append(VARY, HeaderValue::from_static("Origin"));
        let listed = origin.filter(|origin| self.contains(origin));
        let Some(origin) = listed.and_then(|origin| HeaderValue::from_str(origin).ok()) else {
            return;
        };
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
}

/// The answer to a preflight for a path with these `methods`.
pub(crate) fn preflight(methods: &[&str]) -> Answer {
    use ::http::header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_MAX_AGE,
    };

    Answer::empty(StatusCode::NO_CONTENT)
        .with(ACCESS_CONTROL_ALLOW_METHODS, &methods.join(", "))
        .with(ACCESS_CONTROL_ALLOW_HEADERS, SENT)
        .with(ACCESS_CONTROL_MAX_AGE, REMEMBERED_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers_for(origin: Option<&str>) -> HeaderMap {
        let origins =
            AllowedOrigins::new(vec!["https://a.example".to_owned(), "https://b.example".to_owned()]);
        let mut headers = HeaderMap::new();
        origins.allow(origin, &mut headers);
        headers
    }

    #[test]
    fn a_listed_origin_is_echoed_with_credentials() {
        let headers = headers_for(Some("https://b.example"));
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_ORIGIN], "https://b.example");
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_CREDENTIALS], "true");
        assert_eq!(headers[VARY], "Origin");
    }

    #[test]
    fn any_other_origin_is_told_nothing_but_to_cache_apart() {
        for origin in [None, Some("null"), Some("https://a.example.evil.example"), Some("http://a.example")] {
            let headers = headers_for(origin);
            assert_eq!(headers.len(), 1, "{origin:?}");
            assert_eq!(headers[VARY], "Origin");
        }
    }
}

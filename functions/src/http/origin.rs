//! Which web pages may make a browser act with what it keeps: its cookie, and the sign-in it is in the middle of.
//!
//! A browser names the page's origin in `Origin` with every POST and DELETE, and tells in `Sec-Fetch-Site` how far the
//! page is away. What is not a browser sends neither, and has no cookie that somebody else could use.

use ::http::{HeaderMap, HeaderValue};

use super::ApiError;
use super::cors::AllowedOrigins;

/// Checks the origin of a request with `headers`, for an API that its client reached at `own`.
///
/// # Errors
///
/// [`ApiError::OriginRefused`].
pub(super) fn check(headers: &HeaderMap, listed: &AllowedOrigins, own: Option<&str>) -> Result<(), ApiError> {
    let origins: Vec<&HeaderValue> = headers.get_all("origin").iter().collect();
    let is = |test: &dyn Fn(&str) -> bool| {
        !origins.is_empty() && origins.iter().all(|origin| origin.to_str().is_ok_and(test))
    };
    if is(&|origin| listed.contains(origin)) {
        return Ok(());
    }
    let from_elsewhere = headers
        .get_all("sec-fetch-site")
        .iter()
        .any(|site| matches!(site.as_bytes(), b"cross-site" | b"same-site"));
    let is_own = || is(&|origin| own.is_some_and(|own| own.eq_ignore_ascii_case(origin)));
    if from_elsewhere || !(origins.is_empty() || is_own()) {
        return Err(ApiError::OriginRefused);
    }
    Ok(())
}

/// The origin of an API that its client addressed as `host`, as browsers spell it: without a default port.
///
/// API Gateway takes nothing but TLS; only what stands in its place on one machine says `http`.
pub(super) fn own_origin(host: &str, forwarded_proto: Option<&str>) -> String {
    let (scheme, default_port) = match forwarded_proto {
        Some(proto) if proto.trim().eq_ignore_ascii_case("http") => ("http", ":80"),
        _ => ("https", ":443"),
    };
    format!("{scheme}://{}", host.strip_suffix(default_port).unwrap_or(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "https://api.example";
    const LISTED: &str = "https://app.example";

    fn passes(headers: &[(&'static str, &[u8])]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_bytes(value).unwrap());
        }
        let listed = AllowedOrigins::new(vec![LISTED.to_owned()]);
        let outcome = check(&map, &listed, Some(OWN));
        assert!(matches!(outcome, Ok(()) | Err(ApiError::OriginRefused)), "{outcome:?}");
        outcome.is_ok()
    }

    #[test]
    fn who_is_no_browser_passes() {
        assert!(passes(&[]));
    }

    #[test]
    fn an_origin_passes_when_it_is_listed_or_the_apis_own() {
        assert!(passes(&[("origin", LISTED.as_bytes())]));
        assert!(passes(&[("origin", OWN.as_bytes())]));
        assert!(passes(&[("origin", b"https://API.example")]));
        for other in [
            "null",
            "",
            "https://evil.example",
            "http://api.example",
            "https://api.example:8443",
            "https://api.example.evil.example",
            "https://app.example.evil.example",
            "https://app.example/",
            "app.example",
        ] {
            assert!(!passes(&[("origin", other.as_bytes())]), "{other:?}");
        }
        assert!(!passes(&[("origin", b"https://app.example\xff")]), "it is there, and cannot be read");
    }

    #[test]
    fn every_origin_that_is_named_has_to_pass() {
        assert!(!passes(&[("origin", LISTED.as_bytes()), ("origin", b"https://evil.example")]));
        assert!(!passes(&[("origin", b"https://evil.example"), ("origin", LISTED.as_bytes())]));
    }

    #[test]
    fn a_page_of_elsewhere_has_to_be_listed() {
        for (site, alone, with_own) in [
            ("cross-site", false, false),
            ("same-site", false, false),
            ("same-origin", true, true),
            ("none", true, true),
        ] {
            let site = ("sec-fetch-site", site.as_bytes());
            assert_eq!(passes(&[site]), alone, "{site:?}");
            assert_eq!(passes(&[site, ("origin", OWN.as_bytes())]), with_own, "{site:?}");
            assert!(passes(&[site, ("origin", LISTED.as_bytes())]), "{site:?}");
            assert!(!passes(&[site, ("origin", b"null")]), "{site:?}");
        }
    }

    #[test]
    fn without_a_known_host_no_origin_is_the_apis_own() {
        let headers = HeaderMap::from_iter([(::http::header::ORIGIN, HeaderValue::from_static(OWN))]);
        assert!(check(&headers, &AllowedOrigins::new(Vec::new()), None).is_err());
    }

    #[test]
    fn the_own_origin_is_spelt_as_browsers_do() {
        for (host, proto, expected) in [
            ("api.example", Some("https"), "https://api.example"),
            ("api.example", None, "https://api.example"),
            ("api.example:443", Some("https"), "https://api.example"),
            ("api.example:80", Some("https"), "https://api.example:80"),
            ("127.0.0.1:3000", Some("http"), "http://127.0.0.1:3000"),
            ("localhost:80", Some("http"), "http://localhost"),
            ("api.example", Some("gopher"), "https://api.example"),
        ] {
            assert_eq!(own_origin(host, proto), expected);
        }
    }
}

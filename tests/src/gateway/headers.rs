//! Which headers a REST API lets through between a client and a function, and which it renames.
//!
//! Source: the header table in "Amazon API Gateway important notes" (developer guide), column `lambda`.

use http::{HeaderMap, HeaderName, HeaderValue};

/// Request headers that never reach a function: dropped by the table, or meant for one hop (RFC 9110, 7.6.1).
/// `Content-Length` and `Transfer-Encoding` describe bytes that the event does not carry.
const REQUEST_DROPPED: [&str; 15] = [
    "connection",
    "content-length",
    "content-md5",
    "expect",
    "keep-alive",
    "max-forwards",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "www-authenticate",
];

/// Response headers that never reach a client.
const RESPONSE_DROPPED: [&str; 10] = [
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// Response headers that reach a client as `x-amzn-Remapped-<name>`. The table lets `Content-Length` and
/// `x-amzn-RequestId` pass, but the service sets both itself; recorded answers carry them remapped.
const RESPONSE_REMAPPED: [&str; 10] = [
    "authorization",
    "connection",
    "content-length",
    "content-md5",
    "date",
    "max-forwards",
    "server",
    "user-agent",
    "www-authenticate",
    "x-amzn-requestid",
];

/// What begins the new name of a header that API Gateway keeps for itself.
const REMAPPED_PREFIX: &str = "x-amzn-remapped-";

/// Whether a request header reaches the function. `Authorization` does not if it is a Signature Version 4.
pub(super) fn reaches_function(name: &HeaderName, value: &HeaderValue) -> bool {
    let signed = name == http::header::AUTHORIZATION && value.as_bytes().starts_with(b"AWS4-HMAC");
    !signed && !REQUEST_DROPPED.contains(&name.as_str())
}

/// The function's headers as the client sees them.
pub(super) fn for_client(headers: HeaderMap) -> HeaderMap {
    let mut seen = HeaderMap::with_capacity(headers.len());
    let mut last = None;
    for (name, value) in headers {
        // A header map names a header once, then gives its further values.
        let Some(name) = name.or_else(|| last.clone()) else { continue };
        if let Some(client_name) = client_name(&name) {
            seen.append(client_name, value);
        }
        last = Some(name);
    }
    seen
}

fn client_name(name: &HeaderName) -> Option<HeaderName> {
    if RESPONSE_DROPPED.contains(&name.as_str()) {
        None
    } else if RESPONSE_REMAPPED.contains(&name.as_str()) {
        format!("{REMAPPED_PREFIX}{name}").parse().ok()
    } else {
        Some(name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(headers: &[(&str, &str)]) -> HeaderMap {
        headers
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap()))
            .collect()
    }

    #[test]
    fn headers_of_api_gateway_itself_are_renamed_and_those_of_one_hop_dropped() {
        let given = map(&[
            ("date", "then"),
            ("server", "mine"),
            ("connection", "close"),
            ("www-authenticate", "Basic"),
            ("content-length", "3"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
        ]);
        let expected = map(&[
            ("x-amzn-remapped-date", "then"),
            ("x-amzn-remapped-server", "mine"),
            ("x-amzn-remapped-connection", "close"),
            ("x-amzn-remapped-www-authenticate", "Basic"),
            ("x-amzn-remapped-content-length", "3"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
        ]);
        assert_eq!(for_client(given), expected);
    }

    #[test]
    fn a_token_reaches_the_function_and_a_signature_does_not() {
        let name = http::header::AUTHORIZATION;
        assert!(reaches_function(&name, &HeaderValue::from_static("Bearer x")));
        assert!(!reaches_function(&name, &HeaderValue::from_static("AWS4-HMAC-SHA256 Credential=x")));
    }
}

//! What an API Gateway event becomes.

use lambda_http::Context;
use serde_json::{Value, json};

use super::*;

/// A request as the event of a REST API gives it.
fn incoming(headers: &Value, source_ip: &str, listed: &[&str]) -> Incoming {
    let event = event(headers, source_ip, "");
    let origins = AllowedOrigins::new(listed.iter().map(|origin| (*origin).to_owned()).collect());
    let mut request = lambda_http::request::from_str(&event.to_string()).unwrap();
    let mut context = Context::default();
    context.deadline = 1_700_000_000_250;
    request = request.with_lambda_context(context);
    Incoming::new(request, UnixTime(0), Arc::new(origins))
}

fn with_body(headers: &Value, body: &str) -> Incoming {
    Incoming::of_event(&event(headers, "203.0.113.7", body))
}

fn event(headers: &Value, source_ip: &str, body: &str) -> Value {
    json!({
        "resource": "/sign-in",
        "path": "/sign-in",
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {},
        "requestContext": {
            "domainName": "api.example",
            "httpMethod": "POST",
            "identity": {"sourceIp": source_ip},
            "requestId": "r-1",
            "resourcePath": "/sign-in",
            "stage": "prod",
        },
        "body": body,
        "isBase64Encoded": false,
    })
}

fn with_headers(headers: &Value) -> Incoming {
    incoming(headers, "203.0.113.7", &[])
}

#[test]
fn an_idempotency_key_is_a_quoted_string_or_a_bare_one() {
    let read = |text| parse_idempotency_key(text).map(Cow::into_owned);
    assert_eq!(read("\"8e03978e-40d5\"").as_deref(), Some("8e03978e-40d5"));
    assert_eq!(read("8e03978e-40d5").as_deref(), Some("8e03978e-40d5"));
    assert_eq!(read(r#""a \"b\" \\""#).as_deref(), Some(r#"a "b" \"#));
    for wrong in ["", "\"\"", "\"", "\"a", "a\"b", "\"a\"b\"", "\"a\\\"", "\"a\\n\"", "a b", &"a".repeat(256)]
    {
        assert_eq!(read(wrong), None, "{wrong}");
    }
}

#[test]
fn a_body_is_one_json_object_and_says_so() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Body {
        #[serde(default)]
        text: Option<String>,
    }
    let read = |media_type: &str, body: &str| {
        with_body(&json!({ "Content-Type": media_type }), body)
            .json::<Body>()
            .map_err(|error| error.to_string())
    };
    let json = "application/json";
    let text = |text: &str| Ok(Body { text: Some(text.to_owned()) });
    assert_eq!(read(json, r#" {"text": "a", "more": 1}"#), text("a"));
    assert_eq!(read("Application/JSON; charset=utf-8", r#"{"text": "a"}"#), text("a"));
    assert_eq!(read(json, "{}"), Ok(Body { text: None }));
    let invalid = "The body is not the JSON this endpoint takes.";
    for wrong in ["", " ", "null", "1", "\"a\"", "[]", "[\"a\"]", "{", "{}{}", r#"{"text": 1}"#] {
        assert_eq!(read(json, wrong), Err(invalid.to_owned()), "{wrong:?}");
    }
    for media_type in ["", "text/plain", "text/json", "application/x-www-form-urlencoded"] {
        let expected = Err("Content-Type must be application/json.".to_owned());
        assert_eq!(read(media_type, "{}"), expected, "{media_type:?}");
    }
}

#[test]
fn the_deadline_is_lambdas() {
    let deadline = UNIX_EPOCH + Duration::from_millis(1_700_000_000_250);
    assert_eq!(with_headers(&json!({})).deadline(), deadline);
}

#[test]
fn a_client_is_counted_by_the_address_that_api_gateway_saw() {
    for (source_ip, expected) in [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:0DB8:0001:0002::1", "2001:db8:1:2::/64"),
        ("2001:db8::1", "2001:db8::/64"),
        ("test-invoke-source-ip", "unknown"),
        ("", "unknown"),
    ] {
        let request = incoming(&json!({"X-Forwarded-For": "198.51.100.1"}), source_ip, &[]);
        assert_eq!(request.client_address(), expected, "{source_ip}");
    }
}

#[test]
fn a_token_comes_as_bearer_or_else_as_cookie() {
    let (token, other) = (SessionToken::random(), SessionToken::random());
    let cookie = format!("__Host-session={}", other.encode());
    let bearer = |scheme: &str| format!("{scheme} {}", token.encode());
    let rules = CookieRules::Lax;
    for scheme in ["Bearer", "bearer", "BEARER", " Bearer "] {
        let request = with_headers(&json!({"Authorization": bearer(scheme), "Cookie": cookie}));
        assert_eq!(request.session_token(rules), Some((token.clone(), By::Bearer)), "{scheme}");
    }
    let request = with_headers(&json!({ "Cookie": cookie }));
    assert_eq!(request.session_token(rules), Some((other, By::Cookie)));
    assert_eq!(with_headers(&json!({})).session_token(rules), None);
}

#[test]
fn a_malformed_authorization_does_not_fall_back_to_the_cookie() {
    let token = SessionToken::random().encode();
    let cookie = format!("__Host-session={token}");
    for wrong in ["", "Bearer", "Bearer ", &token, &format!("tma {token}"), &format!("Bearer {token}x")] {
        let request = with_headers(&json!({"Authorization": wrong, "Cookie": cookie}));
        assert_eq!(request.session_token(CookieRules::Lax), None, "{wrong:?}");
    }
}

#[test]
fn a_client_asks_for_the_token_in_the_body_with_one_word() {
    for (value, wants) in [("token", true), ("Token", true), ("cookie", false), ("", false)] {
        let request = with_headers(&json!({"X-Session-Transport": value}));
        assert_eq!(request.wants_token_transport(), wants, "{value}");
    }
    assert!(!with_headers(&json!({})).wants_token_transport());
}

#[test]
fn the_apis_own_origin_is_the_one_the_client_addressed() {
    let passes = |headers: Value| with_headers(&headers).check_origin().is_ok();
    assert!(passes(json!({})));
    assert!(passes(json!({"Origin": "https://api.example"})), "the domain's name, without a Host");
    assert!(passes(json!({"Origin": "https://shop.example", "Host": "shop.example"})));
    assert!(!passes(json!({"Origin": "https://api.example", "Host": "shop.example"})));
    let local = |origin: &str| {
        passes(json!({"Origin": origin, "Host": "127.0.0.1:3000", "X-Forwarded-Proto": "http"}))
    };
    assert!(local("http://127.0.0.1:3000"));
    for other in [
        "https://127.0.0.1:3000",
        "http://127.0.0.1",
        "http://127.0.0.1:3001",
        "http://localhost:3000",
        "null",
    ] {
        assert!(!local(other), "{other}");
    }
}

#[test]
fn a_listed_origin_passes_from_another_site() {
    let headers = json!({"Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"});
    assert!(incoming(&headers, "203.0.113.7", &["https://app.example"]).check_origin().is_ok());
    assert!(incoming(&headers, "203.0.113.7", &[]).check_origin().is_err());
}

#[test]
fn a_listed_page_is_known_by_its_referer() {
    let listed = ["https://app.example"];
    let is_for =
        |referer: &str| incoming(&json!({"Referer": [referer]}), "203.0.113.7", &listed).is_for_listed_page();
    assert!(is_for("https://app.example/") && is_for("https://app.example/a?b=https://x.example"));
    for other in
        ["https://app.example.evil.example/", "http://app.example/", "https://x.example/app.example", "app"]
    {
        assert!(!is_for(other), "{other}");
    }
    assert!(!incoming(&json!({}), "203.0.113.7", &listed).is_for_listed_page());
}

#[test]
fn a_preference_is_one_of_several_words() {
    for (prefer, prefers) in [
        ("respond-async", true),
        ("Respond-Async; foo=1", true),
        ("wait=10, respond-async", true),
        ("respond-async=1", true),
        ("wait=10", false),
        ("no-respond-async", false),
        ("", false),
    ] {
        assert_eq!(with_body(&json!({"prefer": prefer}), "").prefers("respond-async"), prefers, "{prefer}");
    }
    assert!(!with_body(&json!({}), "").prefers("respond-async"));
}

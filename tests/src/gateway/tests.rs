//! The whole front, from a request to its answer.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::StatusCode;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::body::MAX_BODY;
use super::testing::{FakeLambda, Gate, Got, request, request_with, send};
use super::{Invoked, MAX_HEADERS};
use crate::template::model::GatewayResponse;

fn gateway_response(status: Option<u16>, headers: &[(&str, &str)], template: &str) -> GatewayResponse {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    GatewayResponse {
        status,
        headers: headers.iter().map(owned).collect(),
        templates: BTreeMap::from([("application/json".to_owned(), template.to_owned())]),
    }
}

async fn failing(invoked: Invoked) -> Got {
    let lambda = FakeLambda::new(move |_| invoked.clone());
    send(lambda.router(), request("GET", "/post/7")).await
}

fn message(status: u16, message: &str) -> (StatusCode, Value) {
    (StatusCode::from_u16(status).unwrap(), json!({"message": message}))
}

#[tokio::test]
async fn a_request_becomes_a_rest_proxy_event() {
    let lambda = FakeLambda::fine();
    let headers = [
        ("Host", "localhost:3000"),
        ("User-Agent", "curl/8"),
        ("Accept", "text/html"),
        ("accept", "text/plain"),
        ("Connection", "keep-alive"),
        ("Content-Length", "2"),
        ("X-Forwarded-For", "198.51.100.1"),
        ("X-Forwarded-Proto", "gopher"),
    ];
    let request = request_with("GET", "/prod/post/a%20b?x=1&y=%C3%A9+z&x=2", &headers, "hi");
    let got = send(lambda.router(), request).await;
    let mut event = lambda.event();

    let context = &mut event["requestContext"];
    let epoch = context["requestTimeEpoch"].take();
    let time = context["requestTime"].take();
    let request_id = context["requestId"].take();
    let extended_id = context["extendedRequestId"].take();
    let resource_id = context["resourceId"].take();
    let trace = event["headers"]["X-Amzn-Trace-Id"].take();
    assert_eq!(event["multiValueHeaders"]["X-Amzn-Trace-Id"].take(), json!([trace]));
    assert!(epoch.as_u64().unwrap() > 1_700_000_000_000);
    assert!(time.as_str().unwrap().ends_with(" +0000"));
    assert_eq!(resource_id.as_str().unwrap().len(), 6);
    assert!(trace.as_str().unwrap().starts_with("Root=1-"));
    assert_eq!(got.header("x-amzn-requestid"), request_id.as_str());
    assert_eq!(got.header("x-amz-apigw-id"), extended_id.as_str());

    let expected = json!({
        "resource": "/post/{id}",
        "path": "/post/a%20b",
        "httpMethod": "GET",
        "headers": {
            "X-Amzn-Trace-Id": null,
            "X-Forwarded-For": "198.51.100.1, 192.0.2.7",
            "X-Forwarded-Port": "3000",
            "X-Forwarded-Proto": "http",
            "accept": "text/plain",
            "host": "localhost:3000",
            "user-agent": "curl/8",
        },
        "multiValueHeaders": {
            "X-Amzn-Trace-Id": null,
            "X-Forwarded-For": ["198.51.100.1, 192.0.2.7"],
            "X-Forwarded-Port": ["3000"],
            "X-Forwarded-Proto": ["http"],
            "accept": ["text/html", "text/plain"],
            "host": ["localhost:3000"],
            "user-agent": ["curl/8"],
        },
        "queryStringParameters": {"x": "2", "y": "é z"},
        "multiValueQueryStringParameters": {"x": ["1", "2"], "y": ["é z"]},
        "pathParameters": {"id": "a b"},
        "stageVariables": null,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "lambdagram",
            "deploymentId": "local1",
            "domainName": "localhost",
            "domainPrefix": "localhost",
            "extendedRequestId": null,
            "httpMethod": "GET",
            "identity": {
                "accessKey": null,
                "accountId": null,
                "caller": null,
                "cognitoAuthenticationProvider": null,
                "cognitoAuthenticationType": null,
                "cognitoIdentityId": null,
                "cognitoIdentityPoolId": null,
                "principalOrgId": null,
                "sourceIp": "192.0.2.7",
                "user": null,
                "userAgent": "curl/8",
                "userArn": null,
            },
            "path": "/prod/post/a%20b",
            "protocol": "HTTP/1.1",
            "requestId": null,
            "requestTime": null,
            "requestTimeEpoch": null,
            "resourceId": null,
            "resourcePath": "/post/{id}",
            "stage": "prod",
        },
        "body": "hi",
        "isBase64Encoded": false,
    });
    assert_eq!(event, expected);
}

#[tokio::test]
async fn what_a_request_does_not_have_is_null() {
    let lambda = FakeLambda::fine();
    send(lambda.router(), request("POST", "/post")).await;
    let event = lambda.event();
    for absent in ["body", "queryStringParameters", "multiValueQueryStringParameters", "pathParameters"] {
        assert_eq!(event[absent], Value::Null, "{absent}");
    }
    assert_eq!(event["isBase64Encoded"], false);
    assert_eq!(event["requestContext"]["identity"]["userAgent"], Value::Null);
}

#[tokio::test]
async fn bodies_of_binary_types_travel_in_base64_and_others_as_text() {
    let binary = FakeLambda::fine();
    let form = [("content-type", "multipart/form-data; boundary=b")];
    send(binary.router(), request_with("POST", "/post", &form, vec![0xff, 0])).await;
    assert_eq!((&binary.event()["body"], &binary.event()["isBase64Encoded"]), (&json!("/wA="), &json!(true)));

    let text = FakeLambda::fine();
    send(text.router(), request_with("POST", "/post", &[("content-type", "image/png")], vec![b'a', 0xff]))
        .await;
    assert_eq!(
        (&text.event()["body"], &text.event()["isBase64Encoded"]),
        (&json!("a\u{fffd}"), &json!(false))
    );
}

#[tokio::test]
async fn the_stage_may_stand_in_front_of_a_path() {
    for (uri, path) in [("/post/1", "/post/1"), ("/prod/post/1", "/post/1")] {
        let lambda = FakeLambda::fine();
        send(lambda.router(), request("GET", uri)).await;
        let event = lambda.event();
        assert_eq!(
            (&event["path"], &event["requestContext"]["path"]),
            (&json!(path), &json!("/prod/post/1"))
        );
    }
    let got = send(FakeLambda::fine().router(), request("GET", "/production/post/1")).await;
    assert_eq!(got.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_method_may_be_overridden_by_a_header() {
    let lambda = FakeLambda::fine();
    let headers = [("x-http-method-override", "DELETE")];
    send(lambda.router(), request_with("POST", "/files/a", &headers, "")).await;
    let event = lambda.event();
    assert_eq!(event["httpMethod"], "DELETE");
    assert_eq!(event["headers"].get("x-http-method-override"), None);
}

#[tokio::test]
async fn unknown_paths_and_methods_lack_an_authentication_token() {
    for (method, uri) in [("GET", "/"), ("GET", "/nowhere"), ("DELETE", "/post/7"), ("GET", "/post/7/")] {
        let got = send(FakeLambda::fine().router(), request(method, uri)).await;
        assert_eq!((got.status, got.json()), message(403, "Missing Authentication Token"), "{method} {uri}");
        assert_eq!(got.header("x-amzn-errortype"), Some("MissingAuthenticationTokenException"));
        assert!(got.header("x-amzn-requestid").is_some() && got.header("x-amz-apigw-id").is_some());
    }
}

#[tokio::test]
async fn each_end_of_an_invocation_has_its_answer() {
    let cases = [
        (Invoked::Failed, message(502, "Internal server error")),
        (Invoked::ResponseTooLarge, message(502, "Internal server error")),
        (Invoked::Success(Bytes::from_static(b"[]")), message(502, "Internal server error")),
        (Invoked::Throttled, message(500, "Internal server error")),
        (Invoked::PayloadTooLarge, message(413, "Request Too Long")),
    ];
    for (invoked, expected) in cases {
        let got = failing(invoked.clone()).await;
        assert_eq!((got.status, got.json()), expected, "{invoked:?}");
    }
}

#[tokio::test]
async fn a_function_that_panics_answers_as_one_that_fails() {
    let lambda = FakeLambda::new(|_| panic!("on purpose"));
    let got = send(lambda.router(), request("GET", "/post/7")).await;
    assert_eq!((got.status, got.json()), message(502, "Internal server error"));
}

#[tokio::test]
async fn a_late_function_is_answered_for_and_still_ends() {
    let gate = Gate::default();
    let got = send(gate.router(Duration::from_millis(5)), request("GET", "/post/7")).await;
    assert_eq!((got.status, got.json()), message(504, "Endpoint request timed out"));
    gate.open.notify_one();
    gate.ended.notified().await;
}

#[tokio::test]
async fn a_client_that_leaves_does_not_end_its_function() {
    let gate = Gate::default();
    let client = tokio::spawn(send(gate.router(Duration::from_secs(29)), request("GET", "/post/7")));
    gate.started.notified().await;
    client.abort();
    assert!(client.await.unwrap_err().is_cancelled());
    gate.open.notify_one();
    gate.ended.notified().await;
}

#[tokio::test]
async fn a_body_may_have_ten_megabytes_and_no_more() {
    let lambda = FakeLambda::fine();
    let got = send(lambda.router(), request_with("POST", "/post", &[], vec![b'x'; MAX_BODY])).await;
    assert_eq!(got.status, StatusCode::OK);
    assert_eq!(lambda.event()["body"].as_str().unwrap().len(), MAX_BODY);

    let got = send(lambda.router(), request_with("POST", "/post", &[], vec![b'x'; MAX_BODY + 1])).await;
    assert_eq!((got.status, got.json()), message(413, "HTTP content length exceeded 10485760 bytes."));
    assert_eq!(got.header("connection"), Some("close"));
    assert_eq!(lambda.invocations().len(), 1);
}

#[tokio::test]
async fn headers_may_have_ten_kilobytes_with_the_request_line() {
    let line = "GET /post/7 HTTP/1.1".len();
    let lambda = FakeLambda::fine();
    let fitting = "x".repeat(MAX_HEADERS - line);
    let got = send(lambda.router(), request_with("GET", "/post/7", &[("a", &fitting)], "")).await;
    assert_eq!(got.status, StatusCode::OK);
    let larger = "x".repeat(MAX_HEADERS - line + 1);
    let got = send(lambda.router(), request_with("GET", "/post/7", &[("a", &larger)], "")).await;
    assert_eq!(got.status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    assert_eq!(got.body, "HTTP header is larger than 10240 bytes.");
}

#[tokio::test]
async fn bars_and_braces_in_a_query_have_to_be_encoded() {
    for query in ["a=|", "a={", "a=}"] {
        let got = send(FakeLambda::fine().router(), request("GET", &format!("/post/7?{query}"))).await;
        assert_eq!(got.status, StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test]
async fn a_gateway_response_has_its_own_status_headers_and_body() {
    let headers = [
        ("Access-Control-Allow-Origin", "method.request.header.Origin"),
        ("Cache-Control", "no-store"),
        ("x-asked", "method.request.querystring.q"),
        ("x-item", "method.request.path.id"),
        ("x-request-id", "context.requestId"),
        ("x-source", "context.identity.sourceIp"),
    ];
    let template = r#"{"error":$context.error.messageString,"type":"$context.error.responseType"}"#;
    let lambda = FakeLambda::new(|_| Invoked::Throttled);
    let router =
        lambda.router_with(&[("INTEGRATION_FAILURE", gateway_response(Some(503), &headers, template))]);
    let origin = [("origin", "https://app.example.com")];
    let got = send(router.clone(), request_with("GET", "/post/7?q=1", &origin, "")).await;
    assert_eq!(got.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(got.json(), json!({"error": "Internal server error", "type": "INTEGRATION_FAILURE"}));
    assert_eq!(got.header("access-control-allow-origin"), Some("https://app.example.com"));
    assert_eq!(got.header("cache-control"), Some("no-store"));
    assert_eq!(got.header("content-type"), Some("application/json"));
    assert_eq!((got.header("x-asked"), got.header("x-item")), (Some("1"), Some("7")));
    assert_eq!(got.header("x-request-id"), got.header("x-amzn-requestid"));
    assert_eq!(got.header("x-source"), Some("192.0.2.7"));

    let without = send(router, request("GET", "/post/7")).await;
    assert_eq!((without.header("access-control-allow-origin"), without.header("x-asked")), (None, None));
}

#[tokio::test]
async fn types_without_a_response_of_their_own_take_the_default_of_their_class() {
    let defaults = [
        ("DEFAULT_4XX", gateway_response(None, &[], r#"{"error":"four"}"#)),
        ("DEFAULT_5XX", gateway_response(None, &[], r#"{"error":"five"}"#)),
        ("REQUEST_TOO_LARGE", gateway_response(Some(413), &[], r#"{"error":"large"}"#)),
    ];
    let cases = [
        (Invoked::Failed, 502, "five"),
        (Invoked::Throttled, 500, "five"),
        (Invoked::PayloadTooLarge, 413, "large"),
    ];
    for (invoked, status, error) in cases {
        let lambda = FakeLambda::new(move |_| invoked.clone());
        let got = send(lambda.router_with(&defaults), request("GET", "/post/7")).await;
        assert_eq!((got.status.as_u16(), got.json()), (status, json!({"error": error})));
    }
    let got = send(FakeLambda::fine().router_with(&defaults), request("GET", "/nowhere")).await;
    assert_eq!((got.status.as_u16(), got.json()), (403, json!({"error": "four"})));
}

#[tokio::test]
async fn the_template_of_the_first_accepted_type_is_taken() {
    let mut response = gateway_response(None, &[], "{}");
    response.templates.insert("text/html".to_owned(), "<p>$context.error.message</p>".to_owned());
    let router = FakeLambda::fine().router_with(&[("DEFAULT_4XX", response)]);
    let got = send(router, request_with("GET", "/nowhere", &[("accept", "text/html, */*")], "")).await;
    assert_eq!(got.header("content-type"), Some("text/html"));
    assert_eq!(got.body, "<p>Missing Authentication Token</p>");
}

#[tokio::test]
async fn an_answer_has_the_length_of_its_body_and_head_has_none() {
    let output =
        json!({"statusCode": 200, "headers": {"Content-Length": "999", "Date": "once"}, "body": "four"});
    let lambda = FakeLambda::returning(&output);
    let got = send(lambda.router(), request("HEAD", "/post/7")).await;
    assert_eq!(got.body, "");
    assert_eq!(got.header("content-length"), Some("4"));
    assert_eq!(got.header("x-amzn-remapped-content-length"), Some("999"));
    assert_eq!(got.header("x-amzn-remapped-date"), Some("once"));
}

proptest! {
    #[test]
    fn any_request_is_answered_and_its_body_arrives(
        method in "[A-Z]{1,8}|GET|POST|PUT|HEAD",
        path in "(/[a-zA-Z0-9%._~!$&'()*+,;=:@-]{0,6}){1,4}",
        query in "(\\?[a-zA-Z0-9%+&;=./?_-]{0,20})?",
        header in "[ -~]{0,20}",
        binary in any::<bool>(),
        body in proptest::collection::vec(any::<u8>(), 0..64),
    ) {
        let media_type = if binary { "multipart/form-data" } else { "text/plain" };
        let headers = [("content-type", media_type), ("x-any", header.as_str())];
        let lambda = FakeLambda::fine();
        let request = request_with(&method, &format!("/files{path}{query}"), &headers, body.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let got = runtime.block_on(send(lambda.router(), request));
        prop_assert!([StatusCode::OK, StatusCode::FORBIDDEN].contains(&got.status));
        if got.status == StatusCode::OK {
            let event = lambda.event();
            let arrived = match event["body"].as_str() {
                None => Vec::new(),
                Some(text) if event["isBase64Encoded"] == true => STANDARD.decode(text).unwrap(),
                Some(text) => text.as_bytes().to_vec(),
            };
            let sent = if binary { body } else { String::from_utf8_lossy(&body).into_owned().into_bytes() };
            prop_assert_eq!(arrived, sent);
            prop_assert_eq!(event["headers"]["x-any"].as_str(), Some(header.as_str()));
        }
    }
}

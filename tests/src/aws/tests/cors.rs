use axum::http::Request;
use serde_json::json;

use super::{ask, repository, services_with};

const ORIGIN: &str = "https://app.example";

/// Services whose bucket takes uploads from one origin and lets everybody read.
async fn with_rules(folder: &std::path::Path) -> super::Services {
    let mut model = repository::model();
    model.buckets[0].cors = json!([
        {
            "AllowedOrigins": [ORIGIN],
            "AllowedMethods": ["PUT"],
            "AllowedHeaders": ["content-*"],
            "ExposedHeaders": ["ETag"],
            "MaxAge": 600,
        },
        { "AllowedOrigins": ["*"], "AllowedMethods": ["GET"] },
    ]);
    services_with(folder, model).await
}

fn preflight(url: &str, origin: &str, method: &str, headers: &str) -> http::request::Builder {
    Request::options(url)
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header("access-control-request-headers", headers)
}

/// The CORS headers of an answer, in order.
fn cors_headers(answer: &http::Response<String>) -> Vec<(&str, &str)> {
    let named = |name: &str| name.starts_with("access-control-");
    let headers = answer.headers().iter().filter(|(name, _)| named(name.as_str()));
    let mut headers: Vec<_> =
        headers.map(|(name, value)| (name.as_str(), value.to_str().expect("text"))).collect();
    headers.sort_unstable();
    headers
}

#[tokio::test]
async fn a_preflight_is_answered_from_the_buckets_rules() {
    let folder = tempfile::tempdir().expect("a folder");
    let services = with_rules(folder.path()).await;
    let url = format!("{}/{}/uploads/a", services.aws.endpoints().s3, services.bucket());
    let answer = ask(preflight(&url, ORIGIN, "PUT", "Content-Type, content-md5"), "").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(
        cors_headers(&answer),
        [
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-headers", "content-type, content-md5"),
            ("access-control-allow-methods", "PUT"),
            ("access-control-allow-origin", ORIGIN),
            ("access-control-expose-headers", "ETag"),
            ("access-control-max-age", "600"),
        ]
    );
    assert_eq!(
        answer.headers()["vary"],
        "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"
    );
}

#[tokio::test]
async fn a_preflight_that_no_rule_allows_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let services = with_rules(folder.path()).await;
    let url = format!("{}/{}/uploads/a", services.aws.endpoints().s3, services.bucket());
    for (origin, method, headers) in [
        ("https://other.example", "PUT", "content-type"),
        (ORIGIN, "DELETE", "content-type"),
        (ORIGIN, "PUT", "x-other"),
    ] {
        let answer = ask(preflight(&url, origin, method, headers), "").await;
        assert_eq!(answer.status(), 403, "{origin} {method} {headers}");
        assert!(answer.body().contains("<Code>AccessForbidden</Code>"));
        assert_eq!(cors_headers(&answer), []);
    }
}

#[tokio::test]
async fn an_answer_lets_the_page_read_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let services = with_rules(folder.path()).await;
    let url = format!("{}/{}/uploads/a", services.aws.endpoints().s3, services.bucket());
    let answer = ask(Request::get(&url).header("origin", "https://other.example"), "").await;
    assert_eq!(answer.status(), 403);
    assert_eq!(
        cors_headers(&answer),
        [("access-control-allow-methods", "GET"), ("access-control-allow-origin", "*")]
    );
}

#[tokio::test]
async fn a_bucket_without_rules_answers_no_preflight() {
    let mut model = repository::model();
    model.buckets[0].cors = json!([]);
    let folder = tempfile::tempdir().expect("a folder");
    let services = services_with(folder.path(), model).await;
    let url = format!("{}/{}/uploads/a", services.aws.endpoints().s3, services.bucket());
    assert_eq!(ask(preflight(&url, ORIGIN, "PUT", ""), "").await.status(), 403);
}

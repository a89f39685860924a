//! The whole front, from a request to its answer.

use http::StatusCode;
use serde_json::json;

use super::testing::{FakeLambda, request, send};

#[tokio::test]
async fn an_answer_reaches_the_client() {
    let lambda = FakeLambda::fine();
    let got = send(lambda.router(), request("GET", "/post/7")).await;
    assert_eq!((got.status, got.body.as_ref()), (StatusCode::OK, b"fine".as_slice()));
    assert_eq!(lambda.event()["pathParameters"], json!({"id": "7"}));
}

//! The simulated cloud of accounts as part of the stack: its controls on the stack's port, its state in the data folder.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::TestStack;

async fn control(stack: &TestStack, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
    let mut request = stack.request(method, path);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.unwrap();
    let status = response.status();
    (status, response.json().await.unwrap_or_default())
}

#[tokio::test]
async fn accounts_are_there_after_a_restart_and_gone_after_a_reset() {
    let stack = TestStack::start().await;
    let (first, grace) = ("/_sim/accounts/+15551234567", "/_sim/accounts/%2B15550000001");
    let asked = json!({"phone": "+15550000001", "first_name": "Grace", "password": "x", "home_dc": 3});
    let (status, made) = control(&stack, Method::POST, "/_sim/accounts", Some(asked)).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let expected = json!({"id": made["id"], "authorizations": 0, "overlaps": 0});
    let stack = stack.restart().await;
    assert_eq!(control(&stack, Method::GET, grace, None).await, (StatusCode::OK, expected));
    let (status, _) = control(&stack, Method::POST, "/_sim/reset", None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let gone = json!({"error": "That number has no account."});
    assert_eq!(control(&stack, Method::GET, grace, None).await, (StatusCode::NOT_FOUND, gone));
    assert_eq!(control(&stack, Method::GET, first, None).await.0, StatusCode::OK);
    stack.end_clean().await;
}

#[tokio::test]
async fn pages_of_other_origins_cannot_use_the_controls() {
    let stack = TestStack::start().await;
    let own = stack.stack.url();
    let account = json!({"phone": "+15550000001", "first_name": "Grace"});
    let origins = ["https://elsewhere.test", "null", "http://127.0.0.1", &own];
    for (origin, status) in origins.into_iter().zip([403, 403, 403, 201]) {
        let made = stack.request(Method::POST, "/_sim/accounts").header("origin", origin).json(&account);
        assert_eq!(made.send().await.unwrap().status(), status, "{origin}");
    }
    stack.end_clean().await;
}

#[tokio::test]
async fn the_stack_says_where_its_data_centres_are() {
    let stack = TestStack::start().await;
    let cloud = stack.stack.cloud().unwrap();
    let numbers: Vec<_> =
        cloud.dcs().split(',').map(|dc| dc.split_once("=127.0.0.1:").unwrap().0.to_owned()).collect();
    assert_eq!(numbers, ["1", "2", "3"]);
    assert!(cloud.public_key_pem().starts_with("-----BEGIN RSA PUBLIC KEY-----\n"));
    stack.end_clean().await;
}

//! Where a request may go: what is allowed by configuration, and nothing by way of a redirect.

use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use serde_json::json;

use super::support::{Address, everything_to};
use crate::commands::support::texts;
use crate::support::TestStack;

const NO_ANSWER: &str = "That did not work. Please try again later.";

async fn start(assignments: &str, own_networks: &str) -> TestStack {
    TestStack::start_with(|options| {
        options.parameters.insert("OwnNetworks".to_owned(), own_networks.to_owned());
        std::fs::write(options.data_dir.join("assignments.yaml"), assignments).unwrap();
    })
    .await
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (address, elsewhere) = (Address::open().await, Address::open().await);
    let stack = TestStack::start_with_assignments(&everything_to(&address.url, "notifier")).await;
    let location = elsewhere.url.clone();
    let service = address.script(move |number, _| {
        let status = [301, 302, 303, 307, 308][number];
        let status = StatusCode::from_u16(status).unwrap();
        (status, [("location", location.clone())]).into_response()
    });
    let elsewhere = elsewhere.always(200, &json!({"reply": "stolen"}));
    for _ in 0..5 {
        stack.write(7, "/ping").await;
        stack.stack.settle().await;
    }
    assert_eq!((service.asked().len(), elsewhere.asked().len()), (5, 0));
    assert_eq!(texts(&stack, 7), [NO_ANSWER; 5]);
    stack.end().await;
}

#[tokio::test]
async fn without_being_told_that_it_is_its_own_no_private_address_is_called() {
    let address = Address::open().await;
    let port = address.url.rsplit(':').next().unwrap().to_owned();
    for host in [
        "http://127.0.0.1",
        "https://127.0.0.1",
        "https://localhost",
        "https://[::ffff:127.0.0.1]",
        "https://2130706433",
    ] {
        let stack = start(&everything_to(&format!("{host}:{port}"), "notifier"), "").await;
        stack.write(7, "/ping").await;
        stack.stack.settle().await;
        assert_eq!((texts(&stack, 7), stack.dead_letters().len()), (vec![NO_ANSWER.to_owned()], 1), "{host}");
        stack.end().await;
    }
    let service = address.always(200, &json!({"reply": "pong"}));
    assert_eq!(service.asked().len(), 0);
}

#[tokio::test]
async fn its_own_network_is_called_and_no_other() {
    let address = Address::open().await;
    let stack = start(&everything_to(&address.url, "notifier"), "127.0.0.1/32").await;
    let service = address.always(200, &json!({"reply": "pong"}));
    stack.write(7, "/ping").await;
    stack.stack.settle().await;
    assert_eq!((service.asked().len(), texts(&stack, 7)), (1, vec!["pong".to_owned()]));
    stack.end_clean().await;

    let address = Address::open().await;
    let stack = start(&everything_to(&address.url, "notifier"), "127.64.0.0/16").await;
    let service = address.always(200, &json!({"reply": "pong"}));
    stack.write(7, "/ping").await;
    stack.stack.settle().await;
    assert_eq!((service.asked().len(), texts(&stack, 7)), (0, vec![NO_ANSWER.to_owned()]));
    stack.end().await;
}

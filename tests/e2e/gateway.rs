//! The gateway in front of function processes that fail: what the client is told, and that the next request works.

use std::collections::BTreeMap;
use std::time::Duration;

use lambdagram_telegram::http::client_builder;
use lambdagram_tests::gateway;
use lambdagram_tests::template::model::{Api, Function, GatewayResponse, Route};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::lambda::{Bench, probe};

/// How long this gateway waits for a function; the function itself may take longer.
const PATIENCE: Duration = Duration::from_secs(2);

struct Served {
    bench: Bench,
    url: String,
    _stop: DropGuard,
}

/// An API with one probe behind `POST /probe`, with `timeout` of its own, and the words of `template.yaml`'s kind.
async fn served(timeout: Duration) -> Served {
    let route = Route { method: "POST".to_owned(), path: "/probe".to_owned(), streams: false, timeout: None };
    let probe = Function { routes: vec![route], timeout, ..probe("Probe") };
    let bench = Bench::new(vec![probe.clone()]);
    let words = r#"{"error":$context.error.messageString,"type":"$context.error.responseType"}"#;
    let response = GatewayResponse {
        status: None,
        headers: BTreeMap::from([("x-request-id".to_owned(), "context.requestId".to_owned())]),
        templates: BTreeMap::from([("application/json".to_owned(), words.to_owned())]),
    };
    let api = Api {
        stage: "prod".to_owned(),
        binary_media_types: Vec::new(),
        gateway_responses: BTreeMap::from([("DEFAULT_5XX".to_owned(), response)]),
    };
    let router =
        gateway::router_with_timeout(&api, &[probe], bench.lambda.clone(), bench.clock.clone(), PATIENCE);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/probe", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    tokio::spawn(gateway::serve(listener, router, stop.clone()));
    Served { bench, url, _stop: stop.drop_guard() }
}

impl Served {
    async fn ask(&self, event: &Value) -> (u16, Value) {
        let answer =
            client_builder().build().unwrap().post(&self.url).body(event.to_string()).send().await.unwrap();
        let status = answer.status().as_u16();
        assert_eq!(answer.headers().contains_key("x-request-id"), status >= 500);
        (status, answer.json().await.unwrap())
    }

    async fn still_works(&self) {
        assert_eq!(self.ask(&json!({})).await.0, 200);
    }
}

#[tokio::test]
async fn a_function_that_crashes_or_fails_is_502_and_the_next_request_works() {
    let served = served(Duration::from_secs(10)).await;
    let told = json!({"error": "Internal server error", "type": "DEFAULT_5XX"});
    for event in [
        json!({"do": "exit", "status": 1}),
        json!({"do": "fail"}),
        json!({"do": "answer", "answer": "no proxy response"}),
        json!({"do": "big", "bytes": 6_300_000}),
    ] {
        assert_eq!(served.ask(&event).await, (502, told.clone()), "{event}");
        served.still_works().await;
    }
}

#[tokio::test]
async fn a_function_past_its_own_timeout_is_502_and_the_next_request_works() {
    let served = served(Duration::from_secs(1)).await;
    let told = json!({"error": "Internal server error", "type": "DEFAULT_5XX"});
    assert_eq!(served.ask(&json!({"do": "hang"})).await, (502, told));
    served.still_works().await;
}

#[tokio::test]
async fn a_function_that_outlasts_the_gateways_patience_is_504_and_the_next_request_works() {
    let served = served(Duration::from_secs(10)).await;
    let told = json!({"error": "Endpoint request timed out", "type": "INTEGRATION_TIMEOUT"});
    assert_eq!(served.ask(&json!({"do": "hang"})).await, (504, told));
    assert_eq!(served.bench.lambda.in_flight("Probe"), 1, "nobody ends it for the gateway");
    served.still_works().await;
}

//! Signatures, as the library of Standard Webhooks reads them.
//!
//! It is found in the environment that `.ci/run` makes. Where it is not, the test says so and ends; `.ci/run` counts that
//! as a failure.

use std::process::Stdio;

use lambdagram_domain::signature::SigningSecret;
use lambdagram_tests::python::Environment;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::support::{Address, Asked, everything_to};
use crate::support::TestStack;

/// Verifies the request on standard input with the library; prints what it says.
const SCRIPT: &str = r#"
import json, sys
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
asked = json.load(sys.stdin)
try:
    print(json.dumps(Webhook(asked["secret"]).verify(asked["body"], asked["headers"])))
except WebhookVerificationError as error:
    print(f"refused: {error}")
"#;

async fn verified(environment: &Environment, secret: &str, asked: &Asked) -> String {
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let headers: serde_json::Map<_, _> =
        names.into_iter().map(|name| (name.to_owned(), asked.header(name).into())).collect();
    let body = String::from_utf8(asked.body.to_vec()).unwrap();
    let request = json!({"secret": secret, "headers": headers, "body": body}).to_string();
    let mut python = Command::new(environment.python());
    let python = python.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut python = python.unwrap();
    python.stdin.take().unwrap().write_all(request.as_bytes()).await.unwrap();
    let output = python.wait_with_output().await.unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "a test that proves nothing says so")]
async fn the_library_of_standard_webhooks_accepts_our_signatures() {
    let environment = Environment::named("ci-venv").unwrap();
    if !environment.has("standardwebhooks").await {
        println!(
            "Standard Webhooks was not tried: {} has no standardwebhooks.",
            environment.folder().display()
        );
        return;
    }
    let address = Address::open().await;
    let stack = TestStack::start_with_assignments(&everything_to(&address.url, "notifier")).await;
    let service = address.always(200, &json!({"reply": "pong"}));
    stack.write(7, "/ping caf\u{e9} \u{1f600}").await;
    stack.stack.settle().await;
    let asked = &service.asked()[0];
    let said = verified(&environment, stack.stack.signing_secret().expose(), asked).await;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&said).unwrap(), asked.json());

    let another = SigningSecret::generate().encode();
    assert!(verified(&environment, &another, asked).await.starts_with("refused: "));
    let mut changed = asked.clone();
    changed.body = String::from_utf8(asked.body.to_vec()).unwrap().replace("ping", "pong").into();
    let said = verified(&environment, stack.stack.signing_secret().expose(), &changed).await;
    assert!(said.starts_with("refused: "), "{said}");
    stack.end_clean().await;
}

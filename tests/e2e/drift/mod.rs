//! What is said in two places says the same in both. Nothing here runs the stack: these tests read the repository.

mod bot_api;
mod costs;
mod dependencies;
mod description;
mod operations;
mod routes;
mod sentences;
mod variables;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lambdagram_tests::template::{self, Model};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The text of a file of the repository.
fn text_of(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The template with values for the parameters that have no default.
fn template() -> Model {
    let parameters = [
        ("BotId", "1"),
        ("MiniAppUrl", "https://app.example"),
        ("SignInAllow", "*"),
        ("TelegramApiId", "1"),
        ("DelegationPublicKey", "BG2-OTJAKikHunp7hw5WMrY5gScf3BkfzFuCi2U7hU4"),
    ];
    let parameters: BTreeMap<_, _> =
        parameters.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let environment = template::Environment {
        sqs_endpoint: "http://127.0.0.1:9324".to_owned(),
        api_url: "http://127.0.0.1:3000".to_owned(),
    };
    template::load(&repository().join("template.yaml"), &parameters, &environment)
        .expect("the template loads")
}

//! The catalogue of Bot API methods against aiogram's method classes, which are made from the Bot API's own pages.
//!
//! `python3 -m venv target/ci-venv && target/ci-venv/bin/pip install aiogram` makes this a test; with a newer aiogram it
//! prints what is new, and `bot_api.py --write` takes it over.

use std::process::Command;

use lambdagram_tests::python::Environment;

use super::repository;

/// What the script exits with where there is no aiogram.
const NOT_INSTALLED: i32 = 3;

#[test]
#[expect(clippy::print_stdout, reason = "a test that proves nothing says so")]
fn the_catalogue_says_what_the_bot_api_says() {
    let environment = Environment::named("ci-venv").unwrap();
    let script = repository().join("tests/e2e/drift/bot_api.py");
    let output = Command::new(environment.python()).arg(script).output();
    let Some(output) = output.ok().filter(|output| output.status.code() != Some(NOT_INSTALLED)) else {
        println!("The catalogue was not compared: {} has no aiogram.", environment.folder().display());
        return;
    };
    let printed = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&printed));
}

//! What the console says of errors, and the errors there are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use lambdagram_functions::ROUTES;
use regex_lite::Regex;
use serde_json::Value;

use super::{repository, text_of};

/// The sentences of the API that the console explains.
const CONSOLE: &str = "shared/console/assets/sentences.js";

/// Where errors have their sentences: those of requests, and those of uploads that came to nothing.
const ERRORS: [&str; 2] = ["functions/src/http/error.rs", "shared/domain/src/upload/failure.rs"];

#[test]
fn the_console_explains_every_error_of_the_api_and_no_other() {
    let said: BTreeSet<String> = ERRORS
        .iter()
        .flat_map(|file| sentences_of(file))
        .chain(written_out())
        .chain(of_the_gateway())
        .collect();
    // What is looked for is found at all.
    for sample in [
        "User not authenticated.",
        "Telegram refused the file.",
        "The command failed.",
        "Part {number} {problem}.",
    ] {
        assert!(said.contains(sample), "{sample} is not found: {said:?}");
    }
    assert!(said.len() > ROUTES.len(), "{said:?}");
    assert_eq!(explained(), said);
}

#[test]
fn what_the_console_lets_nobody_repeat_is_an_error_of_the_api() {
    let text = text_of(CONSOLE);
    let (_, from) = text.split_once("\nconst HOPELESS = [\n").expect("the sentences");
    let (sentences, _) = from.split_once("\n];\n").expect("their end");
    let sentences = sentences.lines().map(|line| line.trim().trim_end_matches(',').trim_matches('"'));
    let unknown: Vec<_> = sentences.filter(|sentence| !explained().contains(*sentence)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// The sentences of the errors in a file. What only hands on another error's has none.
fn sentences_of(file: &str) -> Vec<String> {
    let sentence = Regex::new(r#"#\[error\("([^"]+)"\)\]"#).expect("a pattern");
    let text = text_of(file);
    let sentences = sentence.captures_iter(&text).map(|found| found[1].to_owned());
    sentences.filter(|sentence| sentence.contains(' ')).collect()
}

/// Those that an answer writes out itself.
fn written_out() -> Vec<String> {
    let sentence = Regex::new(r#""error": "([^"]+)""#).expect("a pattern");
    let mut sentences = Vec::new();
    for file in rust_files(&repository().join("functions/src")) {
        let text = std::fs::read_to_string(&file).expect("a file of the functions");
        let (code, _) = text.split_once("#[cfg(test)]").unwrap_or((&text, ""));
        sentences.extend(sentence.captures_iter(code).map(|found| found[1].to_owned()));
    }
    sentences
}

/// The files of a folder and of those in it, tests left out.
pub(super) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let code = entries.filter(|path| path.file_stem().is_some_and(|name| name != "tests"));
    let files = code.flat_map(|path| if path.is_dir() { rust_files(&path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|it| it == "rs")).collect()
}

/// What API Gateway answers by itself. Where it says so in its own words, the console goes by the status.
fn of_the_gateway() -> Vec<String> {
    let text = text_of("template.yaml");
    let bodies =
        text.lines().filter_map(|line| line.trim().strip_prefix("application/json: '")?.strip_suffix('\''));
    let bodies = bodies.filter(|body| body.contains("\"error\":\""));
    let sentences: Vec<_> = bodies
        .map(|body| {
            let body: Value = serde_json::from_str(body).expect("JSON");
            body["error"].as_str().expect("a sentence").to_owned()
        })
        .collect();
    assert!(sentences.len() >= 4, "{sentences:?}");
    sentences
}

/// What the console has an explanation of.
fn explained() -> BTreeSet<String> {
    let text = text_of(CONSOLE);
    let (_, from) = text.split_once("\nconst SENTENCES = {\n").expect("the sentences");
    let (sentences, _) = from.split_once("\n};\n").expect("their end");
    let line = Regex::new(r#"^  "([^"]+)": "[A-Z][^"]+","#).expect("a pattern");
    let lines = sentences.lines().filter(|line| !line.is_empty());
    lines
        .map(|text| line.captures(text).unwrap_or_else(|| panic!("{CONSOLE}: {text}"))[1].to_owned())
        .collect()
}

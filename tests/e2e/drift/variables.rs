//! The environment variables that functions read are those the template gives them.

use std::collections::BTreeSet;
use std::path::Path;

use regex_lite::Regex;

use super::{repository, template, text_of};

/// Variables that are read although the template does not name them, and why.
const OUTSIDE_THE_TEMPLATE: [(&str, &str); 1] =
    [("CLOCK_OFFSET_MS", "only the local stack's clock runs ahead; in the cloud there is one time")];

/// The code of every source file of the functions, without their tests.
fn code_under(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder of sources");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .filter(|path| !path.ends_with("tests.rs"))
        .flat_map(|path| {
            if path.is_dir() {
                return code_under(&path);
            }
            vec![code_of(&path)]
        })
        .collect()
}

fn code_of(file: &Path) -> String {
    let text = std::fs::read_to_string(file).expect("a source file");
    text.split_once("#[cfg(test)]\nmod tests {").map_or(text.as_str(), |(code, _)| code).to_owned()
}

/// The names of the variables that are read: what the methods of `Environment` are called with, and in the code of
/// the configuration every other literal that looks like such a name, since some reach those methods by way of a
/// binding. Elsewhere such a literal may be Telegram's name of an error.
fn read_by_the_functions() -> BTreeSet<String> {
    let call = Regex::new(r#"\b(?:text|optional|parsed)\(\s*"([^"]+)""#).expect("a pattern");
    let name = Regex::new(r#""([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)""#).expect("a pattern");
    let sources = repository().join("functions/src");
    let configuration =
        [code_of(&sources.join("config.rs"))].into_iter().chain(code_under(&sources.join("config")));
    let searched = [(call, code_under(&sources).concat()), (name, configuration.collect())];
    searched
        .iter()
        .flat_map(|(pattern, code)| pattern.captures_iter(code))
        .map(|found| found[1].to_owned())
        .collect()
}

fn given_by_the_template() -> BTreeSet<String> {
    template().functions.into_iter().flat_map(|function| function.environment.into_keys()).collect()
}

/// Which parameter of the template each variable of the functions for accounts holds, where other functions have none.
fn parameters_of_accounts() -> BTreeSet<(String, String)> {
    let (accounts, others): (Vec<_>, Vec<_>) = template()
        .functions
        .into_iter()
        .partition(|function| function.environment.contains_key("ACCOUNT_SECRETS_ID"));
    let elsewhere: BTreeSet<_> = others.iter().flat_map(|function| function.environment.keys()).collect();
    let only_there: BTreeSet<_> = accounts
        .iter()
        .flat_map(|function| function.environment.keys())
        .filter(|variable| !elsewhere.contains(variable))
        .collect();
    let text = text_of("template.yaml");
    let (_, parameters) = text.split_once("\nParameters:\n").expect("parameters");
    let (parameters, resources) = parameters.split_once("\nResources:\n").expect("resources");
    let reference = Regex::new(r"(?m)^ +([A-Z_]+): !Ref (\w+)$").expect("a pattern");
    reference
        .captures_iter(resources)
        .map(|found| (found[2].to_owned(), found[1].to_owned()))
        .filter(|(parameter, variable)| {
            only_there.contains(variable) && parameters.contains(&format!("\n  {parameter}:\n"))
        })
        .collect()
}

#[test]
fn the_readme_tells_what_signing_in_is_configured_with() {
    let row = Regex::new(r"(?m)^\| `(\w+)` \| .+ \| `([A-Z_]+)`[^|]*\|$").expect("a pattern");
    let readme = text_of("README.md");
    let told = row.captures_iter(&readme).map(|found| (found[1].to_owned(), found[2].to_owned()));
    assert_eq!(told.collect::<BTreeSet<_>>(), parameters_of_accounts());
}

#[test]
fn functions_read_what_the_template_gives_them() {
    let mut read = read_by_the_functions();
    for (name, _) in OUTSIDE_THE_TEMPLATE {
        assert!(read.remove(name), "{name} is read by no function");
    }
    assert_eq!(read, given_by_the_template());
}

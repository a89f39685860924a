//! The documents for whoever deploys and operates the stack name what the template has.

use std::collections::BTreeSet;

use regex_lite::Regex;

use super::sentences::rust_files;
use super::{repository, text_of};

const OPERATIONS: &str = "docs/OPERATIONS.md";
const DEPLOYMENT: &str = "docs/DEPLOYMENT.md";

/// The fields of the JSON objects in Secrets Manager.
const SECRET_FIELDS: [&str; 8] = [
    "api_hash",
    "bot_token",
    "delegation_key",
    "mini_app_key",
    "services",
    "session_key",
    "signing_secret",
    "webhook_secret",
];

/// What `pattern` captures in `text`.
fn all(pattern: &str, text: &str) -> BTreeSet<String> {
    let pattern = Regex::new(pattern).expect("a pattern");
    pattern.captures_iter(text).map(|found| found[1].to_owned()).collect()
}

/// A part of the template, from its heading to the next.
fn section(heading: &str) -> String {
    let template = text_of("template.yaml");
    let (_, rest) = template.split_once(&format!("\n{heading}:\n")).expect("a section");
    let end =
        Regex::new(r"(?m)^[A-Z]").expect("a pattern").find(rest).map_or(rest.len(), |next| next.start());
    rest[..end].to_owned()
}

/// The parameters that whoever deploys has to give.
fn parameters_without_default() -> BTreeSet<String> {
    let parameters = section("Parameters");
    let name = Regex::new(r"(?m)^  ([A-Za-z]+):$").expect("a pattern");
    let starts: Vec<_> =
        name.captures_iter(&parameters).map(|found| found.get(0).expect("it").start()).collect();
    let ends = starts.iter().skip(1).copied().chain([parameters.len()]);
    let each = starts.iter().zip(ends).map(|(start, end)| &parameters[*start..end]);
    each.filter(|parameter| !parameter.contains("\n    Default:"))
        .filter_map(|parameter| parameter.trim_start().split(':').next().map(str::to_owned))
        .collect()
}

#[test]
fn every_alarm_has_its_section_and_no_section_an_alarm_that_is_not_there() {
    let alarms = all(r"(?m)^  (\w+):\n    Type: AWS::CloudWatch::Alarm$", &section("Resources"));
    assert!(!alarms.is_empty());
    assert_eq!(all(r"(?m)^### (\w+Alarm)$", &text_of(OPERATIONS)), alarms);
}

#[test]
fn the_section_of_an_alarm_says_what_somebody_who_is_woken_needs() {
    let text = text_of(OPERATIONS);
    for part in
        text.split("\n### ").filter(|part| part.lines().next().is_some_and(|name| name.ends_with("Alarm")))
    {
        for said in ["**Means", "**Ends by itself**", "**People notice**"] {
            assert!(part.contains(said), "{said} is missing: {part}");
        }
        // What is done is said, if only as for another alarm.
        assert!(["**Look.**", "**Means, look, do**"].iter().any(|said| part.contains(said)), "{part}");
    }
}

#[test]
fn whoever_deploys_is_told_of_every_parameter_that_has_no_default() {
    let parameters = parameters_without_default();
    assert!(parameters.contains("SignInAllow"), "{parameters:?}");
    let named = all(r"`(\w+)`", &text_of(DEPLOYMENT));
    assert_eq!(parameters.difference(&named).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn both_documents_name_every_field_of_the_secrets() {
    for document in [OPERATIONS, DEPLOYMENT] {
        let text = text_of(document);
        for field in SECRET_FIELDS {
            assert!(text.contains(field), "{document} does not speak of {field}");
        }
    }
    let read = text_of("shared/aws/src/secrets.rs");
    let fields = all(r"(?m)^            (\w+): (?:String|BTreeMap<String, String>),$", &read);
    assert_eq!(fields, SECRET_FIELDS.map(str::to_owned).into());
}

#[test]
fn what_the_shell_functions_are_called_with_is_in_the_template() {
    let (resources, outputs) = (section("Resources"), section("Outputs"));
    let names = |text: &str| all(r"(?m)^  (\w+):$", text);
    for document in [OPERATIONS, DEPLOYMENT] {
        let text = text_of(document);
        let used = all(r"\$\(name (\w+)\)", &text);
        let queues = all(r"(?m)^(?:depth|redrive) (\w+)", &text);
        for resource in used.union(&queues) {
            assert!(names(&resources).contains(resource), "{document}: there is no resource {resource}");
        }
        for output in all(r"\$\(output (\w+)\)", &text) {
            assert!(names(&outputs).contains(&output), "{document}: there is no output {output}");
        }
    }
}

#[test]
fn what_operators_look_for_in_the_logs_is_what_the_functions_write() {
    let text = text_of(OPERATIONS);
    let messages = all(r#"message = "([^"]+)""#, &text);
    let listed =
        all(r"message in \[([^\]]+)\]", &text).into_iter().flat_map(|list| all(r#""([^"]+)""#, &list));
    // Causes and reasons: whatever is marked as code and reads like a sentence.
    let sentences = all(r"`([A-Za-z']+(?: [A-Za-z',.]+){2,})`", &text);
    let sought: BTreeSet<_> = messages.into_iter().chain(listed).chain(sentences).collect();
    for sample in ["The job ended", "Panicked", "the bot token is not accepted"] {
        assert!(sought.contains(sample), "{sample} is not found: {sought:?}");
    }
    let folders = ["functions/src", "shared/aws/src", "shared/domain/src", "shared/telegram/src"];
    let files = folders.iter().flat_map(|folder| rust_files(&repository().join(folder)));
    let code: String = files.map(|file| std::fs::read_to_string(file).expect("a source file")).collect();
    let unknown: Vec<_> = sought.iter().filter(|text| !code.contains(&format!("\"{text}\""))).collect();
    assert!(unknown.is_empty(), "no function writes {unknown:?}");
}

#[test]
fn links_between_the_documents_lead_somewhere() {
    let link = Regex::new(r"\]\(([A-Z]+\.md)?(?:#([\w-]+))?\)").expect("a pattern");
    let heading = Regex::new(r"(?m)^#+ (.+)$").expect("a pattern");
    for document in [OPERATIONS, DEPLOYMENT, "docs/MIGRATING.md"] {
        for found in link.captures_iter(&text_of(document)) {
            let target = found.get(1).map_or(document.to_owned(), |name| format!("docs/{}", name.as_str()));
            let text = text_of(&target);
            let Some(anchor) = found.get(2) else { continue };
            let spelt = |heading: &str| -> String {
                let heading = heading.to_lowercase().replace(' ', "-");
                heading
                    .chars()
                    .filter(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_'))
                    .collect()
            };
            let known = heading.captures_iter(&text).any(|heading| spelt(&heading[1]) == anchor.as_str());
            assert!(known, "{document}: {target} has no heading for #{}", anchor.as_str());
        }
    }
}

#[test]
fn sam_caches_no_build_since_it_looks_at_one_folder_of_many() {
    // Its cache compares `CodeUri`, which most of what a function is compiled from is not in.
    let configuration = text_of("samconfig.toml");
    let settings = all(r"(?m)^cached = (\w+)$", &configuration);
    assert_eq!(settings, BTreeSet::from(["false".to_owned()]));
    assert_eq!(
        configuration.matches(".build.parameters]").count(),
        configuration.matches("\ncached = ").count()
    );
}

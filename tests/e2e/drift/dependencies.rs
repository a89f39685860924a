//! `Cargo.toml` and DEPS.md: no dependency without a reason, no reason without a dependency.

use std::collections::BTreeSet;

use super::text_of;

const MEMBERS: [&str; 6] =
    ["functions", "shared/aws", "shared/domain", "shared/outbound", "shared/telegram", "tests"];

/// The lines of a manifest's tables of which `wanted` takes the heading.
fn lines_under(manifest: &str, wanted: impl Fn(&str) -> bool) -> Vec<&str> {
    let mut inside = false;
    let mut lines = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = wanted(line);
        } else if inside && line.contains(" = ") && !line.starts_with('#') {
            lines.push(line);
        }
    }
    lines
}

/// Names of the external dependencies, in the root manifest's order.
fn external_dependencies(manifest: &str) -> Vec<&str> {
    lines_under(manifest, |heading| heading == "[workspace.dependencies]")
        .into_iter()
        .filter(|line| !line.contains("path = "))
        .filter_map(|line| line.split_once(" = ").map(|(name, _)| name))
        .collect()
}

/// The rows of the table in DEPS.md, each as its cells.
fn rows(document: &str) -> Vec<Vec<&str>> {
    document
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

#[test]
fn every_dependency_has_one_row_and_every_row_a_dependency() {
    let (manifest, document) = (text_of("Cargo.toml"), text_of("DEPS.md"));
    let rows = rows(&document);
    let named: Vec<_> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
    assert_eq!(named, external_dependencies(&manifest));
}

#[test]
fn every_row_says_why_and_what_else_was_weighed() {
    let document = text_of("DEPS.md");
    for row in rows(&document) {
        assert!(row.len() == 3 && row.iter().all(|cell| !cell.is_empty()), "{row:?}");
    }
}

#[test]
fn every_dependency_of_the_workspace_is_used_by_a_member() {
    let manifests = MEMBERS.map(|member| text_of(&format!("{member}/Cargo.toml")));
    let used: BTreeSet<_> = manifests
        .iter()
        .flat_map(|manifest| lines_under(manifest, |heading| heading.ends_with("dependencies]")))
        .filter_map(|line| line.split_once(".workspace = true").map(|(name, _)| name))
        .collect();
    let root = text_of("Cargo.toml");
    let unused: Vec<_> =
        external_dependencies(&root).into_iter().filter(|dependency| !used.contains(dependency)).collect();
    assert_eq!(unused, Vec::<&str>::new());
}

#[test]
fn every_member_takes_its_versions_from_the_workspace() {
    for member in MEMBERS {
        let manifest = text_of(&format!("{member}/Cargo.toml"));
        let own: Vec<_> = lines_under(&manifest, |heading| heading.ends_with("dependencies]"))
            .into_iter()
            .filter(|line| !line.contains("workspace = true"))
            .collect();
        assert_eq!(own, Vec::<&str>::new(), "{member}");
    }
}

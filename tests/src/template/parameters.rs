//! The template's parameters: given values, defaults, and the rules that CloudFormation checks before it starts.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_yaml_ng::Value;

use super::error::Problem;
use super::node::Node;

/// What a rule may look like; others change what is allowed, so they must not be passed over.
const KNOWN: &[&str] = &[
    "AllowedPattern",
    "AllowedValues",
    "ConstraintDescription",
    "Default",
    "Description",
    "MaxLength",
    "MaxValue",
    "MinLength",
    "MinValue",
    "NoEcho",
    "Type",
];

/// The value of every declared parameter.
pub(super) fn values(
    document: &Node,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Value>, Problem> {
    let declared = document.get("Parameters").map_or(Ok(Vec::new()), |node| node.entries())?;
    if let Some(unknown) = given.keys().find(|name| declared.iter().all(|(declared, _)| declared != *name)) {
        return Err(Problem::new("Parameters", format!("there is no parameter {unknown}")));
    }
    declared
        .into_iter()
        .map(|(name, declaration)| Ok((name.clone(), value(&declaration, given.get(&name))?)))
        .collect()
}

fn value(declaration: &Node, given: Option<&String>) -> Result<Value, Problem> {
    declaration.only(&[KNOWN])?;
    let text = match (given, declaration.get("Default")) {
        (Some(given), _) => given.clone(),
        (None, Some(default)) => default.text()?,
        (None, None) => return Err(declaration.problem("has no default, so it needs a value")),
    };
    let kind = declaration.require("Type")?;
    match kind.text()?.as_str() {
        "String" => {
            check_length(declaration, &text)?;
            check_value(declaration, &text)?;
            Ok(text.into())
        }
        "Number" => {
            check_range(declaration, &text)?;
            check_value(declaration, &text)?;
            Ok(text.into())
        }
        "CommaDelimitedList" => {
            let items: Vec<&str> = text.split(',').map(str::trim).collect();
            items.iter().try_for_each(|item| check_value(declaration, item))?;
            Ok(items.into_iter().map(Value::from).collect())
        }
        other => Err(kind.problem(format!("the local stack does not know the type {other}"))),
    }
}

fn check_value(declaration: &Node, text: &str) -> Result<(), Problem> {
    if let Some(pattern) = declaration.get("AllowedPattern") {
        let regex = Regex::new(&format!("^(?:{})$", pattern.text()?))
            .map_err(|error| pattern.problem(format!("is no regular expression: {error}")))?;
        if !regex.is_match(text) {
            let wanted = format!("does not match {}", pattern.text()?);
            return Err(refused(declaration, text, &wanted));
        }
    }
    if let Some(allowed) = declaration.get("AllowedValues") {
        let allowed = allowed.items()?.iter().map(Node::text).collect::<Result<Vec<_>, _>>()?;
        if !allowed.iter().any(|value| value == text) {
            return Err(refused(declaration, text, &format!("is none of {}", allowed.join(", "))));
        }
    }
    Ok(())
}

fn check_length(declaration: &Node, text: &str) -> Result<(), Problem> {
    let length = text.chars().count();
    let bound = |key: &str| declaration.get(key).map(|node| node.number(0..=usize::MAX)).transpose();
    if bound("MinLength")?.is_some_and(|least| length < least) {
        return Err(refused(declaration, text, "is too short"));
    }
    if bound("MaxLength")?.is_some_and(|most| length > most) {
        return Err(refused(declaration, text, "is too long"));
    }
    Ok(())
}

fn check_range(declaration: &Node, text: &str) -> Result<(), Problem> {
    let number: f64 = text.parse().map_err(|_| refused(declaration, text, "is no number"))?;
    let bound = |key: &str| declaration.get(key).map(|node| node.number(f64::MIN..=f64::MAX)).transpose();
    if let Some(least) = bound("MinValue")?.filter(|least| number < *least) {
        return Err(refused(declaration, text, &format!("is less than {least}")));
    }
    if let Some(most) = bound("MaxValue")?.filter(|most| number > *most) {
        return Err(refused(declaration, text, &format!("is more than {most}")));
    }
    Ok(())
}

/// A complaint that shows the value, unless the template asks for silence about it.
fn refused(declaration: &Node, text: &str, why: &str) -> Problem {
    let silent = declaration.get("NoEcho").is_some_and(|node| node.truth() == Ok(true));
    let shown = if silent { "the value".to_owned() } else { format!("`{text}`") };
    declaration.problem(format!("{shown} {why}"))
}

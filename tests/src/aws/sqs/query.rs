//! The query protocol as a translation: a form becomes the request of the JSON protocol, its answer becomes XML.
//!
//! A form names nested values with dots and numbers (`Attribute.1.Name`), lists and maps by the name of one entry,
//! and knows only text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use percent_encoding::percent_decode;
use serde_json::{Map, Value};

use super::error::SqsError;

/// The namespace of every answer.
const NAMESPACE: &str = "http://queue.amazonaws.com/doc/2012-11-05/";

/// Maps: name of one entry in the form, name in JSON, and what key and value are called.
const MAPS: [(&str, &str, &str, &str); 4] = [
    ("Attribute", "Attributes", "Name", "Value"),
    ("MessageAttribute", "MessageAttributes", "Name", "Value"),
    ("MessageSystemAttribute", "MessageSystemAttributes", "Name", "Value"),
    ("Tag", "Tags", "Key", "Value"),
];

/// Lists: name of one entry in the form, name in JSON.
const LISTS: [(&str, &str); 7] = [
    ("AttributeName", "AttributeNames"),
    ("MessageAttributeName", "MessageAttributeNames"),
    ("MessageSystemAttributeName", "MessageSystemAttributeNames"),
    ("TagKey", "TagKeys"),
    ("SendMessageBatchRequestEntry", "Entries"),
    ("DeleteMessageBatchRequestEntry", "Entries"),
    ("ChangeMessageVisibilityBatchRequestEntry", "Entries"),
];

/// Parameters that are numbers in JSON.
const NUMBERS: [&str; 6] = [
    "DelaySeconds",
    "MaxNumberOfMessages",
    "MaxNumberOfMessagesPerSecond",
    "MaxResults",
    "VisibilityTimeout",
    "WaitTimeSeconds",
];

/// A form, its dotted names taken apart.
#[derive(Default)]
struct Node {
    text: Option<String>,
    children: BTreeMap<String, Node>,
}

/// Reads a form: the action, and its request. A request to the URL of a queue is about that queue.
pub(super) fn read(form: &[u8], queue_path: Option<&str>) -> Result<(String, Value), SqsError> {
    let mut root = Node::default();
    for pair in form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut parts = pair.splitn(2, |byte| *byte == b'=');
        let name = decode(parts.next().unwrap_or_default())?;
        let value = decode(parts.next().unwrap_or_default())?;
        let mut node = &mut root;
        for part in name.split('.') {
            node = node.children.entry(part.to_owned()).or_default();
        }
        node.text = Some(value);
    }
    let action = root.children.remove("Action").and_then(|node| node.text);
    let action = action.ok_or(SqsError::MissingParameter { parameter: "Action" })?;
    let mut input = object(root)?;
    if let Some(path) = queue_path {
        input.entry("QueueUrl").or_insert_with(|| Value::String(path.to_owned()));
    }
    if action == "CreateQueue"
        && let Some(tags) = input.remove("Tags")
    {
        input.insert("tags".into(), tags);
    }
    Ok((action, Value::Object(input)))
}

fn decode(text: &[u8]) -> Result<String, SqsError> {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let decoded = percent_decode(&spaced).decode_utf8();
    let decoded = decoded.map_err(|error| SqsError::Malformed { reason: error.to_string() })?;
    Ok(decoded.into_owned())
}

fn object(node: Node) -> Result<Map<String, Value>, SqsError> {
    let mut members = Map::new();
    for (name, child) in node.children {
        if let Some((_, plural, key, value)) = MAPS.iter().find(|(entry, ..)| *entry == name) {
            members.insert((*plural).to_owned(), map(child, key, value)?);
        } else if let Some((_, plural)) = LISTS.iter().find(|(entry, _)| *entry == name) {
            let entries = numbered(child).into_iter().map(value);
            members.insert((*plural).to_owned(), entries.collect::<Result<_, _>>()?);
        } else if NUMBERS.contains(&name.as_str()) {
            let text = child.text.unwrap_or_default();
            let number: i64 = text.parse().map_err(|_| SqsError::Malformed {
                reason: format!("Value {text} for parameter {name} is not a number."),
            })?;
            members.insert(name, number.into());
        } else {
            members.insert(name, value(child)?);
        }
    }
    Ok(members)
}

fn value(node: Node) -> Result<Value, SqsError> {
    match node.text {
        Some(text) => Ok(Value::String(text)),
        None => object(node).map(Value::Object),
    }
}

fn map(node: Node, key: &str, value_name: &str) -> Result<Value, SqsError> {
    let mut members = Map::new();
    for mut entry in numbered(node) {
        let name = entry.children.remove(key).and_then(|node| node.text).unwrap_or_default();
        let member = entry.children.remove(value_name).unwrap_or_default();
        members.insert(name, value(member)?);
    }
    Ok(Value::Object(members))
}

/// Entries in the order of their numbers.
fn numbered(node: Node) -> Vec<Node> {
    let mut entries: Vec<(u32, Node)> = node
        .children
        .into_iter()
        .map(|(number, entry)| (number.parse().unwrap_or(u32::MAX), entry))
        .collect();
    entries.sort_by_key(|(number, _)| *number);
    entries.into_iter().map(|(_, entry)| entry).collect()
}

/// Writes the answer to an action.
pub(super) fn render(action: &str, answer: &Value, request_id: &str) -> String {
    let mut xml = format!("<?xml version=\"1.0\"?><{action}Response xmlns=\"{NAMESPACE}\">");
    if let Some(members) = answer.as_object().filter(|members| !members.is_empty()) {
        element(&mut xml, &format!("{action}Result"), |xml| {
            write_members(xml, action, members);
        });
    }
    element(&mut xml, "ResponseMetadata", |xml| {
        write_text(xml, "RequestId", request_id);
    });
    let _ = write!(xml, "</{action}Response>");
    xml
}

/// Writes a refusal.
pub(super) fn render_error(error: &SqsError, request_id: &str) -> String {
    let wire = error.wire();
    let mut xml = format!("<?xml version=\"1.0\"?><ErrorResponse xmlns=\"{NAMESPACE}\">");
    element(&mut xml, "Error", |xml| {
        write_text(xml, "Type", wire.fault());
        write_text(xml, "Code", wire.code);
        write_text(xml, "Message", &error.to_string());
        xml.push_str("<Detail/>");
    });
    write_text(&mut xml, "RequestId", request_id);
    xml.push_str("</ErrorResponse>");
    xml
}

fn write_members(xml: &mut String, action: &str, members: &Map<String, Value>) {
    for (name, value) in members {
        match value {
            Value::Object(entries) => {
                let kind = MAPS.iter().find(|(_, plural, ..)| plural == name);
                let (entry, _, key, member) = kind.expect("answers hold no other maps");
                for (name, value) in entries {
                    element(xml, entry, |xml| {
                        write_text(xml, key, name);
                        write_value(xml, action, member, value);
                    });
                }
            }
            Value::Array(entries) => {
                let entry = entry_name(action, name);
                for value in entries {
                    write_value(xml, action, &entry, value);
                }
            }
            single => write_value(xml, action, name, single),
        }
    }
}

/// What one entry of a list in an answer is called.
fn entry_name(action: &str, list: &str) -> String {
    match list {
        "QueueUrls" | "queueUrls" => "QueueUrl".to_owned(),
        "Messages" => "Message".to_owned(),
        "Failed" => "BatchResultErrorEntry".to_owned(),
        _ => format!("{action}ResultEntry"),
    }
}

fn write_value(xml: &mut String, action: &str, name: &str, value: &Value) {
    match value {
        Value::Object(members) => element(xml, name, |xml| write_members(xml, action, members)),
        Value::String(text) => write_text(xml, name, text),
        other => write_text(xml, name, &other.to_string()),
    }
}

fn write_text(xml: &mut String, name: &str, text: &str) {
    element(xml, name, |xml| {
        for character in text.chars() {
            match character {
                '&' => xml.push_str("&amp;"),
                '<' => xml.push_str("&lt;"),
                '>' => xml.push_str("&gt;"),
                '"' => xml.push_str("&quot;"),
                // A parser would turn a bare carriage return into a line feed.
                '\r' => xml.push_str("&#xD;"),
                other => xml.push(other),
            }
        }
    });
}

fn element(xml: &mut String, name: &str, content: impl FnOnce(&mut String)) {
    let _ = write!(xml, "<{name}>");
    content(xml);
    let _ = write!(xml, "</{name}>");
}

//! A call of the Bot API on its way to the worker: what the queue's message carries, and what waits in the bucket.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::bot_api::{Checked, Method};

/// Bytes of parameters, as JSON, that the queue's message carries; longer ones are staged. SQS takes 1 MiB, but counts
/// and bills a message in steps of 64 kB.
const LONGEST_IN_MESSAGE: usize = 200 * 1000;

/// What parameters are staged as. Files are named `file0`, `file1` and so on.
const PARAMETERS: &str = "parameters";

/// A call of a method. `Debug` shows no value of its parameters.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// The method's name in camel case.
    pub method: String,
    /// Its parameters, unless they are staged.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parameters: Option<Map<String, Value>>,
    /// The files that go along.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub files: Vec<StagedFile>,
}

/// A file that is staged under its name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StagedFile {
    /// What stands for it in the parameters, behind `attach://`.
    pub name: String,
    /// Its name, as Telegram is to show it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub file_name: Option<String>,
    /// Its media type.
    pub content_type: String,
}

/// A command, and what is to be staged before it is queued.
#[derive(Debug, PartialEq)]
pub struct Packed {
    /// The command.
    pub command: Command,
    /// The parts.
    pub parts: Vec<Part>,
}

/// Something that is staged for a command. `Debug` shows none of its content.
#[derive(PartialEq, Eq)]
pub struct Part {
    /// Its name among the parts.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// What it contains.
    pub bytes: Vec<u8>,
}

impl Command {
    /// A checked call as a command.
    pub fn pack(method: &Method, call: Checked) -> Packed {
        let mut parts = Vec::new();
        let mut files = Vec::new();
        for file in call.files {
            let (name, content_type) = (file.name.clone(), file.content_type.clone());
            files.push(StagedFile {
                name: file.name,
                file_name: file.file_name,
                content_type: file.content_type,
            });
            parts.push(Part { name, content_type, bytes: file.bytes });
        }
        let text = Value::Object(call.data.clone()).to_string();
        let mut parameters = Some(call.data);
        if text.len() > LONGEST_IN_MESSAGE {
            let content_type = "application/json".to_owned();
            parts.push(Part { name: PARAMETERS.to_owned(), content_type, bytes: text.into_bytes() });
            parameters = None;
        }
        Packed { command: Self { method: method.name().to_owned(), parameters, files }, parts }
    }

    /// What the parameters are staged as, if they are.
    pub fn staged_parameters(&self) -> Option<&'static str> {
        self.parameters.is_none().then_some(PARAMETERS)
    }

    /// The names of everything that is staged for it.
    pub fn staged(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.name.as_str()).chain(self.staged_parameters())
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Option<Vec<_>> = self.parameters.as_ref().map(|parameters| parameters.keys().collect());
        formatter
            .debug_struct("Command")
            .field("method", &self.method)
            .field("parameters", &names)
            .field("files", &self.files)
            .finish()
    }
}

impl fmt::Debug for StagedFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StagedFile({}, {})", self.name, self.content_type)
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Part({}, {}, {} bytes)", self.name, self.content_type, self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pack(method: &str, data: &Value) -> Packed {
        let method = Method::parse(method).unwrap();
        Command::pack(method, method.validate(data.as_object().unwrap()).unwrap())
    }

    #[test]
    fn a_small_command_stages_nothing() {
        let packed = pack("send_message", &json!({"chat_id": 1, "text": "hi"}));
        assert_eq!(packed.parts, []);
        assert_eq!(packed.command.staged().count(), 0);
        assert_eq!(packed.command.parameters, json!({"chat_id": 1, "text": "hi"}).as_object().cloned());
    }

    #[test]
    fn a_file_that_came_along_is_staged_and_attached() {
        let document = "data:text/plain;name=a%20b.txt;base64,aGk=";
        let packed = pack("send_document", &json!({"chat_id": 1, "document": document}));
        let part =
            Part { name: "file0".to_owned(), content_type: "text/plain".to_owned(), bytes: b"hi".into() };
        assert_eq!(packed.parts, [part]);
        assert_eq!(packed.command.parameters.as_ref().unwrap()["document"], "attach://file0");
        assert_eq!(packed.command.files[0].file_name.as_deref(), Some("a b.txt"));
        assert_eq!(packed.command.staged().collect::<Vec<_>>(), ["file0"]);
    }

    #[test]
    fn parameters_that_are_too_long_for_a_message_are_staged() {
        let entities: Vec<_> =
            (0..4000).map(|at| json!({"type": "bold", "offset": at, "length": 1})).collect();
        let data = json!({"chat_id": 1, "text": "x".repeat(4096), "entities": entities});
        assert_eq!(pack("send_message", &data).parts, [], "{}", data.to_string().len());
        let many: Vec<_> = (0..8000).map(|at| json!({"type": "bold", "offset": at, "length": 1})).collect();
        let data = json!({"chat_id": 1, "text": "x".repeat(4096), "entities": many});
        let packed = pack("send_message", &data);
        assert_eq!(packed.command.parameters, None);
        assert_eq!(packed.command.staged().collect::<Vec<_>>(), ["parameters"]);
        assert_eq!(serde_json::from_slice::<Value>(&packed.parts[0].bytes).unwrap(), data);
    }

    #[test]
    fn debug_shows_nobodys_message() {
        let data = json!({"chat_id": 1, "caption": "hunter2", "document": "data:text/plain,hunter2"});
        let shown = format!("{:?}", pack("send_document", &data));
        assert!(shown.contains("caption") && !shown.contains("hunter2"), "{shown}");
    }
}

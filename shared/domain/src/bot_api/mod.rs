//! The methods of the Bot API that others may have the bot run, and what can be told of a call before it is made.
//!
//! The catalogue is `catalogue.txt`: every method that acts, with its parameters as the Bot API documents them. A call
//! that cannot be right is refused at once, with a sentence that names what is wrong; whatever might be right goes to
//! Telegram, which alone knows. What is looked at: names, types, lengths, and whether a file is given as one.

mod catalogue;
mod check;
mod error;
mod file;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

pub use self::check::Checked;
pub use self::error::DataError;
pub use self::file::AttachedFile;
use crate::ids::ChatId;

/// A method of the Bot API.
#[derive(Debug)]
pub struct Method {
    name: &'static str,
    snake_name: String,
    class: Class,
    parameters: Vec<Parameter>,
    choices: Vec<Choice>,
}

/// What a method does to the world, as far as roles care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Sends something to a chat.
    Send,
    /// Changes something else.
    Acts,
    /// Spends Stars, or gives gifts away. No wildcard of a role grants it.
    Spends,
    /// Nobody may call it: it would take the bot away from this deployment, or tell a token.
    Never,
}

/// A parameter of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Whether a call without it cannot be right.
    pub required: bool,
    /// What it takes.
    pub kind: Kind,
    /// How long it may be, where the Bot API says so.
    pub length: Option<Length>,
    /// Whether there may be files inside it: `media`, `stickers` and the like.
    pub holds_files: bool,
}

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A chat: its number, or a username that begins with `@`.
    Chat,
    /// A text.
    String,
    /// A text from which entities may be parsed out before it is measured.
    Text,
    /// A JSON object, or the text of one.
    Object,
    /// A JSON array, or the text of one.
    Array,
    /// A file that Telegram has (a `file_id`), that lies on the web (an HTTPS URL) or that comes along (a data URL).
    File,
    /// A file that has to come along.
    Upload,
}

/// How long a text or an array may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// The fewest.
    pub least: usize,
    /// The most.
    pub most: usize,
    /// What is counted.
    pub unit: Unit,
}

/// What a [`Length`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Unicode characters: the API server of Telegram takes 4096 of those beyond the basic plane in one message, which
    /// are 8192 UTF-16 units.
    Characters,
    /// Bytes of UTF-8.
    Bytes,
    /// Items of an array.
    Items,
}

/// Sets of parameters of which one has to be there whole.
type Choice = Vec<Vec<&'static str>>;

/// The chat that a call acts in. Calls for one chat keep their order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Chat {
    /// By its number.
    Id(ChatId),
    /// By its username, with the `@`, in lower case.
    Username(String),
}

impl Method {
    /// The method of that name, in camel case as the Bot API has it or in snake case.
    pub fn parse(name: &str) -> Option<&'static Self> {
        Self::all().iter().find(|method| method.name == name || method.snake_name == name)
    }

    /// Every method of the catalogue, by name.
    pub fn all() -> &'static [Self] {
        &catalogue::METHODS
    }

    /// Its name in camel case, as Telegram takes it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its name in snake case, as roles and clients write it.
    pub fn snake_name(&self) -> &str {
        &self.snake_name
    }

    /// What it does to the world.
    pub fn class(&self) -> Class {
        self.class
    }

    /// Its parameters, in the Bot API's order. Those of [`Class::Never`] are not listed.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The parameters that are files or hold some.
    pub fn file_parameters(&self) -> impl Iterator<Item = &Parameter> {
        let is_file = |parameter: &&Parameter| {
            parameter.holds_files || matches!(parameter.kind, Kind::File | Kind::Upload)
        };
        self.parameters.iter().filter(is_file)
    }

    /// The chat that a call with this `data` acts in, if it acts in one.
    pub fn group(&self, data: &Map<String, Value>) -> Option<Chat> {
        let parameter = self.parameters.iter().find(|parameter| parameter.name == "chat_id")?;
        data.get(parameter.name).and_then(Chat::read)
    }

    /// Whether a call that is made twice leaves behind what it leaves when it is made once: settings, edits, deletions
    /// and pins. Whatever makes something new does not.
    pub fn repeats_safely(&self) -> bool {
        let (kind, _) = self.snake_name.split_once('_').unwrap_or((&self.snake_name, ""));
        self.class == Class::Acts
            && matches!(kind, "set" | "edit" | "delete" | "pin" | "unpin" | "ban" | "unban")
    }

    /// Checks the parameters of a call, and takes the files out of them.
    ///
    /// # Errors
    ///
    /// [`DataError`]: the call cannot be right. The first thing found is told.
    pub fn validate(&'static self, data: &Map<String, Value>) -> Result<Checked, DataError> {
        check::check(self, data)
    }
}

impl Chat {
    /// Its number, where it is known.
    pub fn id(&self) -> Option<ChatId> {
        match self {
            Self::Id(id) => Some(*id),
            Self::Username(_) => None,
        }
    }

    /// A chat as a parameter gives it: a number, a number as text, or a username.
    fn read(value: &Value) -> Option<Self> {
        let Some(text) = value.as_str() else { return value.as_i64().map(ChatId).map(Self::Id) };
        match text.strip_prefix('@') {
            Some(name) => {
                let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
                let is_name = !name.is_empty() && name.bytes().all(letter);
                is_name.then(|| Self::Username(text.to_ascii_lowercase()))
            }
            None => text.parse().ok().map(ChatId).map(Self::Id),
        }
    }
}

impl std::fmt::Display for Chat {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => id.fmt(formatter),
            Self::Username(name) => formatter.write_str(name),
        }
    }
}

impl From<ChatId> for Chat {
    fn from(id: ChatId) -> Self {
        Self::Id(id)
    }
}

impl Serialize for Chat {
    /// As the Bot API takes it: a number or a text.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Id(id) => id.serialize(serializer),
            Self::Username(name) => serializer.serialize_str(name),
        }
    }
}

impl<'de> Deserialize<'de> for Chat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::read(&value).ok_or_else(|| D::Error::custom("a chat is a number or a username"))
    }
}

#[cfg(test)]
mod tests;

//! The check of one call.

use std::fmt;

use serde_json::{Map, Value};

use super::file::{AttachedFile, Files, NotAFile};
use super::{Chat, Class, DataError, Kind, Length, Method, Parameter, Unit};

/// Bytes of an unknown parameter's name that an error repeats at most.
const LONGEST_NAME: usize = 64;

/// A call that may be right. `Debug` shows no value of its parameters.
#[derive(Clone, PartialEq)]
pub struct Checked {
    /// The parameters: without those that were null, objects and arrays as such, and `attach://<name>` for each file
    /// that came along.
    pub data: Map<String, Value>,
    /// The files that came along.
    pub files: Vec<AttachedFile>,
    /// The chat it acts in.
    pub chat: Option<Chat>,
    /// Whether Telegram will charge Stars for it: the method spends, or `allow_paid_broadcast` is set.
    pub spends: bool,
}

impl fmt::Debug for Checked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.data.keys().collect();
        formatter
            .debug_struct("Checked")
            .field("data", &names)
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

pub(super) fn check(method: &'static Method, data: &Map<String, Value>) -> Result<Checked, DataError> {
    if method.class == Class::Never {
        return Err(DataError::NeverCallable { method: method.name });
    }
    let parameter_of = |name: &str| method.parameters.iter().find(|parameter| parameter.name == name);
    if let Some(name) = data.keys().find(|name| parameter_of(name).is_none()) {
        return Err(DataError::UnknownParameter { method: method.name, name: repeatable(name) });
    }
    let is_given = |name: &str| data.get(name).is_some_and(|value| !value.is_null());
    if let Some(missing) = method.parameters.iter().find(|given| given.required && !is_given(given.name)) {
        return Err(DataError::Missing { name: missing.name });
    }
    let is_made = |choice: &&super::Choice| choice.iter().any(|set| set.iter().all(|name| is_given(name)));
    if let Some(choice) = method.choices.iter().find(|choice| !is_made(choice)) {
        return Err(DataError::MissingChoice { choice });
    }
    let has_parse_mode = data.keys().any(|name| name.ends_with("parse_mode") && is_given(name));
    let mut files = Files::default();
    let mut checked = Map::new();
    for parameter in method.parameters.iter().filter(|parameter| is_given(parameter.name)) {
        let value = value_of(parameter, &data[parameter.name], has_parse_mode, &mut files)?;
        checked.insert(parameter.name.to_owned(), value);
    }
    Ok(Checked {
        chat: method.group(&checked),
        spends: method.class == Class::Spends
            || checked.get("allow_paid_broadcast") == Some(&Value::Bool(true)),
        data: checked,
        files: files.0,
    })
}

/// The value of a parameter as Telegram gets it.
fn value_of(
    parameter: &Parameter,
    given: &Value,
    has_parse_mode: bool,
    files: &mut Files,
) -> Result<Value, DataError> {
    let &Parameter { name, kind, .. } = parameter;
    let wrong_type = DataError::Type { name, kind };
    let mut value = typed(kind, given).ok_or(wrong_type.clone())?;
    if let Some(length) = parameter.length {
        let most = if kind == Kind::Text && has_parse_mode { usize::MAX } else { length.most };
        if !(length.least..=most).contains(&measure(&value, length)) {
            let Length { least, most, unit } = length;
            return Err(DataError::Length { name, least, most, unit });
        }
    }
    match kind {
        Kind::File | Kind::Upload => {
            let taken = files.take(&mut value, kind == Kind::Upload);
            taken.map_err(|NotAFile| wrong_type)?;
        }
        _ if parameter.holds_files => {
            let taken = files.take_inside(&mut value);
            taken.map_err(|field| DataError::FileInside { name, field })?;
        }
        _ => {}
    }
    Ok(value)
}

/// `given` as a value of that kind. The Bot API also takes objects and arrays as texts of JSON, and numbers of chats as
/// texts; they are given on as what they say.
fn typed(kind: Kind, given: &Value) -> Option<Value> {
    let fits = match kind {
        Kind::Integer => given.is_i64(),
        Kind::Number => given.is_number(),
        Kind::Boolean => given.is_boolean(),
        Kind::String | Kind::Text | Kind::File | Kind::Upload => given.is_string(),
        Kind::Chat => {
            return Some(match Chat::read(given)? {
                Chat::Id(id) => Value::from(id.0),
                Chat::Username(_) => given.clone(),
            });
        }
        Kind::Object | Kind::Array => {
            let parsed = given.as_str().map(|text| serde_json::from_str(text).unwrap_or_default());
            let value: Value = parsed.unwrap_or_else(|| given.clone());
            let fits = if kind == Kind::Object { value.is_object() } else { value.is_array() };
            return fits.then_some(value);
        }
    };
    fits.then(|| given.clone())
}

/// How long a value is. Telegram leaves out blanks at both ends of a text, and carriage returns, before it counts
/// characters; bytes are counted of payloads, which it leaves as they are.
fn measure(value: &Value, length: Length) -> usize {
    let text = value.as_str().unwrap_or_default();
    match length.unit {
        Unit::Characters => text.trim().chars().filter(|letter| *letter != '\r').count(),
        Unit::Bytes => text.len(),
        Unit::Items => value.as_array().map_or(0, Vec::len),
    }
}

/// A name that an error may repeat: one that a parameter could have.
fn repeatable(name: &str) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (name.len() <= LONGEST_NAME && !name.is_empty() && name.bytes().all(plain)).then(|| name.to_owned())
}

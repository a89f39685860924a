//! Reads `catalogue.txt`. Its head says what its lines mean.

use std::sync::LazyLock;

use super::{Class, Kind, Length, Method, Parameter, Unit};

/// Every method, by name. The text is read once; a test reads it too, so it is known to be well-formed.
pub(super) static METHODS: LazyLock<Vec<Method>> =
    LazyLock::new(|| read(include_str!("catalogue.txt")).expect("the catalogue is well-formed"));

/// The methods of a catalogue, or the line that is none.
pub(super) fn read(text: &'static str) -> Result<Vec<Method>, &'static str> {
    let mut methods: Vec<Method> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let understood = match line.strip_prefix("  ") {
            None => method(line).map(|method| methods.push(method)),
            Some(line) => methods.last_mut().and_then(|method| detail(method, line)),
        };
        understood.ok_or(line)?;
    }
    Ok(methods)
}

fn method(line: &'static str) -> Option<Method> {
    let (name, class) = line.split_once(' ')?;
    let class = match class {
        "send" => Class::Send,
        "acts" => Class::Acts,
        "spends" => Class::Spends,
        "never" => Class::Never,
        _ => return None,
    };
    Some(Method { name, snake_name: snake(name), class, parameters: Vec::new(), choices: Vec::new() })
}

/// Takes in one of the lines below a method's name.
fn detail(method: &mut Method, line: &'static str) -> Option<()> {
    if let Some(sets) = line.strip_prefix("one of: ") {
        method.choices.push(sets.split(" or ").map(|set| set.split(" and ").collect()).collect());
    } else {
        method.parameters.push(parameter(line)?);
    }
    Some(())
}

fn parameter(line: &'static str) -> Option<Parameter> {
    let mut words = line.split(' ');
    let name = words.next()?;
    let (name, required) = name.strip_suffix('!').map_or((name, false), |name| (name, true));
    let kind = match words.next()? {
        "integer" => Kind::Integer,
        "number" => Kind::Number,
        "boolean" => Kind::Boolean,
        "chat" => Kind::Chat,
        "string" => Kind::String,
        "text" => Kind::Text,
        "object" => Kind::Object,
        "array" => Kind::Array,
        "file" => Kind::File,
        "upload" => Kind::Upload,
        _ => return None,
    };
    let mut parameter = Parameter { name, required, kind, length: None, holds_files: false };
    for word in words {
        match (word, &mut parameter.length) {
            ("files", _) => parameter.holds_files = true,
            ("bytes", Some(length)) => length.unit = Unit::Bytes,
            (range, length) => {
                let (least, most) = range.split_once('-')?;
                let unit = if kind == Kind::Array { Unit::Items } else { Unit::Characters };
                *length = Some(Length { least: least.parse().ok()?, most: most.parse().ok()?, unit });
            }
        }
    }
    Some(parameter)
}

/// `sendMessage` as `send_message`.
fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 6);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

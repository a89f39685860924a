//! Why a call cannot be right, in sentences for the one who made it. None repeats a value: values are people's messages.

use thiserror::Error;

use super::{Kind, Unit};

/// Why a call cannot be right.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DataError {
    /// The method is one that nobody may call.
    #[error("{method} cannot be called.")]
    NeverCallable {
        /// The method.
        method: &'static str,
    },
    /// The method has no parameter of that name.
    #[error("{method} has no parameter {}.", name.as_ref().map_or("of one of the names given".to_owned(), |name| format!("`{name}`")))]
    UnknownParameter {
        /// The method.
        method: &'static str,
        /// The name, if it is one that a parameter could have.
        name: Option<String>,
    },
    /// A required parameter is not there.
    #[error("`{name}` is missing.")]
    Missing {
        /// The parameter.
        name: &'static str,
    },
    /// None of several sets of parameters is there whole.
    #[error("{} must be given.", one_of(choice))]
    MissingChoice {
        /// The sets.
        choice: &'static [Vec<&'static str>],
    },
    /// A parameter is of another type.
    #[error("`{name}` must be {}.", told(*kind))]
    Type {
        /// The parameter.
        name: &'static str,
        /// What it takes.
        kind: Kind,
    },
    /// A parameter is too long or too short.
    #[error("`{name}` must have {least} to {most} {}.", unit_name(*unit))]
    Length {
        /// The parameter.
        name: &'static str,
        /// The fewest.
        least: usize,
        /// The most.
        most: usize,
        /// What is counted.
        unit: Unit,
    },
    /// Inside a parameter, something that must be a file is none.
    #[error("`{field}` in `{name}` must be {}.", told(Kind::File))]
    FileInside {
        /// The parameter.
        name: &'static str,
        /// The field inside it.
        field: &'static str,
    },
}

/// What a parameter of that kind takes.
fn told(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer => "an integer",
        Kind::Number => "a number",
        Kind::Boolean => "true or false",
        Kind::Chat => "an integer or a username that begins with @",
        Kind::String | Kind::Text => "a string",
        Kind::Object => "an object",
        Kind::Array => "an array",
        Kind::File => "a file_id, an HTTPS URL or a data URL with a file",
        Kind::Upload => "a data URL with a file",
    }
}

fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Characters => "characters",
        Unit::Bytes => "bytes",
        Unit::Items => "items",
    }
}

fn one_of(choice: &[Vec<&str>]) -> String {
    let sets = choice.iter().map(|set| format!("`{}`", set.join("` and `")));
    sets.collect::<Vec<_>>().join(", or ")
}

//! What is wrong with a document, for the one who wrote it.

use std::fmt;

use thiserror::Error;

/// A line of a document, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line(pub usize);

/// The documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// `permissions.yaml`.
    Permissions,
    /// What is merged over it.
    Assignments,
}

/// A document that does not say who may do what. It repeats names from the document, and no URL.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{document}, line {}: {problem}", line.0)]
pub struct PermissionsError {
    /// Which document.
    pub document: Document,
    /// Where in it.
    pub line: Line,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong at a line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Problem {
    /// It is no YAML; the parser's words.
    #[error("this is not YAML: {0}")]
    NotYaml(String),
    /// Another document begins.
    #[error("expected one document, and a second one begins here")]
    SecondDocument,
    /// An alias or a tag.
    #[error("expected plain YAML, without aliases (`*name`; quote a star: \"*\") and tags (`!name`)")]
    NotPlain,
    /// It nests too deep.
    #[error("expected less nesting")]
    TooDeep,
    /// A key is a list, a mapping or nothing.
    #[error("expected a name in front of the colon")]
    KeyIsNoText,
    /// A key that the mapping already has.
    #[error("`{0}` is here for the second time")]
    Repeated(String),
    /// A key that means nothing there.
    #[error("`{key}` means nothing here; expected {}", listed(known.iter().copied()))]
    UnknownKey {
        /// The key.
        key: String,
        /// The keys that mean something.
        known: &'static [&'static str],
    },
    /// Something else was expected.
    #[error("{what} must be {expected}")]
    Expected {
        /// What, in the words of the document.
        what: String,
        /// What it must be.
        expected: &'static str,
    },
    /// A key or a user is given a role that there is not.
    #[error("there is no role `{name}`; expected {}", listed(known.iter().map(String::as_str)))]
    NoSuchRole {
        /// The name.
        name: String,
        /// The roles that there are.
        known: Vec<String>,
    },
    /// A route leads to a service that there is not.
    #[error("there is no service `{name}`; expected {}", listed(known.iter().map(String::as_str)))]
    NoSuchService {
        /// The name.
        name: String,
        /// The services that there are.
        known: Vec<String>,
    },
    /// A role lists a method that the catalogue does not have.
    #[error(
        "`{0}` is no method of the Bot API that acts; expected one in snake case, such as `send_message`"
    )]
    NoSuchMethod(String),
    /// A role lists a method that nobody may call.
    #[error("`{0}` cannot be called by anybody; expected another method")]
    NeverCallable(String),
    /// A wildcard grants nothing.
    #[error("`{0}` matches no method; expected the beginning of a name and a star, such as `send_*`")]
    MatchesNothing(String),
}

impl Problem {
    pub(super) fn expected(what: &str, expected: &'static str) -> Self {
        Self::Expected { what: what.to_owned(), expected }
    }
}

impl fmt::Display for Document {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Permissions => "permissions",
            Self::Assignments => "assignments",
        })
    }
}

/// Names as a sentence lists them.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => "none, since none is defined".to_owned(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

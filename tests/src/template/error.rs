//! What is wrong with a template, in one line.

/// A template that cannot be run: the file, the place inside it, and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct TemplateError {
    /// The file as it was named.
    pub file: String,
    /// What is wrong, and where.
    pub problem: Problem,
}

/// What is wrong at one place of a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", if at.is_empty() { String::new() } else { format!("{at}: ") })]
pub struct Problem {
    /// Keys from the top, joined by dots: `Resources.PostPhoto.Properties.Timeout`. Empty for the whole file.
    pub at: String,
    /// One sentence without a full stop.
    pub message: String,
}

impl Problem {
    pub(super) fn new(at: &str, message: impl Into<String>) -> Self {
        Self { at: at.to_owned(), message: message.into() }
    }
}

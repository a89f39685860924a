//! The fields of a body that is a JSON object.

use serde_json::{Map, Value};

use crate::http::{ApiError, Incoming};

/// The body of a request, whose fields may be missing or say nothing.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// # Errors
    ///
    /// [`ApiError::UnsupportedMediaType`], [`ApiError::InvalidJson`].
    pub(super) fn of(request: &Incoming) -> Result<Self, ApiError> {
        request.json().map(Self)
    }

    /// Whether a field says something: it is neither missing nor null nor blank.
    pub(super) fn says(&self, name: &str) -> bool {
        match self.0.get(name) {
            None | Some(Value::Null) => false,
            Some(Value::String(text)) => !text.trim().is_empty(),
            Some(_) => true,
        }
    }

    /// What a field says, as `parse` takes it. `None` when it is no text, or not such a one.
    pub(super) fn read<T>(&self, name: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        self.0.get(name)?.as_str().and_then(parse)
    }
}

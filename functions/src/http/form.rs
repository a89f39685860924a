//! Bodies that are forms with files in them (RFC 7578).

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use multer::{Field, Multipart};

use super::{ApiError, Incoming};

/// The fields of a form, one after the other.
pub(crate) struct Form(Multipart<'static>);

/// One field of a form.
pub(crate) struct FormField(Field<'static>);

impl Form {
    /// The form in the body of a request.
    ///
    /// # Errors
    ///
    /// [`ApiError::InvalidForm`] where the header names no boundary.
    pub(crate) fn of(request: &Incoming) -> Result<Self, ApiError> {
        let content_type = request.header("content-type").unwrap_or_default();
        let boundary = multer::parse_boundary(content_type).map_err(malformed)?;
        let body = Bytes::copy_from_slice(request.body());
        Ok(Self(Multipart::new(stream::iter([Ok::<_, Infallible>(body)]), boundary)))
    }

    /// The next field, until there is none. The one before is skipped, if it was not read.
    ///
    /// # Errors
    ///
    /// [`ApiError::InvalidForm`] where the form is not whole.
    pub(crate) async fn next(&mut self) -> Result<Option<FormField>, ApiError> {
        Ok(self.0.next_field().await.map_err(malformed)?.map(FormField))
    }
}

impl FormField {
    /// Its name; empty where it has none.
    pub(crate) fn name(&self) -> &str {
        self.0.name().unwrap_or_default()
    }

    /// The name of the file that it is, as its sender spelt it: browsers write three characters in another way
    /// (html.spec.whatwg.org, multipart/form-data encoding algorithm). `None` for what is no file.
    pub(crate) fn file_name(&self) -> Option<String> {
        self.0.file_name().map(unescaped)
    }

    /// The media type that its sender gives it.
    pub(crate) fn media_type(&self) -> Option<String> {
        self.0.content_type().map(|media_type| media_type.essence_str().to_owned())
    }

    /// All of it.
    ///
    /// # Errors
    ///
    /// [`ApiError::InvalidForm`] where the form is not whole.
    pub(crate) async fn bytes(self) -> Result<Vec<u8>, ApiError> {
        self.0.bytes().await.map(Vec::from).map_err(malformed)
    }

    /// All of it as text.
    ///
    /// # Errors
    ///
    /// As [`Self::bytes`], and where it is no UTF-8.
    pub(crate) async fn text(self) -> Result<String, ApiError> {
        let bytes = self.bytes().await?;
        String::from_utf8(bytes).map_err(|_| ApiError::InvalidForm { details: "A text in it is not UTF-8." })
    }
}

fn malformed(_: multer::Error) -> ApiError {
    ApiError::InvalidForm { details: "It is not a complete multipart/form-data body." }
}

/// A name without the escapes of browsers. Any other percent sign is one.
fn unescaped(name: &str) -> String {
    name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_the_name_that_its_sender_gave_it() {
        for (sent, name) in [
            ("a.txt", "a.txt"),
            ("say %22hi%22.txt", "say \"hi\".txt"),
            ("a%0D%0Ab", "a\r\nb"),
            ("100%25.txt", "100%25.txt"),
            ("Отчёт.pdf", "Отчёт.pdf"),
            ("", ""),
        ] {
            assert_eq!(unescaped(sent), name);
        }
    }
}

//! Files as calls give them.

use std::fmt;

use data_url::DataUrl;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::media::stored_name;

/// The fields that are files wherever they are found inside a parameter that may hold files: those of the Bot API's
/// `InputMedia`, `InputPaidMedia`, `InputSticker`, `InputProfilePhoto` and `InputStoryContent` objects.
const FIELDS: [&str; 7] = ["animation", "cover", "media", "photo", "sticker", "thumbnail", "video"];

/// A file that came along in a data URL. `Debug` shows none of its content.
#[derive(Clone, PartialEq, Eq)]
pub struct AttachedFile {
    /// What stands for it in the parameters, behind `attach://`: the name of its part in a multipart request.
    pub name: String,
    /// Its name, if its sender gave it one (`data:text/plain;name=a.txt;base64,...`): without folders.
    pub file_name: Option<String>,
    /// Its media type, as its sender says.
    pub content_type: String,
    /// What it contains.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for AttachedFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, content_type, bytes, .. } = self;
        write!(formatter, "AttachedFile({name}, {content_type}, {} bytes)", bytes.len())
    }
}

/// The text is no file.
pub(super) struct NotAFile;

/// The files of one call.
#[derive(Default)]
pub(super) struct Files(pub(super) Vec<AttachedFile>);

impl Files {
    /// Checks a file as a call gives it, and takes it out if it came along.
    pub(super) fn take(&mut self, value: &mut Value, must_come_along: bool) -> Result<(), NotAFile> {
        let text = value.as_str().ok_or(NotAFile)?;
        if is_data_url(text) {
            let file = read(text, format!("file{}", self.0.len())).ok_or(NotAFile)?;
            *value = Value::from(format!("attach://{}", file.name));
            self.0.push(file);
            return Ok(());
        }
        let elsewhere = is_https_url(text) || is_file_id(text);
        (elsewhere && !must_come_along).then_some(()).ok_or(NotAFile)
    }

    /// Does that for every file inside `value`; the error is the field that is none.
    pub(super) fn take_inside(&mut self, value: &mut Value) -> Result<(), &'static str> {
        match value {
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.take_inside(item)),
            Value::Object(fields) => fields.iter_mut().try_for_each(|(name, value)| {
                match FIELDS.into_iter().find(|field| field == name) {
                    Some(field) if value.is_string() => self.take(value, false).map_err(|NotAFile| field),
                    _ => self.take_inside(value),
                }
            }),
            _ => Ok(()),
        }
    }
}

/// Reads a data URL, whose file must not be empty: Telegram takes no empty ones.
fn read(text: &str, name: String) -> Option<AttachedFile> {
    let url = DataUrl::process(text).ok()?;
    let (bytes, _fragment) = url.decode_to_vec().ok().filter(|(bytes, _)| !bytes.is_empty())?;
    let kind = url.mime_type();
    let file_name = kind.get_parameter("name").or_else(|| kind.get_parameter("filename"));
    let file_name = file_name.and_then(|name| stored_name(&percent_decode_str(name).decode_utf8_lossy()));
    Some(AttachedFile { name, file_name, content_type: format!("{}/{}", kind.type_, kind.subtype), bytes })
}

fn is_data_url(text: &str) -> bool {
    text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
}

fn is_https_url(text: &str) -> bool {
    let (scheme, rest) = text.split_at_checked(8).unwrap_or_default();
    scheme.eq_ignore_ascii_case("https://") && !rest.is_empty() && !rest.starts_with('/')
}

/// Letters, digits, hyphens and underscores: base64url, which all of Telegram's file ids are.
fn is_file_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

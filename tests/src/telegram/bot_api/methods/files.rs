//! Files that come in with a message, and getFile.

use serde_json::{Value, json};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::telegram::bot_api::Shared;
use crate::telegram::bot_api::error::ApiError;
use crate::telegram::bot_api::limits::{MAX_DOWNLOAD_BYTES, check_photo};
use crate::telegram::bot_api::params::{Params, Upload};
use crate::telegram::bot_api::random::named_bytes;
use crate::telegram::bot_api::store::{Store, StoredFile};

/// Characters of a file name's ending that are kept in its path.
const MAX_ENDING_CHARS: usize = 10;

/// What a file is sent as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    Photo,
    Document,
}

/// The file of a send method, checked but not kept yet.
pub(super) enum InputFile<'a> {
    /// Named by its id.
    Known(StoredFile),
    /// Uploaded with the request.
    New { kind: FileKind, upload: &'a Upload, width: u32, height: u32 },
}

impl FileKind {
    /// The parameter and the field of a message.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Photo => "photo",
            Self::Document => "document",
        }
    }

    /// How Telegram's sentences call it.
    fn of_stored(name: &str) -> &'static str {
        if name == Self::Photo.name() { "Photo" } else { "Document" }
    }

    /// How ids of such files begin; it is how people tell them apart on Telegram.
    const fn id_prefix(self) -> &'static str {
        match self {
            Self::Photo => "AgACAgIAAx",
            Self::Document => "BQACAgIAAx",
        }
    }
}

impl<'a> InputFile<'a> {
    /// Finds the file of a request: uploaded under the parameter's name or as `attach://<name>`, or named by id.
    /// An address cannot be fetched here and fails as a fetch that Telegram could not make.
    pub(super) fn of(bot: &Shared, params: &'a Params, kind: FileKind) -> Result<Self, ApiError> {
        let value = params.text(kind.name());
        let upload = match value.strip_prefix("attach://") {
            Some(_) => None,
            None => params.file(kind.name()),
        };
        match upload {
            Some(upload) => Self::of_upload(upload, kind),
            None => Self::of_value(bot, params, kind, &value),
        }
    }

    /// Finds the file that `value` says: `attach://<name>`, or its id.
    pub(super) fn of_value(
        bot: &Shared,
        params: &'a Params,
        kind: FileKind,
        value: &str,
    ) -> Result<Self, ApiError> {
        let upload = value.strip_prefix("attach://").and_then(|name| params.file(name));
        if let Some(upload) = upload {
            return Self::of_upload(upload, kind);
        }
        if value.is_empty() || value.starts_with("attach://") {
            return Err(ApiError::bad_request(format!("there is no {} in the request", kind.name())));
        }
        if value.starts_with("http://") || value.starts_with("https://") {
            return Err(ApiError::bad_request("failed to get HTTP URL content"));
        }
        let file = bot
            .store()
            .file(value)?
            .ok_or_else(|| ApiError::bad_request("wrong file identifier/HTTP URL specified"))?;
        if file.kind != kind.name() {
            let (is, wanted) = (FileKind::of_stored(&file.kind), FileKind::of_stored(kind.name()));
            return Err(ApiError::bad_request(format!("can't use file of type {is} as {wanted}")));
        }
        Ok(Self::Known(file))
    }

    fn of_upload(upload: &'a Upload, kind: FileKind) -> Result<Self, ApiError> {
        if upload.content.is_empty() {
            return Err(ApiError::bad_request("file must be non-empty"));
        }
        let (width, height) = match kind {
            FileKind::Photo => check_photo(&upload.content)?,
            FileKind::Document => (0, 0),
        };
        Ok(Self::New { kind, upload, width, height })
    }

    /// Stores what is new.
    pub(super) fn keep(&self, store: &Store, seed: u64) -> Result<StoredFile, ApiError> {
        let (kind, upload, width, height) = match self {
            Self::Known(file) => return Ok(file.clone()),
            Self::New { kind, upload, width, height } => (*kind, upload, *width, *height),
        };
        let number = store.next_file_number()?;
        let id = named_bytes(seed, "file_id", number);
        let unique_id = named_bytes(seed, "file_unique_id", number);
        let octets = "application/octet-stream";
        let file = StoredFile {
            file_id: format!("{}{}", kind.id_prefix(), URL_SAFE_NO_PAD.encode(id)),
            unique_id: format!("AQAD{}", URL_SAFE_NO_PAD.encode(&unique_id[..8])),
            path: format!("{}s/file_{number}{}", kind.name(), ending(&upload.file_name)),
            kind: kind.name().to_owned(),
            name: upload.file_name.clone(),
            mime_type: upload.mime_type.clone().unwrap_or_else(|| octets.to_owned()),
            width,
            height,
            size: upload.content.len(),
        };
        store.add_file(number, &file, &upload.content)?;
        Ok(file)
    }
}

/// The `photo` or `document` of a message.
pub(super) fn shown_in_message(file: &StoredFile) -> Value {
    if file.kind == FileKind::Photo.name() {
        return json!([{
            "file_id": file.file_id,
            "file_unique_id": file.unique_id,
            "file_size": file.size,
            "width": file.width,
            "height": file.height,
        }]);
    }
    json!({
        "file_name": file.name,
        "mime_type": file.mime_type,
        "file_id": file.file_id,
        "file_unique_id": file.unique_id,
        "file_size": file.size,
    })
}

pub(super) fn get_file(bot: &Shared, params: &Params) -> Result<Value, ApiError> {
    let file_id = params.text("file_id");
    if file_id.is_empty() {
        return Err(ApiError::bad_request("file_id not specified"));
    }
    let file = bot.store().file(&file_id)?.ok_or_else(|| ApiError::bad_request("invalid file_id"))?;
    if file.size > MAX_DOWNLOAD_BYTES {
        return Err(ApiError::bad_request("file is too big"));
    }
    Ok(json!({
        "file_id": file.file_id,
        "file_unique_id": file.unique_id,
        "file_size": file.size,
        "file_path": file.path,
    }))
}

/// A file name's ending with its dot, when it is one that a path can carry as it is.
fn ending(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((_, ending))
            if (1..=MAX_ENDING_CHARS).contains(&ending.len())
                && ending.bytes().all(|b| b.is_ascii_alphanumeric()) =>
        {
            format!(".{}", ending.to_ascii_lowercase())
        }
        _ => String::new(),
    }
}

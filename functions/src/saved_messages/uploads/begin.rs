//! `POST /uploads`: a place for a file, and a URL for each of its parts.

use std::time::{Duration, UNIX_EPOCH};

use http::StatusCode;
use http::header::LOCATION;
use lambdagram_domain::media::stored_name;
use lambdagram_domain::time::UnixTime;
use lambdagram_domain::upload::{
    SendAs, SizeError, Upload, UploadDetails, UploadId, UploadPlan, check_caption,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::parts::{PART_SIZE, parts_of};
use super::{Owner, Uploads};
use crate::http::{Answer, ApiError, Incoming, whole};

/// How long URLs of parts are good: enough for the slowest line, and less than the credentials of a function last. A page
/// that needs more time gets new ones.
pub(super) const URL_LIFE: Duration = Duration::from_hours(1);

/// The media type of what is staged: only the worker reads it, and looks for itself.
const STAGED_TYPE: &str = "application/octet-stream";

/// Letters of a media type at most (RFC 6838, section 4.2: 127 for each half).
const LONGEST_TYPE: usize = 255;

#[derive(Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    name: Value,
    #[serde(default)]
    size: Value,
    #[serde(default)]
    mime_type: Value,
    #[serde(default)]
    caption: Value,
    #[serde(default, rename = "as")]
    send_as: Value,
}

impl Uploads {
    pub(super) async fn begin(&self, request: &Incoming, owner: &Owner) -> Result<Answer, ApiError> {
        let (size, details) = request.json::<Wish>()?.read(owner.is_premium())?;
        let (token, id, now) = (&owner.caller.token, UploadId::random(), request.now());
        let sealed = self.accounts.master_keys().sealer(token).seal_upload(&id, &details);
        let s3_upload = self.staging.begin_multipart(&id.staged(), STAGED_TYPE).await?;
        let row = Upload::new(id, token.id(), size, sealed, now);
        let row = Upload { s3_upload: Some(s3_upload), ..row };
        if let Err(error) = self.intake.create(&row).await {
            self.cancelling.clear(&row).await;
            return Err(error);
        }
        let parts = self.urls(&row, parts_of(size), now).await?;
        let body = json!({
            "id": row.id,
            "part_size": PART_SIZE,
            "parts": parts,
            "expires_at": now.plus(URL_LIFE).0,
        });
        let location = request.location(&format!("/uploads/{}", row.id));
        Ok(Answer::json(StatusCode::CREATED, body).with(LOCATION, &location))
    }

    /// A URL for each of those parts.
    pub(super) async fn urls(
        &self,
        row: &Upload,
        parts: impl Iterator<Item = (u32, u64)>,
        now: UnixTime,
    ) -> Result<Vec<Value>, ApiError> {
        let Some(s3_upload) = &row.s3_upload else { return Ok(Vec::new()) };
        let (key, now) = (row.id.staged(), UNIX_EPOCH + Duration::from_secs(now.0));
        let mut urls = Vec::new();
        for (number, length) in parts {
            let url = self.staging.presign_part(&key, s3_upload, number, length, URL_LIFE, now).await?;
            urls.push(json!({"number": number, "url": url}));
        }
        Ok(urls)
    }
}

impl Wish {
    /// The file's size, and what is said about it, if an account may send that.
    fn read(self, premium: bool) -> Result<(u64, UploadDetails), ApiError> {
        let wrong = |parameter, expected| ApiError::InvalidParameter { parameter, expected };
        let name = self.name.as_str().and_then(stored_name);
        let name = name.ok_or(wrong("name", "the name of a file"))?;
        let size = self.size.as_u64().or_else(|| whole(&self.size)?.try_into().ok());
        let size = size.ok_or(wrong("size", "the size of the file in bytes"))?;
        UploadPlan::of(size, premium).map_err(|error| match error {
            SizeError::Empty => ApiError::InvalidFile { details: "The file is empty." },
            SizeError::TooLarge { limit } => ApiError::FileTooLarge { limit },
        })?;
        let mime_type = match self.mime_type {
            Value::Null => None,
            Value::String(text) if text.is_empty() => None,
            Value::String(text) if is_media_type(&text) => Some(text),
            _ => return Err(wrong("mime_type", "a media type like video/mp4")),
        };
        let caption = match self.caption {
            Value::Null => String::new(),
            Value::String(text) => text,
            _ => return Err(wrong("caption", "a text")),
        };
        check_caption(&caption, premium)?;
        let send_as = match &self.send_as {
            Value::Null => Some(SendAs::default()),
            value => value.as_str().and_then(SendAs::parse),
        };
        let send_as = send_as.ok_or(wrong("as", "auto, photo or document"))?;
        Ok((size, UploadDetails { name: Some(name), mime_type, caption, send_as }))
    }
}

fn is_media_type(text: &str) -> bool {
    let is_plain = text.len() <= LONGEST_TYPE && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    is_plain && text.split_once('/').is_some_and(|(kind, rest)| !kind.is_empty() && !rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(wish: Value) -> Result<(u64, UploadDetails), String> {
        let wish: Wish = serde_json::from_value(wish).unwrap();
        wish.read(false).map_err(|error| error.to_string())
    }

    #[test]
    fn a_wish_may_say_no_more_than_name_and_size() {
        let (size, details) = read(json!({"name": "C:\\films\\a.mp4", "size": 2_097_152_000})).unwrap();
        assert_eq!(size, 2_097_152_000);
        let expected = UploadDetails {
            name: Some("a.mp4".to_owned()),
            mime_type: None,
            caption: String::new(),
            send_as: SendAs::Auto,
        };
        assert_eq!(details, expected);
        let wish = json!({"name": "a", "size": 1, "mime_type": "video/mp4", "caption": "x", "as": "photo"});
        let expected = UploadDetails {
            name: Some("a".to_owned()),
            mime_type: Some("video/mp4".to_owned()),
            caption: "x".to_owned(),
            send_as: SendAs::Photo,
        };
        assert_eq!(read(wish).unwrap(), (1, expected));
    }

    #[test]
    fn what_is_wrong_with_a_wish_is_named() {
        let of = |name: &str, value: Value| {
            let mut wish = json!({"name": "a", "size": 1});
            wish[name] = value;
            read(wish).unwrap_err()
        };
        for name in [json!(null), json!(""), json!("../"), json!(5)] {
            assert_eq!(of("name", name), "name must be the name of a file.");
        }
        for size in [json!(null), json!("5"), json!(-1), json!(1.5)] {
            assert_eq!(of("size", size), "size must be the size of the file in bytes.");
        }
        assert_eq!(of("size", json!(0)), "Invalid file type or format.");
        assert_eq!(of("size", json!(2_097_152_001_u64)), "File is too large.");
        for mime_type in
            [json!(5), json!("video"), json!("a/b\r\nc"), json!("a/".to_owned() + &"b".repeat(300))]
        {
            assert_eq!(of("mime_type", mime_type), "mime_type must be a media type like video/mp4.");
        }
        assert_eq!(of("caption", json!(["a"])), "caption must be a text.");
        assert_eq!(of("caption", json!("a".repeat(1025))), "Caption is too long.");
        for send_as in [json!("video"), json!(true)] {
            assert_eq!(of("as", send_as), "as must be auto, photo or document.");
        }
    }
}

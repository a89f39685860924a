//! What a file is sent as.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::picture::{PHOTO_BYTES, PHOTO_RATIO, PHOTO_SIDES};

/// What its sender wants a file to be sent as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SendAs {
    /// As what it is.
    #[default]
    Auto,
    /// As a photo, which Telegram compresses.
    Photo,
    /// As a plain file.
    Document,
}

impl SendAs {
    /// Every one, for tests and tables.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Photo, Self::Document];

    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Photo => "photo",
            Self::Document => "document",
        }
    }

    /// The one of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// What a file is, as far as it tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// What kind of content it has.
    pub form: Form,
    /// Its media type.
    pub mime_type: String,
    /// Its name, as [`crate::media::stored_name`] gives it, or one made of its type. Never empty.
    pub name: String,
    /// Its bytes.
    pub size: u64,
    /// Whether it is sent as a plain file, whatever it is.
    pub plain: bool,
}

/// Kinds of contents, and what is told of each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Form {
    /// A picture that Telegram takes as a photo.
    Photo {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// Another picture.
    Picture {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// Whether it may move: a GIF.
        moves: bool,
    },
    /// A video.
    Video {
        /// Pixels, as it is shown.
        width: u32,
        /// Pixels, as it is shown.
        height: u32,
        /// How long it plays, if the file says so.
        duration: Option<Duration>,
        /// Whether it can be watched before all of it is there.
        streams: bool,
    },
    /// Music, or other sound. Never a voice message: those are asked for where they are recorded.
    Audio {
        /// How long it plays, if the file says so.
        duration: Option<Duration>,
        /// The title.
        title: Option<String>,
        /// Who performs it.
        performer: Option<String>,
    },
    /// Anything else, and what is sent as a plain file.
    Document,
}

/// The file is none that Telegram takes as a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the file is no picture that can be sent as a photo")]
pub struct NotAPhoto;

impl Content {
    /// The same, as its sender wants it. A picture that is sent as a file keeps its sides, which say nothing but how
    /// much room to leave for it.
    ///
    /// # Errors
    ///
    /// [`NotAPhoto`].
    pub fn sent_as(self, send_as: SendAs) -> Result<Self, NotAPhoto> {
        let form = match (send_as, self.form) {
            (SendAs::Auto, form) | (SendAs::Photo, form @ Form::Photo { .. }) => form,
            (SendAs::Photo, _) => return Err(NotAPhoto),
            (SendAs::Document, Form::Photo { width, height } | Form::Picture { width, height, .. }) => {
                Form::Picture { width, height, moves: false }
            }
            (SendAs::Document, _) => Form::Document,
        };
        Ok(Self { form, plain: send_as == SendAs::Document, ..self })
    }
}

/// Whether Telegram takes a picture of those sides and that many bytes as a photo.
pub(super) fn may_be_photo(width: u32, height: u32, size: u64) -> bool {
    let (short, long) = (u64::from(width.min(height)), u64::from(width.max(height)));
    short > 0
        && short + long <= PHOTO_SIDES.into()
        && long <= short * u64::from(PHOTO_RATIO)
        && size <= PHOTO_BYTES as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photo_keeps_to_telegrams_limits() {
        for (width, height, size, fits) in [
            (1, 1, 1, true),
            (9_000, 1_000, 10_000_000, true),
            (9_000, 1_001, 1, false),
            (1_000, 50, 1, true),
            (50, 1_001, 1, false),
            (100, 100, 10_000_001, false),
            (0, 10, 1, false),
            (u32::MAX, u32::MAX, 1, false),
        ] {
            assert_eq!(may_be_photo(width, height, size), fits, "{width} x {height}, {size}");
        }
    }

    #[test]
    fn a_file_is_sent_as_its_sender_wants_it() {
        let content =
            |form, plain| Content { form, mime_type: "a/b".to_owned(), name: "a".to_owned(), size: 1, plain };
        let photo = Form::Photo { width: 3, height: 2 };
        let picture = |moves| Form::Picture { width: 3, height: 2, moves };
        let audio = Form::Audio { duration: None, title: None, performer: None };
        for (form, send_as, sent) in [
            (photo.clone(), SendAs::Auto, Ok(photo.clone())),
            (photo.clone(), SendAs::Photo, Ok(photo.clone())),
            (photo, SendAs::Document, Ok(picture(false))),
            (picture(true), SendAs::Auto, Ok(picture(true))),
            (picture(true), SendAs::Photo, Err(NotAPhoto)),
            (picture(true), SendAs::Document, Ok(picture(false))),
            (audio.clone(), SendAs::Auto, Ok(audio.clone())),
            (audio, SendAs::Document, Ok(Form::Document)),
            (Form::Document, SendAs::Photo, Err(NotAPhoto)),
        ] {
            let sent = sent.map(|form| content(form, send_as == SendAs::Document));
            assert_eq!(content(form.clone(), false).sent_as(send_as), sent, "{form:?} {send_as:?}");
        }
        for send_as in SendAs::ALL {
            assert_eq!(SendAs::parse(send_as.name()), Some(send_as));
        }
        assert_eq!(SendAs::parse("voice"), None);
    }
}

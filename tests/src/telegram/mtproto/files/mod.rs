//! Photos and documents: what is known of them, apart from the messages that carry them.

pub(super) mod bytes;
pub(super) mod disk;
pub(super) mod make;
pub(super) mod references;

use serde::{Deserialize, Serialize};

use self::bytes::Bytes;
use super::store::{Document as Stored, Store, hex_bytes};

/// A photo or a document. No two share an id.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct File {
    pub(super) id: i64,
    pub(super) access_hash: i64,
    /// The user whose messages carry it.
    pub(super) owner: i64,
    /// The data centre that holds its bytes.
    pub(super) dc: i32,
    pub(super) date: u64,
    /// What its references are proven with.
    pub(super) secret: i64,
    /// References of an earlier epoch have expired.
    pub(super) epoch: u32,
    pub(super) kind: Kind,
    /// What a client uploaded, where that is not what is held: a photo.
    #[serde(default)]
    pub(super) original: Option<Bytes>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// A picture in several sizes, all of them JPEG.
    Photo(Vec<Size>),
    Document(Document),
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Document {
    pub(super) bytes: Bytes,
    pub(super) mime_type: String,
    pub(super) name: Option<String>,
    pub(super) form: Form,
    pub(super) thumbs: Vec<Size>,
}

/// What a document is beside its bytes, as its sender has said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Form {
    Plain,
    Picture {
        width: i32,
        height: i32,
    },
    Video {
        width: i32,
        height: i32,
        duration: f64,
        streams: bool,
    },
    /// A video in a circle.
    Round {
        side: i32,
        duration: f64,
    },
    /// A video without sound that repeats.
    Animation {
        width: i32,
        height: i32,
        duration: f64,
    },
    Music {
        duration: i32,
        title: Option<String>,
        performer: Option<String>,
    },
    Voice {
        duration: i32,
        #[serde(with = "hex_bytes")]
        waveform: Vec<u8>,
    },
    Sticker {
        width: i32,
        height: i32,
        emoji: String,
    },
}

/// A size of a picture (core.telegram.org/api/files#image-thumbnail-types).
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Size {
    /// A letter that stands for its box.
    pub(super) letter: char,
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) shape: Shape,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Shape {
    /// To be downloaded.
    Plain(Bytes),
    /// To be downloaded; each of these first bytes makes a picture, and the last is all of it.
    Progressive { bytes: Bytes, prefixes: Vec<i32> },
    /// In the message.
    Cached(Bytes),
    /// In the message: a tiny JPEG without what all tiny JPEGs have in common.
    Stripped(Bytes),
    /// In the message: an outline.
    Path(Bytes),
}

impl Stored for File {
    const KIND: &'static str = "file";

    fn id(&self) -> String {
        self.id.to_string()
    }
}

impl File {
    pub(super) fn get(store: &Store, id: i64) -> rusqlite::Result<Option<Self>> {
        store.get(&id.to_string())
    }

    /// What a client means by a thumb size, and the media type of it. An empty one means a document itself.
    pub(super) fn part(&self, thumb_size: &str) -> Option<(&Bytes, &str)> {
        match &self.kind {
            Kind::Document(document) if thumb_size.is_empty() => {
                Some((&document.bytes, document.mime_type.as_str()))
            }
            Kind::Document(Document { thumbs: sizes, form, .. }) => {
                let mime_type =
                    if matches!(form, Form::Sticker { .. }) { "image/webp" } else { "image/jpeg" };
                Some((size_of(sizes, thumb_size)?, mime_type))
            }
            Kind::Photo(sizes) => Some((size_of(sizes, thumb_size)?, "image/jpeg")),
        }
    }

    /// The document, or the largest size of the photo.
    pub(super) fn whole(&self) -> Option<(&Bytes, &str)> {
        match &self.kind {
            Kind::Document(_) => self.part(""),
            Kind::Photo(sizes) => {
                let files = sizes.iter().filter_map(|size| Some((size, size.file()?)));
                let (_, bytes) = files.max_by_key(|(size, _)| size.width)?;
                Some((bytes, "image/jpeg"))
            }
        }
    }
}

impl Size {
    /// What `upload.getFile` gives for it; sizes that are no pictures of their own it does not know.
    fn file(&self) -> Option<&Bytes> {
        match &self.shape {
            Shape::Plain(bytes) | Shape::Progressive { bytes, .. } | Shape::Cached(bytes) => Some(bytes),
            Shape::Stripped(_) | Shape::Path(_) => None,
        }
    }
}

fn size_of<'a>(sizes: &'a [Size], letter: &str) -> Option<&'a Bytes> {
    sizes.iter().find(|size| letter.chars().eq([size.letter]))?.file()
}

//! How a small picture is kept. One that came stripped is stripped again: what all such pictures share, 625 bytes, is
//! more than what is left.

use std::borrow::Cow;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::media::preview::{inflate, strip};

#[derive(Serialize, Deserialize)]
enum Kept<'a> {
    Whole(Cow<'a, [u8]>),
    Stripped(Vec<u8>),
}

pub(super) fn serialize<S: Serializer>(picture: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    let kept = strip(picture).map_or(Kept::Whole(Cow::Borrowed(picture)), Kept::Stripped);
    kept.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    match Kept::deserialize(deserializer)? {
        Kept::Whole(picture) => Ok(picture.into_owned()),
        Kept::Stripped(stripped) => inflate(&stripped).ok_or_else(|| D::Error::custom("not a stripped JPEG")),
    }
}

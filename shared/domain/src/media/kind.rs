//! Kinds of files, as Telegram's apps tell them apart.

use super::Attribute;

/// What kind of file a message holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    /// A picture that Telegram compressed.
    Photo,
    /// A video.
    Video,
    /// Music, or other sound with a name.
    Audio,
    /// A voice message.
    Voice,
    /// A round video message.
    VideoNote,
    /// A short video without sound that plays over and over.
    Animation,
    /// A sticker.
    Sticker,
    /// Anything else.
    Document,
}

impl MediaKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Photo,
        Self::Video,
        Self::Audio,
        Self::Voice,
        Self::VideoNote,
        Self::Animation,
        Self::Sticker,
        Self::Document,
    ];

    /// What a document is. A sticker may be a video, and so may an animation, so the narrower is looked for first.
    pub fn of(attributes: &[Attribute]) -> Self {
        let has = |wanted: fn(&Attribute) -> bool| attributes.iter().any(wanted);
        if has(|attribute| matches!(attribute, Attribute::Sticker)) {
            Self::Sticker
        } else if has(|attribute| matches!(attribute, Attribute::Animated)) {
            Self::Animation
        } else if has(|attribute| matches!(attribute, Attribute::Video { round: true, .. })) {
            Self::VideoNote
        } else if has(|attribute| matches!(attribute, Attribute::Video { .. })) {
            Self::Video
        } else if has(|attribute| matches!(attribute, Attribute::Audio { voice: true, .. })) {
            Self::Voice
        } else if has(|attribute| matches!(attribute, Attribute::Audio { .. })) {
            Self::Audio
        } else {
            Self::Document
        }
    }

    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Photo => "photo",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Voice => "voice",
            Self::VideoNote => "video_note",
            Self::Animation => "animation",
            Self::Sticker => "sticker",
            Self::Document => "document",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

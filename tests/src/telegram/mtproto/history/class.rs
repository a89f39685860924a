//! What kinds of messages a search tells apart (core.telegram.org/type/MessagesFilter).

use std::ops::BitOr;

use rusqlite::ToSql;
use rusqlite::types::ToSqlOutput;

use super::super::files::{File, Form, Kind};
use super::{Media, Message};

/// A set of kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Class(i64);

impl Class {
    /// No message.
    pub(in super::super) const NONE: Self = Self(0);
    /// Every message.
    pub(in super::super) const ANY: Self = Self(1);
    pub(in super::super) const PHOTO: Self = Self(1 << 1);
    pub(in super::super) const VIDEO: Self = Self(1 << 2);
    /// A file that is nothing else.
    pub(in super::super) const DOCUMENT: Self = Self(1 << 3);
    pub(in super::super) const LINK: Self = Self(1 << 4);
    pub(in super::super) const ANIMATION: Self = Self(1 << 5);
    pub(in super::super) const VOICE: Self = Self(1 << 6);
    pub(in super::super) const MUSIC: Self = Self(1 << 7);
    pub(in super::super) const ROUND: Self = Self(1 << 8);

    /// All that a message is, whose file is given.
    pub(super) fn of(message: &Message, file: Option<&File>) -> Self {
        let by_file = file.map_or(Self::NONE, |file| match &file.kind {
            Kind::Photo(_) => Self::PHOTO,
            Kind::Document(document) => match document.form {
                Form::Plain | Form::Picture { .. } => Self::DOCUMENT,
                Form::Video { .. } => Self::VIDEO,
                Form::Round { .. } => Self::ROUND,
                Form::Animation { .. } => Self::ANIMATION,
                Form::Music { .. } => Self::MUSIC,
                Form::Voice { .. } => Self::VOICE,
                Form::Sticker { .. } => Self::NONE,
            },
        });
        let has_link = matches!(message.media, Some(Media::Page(_))) || links(&message.text).next().is_some();
        Self::ANY | by_file | if has_link { Self::LINK } else { Self::NONE }
    }
}

impl BitOr for Class {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl ToSql for Class {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

/// Where links begin in a text and how long they are, both in UTF-16 code units as entities count.
pub(in super::super) fn links(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let units = |text: &str| text.encode_utf16().count();
    let words = text.split_inclusive(char::is_whitespace).scan(0, move |at, word| {
        let offset = *at;
        *at += units(word);
        Some((offset, word.trim_end()))
    });
    words
        .filter(|(_, word)| word.starts_with("https://") || word.starts_with("http://"))
        .map(move |(offset, word)| (offset, units(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_where_clients_count() {
        let found: Vec<_> = links("🙂 https://a.example/ и http://b.example\nhttpx").collect();
        assert_eq!(found, [(3, 18), (24, 16)]);
    }
}

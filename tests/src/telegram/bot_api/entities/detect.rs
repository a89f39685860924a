//! The entities that Telegram finds in a text by itself.

use super::super::limits::utf16_units;
use super::Entity;

/// Bytes of a command's name at most.
const MAX_COMMAND_BYTES: usize = 64;
/// Bytes of a username: 5 to 32, and some sold ones have 4 (core.telegram.org/api/links).
const USERNAME_BYTES: std::ops::RangeInclusive<usize> = 4..=32;

pub(super) fn find(text: &str) -> Vec<Entity> {
    let mut found = Vec::new();
    let mut at = 0;
    for word in text.split_inclusive(char::is_whitespace) {
        let trimmed = word.trim_end();
        if let Some((kind, length)) = classify(trimmed) {
            let offset = utf16_units(&text[..at]);
            found.push(Entity::new(kind, offset, utf16_units(&trimmed[..length])));
        }
        at += word.len();
    }
    found
}

/// The kind of a word and how many of its bytes belong to it.
fn classify(word: &str) -> Option<(&'static str, usize)> {
    if let Some(rest) = word.strip_prefix('/') {
        let name = ascii_name(rest);
        let addressed = rest[name..].strip_prefix('@').map_or(0, ascii_name);
        let bot = if USERNAME_BYTES.contains(&addressed) { addressed + 1 } else { 0 };
        let ends = word[1 + name + bot..].chars().next().is_none_or(|next| next != '/');
        return ((1..=MAX_COMMAND_BYTES).contains(&name) && ends).then_some(("bot_command", 1 + name + bot));
    }
    if let Some(rest) = word.strip_prefix('@') {
        let name = ascii_name(rest);
        return USERNAME_BYTES.contains(&name).then_some(("mention", 1 + name));
    }
    if let Some(rest) = word.strip_prefix('#') {
        let tag = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let only_digits = rest[..tag].chars().all(|c| c.is_ascii_digit());
        return (tag > 0 && !only_digits).then_some(("hashtag", 1 + tag));
    }
    let is_url = word.starts_with("http://") || word.starts_with("https://");
    let end = word.trim_end_matches(['.', ',', '!', '?', ';', ':', ')', '"', '\'']).len();
    (is_url && end > "https://".len()).then_some(("url", end))
}

fn ascii_name(text: &str) -> usize {
    text.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count()
}

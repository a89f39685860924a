//! Message texts with their entities: what `parse_mode` marks up, what `entities` says outright, and what Telegram
//! finds by itself (commands, mentions, hashtags and web addresses).
//!
//! Offsets and lengths count UTF-16 units, as everywhere in the Bot API. E-mail addresses, phone numbers, cashtags
//! and addresses without a protocol are not looked for.

mod detect;
mod html;
mod markdown;
mod markdown_v2;

use serde_json::{Value, json};

use super::error::ApiError;
use super::limits::utf16_units;
use super::params::Params;

/// A text as it is shown, with the entities in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Formatted {
    pub(super) text: String,
    entities: Vec<Entity>,
}

#[derive(Clone, Debug, PartialEq)]
struct Entity {
    offset: usize,
    length: usize,
    kind: String,
    /// The one field that some kinds have besides: a `url`, a `language` or a `custom_emoji_id`.
    detail: Option<(&'static str, Value)>,
}

/// Reads the text parameter `field`, marked up by `parse_mode` or described by `entities_field`.
pub(super) fn parse(params: &Params, field: &str, entities_field: &str) -> Result<Formatted, ApiError> {
    let text = params.text(field).replace('\r', "");
    let marked = match params.text("parse_mode").to_ascii_lowercase().as_str() {
        "" => Ok(Formatted { entities: explicit(&params.text(entities_field))?, text }),
        "html" => html::parse(&text),
        "markdown" => markdown::parse(&text),
        "markdownv2" => markdown_v2::parse(&text),
        _ => return Err(ApiError::bad_request("unsupported parse_mode")),
    };
    let marked = marked.map_err(|reason| ApiError::bad_request(format!("can't parse entities: {reason}")))?;
    Ok(marked.trimmed().with_detected())
}

/// A plain text, as a person types it.
pub(super) fn plain(text: &str) -> Formatted {
    Formatted { text: text.to_owned(), entities: Vec::new() }.trimmed().with_detected()
}

impl Formatted {
    /// The entities as a message shows them; `None` when there are none.
    pub(super) fn shown_entities(&self) -> Option<Value> {
        let shown: Vec<Value> = self.entities.iter().map(Entity::shown).collect();
        (!shown.is_empty()).then_some(Value::Array(shown))
    }

    /// Drops the white space around the text and whatever entity covers nothing then.
    fn trimmed(mut self) -> Self {
        let start = self.text.len() - self.text.trim_start().len();
        let cut = utf16_units(&self.text[..start]);
        self.text = self.text.trim().to_owned();
        let units = utf16_units(&self.text);
        for entity in &mut self.entities {
            let end = (entity.offset + entity.length).saturating_sub(cut).min(units);
            entity.offset = entity.offset.saturating_sub(cut);
            entity.length = end.saturating_sub(entity.offset);
        }
        self.entities.retain(|entity| entity.length > 0);
        self
    }

    /// Adds what Telegram finds by itself, outside of what is marked up already.
    fn with_detected(mut self) -> Self {
        let marked = self.entities.clone();
        let found = detect::find(&self.text);
        self.entities
            .extend(found.into_iter().filter(|found| !marked.iter().any(|other| found.overlaps(other))));
        self.entities.sort_by_key(|entity| (entity.offset, usize::MAX - entity.length));
        self
    }
}

impl Entity {
    fn new(kind: &str, offset: usize, length: usize) -> Self {
        Self { offset, length, kind: kind.to_owned(), detail: None }
    }

    fn with(mut self, field: &'static str, value: &str) -> Self {
        self.detail = Some((field, Value::from(value)));
        self
    }

    const fn overlaps(&self, other: &Self) -> bool {
        self.offset < other.offset + other.length && other.offset < self.offset + self.length
    }

    fn shown(&self) -> Value {
        let mut shown = json!({"offset": self.offset, "length": self.length, "type": self.kind});
        if let Some((field, value)) = &self.detail {
            shown[field] = value.clone();
        }
        shown
    }
}

/// Text that grows while its UTF-16 length is known.
#[derive(Debug, Default)]
struct Output {
    text: String,
    units: usize,
    entities: Vec<Entity>,
}

impl Output {
    fn push(&mut self, character: char) {
        self.text.push(character);
        self.units += character.len_utf16();
    }

    fn add(&mut self, entity: Entity) {
        if entity.length > 0 {
            self.entities.push(entity);
        }
    }

    fn finish(self) -> Formatted {
        Formatted { text: self.text, entities: self.entities }
    }
}

fn explicit(text: &str) -> Result<Vec<Entity>, ApiError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let parsed: Value =
        serde_json::from_str(text).map_err(|_| ApiError::bad_request("can't parse entities JSON object"))?;
    let entities = parsed
        .as_array()
        .ok_or_else(|| ApiError::bad_request("can't parse entities: expected an Array of MessageEntity"))?;
    entities.iter().map(explicit_entity).collect()
}

fn explicit_entity(entity: &Value) -> Result<Entity, ApiError> {
    let number = |field: &str| entity[field].as_u64().and_then(|number| usize::try_from(number).ok());
    let (Some(offset), Some(length), Some(kind)) =
        (number("offset"), number("length"), entity["type"].as_str())
    else {
        return Err(ApiError::bad_request("can't parse entities: can't parse MessageEntity"));
    };
    let detail = ["url", "language", "custom_emoji_id", "user"]
        .into_iter()
        .find_map(|field| entity.get(field).map(|value| (field, value.clone())));
    Ok(Entity { offset, length, kind: kind.to_owned(), detail })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, mode: &str) -> Result<(String, Value), ApiError> {
        let params = Params::of_pairs(&[("text", text), ("parse_mode", mode)]);
        let formatted = parse(&params, "text", "entities")?;
        Ok((formatted.text.clone(), formatted.shown_entities().unwrap_or_default()))
    }

    #[test]
    fn the_same_marks_mean_the_same_in_each_mode() {
        let entities = json!([
            {"offset": 0, "length": 2, "type": "bold"},
            {"offset": 3, "length": 1, "type": "italic"},
            {"offset": 5, "length": 1, "type": "code"},
            {"offset": 7, "length": 1, "type": "text_link", "url": "https://a.b/"},
        ]);
        let expected = ("😀 b c d".to_owned(), entities);
        let html = "<b>😀</b> <i>b</i> <code>c</code> <a href=\"https://a.b/\">d</a>";
        assert_eq!(parsed(html, "HTML").unwrap(), expected);
        let marks = "*😀* _b_ `c` [d](https://a.b/)";
        assert_eq!(parsed(marks, "Markdown").unwrap(), expected);
        assert_eq!(parsed(marks, "MarkdownV2").unwrap(), expected);
    }

    #[test]
    fn plain_text_gets_the_entities_that_telegram_finds() {
        let (text, entities) = parsed("  /start now @durov https://a.b/c #tag ", "").unwrap();
        assert_eq!(text, "/start now @durov https://a.b/c #tag");
        let expected = json!([
            {"offset": 0, "length": 6, "type": "bot_command"},
            {"offset": 11, "length": 6, "type": "mention"},
            {"offset": 18, "length": 13, "type": "url"},
            {"offset": 32, "length": 4, "type": "hashtag"},
        ]);
        assert_eq!(entities, expected);
    }

    #[test]
    fn markup_that_does_not_parse_is_refused_with_the_place() {
        let cases = [
            ("<b>a", "HTML", "Can't find end tag corresponding to start tag \"b\""),
            ("a</b>", "HTML", "Unexpected end tag at byte offset 1"),
            ("<x>a</x>", "HTML", "Unsupported start tag \"x\" at byte offset 0"),
            ("<b>a</i>", "HTML", "Unmatched end tag at byte offset 4, expected \"</b>\", found \"</i>\""),
            ("a.b", "MarkdownV2", "Character '.' is reserved and must be escaped with the preceding '\\'"),
            ("a *b", "MarkdownV2", "Can't find end of Bold entity at byte offset 2"),
            ("a *b", "Markdown", "Can't find end of the entity starting at byte offset 2"),
        ];
        for (text, mode, reason) in cases {
            let expected = ApiError::bad_request(format!("can't parse entities: {reason}"));
            assert_eq!(parsed(text, mode).unwrap_err(), expected, "{text}");
        }
        assert_eq!(parsed("a", "rtf").unwrap_err(), ApiError::bad_request("unsupported parse_mode"));
    }

    #[test]
    fn html_knows_its_references_nesting_and_languages() {
        let html =
            "&lt;&#33;&amp;<pre><code class=\"language-rust\">fn</code></pre><tg-spoiler>x</tg-spoiler>";
        let expected = json!([
            {"offset": 3, "length": 2, "type": "pre", "language": "rust"},
            {"offset": 5, "length": 1, "type": "spoiler"},
        ]);
        assert_eq!(parsed(html, "html").unwrap(), ("<!&fnx".to_owned(), expected));
    }

    #[test]
    fn markdown_v2_knows_escapes_nesting_and_quotes() {
        let marks = "*a __b__*\\. ||s|| ~t~\n```rust\nfn```\n>q";
        let expected = json!([
            {"offset": 0, "length": 3, "type": "bold"},
            {"offset": 2, "length": 1, "type": "underline"},
            {"offset": 5, "length": 1, "type": "spoiler"},
            {"offset": 7, "length": 1, "type": "strikethrough"},
            {"offset": 9, "length": 2, "type": "pre", "language": "rust"},
            {"offset": 12, "length": 1, "type": "blockquote"},
        ]);
        assert_eq!(parsed(marks, "MarkdownV2").unwrap(), ("a b. s t\nfn\nq".to_owned(), expected));
    }
}

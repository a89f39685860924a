//! `parse_mode` Markdown, the old one: no nesting, and what is not closed is an error.

use super::{Entity, Formatted, Output};

pub(super) fn parse(text: &str) -> Result<Formatted, String> {
    let mut output = Output::default();
    let mut at = 0;
    while let Some(character) = text[at..].chars().next() {
        let rest = &text[at..];
        if character == '\\' && rest[1..].starts_with(['_', '*', '`', '[']) {
            output.push(char::from(rest.as_bytes()[1]));
            at += 2;
            continue;
        }
        let (open, close, kind) = match character {
            '*' => ("*", "*", "bold"),
            '_' => ("_", "_", "italic"),
            '`' if rest.starts_with("```") => ("```", "```", "pre"),
            '`' => ("`", "`", "code"),
            '[' => ("[", "]", "text_link"),
            _ => {
                output.push(character);
                at += character.len_utf8();
                continue;
            }
        };
        let inside = rest[open.len()..]
            .find(close)
            .map(|end| &rest[open.len()..open.len() + end])
            .ok_or_else(|| format!("Can't find end of the entity starting at byte offset {at}"))?;
        at += open.len() + inside.len() + close.len();
        let (language, shown) = if kind == "pre" { split_language(inside) } else { ("", inside) };
        let start = output.units;
        shown.chars().for_each(|character| output.push(character));
        let mut entity = Entity::new(kind, start, output.units - start);
        if !language.is_empty() {
            entity = entity.with("language", language);
        }
        if kind == "text_link" {
            let Some(url) = text[at..].strip_prefix('(').and_then(|after| after.split_once(')')) else {
                continue;
            };
            at += url.0.len() + 2;
            entity = entity.with("url", url.0);
        }
        output.add(entity);
    }
    Ok(output.finish())
}

/// The language of a code block, which is its first line when that is one word.
pub(super) fn split_language(block: &str) -> (&str, &str) {
    match block.split_once('\n') {
        Some((language, code)) if !language.contains(char::is_whitespace) => (language, code),
        _ => ("", block),
    }
}

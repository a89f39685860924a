//! `parse_mode` HTML.

use super::{Entity, Formatted, Output};

struct Open {
    tag: String,
    kind: Option<&'static str>,
    detail: Option<(&'static str, String)>,
    units: usize,
}

pub(super) fn parse(html: &str) -> Result<Formatted, String> {
    let mut output = Output::default();
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    while let Some(character) = html[at..].chars().next() {
        match character {
            '&' => {
                let (decoded, length) = decode_reference(&html[at..]).unwrap_or(('&', 1));
                output.push(decoded);
                at += length;
            }
            '<' => {
                let end =
                    html[at..].find('>').ok_or_else(|| format!("Unclosed start tag at byte offset {at}"))?;
                let tag = &html[at + 1..at + end];
                if let Some(name) = tag.strip_prefix('/') {
                    close(&mut output, &mut open, name.trim(), at)?;
                } else {
                    open.push(start(tag, at, output.units)?);
                }
                at += end + 1;
            }
            _ => {
                output.push(character);
                at += character.len_utf8();
            }
        }
    }
    match open.last() {
        Some(unclosed) => Err(format!("Can't find end tag corresponding to start tag \"{}\"", unclosed.tag)),
        None => Ok(output.finish()),
    }
}

fn start(tag: &str, at: usize, units: usize) -> Result<Open, String> {
    let name = tag.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    let attribute = |wanted: &str| attribute(tag, wanted);
    let mut detail = None;
    let kind = match name.as_str() {
        "b" | "strong" => Some("bold"),
        "i" | "em" => Some("italic"),
        "u" | "ins" => Some("underline"),
        "s" | "strike" | "del" => Some("strikethrough"),
        "tg-spoiler" => Some("spoiler"),
        "span" if attribute("class").as_deref() == Some("tg-spoiler") => Some("spoiler"),
        "span" => {
            return Err(format!("Tag \"span\" must have class \"tg-spoiler\" at byte offset {at}"));
        }
        "code" => {
            let class = attribute("class").unwrap_or_default();
            detail = class.strip_prefix("language-").map(|language| ("language", language.to_owned()));
            Some("code")
        }
        "pre" => Some("pre"),
        "blockquote" if tag.contains("expandable") => Some("expandable_blockquote"),
        "blockquote" => Some("blockquote"),
        "a" => {
            let url = attribute("href").filter(|url| !url.is_empty());
            detail = url.map(|url| ("url", url));
            // A link without an address is plain text.
            detail.is_some().then_some("text_link")
        }
        "tg-emoji" => {
            let id = attribute("emoji-id").ok_or("Invalid custom emoji identifier specified")?;
            detail = Some(("custom_emoji_id", id));
            Some("custom_emoji")
        }
        _ => return Err(format!("Unsupported start tag \"{name}\" at byte offset {at}")),
    };
    Ok(Open { tag: name, kind, detail, units })
}

fn close(output: &mut Output, open: &mut Vec<Open>, name: &str, at: usize) -> Result<(), String> {
    let started = open.pop().ok_or_else(|| format!("Unexpected end tag at byte offset {at}"))?;
    if !name.is_empty() && !name.eq_ignore_ascii_case(&started.tag) {
        return Err(format!(
            "Unmatched end tag at byte offset {at}, expected \"</{}>\", found \"</{name}>\"",
            started.tag
        ));
    }
    let Some(kind) = started.kind else { return Ok(()) };
    let mut entity = Entity::new(kind, started.units, output.units - started.units);
    if kind == "pre"
        && let Some(inner) = output.entities.last()
        && inner.kind == "code"
        && (inner.offset, inner.length) == (entity.offset, entity.length)
    {
        // Code alone in a block names its language.
        entity.detail = output.entities.pop().and_then(|inner| inner.detail);
    } else if let Some((field, value)) = started.detail {
        let names_language = kind == "code" && !open.iter().any(|outer| outer.kind == Some("pre"));
        if !names_language {
            entity = entity.with(field, &value);
        }
    }
    output.add(entity);
    Ok(())
}

fn attribute(tag: &str, wanted: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{wanted}="))?;
    let value = match rest.chars().next()? {
        quote @ ('"' | '\'') => rest[1..].split(quote).next()?,
        _ => rest.split_whitespace().next()?,
    };
    let mut decoded = String::new();
    let mut at = 0;
    while let Some(character) = value[at..].chars().next() {
        let (shown, length) = decode_reference(&value[at..]).unwrap_or((character, character.len_utf8()));
        decoded.push(shown);
        at += length;
    }
    Some(decoded)
}

/// The character a reference at the start of the text stands for, and the reference's length in bytes.
fn decode_reference(text: &str) -> Option<(char, usize)> {
    let name = text.strip_prefix('&')?.split(';').next()?;
    let length = name.len() + 2;
    if length > text.len() {
        return None;
    }
    let character = match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|character| *character != '\0')?
        }
    };
    Some((character, length))
}

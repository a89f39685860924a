//! `parse_mode` `MarkdownV2`.

use super::markdown::split_language;
use super::{Entity, Formatted, Output};

/// Characters that mean something, or must be escaped.
const RESERVED: &str = "_*[]()~`>#+-=|{}.!";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bold,
    Italic,
    Underline,
    Strikethrough,
    Spoiler,
    Link,
    CustomEmoji,
    BlockQuote,
}

struct Open {
    kind: Kind,
    /// Where it starts, in bytes of the source.
    at: usize,
    units: usize,
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    output: Output,
    open: Vec<Open>,
}

pub(super) fn parse(text: &str) -> Result<Formatted, String> {
    let mut parser = Parser { text, at: 0, output: Output::default(), open: Vec::new() };
    while parser.at < text.len() {
        parser.step()?;
    }
    if parser.open.last().is_some_and(|open| open.kind == Kind::BlockQuote) {
        parser.close(None);
    }
    match parser.open.last() {
        Some(open) => {
            Err(format!("Can't find end of {} entity at byte offset {}", open.kind.name(), open.at))
        }
        None => Ok(parser.output.finish()),
    }
}

impl Parser<'_> {
    fn step(&mut self) -> Result<(), String> {
        let rest = &self.text[self.at..];
        let Some(character) = rest.chars().next() else {
            return Ok(());
        };
        let next = rest[character.len_utf8()..].chars().next();
        if character == '\\'
            && let Some(escaped) = next.filter(char::is_ascii)
        {
            self.output.push(escaped);
            self.at += 2;
            return Ok(());
        }
        if character == '\n' {
            self.end_line(next);
            return Ok(());
        }
        if !RESERVED.contains(character) {
            self.output.push(character);
            self.at += character.len_utf8();
            return Ok(());
        }
        if let Some(open) = self.open.last()
            && let Some(mark) = open.kind.closing()
            && rest.starts_with(mark)
            && !(open.kind == Kind::Italic && rest.starts_with("__"))
        {
            return self.end(open.kind, mark.len());
        }
        self.start(rest, character)
    }

    /// A quote goes on while the lines begin with its mark.
    fn end_line(&mut self, next: Option<char>) {
        let in_quote = self.open.last().is_some_and(|open| open.kind == Kind::BlockQuote);
        if in_quote && next != Some('>') {
            self.close(None);
        }
        self.output.push('\n');
        self.at += if in_quote && next == Some('>') { 2 } else { 1 };
    }

    fn start(&mut self, rest: &str, character: char) -> Result<(), String> {
        if character == '`' {
            return self.code(rest);
        }
        let at_line_start = self.at == 0 || self.text[..self.at].ends_with('\n');
        let (kind, length) = match character {
            '_' if rest.starts_with("__") => (Kind::Underline, 2),
            '_' => (Kind::Italic, 1),
            '*' => (Kind::Bold, 1),
            '~' => (Kind::Strikethrough, 1),
            '|' if rest.starts_with("||") => (Kind::Spoiler, 2),
            '[' => (Kind::Link, 1),
            '!' if rest.starts_with("![") => (Kind::CustomEmoji, 2),
            '>' if at_line_start => (Kind::BlockQuote, 1),
            _ => {
                return Err(format!(
                    "Character '{character}' is reserved and must be escaped with the preceding '\\'"
                ));
            }
        };
        self.open.push(Open { kind, at: self.at, units: self.output.units });
        self.at += length;
        Ok(())
    }

    fn end(&mut self, kind: Kind, length: usize) -> Result<(), String> {
        self.at += length;
        let address = if matches!(kind, Kind::Link | Kind::CustomEmoji) { self.address()? } else { None };
        self.close(address);
        Ok(())
    }

    /// The address in parentheses behind a link's text.
    fn address(&mut self) -> Result<Option<String>, String> {
        let start = self.at;
        let Some(rest) = self.text[start..].strip_prefix('(') else {
            return Ok(None);
        };
        let mut address = String::new();
        let mut characters = rest.char_indices();
        while let Some((index, character)) = characters.next() {
            match character {
                ')' => {
                    self.at = start + 1 + index + 1;
                    return Ok(Some(address));
                }
                '\\' => address.extend(characters.next().map(|(_, escaped)| escaped)),
                _ => address.push(character),
            }
        }
        Err(format!("Can't find end of a URL at byte offset {start}"))
    }

    fn close(&mut self, address: Option<String>) {
        let Some(open) = self.open.pop() else { return };
        let mut entity = Entity::new(open.kind.shown(), open.units, self.output.units - open.units);
        match (open.kind, address) {
            (Kind::Link, Some(url)) => entity = entity.with("url", &url),
            (Kind::CustomEmoji, Some(url)) => {
                let id = url.strip_prefix("tg://emoji?id=").unwrap_or_default();
                entity = entity.with("custom_emoji_id", id);
            }
            (Kind::Link | Kind::CustomEmoji, None) => return,
            _ => {}
        }
        self.output.add(entity);
    }

    /// Code knows escapes and its end, nothing else.
    fn code(&mut self, rest: &str) -> Result<(), String> {
        let (mark, kind, name) =
            if rest.starts_with("```") { ("```", "pre", "Pre") } else { ("`", "code", "Code") };
        let mut code = String::new();
        let mut characters = rest[mark.len()..].char_indices();
        while let Some((index, character)) = characters.next() {
            if rest[mark.len() + index..].starts_with(mark) {
                self.at += mark.len() + index + mark.len();
                let (language, shown) = if kind == "pre" { split_language(&code) } else { ("", &*code) };
                let start = self.output.units;
                shown.chars().for_each(|character| self.output.push(character));
                let mut entity = Entity::new(kind, start, self.output.units - start);
                if !language.is_empty() {
                    entity = entity.with("language", language);
                }
                self.output.add(entity);
                return Ok(());
            }
            match character {
                '\\' => code.extend(characters.next().map(|(_, escaped)| escaped)),
                _ => code.push(character),
            }
        }
        Err(format!("Can't find end of {name} entity at byte offset {}", self.at))
    }
}

impl Kind {
    /// The mark that ends it; a quote ends with its line.
    const fn closing(self) -> Option<&'static str> {
        match self {
            Self::Bold => Some("*"),
            Self::Italic => Some("_"),
            Self::Underline => Some("__"),
            Self::Strikethrough => Some("~"),
            Self::Spoiler => Some("||"),
            Self::Link | Self::CustomEmoji => Some("]"),
            Self::BlockQuote => None,
        }
    }

    const fn shown(self) -> &'static str {
        match self {
            Self::Bold => "bold",
            Self::Italic => "italic",
            Self::Underline => "underline",
            Self::Strikethrough => "strikethrough",
            Self::Spoiler => "spoiler",
            Self::Link => "text_link",
            Self::CustomEmoji => "custom_emoji",
            Self::BlockQuote => "blockquote",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Bold => "Bold",
            Self::Italic => "Italic",
            Self::Underline => "Underline",
            Self::Strikethrough => "Strikethrough",
            Self::Spoiler => "Spoiler",
            Self::Link => "TextUrl",
            Self::CustomEmoji => "CustomEmoji",
            Self::BlockQuote => "BlockQuote",
        }
    }
}

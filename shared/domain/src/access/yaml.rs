//! YAML as a tree whose every part knows its line.
//!
//! Scalars stay the text that was written: `0x1f` and `1e5` are an API key's digits here, and no numbers. Aliases and
//! tags are refused: a file that says who may do what should say it in one place.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::error::{Line, Problem};

/// How deep a document may nest: an item of a role's list is the deepest thing with a meaning, at 5.
const DEEPEST: usize = 8;

/// A part of a document.
#[derive(Debug)]
pub(super) struct Node {
    /// Where it begins.
    pub(super) line: Line,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// Nothing was written, or `null`.
    Nothing,
    Scalar(String),
    List(Vec<Node>),
    Mapping(Vec<Entry>),
}

/// An entry of a mapping.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its key.
    pub(super) key: String,
    /// Where that is.
    pub(super) line: Line,
    /// Its value.
    pub(super) value: Node,
}

/// Reads the one document of `text`.
pub(super) fn read(text: &str) -> Result<Node, (Line, Problem)> {
    let mut reader = Reader { parser: Parser::new_from_str(text) };
    let mut document = Node { line: Line(1), content: Content::Nothing };
    loop {
        match reader.next()? {
            (Event::DocumentStart(_), span) if !document.is_nothing() => {
                return Err((line_of(span), Problem::SecondDocument));
            }
            (Event::StreamEnd, _) => return Ok(document),
            (Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing, _) => {}
            (event, span) => document = reader.node(event, span, DEEPEST)?,
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), (Line, Problem)> {
        match self.parser.next() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => {
                // A star without quotes is the usual mistake here, and the parser's words do not say so.
                let is_alias = error.info().contains("alias");
                let problem =
                    if is_alias { Problem::NotPlain } else { Problem::NotYaml(error.info().to_owned()) };
                Err((Line(error.marker().line()), problem))
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    /// The part that begins with `event`.
    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Node, (Line, Problem)> {
        let line = line_of(span);
        let depth = depth.checked_sub(1).ok_or((line, Problem::TooDeep))?;
        let content = match event {
            Event::Scalar(text, style, _, None) => {
                let is_nothing = style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null");
                if is_nothing { Content::Nothing } else { Content::Scalar(text.into_owned()) }
            }
            Event::SequenceStart(_, None) => Content::List(self.list(depth)?),
            Event::MappingStart(_, None) => Content::Mapping(self.mapping(depth)?),
            _ => return Err((line, Problem::NotPlain)),
        };
        Ok(Node { line, content })
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, (Line, Problem)> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(items),
                (event, span) => items.push(self.node(event, span, depth)?),
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Vec<Entry>, (Line, Problem)> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(entries);
            }
            let key = self.node(event, span, depth)?;
            let Content::Scalar(name) = key.content else {
                return Err((key.line, Problem::KeyIsNoText));
            };
            if entries.iter().any(|entry| entry.key == name) {
                return Err((key.line, Problem::Repeated(name)));
            }
            let (event, span) = self.next()?;
            let mut value = self.node(event, span, depth)?;
            // What is not written has no line of its own, and what is wrong with a mapping is looked for at its name.
            if value.is_nothing() || matches!(value.content, Content::Mapping(_)) {
                value.line = key.line;
            }
            entries.push(Entry { key: name, line: key.line, value });
        }
    }
}

fn line_of(span: Span) -> Line {
    Line(span.start.line())
}

impl Node {
    /// Whether nothing was written.
    pub(super) fn is_nothing(&self) -> bool {
        matches!(self.content, Content::Nothing)
    }

    /// Its text, if it is a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        if let Content::Scalar(text) = &self.content { Some(text) } else { None }
    }

    /// Its items, if it is a list; none where nothing was written.
    pub(super) fn list(&self) -> Option<&[Self]> {
        match &self.content {
            Content::Nothing => Some(&[]),
            Content::List(items) => Some(items),
            _ => None,
        }
    }

    /// Its entries, if it is a mapping; none where nothing was written.
    pub(super) fn entries(&self) -> Option<&[Entry]> {
        match &self.content {
            Content::Nothing => Some(&[]),
            Content::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// Its entries by key, where only the keys of `known` may stand; `what` names it.
    pub(super) fn fields(
        &self,
        what: &str,
        known: &'static [&'static str],
    ) -> Result<BTreeMap<&str, &Self>, (Line, Problem)> {
        let entries = self.entries().ok_or_else(|| (self.line, Problem::expected(what, "a mapping")))?;
        for entry in entries {
            if !known.contains(&entry.key.as_str()) {
                return Err((entry.line, Problem::UnknownKey { key: entry.key.clone(), known }));
            }
        }
        Ok(entries.iter().map(|entry| (entry.key.as_str(), &entry.value)).collect())
    }
}

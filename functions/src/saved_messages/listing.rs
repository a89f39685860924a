//! A part of the list while it is put together.

use lambdagram_domain::media::{Media, MessageId, SeenFile};
use lambdagram_telegram::mtproto::saved_messages::{Entry, Walk};
use lambdagram_telegram::mtproto::{Link, TelegramError};
use serde_json::Value;

use super::item::described;
use super::query::Query;

/// Bytes of the items of an answer at most, as JSON. Lambda takes 6 MB of an answer whose body is a string inside JSON,
/// which at worst doubles it: a caption of quotes (docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
const LARGEST_ANSWER: usize = 2_900_000;

/// What was found so far.
pub(super) struct Listing {
    query: Query,
    walk: Walk,
    found: Vec<Media>,
    /// Messages that were looked at.
    seen: usize,
}

/// A part of the list.
#[derive(Debug, PartialEq)]
pub(super) struct Part {
    /// Its items, newest first.
    pub(super) items: Vec<Value>,
    /// Where their files are.
    pub(super) seen: Vec<SeenFile>,
    /// The message below which the next part begins, where there may be one.
    pub(super) next: Option<MessageId>,
}

impl Listing {
    pub(super) fn new(query: Query) -> Self {
        Self { query, walk: Walk::before(query.before), found: Vec::new(), seen: 0 }
    }

    /// Reads until the part is whole or the chat ends. What was found stays when this fails or is dropped.
    pub(super) async fn fill(&mut self, link: &mut Link<'_>) -> Result<(), TelegramError> {
        while self.found.len() < self.query.limit && !self.walk.has_ended() {
            let entries = self.walk.step(link, self.messages_to_read()).await?;
            self.take(entries);
        }
        Ok(())
    }

    /// Whether anything was read.
    pub(super) fn has_begun(&self) -> bool {
        self.seen > 0
    }

    fn take(&mut self, entries: Vec<Entry>) {
        self.seen += entries.len();
        let files = entries.into_iter().filter_map(|entry| entry.media);
        self.found.extend(files.filter(|file| self.query.kind.is_none_or(|kind| file.item.kind == kind)));
    }

    /// How many messages hold what is missing, as far as can be told by those before.
    fn messages_to_read(&self) -> usize {
        let missing = self.query.limit.saturating_sub(self.found.len());
        match (self.seen, self.found.len()) {
            (0, _) => missing,
            (_, 0) => usize::MAX,
            (seen, found) => missing.saturating_mul(seen).div_ceil(found),
        }
    }

    /// What is answered.
    pub(super) fn part(&self) -> Part {
        let mut items = Vec::new();
        let mut bytes = 0;
        for file in self.found.iter().take(self.query.limit) {
            let item = described(&file.item);
            bytes += item.to_string().len() + 1;
            if bytes > LARGEST_ANSWER && !items.is_empty() {
                break;
            }
            items.push(item);
        }
        let next = match self.found.get(items.len()) {
            // Something is left over, so something was told: the limit is at least 1.
            Some(_) => items.len().checked_sub(1).map(|last| self.found[last].item.id),
            None if self.walk.has_ended() => None,
            None => self.walk.position(),
        };
        let told = self.found.iter().take(items.len());
        let seen = told.map(|file| SeenFile { message: file.item.id, location: file.location.clone() });
        Part { seen: seen.collect(), items, next }
    }
}

#[cfg(test)]
mod tests {
    use lambdagram_domain::media::{About, Attribute, Document, Media, MediaKind, Origin};
    use lambdagram_domain::time::UnixTime;

    use super::*;

    fn query(limit: usize) -> Query {
        Query { limit, before: None, kind: None }
    }

    fn entry(number: i32, caption: &str, attributes: Vec<Attribute>) -> Entry {
        let id = MessageId::new(number).unwrap();
        let about = About { id, sent_at: UnixTime(0), caption: caption.to_owned() };
        let origin = Origin { dc: 1, id: 1, access_hash: 1, file_reference: Vec::new() };
        let mime_type = "application/pdf".to_owned();
        let document = Document { origin, mime_type, size: 1, attributes, thumbnails: Vec::new() };
        Entry { id, media: Some(Media::of_document(about, document)) }
    }

    fn file(number: i32) -> Entry {
        entry(number, "", Vec::new())
    }

    fn text(number: i32) -> Entry {
        Entry { id: MessageId::new(number).unwrap(), media: None }
    }

    fn listing(query: Query, entries: Vec<Entry>) -> Listing {
        let mut listing = Listing::new(query);
        listing.take(entries);
        listing
    }

    fn ids(part: &Part) -> Vec<i64> {
        part.items.iter().map(|item| item["id"].as_i64().unwrap()).collect()
    }

    #[test]
    fn a_full_part_goes_on_below_its_last_item() {
        let part = listing(query(2), vec![file(9), text(8), file(7), text(6), file(5)]).part();
        assert_eq!((ids(&part), part.next), (vec![9, 7], MessageId::new(7)));
    }

    #[test]
    fn only_files_of_the_kind_asked_for_are_told() {
        let only = |kind| Query { kind: Some(kind), ..query(10) };
        let entries =
            || vec![entry(9, "", vec![Attribute::Animated]), file(8), entry(7, "", vec![Attribute::Sticker])];
        assert_eq!(ids(&listing(only(MediaKind::Animation), entries()).part()), [9]);
        assert_eq!(ids(&listing(only(MediaKind::Document), entries()).part()), [8]);
        assert_eq!(ids(&listing(only(MediaKind::Photo), entries()).part()), Vec::<i64>::new());
    }

    #[test]
    fn an_answer_ends_before_it_is_too_large_and_tells_at_least_one_item() {
        let caption = "\"".repeat(LARGEST_ANSWER / 8);
        let entries = (1..=9).rev().map(|number| entry(number, &caption, Vec::new())).collect();
        let part = listing(query(9), entries).part();
        assert_eq!((ids(&part), part.next), (vec![9, 8, 7], MessageId::new(7)));
        assert!(Value::from(part.items).to_string().len() <= LARGEST_ANSWER);
        let huge = "x".repeat(LARGEST_ANSWER);
        let part = listing(query(9), vec![entry(2, &huge, Vec::new()), file(1)]).part();
        assert_eq!((ids(&part), part.next), (vec![2], MessageId::new(2)));
    }

    #[test]
    fn as_much_is_read_as_what_was_found_lets_expect() {
        let to_read = |limit, entries| listing(query(limit), entries).messages_to_read();
        assert_eq!(to_read(100, vec![]), 100);
        assert_eq!(to_read(100, vec![text(3), text(2)]), usize::MAX);
        assert_eq!(to_read(11, vec![file(4), text(3), text(2)]), 30);
        assert_eq!(to_read(1, vec![file(4)]), 0);
    }
}

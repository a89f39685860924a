//! One page of the chat.

use grammers_client::tl::{enums, functions};
use lambdagram_domain::media::{Media, MessageId};

use super::media::media_of;
use crate::mtproto::{Link, TelegramError};

/// Messages in a page at most (core.telegram.org/api/offsets: limits are typically between 1 and 100).
pub const LARGEST_PAGE: i32 = 100;

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its number.
    pub id: MessageId,
    /// The file it holds: a photo or a document. Text, places, polls, and the pictures of web pages are none.
    pub media: Option<Media>,
}

/// Messages that follow one another in the chat, from the newest to the oldest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The messages.
    pub entries: Vec<Entry>,
}

/// The `limit` messages older than `before` (or the newest), after `skip` of them. A page may hold fewer although there
/// are more: only one without any message says that the chat is over.
///
/// # Errors
///
/// [`TelegramError`].
pub async fn history_page(
    link: &mut Link<'_>,
    before: Option<MessageId>,
    skip: i32,
    limit: i32,
) -> Result<Page, TelegramError> {
    page_of(link.invoke(&request(before, skip, limit)).await?)
}

/// The message of that number and its neighbours: fifty of them are newer. A message of another chat is not among them.
///
/// # Errors
///
/// [`TelegramError`].
pub async fn around(link: &mut Link<'_>, id: MessageId) -> Result<Page, TelegramError> {
    page_of(link.invoke(&request(Some(id), -LARGEST_PAGE / 2, LARGEST_PAGE)).await?)
}

pub(super) fn request(before: Option<MessageId>, skip: i32, limit: i32) -> functions::messages::GetHistory {
    functions::messages::GetHistory {
        peer: enums::InputPeer::PeerSelf,
        offset_id: before.map_or(0, MessageId::get),
        offset_date: 0,
        add_offset: skip,
        limit,
        max_id: 0,
        min_id: 0,
        hash: 0,
    }
}

/// Reads an answer. Messages are brought into the order they must have already, and twins are dropped.
pub(super) fn page_of(answer: enums::messages::Messages) -> Result<Page, TelegramError> {
    let messages = match answer {
        enums::messages::Messages::Messages(all) => all.messages,
        enums::messages::Messages::Slice(slice) => slice.messages,
        enums::messages::Messages::ChannelMessages(slice) => slice.messages,
        enums::messages::Messages::NotModified(_) => {
            return Err(TelegramError::Protocol("a page is compared with none"));
        }
    };
    let mut entries: Vec<_> = messages.into_iter().filter_map(entry_of).collect();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.id));
    entries.dedup_by_key(|entry| entry.id);
    Ok(Page { entries })
}

fn entry_of(message: enums::Message) -> Option<Entry> {
    let id = MessageId::new(message.id())?;
    let media = match message {
        enums::Message::Message(message) => media_of(id, message),
        enums::Message::Empty(_) | enums::Message::Service(_) => None,
    };
    Some(Entry { id, media })
}

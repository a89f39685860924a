//! `messages.*`: what is in the chats.

use grammers_tl_types::{Identifiable, enums, functions, types};

use super::super::content;
use super::super::history::{Asked, Class, Message, Page, TELEGRAM_USER_ID};
use super::shown::{self, TELEGRAM_ACCESS_HASH};
use super::{Answered, Call, Me, refused};

/// The most messages that are asked for by their ids at once. Telegram names no number; clients keep to this one.
const MOST_IDS: usize = 100;

pub(super) fn handle(call: &Call<'_>, id: u32) -> Option<Answered<Vec<u8>>> {
    Some(match id {
        functions::messages::GetHistory::CONSTRUCTOR_ID => call.signed_in(get_history),
        functions::messages::Search::CONSTRUCTOR_ID => call.signed_in(search),
        functions::messages::GetSearchCounters::CONSTRUCTOR_ID => call.signed_in(get_search_counters),
        functions::messages::GetMessages::CONSTRUCTOR_ID => call.signed_in(get_messages),
        _ => return None,
    })
}

fn get_history(
    call: &Call<'_>,
    me: &Me,
    request: &functions::messages::GetHistory,
) -> Answered<enums::messages::Messages> {
    let asked = Asked {
        offset_id: request.offset_id,
        offset_date: request.offset_date,
        add_offset: request.add_offset,
        limit: request.limit,
        max_id: request.max_id,
        min_id: request.min_id,
        ..Asked::newest(me.account.id, peer(me, &request.peer)?)
    };
    page(call, me, &asked)
}

/// Whom messages are from makes no difference: each chat here has one author.
fn search(
    call: &Call<'_>,
    me: &Me,
    request: &functions::messages::Search,
) -> Answered<enums::messages::Messages> {
    let asked = Asked {
        classes: class(&request.filter),
        words: &request.q,
        before: request.max_date,
        after: request.min_date,
        offset_id: request.offset_id,
        add_offset: request.add_offset,
        limit: request.limit,
        max_id: request.max_id,
        min_id: request.min_id,
        ..Asked::newest(me.account.id, peer(me, &request.peer)?)
    };
    page(call, me, &asked)
}

fn get_search_counters(
    call: &Call<'_>,
    me: &Me,
    request: &functions::messages::GetSearchCounters,
) -> Answered<Vec<enums::messages::SearchCounter>> {
    content::ensure(call.store, &me.account)?;
    let all = Asked::newest(me.account.id, peer(me, &request.peer)?);
    let counters = request.filters.iter().map(|filter| {
        let count = all.of(class(filter)).count(call.store)?;
        Ok(types::messages::SearchCounter { inexact: false, filter: filter.clone(), count }.into())
    });
    counters.collect()
}

/// Ids of any private chat; an empty message for what is not there.
fn get_messages(
    call: &Call<'_>,
    me: &Me,
    request: &functions::messages::GetMessages,
) -> Answered<enums::messages::Messages> {
    content::ensure(call.store, &me.account)?;
    if request.id.len() > MOST_IDS {
        return Err(refused("LIMIT_INVALID"));
    }
    let mut messages = Vec::new();
    for id in &request.id {
        let id = if let enums::InputMessage::Id(message) = id { message.id } else { 0 };
        messages.push(match Message::get(call.store, me.account.id, id)? {
            Some(message) => shown::message(call, me, &message)?,
            None => types::MessageEmpty { id, peer_id: None }.into(),
        });
    }
    let (topics, chats, users) = (Vec::new(), Vec::new(), shown::users(me, &messages));
    Ok(types::messages::Messages { messages, topics, chats, users }.into())
}

fn page(call: &Call<'_>, me: &Me, asked: &Asked<'_>) -> Answered<enums::messages::Messages> {
    content::ensure(call.store, &me.account)?;
    if asked.limit < 0 {
        return Err(refused("LIMIT_INVALID"));
    }
    let Page { messages, count, start } = asked.page(call.store)?;
    let messages: Answered<Vec<_>> =
        messages.iter().map(|message| shown::message(call, me, message)).collect();
    let messages = messages?;
    let (topics, chats, users) = (Vec::new(), Vec::new(), shown::users(me, &messages));
    if i32::try_from(messages.len()) == Ok(count) {
        return Ok(types::messages::Messages { messages, topics, chats, users }.into());
    }
    let slice = types::messages::MessagesSlice {
        inexact: false,
        count,
        next_rate: None,
        offset_id_offset: (asked.offset_id > 0).then_some(start),
        search_flood: None,
        messages,
        topics,
        chats,
        users,
    };
    Ok(slice.into())
}

/// The user at the other end of a chat.
pub(super) fn peer(me: &Me, peer: &enums::InputPeer) -> Answered<i64> {
    match peer {
        enums::InputPeer::PeerSelf => Ok(me.account.id),
        enums::InputPeer::User(user) if user.user_id == me.account.id => Ok(me.account.id),
        enums::InputPeer::User(user)
            if (user.user_id, user.access_hash) == (TELEGRAM_USER_ID, TELEGRAM_ACCESS_HASH) =>
        {
            Ok(TELEGRAM_USER_ID)
        }
        _ => Err(refused("PEER_ID_INVALID")),
    }
}

/// What a filter lets through. Nobody here sends places, contacts and the like.
fn class(filter: &enums::MessagesFilter) -> Class {
    use enums::MessagesFilter;

    match filter {
        MessagesFilter::InputMessagesFilterEmpty => Class::ANY,
        MessagesFilter::InputMessagesFilterPhotos => Class::PHOTO,
        MessagesFilter::InputMessagesFilterVideo => Class::VIDEO,
        MessagesFilter::InputMessagesFilterPhotoVideo => Class::PHOTO | Class::VIDEO,
        MessagesFilter::InputMessagesFilterDocument => Class::DOCUMENT,
        MessagesFilter::InputMessagesFilterUrl => Class::LINK,
        MessagesFilter::InputMessagesFilterGif => Class::ANIMATION,
        MessagesFilter::InputMessagesFilterVoice => Class::VOICE,
        MessagesFilter::InputMessagesFilterMusic => Class::MUSIC,
        MessagesFilter::InputMessagesFilterRoundVoice => Class::ROUND | Class::VOICE,
        MessagesFilter::InputMessagesFilterRoundVideo => Class::ROUND,
        _ => Class::NONE,
    }
}

//! `updates.*`: where one is in the stream of updates, and what came in it: the messages that clients sent.

use grammers_tl_types::{Identifiable, enums, functions, types};

use super::super::history::Message;
use super::super::history::stream::{Sent, position};
use super::{Answered, Call, Me, refused, shown};

/// Messages of one difference at most. Ours; clients ask again from where it ends.
const MOST: i32 = 100;

pub(super) fn handle(call: &Call<'_>, id: u32) -> Option<Answered<Vec<u8>>> {
    Some(match id {
        functions::updates::GetState::CONSTRUCTOR_ID => call.signed_in(get_state),
        functions::updates::GetDifference::CONSTRUCTOR_ID => call.signed_in(get_difference),
        _ => return None,
    })
}

fn get_state(call: &Call<'_>, me: &Me, _: &functions::updates::GetState) -> Answered<enums::updates::State> {
    Ok(state(call, position(call.store, me.account.id)?))
}

fn get_difference(
    call: &Call<'_>,
    me: &Me,
    request: &functions::updates::GetDifference,
) -> Answered<enums::updates::Difference> {
    if request.pts < 1 {
        return Err(refused("PERSISTENT_TIMESTAMP_EMPTY"));
    }
    let last = position(call.store, me.account.id)?;
    if request.pts > last {
        return Err(refused("PERSISTENT_TIMESTAMP_INVALID"));
    }
    if request.pts == last {
        return Ok(types::updates::DifferenceEmpty { date: call.date(), seq: 1 }.into());
    }
    let most = request.pts_limit.unwrap_or(MOST).clamp(1, MOST);
    let sent = Sent::after(call.store, me.account.id, request.pts, most)?;
    let (mut new_messages, mut other_updates) = (Vec::new(), Vec::new());
    for sent in &sent {
        other_updates.push(message_id(sent));
        // A message that was deleted since is in no list.
        if let Some(message) = Message::get(call.store, me.account.id, sent.message_id)? {
            new_messages.push(shown::message(call, me, &message)?);
        }
    }
    let (new_encrypted_messages, chats) = (Vec::new(), Vec::new());
    let users = shown::users(me, &new_messages);
    let reached = request.pts.saturating_add(most).min(last);
    if reached < last {
        let intermediate_state = state(call, reached);
        let slice = types::updates::DifferenceSlice {
            new_messages,
            new_encrypted_messages,
            other_updates,
            chats,
            users,
            intermediate_state,
        };
        return Ok(slice.into());
    }
    let state = state(call, last);
    let difference = types::updates::Difference {
        new_messages,
        new_encrypted_messages,
        other_updates,
        chats,
        users,
        state,
    };
    Ok(difference.into())
}

/// Which message came of a random id.
pub(super) fn message_id(sent: &Sent) -> enums::Update {
    types::UpdateMessageId { id: sent.message_id, random_id: sent.random_id }.into()
}

fn state(call: &Call<'_>, pts: i32) -> enums::updates::State {
    types::updates::State { pts, qts: 0, date: call.date(), seq: 1, unread_count: 0 }.into()
}

//! A message that was made already, of which no answer told the number.
//!
//! Telegram names the message of a random id among the updates of the time when it was made. Where they are gone, it is
//! looked for in the chat: among the newest messages, one with the same file.

use grammers_client::tl::{enums, functions, types};
use lambdagram_domain::media::{MediaKind, MessageId};
use lambdagram_domain::upload::Form;

use super::Outgoing;
use super::sent::message_among;
use crate::mtproto::saved_messages::{Entry, LARGEST_PAGE, history_page};
use crate::mtproto::{Link, TelegramError};

/// How far back updates are looked at: more than happens while a call is answered.
const RECENT: i32 = 100;

/// The message that a recent update gives to that random id.
///
/// # Errors
///
/// [`TelegramError`]. Updates that Telegram refuses to tell are none.
pub(super) async fn among_updates(
    link: &mut Link<'_>,
    random_id: i64,
) -> Result<Option<MessageId>, TelegramError> {
    match recent_updates(link).await {
        Ok(updates) => Ok(message_among(&updates, random_id)),
        Err(TelegramError::Rpc { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The newest message that may have been made of it.
///
/// # Errors
///
/// [`TelegramError`].
pub(super) async fn in_chat(
    link: &mut Link<'_>,
    outgoing: &Outgoing<'_>,
) -> Result<Option<MessageId>, TelegramError> {
    let page = history_page(link, None, 0, LARGEST_PAGE).await?;
    Ok(page.entries.iter().find(|entry| is_message_of(entry, outgoing)).map(|entry| entry.id))
}

async fn recent_updates(link: &mut Link<'_>) -> Result<Vec<enums::Update>, TelegramError> {
    let enums::updates::State::State(state) = link.invoke(&functions::updates::GetState {}).await?;
    let request = functions::updates::GetDifference {
        pts: state.pts.saturating_sub(RECENT).max(1),
        pts_limit: Some(RECENT),
        pts_total_limit: None,
        date: state.date,
        qts: state.qts,
        qts_limit: None,
    };
    Ok(match link.invoke(&request).await? {
        enums::updates::Difference::Difference(types::updates::Difference { other_updates, .. })
        | enums::updates::Difference::Slice(types::updates::DifferenceSlice { other_updates, .. }) => {
            other_updates
        }
        enums::updates::Difference::Empty(_) | enums::updates::Difference::TooLong(_) => Vec::new(),
    })
}

/// Whether the message holds the file. A photo is another file at Telegram: there the time and the caption decide.
fn is_message_of(entry: &Entry, outgoing: &Outgoing<'_>) -> bool {
    let Some(media) = &entry.media else { return false };
    let (item, content) = (&media.item, outgoing.content);
    let is_photo = matches!(content.form, Form::Photo { .. });
    let is_same_file = if is_photo {
        item.kind == MediaKind::Photo
    } else {
        item.size == content.size && item.name == content.name
    };
    is_same_file && item.caption == outgoing.caption && item.timestamp >= outgoing.not_before
}

//! A message that is made of an uploaded file.

use std::fmt;
use std::time::Duration;

use grammers_client::tl::{enums, functions};
use lambdagram_domain::media::MessageId;
use lambdagram_domain::time::UnixTime;
use lambdagram_domain::upload::{Content, UploadPlan};
use tokio::time::sleep;

use super::UploadError;
use super::found::{among_updates, in_chat};
use super::media::media;
use super::sent::message_of;
use crate::mtproto::files::uploader::input_file;
use crate::mtproto::{Link, TelegramError};

/// The pauses before the call is made again: while the first one is being answered, Telegram refuses a second, and it
/// takes its time with the parts of a large file.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(200), Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

/// What Telegram says of a random id that it knows.
const KNOWN: &str = "RANDOM_ID_DUPLICATE";

/// A file whose parts are all at Telegram.
#[derive(Clone, Copy, Debug)]
pub struct UploadedFile {
    /// How it was cut up.
    pub plan: UploadPlan,
    /// The number under which its parts are kept.
    pub file_id: i64,
}

impl UploadedFile {
    /// How a call refers to it.
    pub(super) fn input(self, name: String) -> enums::InputFile {
        input_file(&self.plan, self.file_id, name)
    }
}

/// A message to make. `Debug` shows none of it.
#[derive(Clone, Copy)]
pub struct Outgoing<'a> {
    /// What the file is, as its sender wants it sent.
    pub content: &'a Content,
    /// The file.
    pub file: UploadedFile,
    /// A small JPEG of it, for documents: 320 pixels and 200 kB at most
    /// (core.telegram.org/constructor/inputMediaUploadedDocument).
    pub thumbnail: Option<UploadedFile>,
    /// The text beside it.
    pub caption: &'a str,
    /// Of two messages with the same one, Telegram makes one. Not 0.
    pub random_id: i64,
    /// When the upload began, by Telegram's time: no message that is older was made of it.
    pub not_before: UnixTime,
}

impl fmt::Debug for Outgoing<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Outgoing(..)")
    }
}

/// Makes the message in Saved Messages, and says its number. A call without an answer is repeated; where Telegram has made
/// the message before, now or in an earlier try, that one is found.
///
/// # Errors
///
/// [`UploadError::StartOver`] where parts are missing. [`UploadError::Telegram`] otherwise; with
/// [`TelegramError::Lost`] and [`TelegramError::Timeout`] in it, the message may have been made, and another try with
/// the same random id finds it.
pub async fn send_media(link: &mut Link<'_>, outgoing: &Outgoing<'_>) -> Result<MessageId, UploadError> {
    let random_id = outgoing.random_id;
    let mut pauses = PAUSES.into_iter();
    loop {
        let error = match call(link, outgoing).await {
            Ok(Some(id)) => return Ok(id),
            // An answer that names no message: it was made, and is found as a known one is.
            Ok(None) => TelegramError::refusal(500, KNOWN),
            Err(error) => error,
        };
        let is_known = error.is(KNOWN);
        if !is_known && !matches!(error, TelegramError::Lost | TelegramError::Timeout) {
            return Err(error.into());
        }
        if is_known && let Some(id) = among_updates(link, random_id).await? {
            return Ok(id);
        }
        // A message that is known and not told of may still be in the making.
        match pauses.next() {
            Some(pause) if link.has_time_for(pause) => sleep(pause).await,
            _ if is_known => return in_chat(link, outgoing).await?.ok_or_else(|| error.into()),
            _ => return Err(error.into()),
        }
    }
}

async fn call(link: &mut Link<'_>, outgoing: &Outgoing<'_>) -> Result<Option<MessageId>, TelegramError> {
    let Outgoing { content, file, thumbnail, caption, random_id, .. } = *outgoing;
    let request = functions::messages::SendMedia {
        silent: false,
        background: false,
        clear_draft: false,
        noforwards: false,
        update_stickersets_order: false,
        invert_media: false,
        allow_paid_floodskip: false,
        peer: enums::InputPeer::PeerSelf,
        reply_to: None,
        media: media(content, file, thumbnail),
        message: caption.to_owned(),
        random_id,
        reply_markup: None,
        entities: None,
        schedule_date: None,
        schedule_repeat_period: None,
        send_as: None,
        quick_reply_shortcut: None,
        effect: None,
        allow_paid_stars: None,
        suggested_post: None,
    };
    Ok(message_of(link.invoke(&request).await?, random_id))
}

//! What people do with their Saved Messages, and what tests compare.

use std::ops::Range;
use std::sync::MutexGuard;

use super::super::accounts::{Account, Phone};
use super::super::content;
use super::super::files::bytes::Bytes;
use super::super::files::{File, Form, Kind, make};
use super::super::history::{Asked, Draft, Media, Message};
use super::super::service::FileCalls;
use super::super::store::Store;
use super::sending::Sent;
use super::{People, PeopleError};

/// A message of Saved Messages.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedMessage {
    /// Its id in the account.
    pub id: i32,
    /// When it was sent, in Unix seconds.
    pub date: u64,
    /// The text, or the caption of the file.
    pub text: String,
    /// Messages of one album share it.
    pub album: Option<i64>,
    /// Its photo or document.
    pub file: Option<SavedFile>,
}

/// The file of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedFile {
    /// `photo`, `video`, `audio`, `voice`, `video_note`, `animation`, `sticker` or `document`.
    pub kind: &'static str,
    /// Its name; photos have none, nor do some documents.
    pub name: Option<String>,
    /// Its media type.
    pub mime_type: String,
    /// Its bytes, for a photo those of the largest size.
    pub size: u64,
    /// Width and height in pixels, where it is something to see.
    pub dimensions: Option<(i32, i32)>,
    /// Seconds, where it is something to play.
    pub duration: Option<f64>,
    /// Whether there is a smaller picture of it that can be downloaded or comes with the message.
    pub has_thumbnail: bool,
    /// The data centre that holds it.
    pub dc: i32,
}

impl People {
    /// The Saved Messages of an account, the newest first.
    ///
    /// # Errors
    /// The number has no account, or the database failed.
    pub fn saved_messages(&self, phone: &Phone) -> Result<Vec<SavedMessage>, PeopleError> {
        self.with_account(phone, |store, account| {
            let mut seen = Vec::new();
            let mut asked = Asked::newest(account.id, account.id);
            loop {
                let messages = asked.page(store)?.messages;
                let Some(last) = messages.last() else { return Ok(seen) };
                asked.offset_id = last.id;
                for message in messages {
                    let file = message.file(store)?;
                    let file = file.as_ref().and_then(saved_file);
                    let Message { id, date, text, album, .. } = message;
                    seen.push(SavedMessage { id, date, text, album, file });
                }
            }
        })
    }

    /// The ids of messages in an account's other chats, some with files; the oldest first.
    ///
    /// # Errors
    /// The number has no account, or the database failed.
    pub fn messages_elsewhere(&self, phone: &Phone) -> Result<Vec<i32>, PeopleError> {
        self.with_account(phone, |store, account| Message::ids(store, account.id, false))
    }

    /// The ids of an account's messages that were deleted; the oldest first.
    ///
    /// # Errors
    /// The number has no account, or the database failed.
    pub fn deleted_messages(&self, phone: &Phone) -> Result<Vec<i32>, PeopleError> {
        self.with_account(phone, |store, account| Message::ids(store, account.id, true))
    }

    /// A part of the file of a saved message, cut at its end; `None` if there is no such message or file.
    ///
    /// # Errors
    /// The number has no account, or the database failed.
    pub fn read_saved(
        &self,
        phone: &Phone,
        message_id: i32,
        range: Range<u64>,
    ) -> Result<Option<Vec<u8>>, PeopleError> {
        let Some((bytes, _)) = self.saved_bytes(phone, message_id)? else { return Ok(None) };
        let length = range.end.saturating_sub(range.start);
        Ok(Some(bytes.read(&self.0.store(), range.start, length)?))
    }

    /// Writes a text into Saved Messages; returns the message's id.
    ///
    /// # Errors
    /// The number has no account, or the database failed.
    pub fn save_text(&self, phone: &Phone, text: &str) -> Result<i32, PeopleError> {
        let now_s = self.0.now_s();
        let draft = Draft { text: text.to_owned(), ..Draft::default() };
        self.with_account(phone, |store, account| {
            Ok(Message::add(store, account.id, account.id, now_s, draft)?.id)
        })
    }

    /// Sends a file of noise of any size into Saved Messages, to lie in this data centre; returns the message's id.
    /// It takes no room.
    ///
    /// # Errors
    /// The number has no account, or the database failed.
    pub fn save_noise(&self, phone: &Phone, size: u64, dc: i32, sent: Sent) -> Result<i32, PeopleError> {
        let now_s = self.0.now_s();
        self.with_account(phone, |store, account| {
            let bytes = Bytes::Generated { seed: size, size };
            let it = make::document(store, bytes, &sent.mime_type, sent.name, true)?;
            let file = File::new(account.id, dc, now_s, Kind::Document(it));
            add_file(store, account, &file, sent.caption)
        })
    }

    /// Puts a file of noise in the place of a saved message's file, as an edit does; whether there is such a message.
    ///
    /// # Errors
    /// The number has no account, or the database failed.
    pub fn replace_with_noise(&self, phone: &Phone, message_id: i32, size: u64) -> Result<bool, PeopleError> {
        let now_s = self.0.now_s();
        self.with_account(phone, |store, account| {
            let Some(mut message) = Message::get(store, account.id, message_id)? else { return Ok(false) };
            let Some(replaced) = message.file(store)? else { return Ok(false) };
            let bytes = Bytes::Generated { seed: size, size };
            let it = make::document(store, bytes, "application/octet-stream", None, true)?;
            let file = File::new(account.id, replaced.dc, now_s, Kind::Document(it));
            store.put(&file)?;
            message.media = Some(Media::File(file.id));
            message.update(store, account.id)?;
            Ok(true)
        })
    }

    /// Deletes a message of any chat; whether there was one.
    ///
    /// # Errors
    /// The number has no account, or the database failed.
    pub fn delete_message(&self, phone: &Phone, message_id: i32) -> Result<bool, PeopleError> {
        self.with_account(phone, |store, account| Message::delete(store, account.id, message_id))
    }

    /// Makes every reference to a file that an account's clients hold too old.
    ///
    /// # Errors
    /// The number has no account, or the database failed.
    pub fn expire_file_references(&self, phone: &Phone) -> Result<(), PeopleError> {
        self.with_account(phone, |store, account| {
            let files = store.all::<File>()?.into_iter().filter(|file| file.owner == account.id);
            for mut file in files {
                file.epoch += 1;
                store.put(&file)?;
            }
            Ok(())
        })
    }

    /// How many calls for bytes of files came since the start or the last reset.
    pub fn file_calls(&self) -> FileCalls {
        self.0.file_calls()
    }

    /// Where the bytes of a saved message's file are, and their media type.
    pub(in super::super) fn saved_bytes(
        &self,
        phone: &Phone,
        message_id: i32,
    ) -> Result<Option<(Bytes, String)>, PeopleError> {
        self.with_account(phone, |store, account| {
            let message = Message::get(store, account.id, message_id)?;
            let Some(message) = message.filter(|message| message.peer == account.id) else { return Ok(None) };
            let file = message.file(store)?;
            let whole = file.as_ref().and_then(File::whole);
            Ok(whole.map(|(bytes, mime_type)| (bytes.clone(), mime_type.to_owned())))
        })
    }

    pub(in super::super) fn store(&self) -> MutexGuard<'_, Store> {
        self.0.store()
    }

    /// Does something to an account whose first content is there.
    pub(super) fn with_account<T>(
        &self,
        phone: &Phone,
        act: impl FnOnce(&Store, &Account) -> rusqlite::Result<T>,
    ) -> Result<T, PeopleError> {
        let done = self.0.store().atomically(|store| {
            let Some(account) = Account::of_phone(store, phone)? else { return Ok(None) };
            content::ensure(store, &account)?;
            act(store, &account).map(Some)
        })?;
        done.ok_or(PeopleError::Unknown)
    }
}

pub(super) fn add_file(
    store: &Store,
    account: &Account,
    file: &File,
    caption: String,
) -> rusqlite::Result<i32> {
    store.put(file)?;
    let draft = Draft { text: caption, media: Some(Media::File(file.id)), ..Draft::default() };
    Ok(Message::add(store, account.id, account.id, file.date, draft)?.id)
}

fn saved_file(file: &File) -> Option<SavedFile> {
    let (bytes, mime_type) = file.whole()?;
    let (mime_type, size, dc) = (mime_type.to_owned(), bytes.size(), file.dc);
    Some(match &file.kind {
        Kind::Photo(sizes) => SavedFile {
            kind: "photo",
            name: None,
            mime_type,
            size,
            dimensions: sizes.iter().map(|size| (size.width, size.height)).max(),
            duration: None,
            has_thumbnail: true,
            dc,
        },
        Kind::Document(document) => {
            let (kind, dimensions, duration) = described(&document.form);
            let (name, has_thumbnail) = (document.name.clone(), !document.thumbs.is_empty());
            SavedFile { kind, name, mime_type, size, dimensions, duration, has_thumbnail, dc }
        }
    })
}

fn described(form: &Form) -> (&'static str, Option<(i32, i32)>, Option<f64>) {
    match *form {
        Form::Plain => ("document", None, None),
        Form::Picture { width, height } => ("document", Some((width, height)), None),
        Form::Video { width, height, duration, .. } => ("video", Some((width, height)), Some(duration)),
        Form::Round { side, duration } => ("video_note", Some((side, side)), Some(duration)),
        Form::Animation { width, height, duration } => ("animation", Some((width, height)), Some(duration)),
        Form::Music { duration, .. } => ("audio", None, Some(duration.into())),
        Form::Voice { duration, .. } => ("voice", None, Some(duration.into())),
        Form::Sticker { width, height, .. } => ("sticker", Some((width, height)), None),
    }
}

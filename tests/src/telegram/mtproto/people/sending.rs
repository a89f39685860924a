//! Files on their way into somebody's Saved Messages, and what becomes of them there.

use super::super::accounts::Phone;
use super::super::files::bytes::{Bytes, Writing};
use super::super::files::{File, Kind, make};
use super::super::store::Store;
use super::saved::add_file;
use super::{People, PeopleError};

/// How a file is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SendAs {
    /// JPEG and PNG as photos while they are small enough, other things by their media type.
    #[default]
    Auto,
    /// As a photo.
    Photo,
    /// As it is.
    Document,
}

/// What is said of a file that is sent.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// Its name.
    pub name: Option<String>,
    /// Its media type.
    pub mime_type: String,
    /// The caption.
    pub caption: String,
    /// How it is sent.
    pub send_as: SendAs,
}

/// A file on its way into Saved Messages. Given up, it leaves nothing.
pub struct Sending {
    people: People,
    writing: Option<Writing>,
}

impl People {
    /// Begins to send a file into somebody's Saved Messages.
    pub fn send(&self) -> Sending {
        Sending { people: self.clone(), writing: Some(Writing::begin()) }
    }
}

impl Sending {
    /// Writes the next bytes.
    ///
    /// # Errors
    /// The database failed.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), PeopleError> {
        if let Some(writing) = &mut self.writing {
            self.people.0.store().atomically(|store| writing.write(store, bytes))?;
        }
        Ok(())
    }

    /// Sends what was written; returns the message's id.
    ///
    /// # Errors
    /// The file is empty or no photo, the number has no account, or the database failed.
    pub fn finish(mut self, phone: &Phone, sent: Sent) -> Result<i32, PeopleError> {
        let now_s = self.people.0.now_s();
        if self.writing.as_ref().is_none_or(|writing| writing.size() == 0) {
            return Err(PeopleError::EmptyFile);
        }
        let people = self.people.clone();
        let done = people.with_account(phone, |store, account| {
            let Some(writing) = self.writing.take() else { return Ok(None) };
            let bytes = writing.finish(store)?;
            let Sent { name, mime_type, caption, send_as } = sent;
            let Some(kind) = kind(store, &bytes, &mime_type, name, send_as)? else {
                bytes.forget(store)?;
                return Ok(None);
            };
            let file = File::new(account.id, account.home_dc, now_s, kind);
            add_file(store, account, &file, caption).map(Some)
        })?;
        done.ok_or(PeopleError::NoPhoto)
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        if let Some(writing) = self.writing.take()
            && let Err(error) = self.people.0.store().atomically(|store| writing.abandon(store))
        {
            tracing::error!(%error, "the simulated cloud's database failed");
        }
    }
}

/// What becomes of a file; nothing if it was to be a photo and cannot.
fn kind(
    store: &Store,
    bytes: &Bytes,
    mime_type: &str,
    name: Option<String>,
    send_as: SendAs,
) -> rusqlite::Result<Option<Kind>> {
    let is_picture = ["image/jpeg", "image/png"].contains(&mime_type);
    let tries_photo = send_as == SendAs::Photo || (send_as == SendAs::Auto && is_picture);
    if tries_photo && let Ok(sizes) = make::photo(store, bytes)? {
        bytes.forget(store)?;
        return Ok(Some(Kind::Photo(sizes)));
    }
    if send_as == SendAs::Photo {
        return Ok(None);
    }
    let as_file = send_as == SendAs::Document;
    make::document(store, bytes.clone(), mime_type, name, as_file).map(|it| Some(Kind::Document(it)))
}

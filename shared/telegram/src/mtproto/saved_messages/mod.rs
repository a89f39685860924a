//! Saved Messages: a person's chat with themselves (core.telegram.org/api/saved-messages).
//!
//! Telegram gives a chat in pages of up to a hundred messages, and searches it for one kind of file at a time, never for
//! all. So the chat is read as it is, from the newest message to the oldest, several pages at once.

mod history;
mod media;
mod walk;

pub use self::history::{Entry, LARGEST_PAGE, Page, around, history_page};
pub use self::walk::Walk;

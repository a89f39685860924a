//! Files that are sent: their parts go over a connection for files, then a message is made of them over the main one.
//!
//! An [`Uploader`] sends the parts, from the [`lambdagram_domain::upload::Checkpoint`] on that another one has reached.
//! [`send_media`] makes the message, once, however often it is asked to.

mod found;
mod media;
mod message;
mod sent;

pub use self::message::{Outgoing, UploadedFile, send_media};
pub use super::files::Place;
pub use super::files::uploader::{Contents, Task, UploadError, Uploader};

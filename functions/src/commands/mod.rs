//! The Bot API for other services: `POST /enqueue_command` and `GET /commands/{id}`, behind API keys.

pub mod enqueue;
pub mod get;
mod key_holder;
pub(crate) mod outcome;
mod wait;

//! Telegram's side of Lambdagram: the Bot API over HTTP.

pub mod bot_api;
pub mod http;
pub mod setup;

//! Telegram's side of Lambdagram: the Bot API over HTTP, and accounts over MTProto.

pub mod bot_api;
pub mod http;
pub mod mtproto;
pub mod setup;

//! The simulated Telegram: the Bot API server, the cloud of `MTProto`, and the faults that tests can put in their way.

pub mod bot_api;
pub mod faults;
pub mod mtproto;

//! The simulated Telegram: the Bot API server, and the faults that tests can put in its way.

pub mod bot_api;
pub mod faults;

//! The simulated Telegram.

pub mod bot_api;

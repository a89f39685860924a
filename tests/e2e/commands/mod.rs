//! Telegram behind REST: commands that other services enqueue.

mod answers;
mod faults;
mod files;
mod keys;
mod order;
mod refusals;
pub(crate) mod support;
mod telegram;

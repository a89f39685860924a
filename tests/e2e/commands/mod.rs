//! Telegram behind REST: commands that other services enqueue.

mod answers;
mod support;

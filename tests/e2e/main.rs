//! The end-to-end tests: real processes, real sockets, nothing beyond this machine.

#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is not as it should be")]

mod support;

mod account;
mod browser;
mod cloud;
mod commands;
mod console;
mod contract;
mod delivery;
mod dispatch;
mod drift;
mod events;
mod faults;
mod gateway;
mod lambda;
mod local;
mod logs;
mod metrics;
mod mini_app;
mod saved_messages;
mod setup;
mod streams;
mod telegram_client;
mod telethon;
mod uploads;
mod webhook;

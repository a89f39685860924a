//! Sending files to Saved Messages.

mod faults;
mod messages;
mod resuming;
mod sending;
mod support;

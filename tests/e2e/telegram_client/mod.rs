//! The MTProto client of the functions against the simulated cloud: what a login goes through, and what is read with it.

mod failures;
mod files;
mod keys;
mod login;
mod password;
mod qr;
mod saved_messages;
mod several;
mod support;
mod uploads;

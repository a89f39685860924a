//! The MTProto client of the functions against the simulated cloud: what a person's login goes through.

mod failures;
mod keys;
mod login;
mod password;
mod qr;
mod saved_messages;
mod several;
mod support;

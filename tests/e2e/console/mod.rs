//! The console in a real browser, at the sizes of a desktop and of a phone: each flow from the first look to the last, with
//! pictures of it in `tests/artifacts/console`.

mod access;
mod camera;
mod chat;
mod commands;
mod downloads;
mod elsewhere;
mod reference;
mod saved;
mod sign_in;
mod support;
mod troubles;
mod uploads;
mod waits;

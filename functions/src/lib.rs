//! The Lambda functions of Lambdagram.
//!
//! A handler takes what it needs as arguments, does one thing, and returns a value; it builds no client and reads no
//! environment. `runtime` starts a function: configuration, clients, logs, then the loop of invocations. Each file
//! in `bin/` names one of the functions here and nothing else.

mod access;
pub mod account;
pub mod bot_worker;
mod clock;
pub mod commands;
mod config;
pub mod dispatch;
pub mod fallback;
mod http;
mod intake;
mod meter;
pub mod mini_app;
mod person;
mod queue_worker;
mod routes;
mod runtime;
pub mod saved_messages;
mod session;
pub mod telegram_webhook;
mod trace;
pub mod upload_worker;

pub use routes::ROUTES;

use std::process::ExitCode;

/// Who may do what: `permissions.yaml`, which the functions are built with.
pub const PERMISSIONS: &str = include_str!("../permissions.yaml");

/// What a function's binary runs.
pub type Main = fn() -> ExitCode;

/// Every function: the name of its binary, and its [`Main`].
pub const FUNCTIONS: [(&str, Main); 23] = [
    ("bot_worker", bot_worker::main),
    ("check_password", account::check_password::main),
    ("dispatch_worker", dispatch::worker::main),
    ("enqueue_command", commands::enqueue::main),
    ("fallback", fallback::main),
    ("get_command", commands::get::main),
    ("get_post", mini_app::get_post::main),
    ("get_saved_messages_media", saved_messages::list::main),
    ("is_authenticated", account::is_authenticated::main),
    ("logout", account::logout::main),
    ("media_tickets", saved_messages::media_tickets::main),
    ("mini_app_session", mini_app::session::main),
    ("post_photo", mini_app::post_photo::main),
    ("qr_login", account::qr_login::main),
    ("resend_code", account::resend_code::main),
    ("send_code", account::send_code::main),
    ("sign_in", account::sign_in::main),
    ("stream_media", saved_messages::stream_media::main),
    ("stream_thumbnail", saved_messages::stream_thumbnail::main),
    ("telegram_webhook", telegram_webhook::main),
    ("upload_file", saved_messages::upload_file::main),
    ("upload_worker", upload_worker::main),
    ("uploads", saved_messages::uploads::main),
];

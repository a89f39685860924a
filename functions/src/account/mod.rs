//! Signing in to a person's own Telegram account, and out of it.
//!
//! What an endpoint does with a session is in `session/`; `doubt.rs` finds out what became of a try whose end nobody
//! wrote down; `signed_in.rs` is the end that all ways of signing in share.

mod admission;
pub mod check_password;
mod codes;
mod doubt;
mod fields;
pub mod is_authenticated;
pub mod logout;
mod password;
mod qr_code;
pub mod qr_login;
pub mod resend_code;
pub mod send_code;
pub mod sign_in;
mod signed_in;

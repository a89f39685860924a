//! Signing people in and out (core.telegram.org/api/auth).

mod account;
mod code;
mod password;
mod qr;

pub use self::account::{log_out, own_number, who_am_i};
pub use self::code::{SentCode, SignIn, resend_code, send_code, sign_in};
pub use self::password::{check_password, password_hint};
pub use self::qr::{LoginToken, export_login_token};

/// The name under which Telegram says that the account has a password. Documented as a 400, sent as a 401: the name
/// decides.
const PASSWORD_NEEDED: &str = "SESSION_PASSWORD_NEEDED";

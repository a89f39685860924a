//! What Lambdagram means by init data, a picture, an update, a job, a session, a file in a message and a range of it, a
//! file on its way into one, a call of the Bot API, an API key, a role, and what a service answers; and the names under which all of it is counted.
//!
//! Everything here is pure: it takes bytes, times and keys and returns values. It knows no AWS, no Lambda and no HTTP
//! client, so every rule can be tested without a network, and the compiler keeps it that way.

pub mod access;
pub mod answer;
pub mod api_key;
pub mod bot_api;
pub mod bot_command;
pub mod command;
pub mod dispatch;
pub mod etag;
pub mod ids;
pub mod incoming;
pub mod init_data;
pub mod job;
pub mod login;
pub mod measure;
pub mod media;
pub mod mini_app_token;
pub mod phone;
pub mod picture;
pub mod range;
pub mod receipt;
pub mod retry;
pub mod secret;
pub mod session;
pub mod signature;
pub mod time;
pub mod update;
pub mod upload;

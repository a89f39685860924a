//! Accounts: MTProto from the first packet to a person's own calls.
//!
//! From the outside in: [`auth`] signs people in and out over a [`Link`], [`saved_messages`] reads what they keep, and
//! [`uploads`] adds to it; a link opens a [`Connection`] to the person's data centre when it is first used, makes an
//! authorization key where there is none ([`handshake`]), and follows Telegram to another data centre. A connection is
//! one task that owns one socket. Everything that is not a socket (the handshake, the messages, the frames) takes bytes,
//! times and randomness, and gives bytes.
//!
//! The types of calls and answers are those of `grammers_client::tl`.

pub mod auth;
mod clock;
mod connection;
mod error;
pub mod files;
mod frames;
mod group;
pub mod handshake;
mod introduction;
mod link;
mod messages;
#[cfg(test)]
mod peer;
mod plain;
pub mod saved_messages;
mod server_key;
mod servers;
pub mod uploads;

use std::sync::Arc;

use lambdagram_domain::secret::Secret;
use lambdagram_domain::session::Session;
use tokio::time::Instant;

pub use self::connection::{Connection, LARGEST_REQUEST};
pub use self::error::TelegramError;
pub use self::files::login::copy_login;
pub use self::files::servers::media_servers;
pub use self::link::Link;
pub use self::server_key::ServerKey;
pub use self::servers::{Servers, ServersError};

/// The application as my.telegram.org knows it.
#[derive(Clone, Debug)]
pub struct App {
    /// Its number.
    pub api_id: i32,
    /// Its secret.
    pub api_hash: Secret,
}

/// Telegram as one application sees it. A clone is the same.
#[derive(Clone, Debug)]
pub struct Telegram(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    servers: Servers,
    app: App,
}

impl Telegram {
    /// These servers, for this application. Nothing is connected yet.
    pub fn new(servers: Servers, app: App) -> Self {
        Self(Arc::new(Inner { servers, app }))
    }

    /// The servers that are spoken to.
    pub fn servers(&self) -> &Servers {
        &self.0.servers
    }

    /// The application that speaks.
    pub fn app(&self) -> &App {
        &self.0.app
    }

    /// The way to one person's account, connected when first used. What is learnt on the way (a new key, another
    /// data centre, a salt) goes into `session`. Nothing is waited for beyond `deadline`.
    pub fn link<'a>(&self, session: &'a mut Session, deadline: Instant) -> Link<'a> {
        Link::new(self.clone(), session, deadline)
    }
}

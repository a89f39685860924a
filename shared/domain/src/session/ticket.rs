//! Media tickets: what opens the file of one message for minutes, for a `<video>` or an `<img>` of a client without
//! cookies.
//!
//! A ticket stands in a URL, where a session's token must never stand. It holds the token and its expiry, sealed under a
//! key that HKDF-SHA-256 makes of the master secret for that message's number alone: with another message it does not
//! open, and without the master secret nobody reads it. Fewer than 2^32 tickets are made for one number, after which
//! random nonces may meet (NIST SP 800-38D, section 8.3).
//!
//! As text it is base64url: the id of the master secret (4 bytes), the nonce (12), then what is sealed (40, and a tag of
//! 16).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

use super::cipher::{self, NONCE};
use super::seal::{Master, MasterKeys};
use super::token::SessionToken;
use crate::media::MessageId;
use crate::time::UnixTime;

/// How long a ticket lives: long enough for a page to load what it shows, and a URL is easily passed on. A player that
/// goes on for longer asks for another.
pub const TICKET_LIFE: Duration = Duration::from_mins(5);

/// Bytes of a master secret's id.
const ID: usize = 4;

/// Bytes of a ticket: the id, the nonce, the token, the expiry, the tag.
const WHOLE: usize = ID + NONCE + 32 + 8 + 16;

/// Why a ticket opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TicketError {
    /// Not a ticket of ours for that message.
    #[error("the media ticket is invalid")]
    Invalid,
    /// Ours, and past its life.
    #[error("the media ticket has expired")]
    Expired,
    /// It names a master secret that is not known here: perhaps a newer one. Anybody can make such a ticket.
    #[error("the media ticket is sealed under an unknown master secret")]
    UnknownKey,
}

impl MasterKeys {
    /// A ticket of the session of `token` for one message, until just before `expires_at`: 96 characters that may stand
    /// in a URL as they are. Whoever has it can fetch the file, so it must not be logged.
    ///
    /// # Panics
    ///
    /// When the system has no random numbers to give: nothing safe can be made then.
    pub fn issue_ticket(&self, token: &SessionToken, message: MessageId, expires_at: UnixTime) -> String {
        let master = self.current();
        let place = place(master, message);
        let content = [&token.bytes()[..], &expires_at.0.to_be_bytes()].concat();
        let sealed = cipher::seal(&master.key(None, &place), &place, &content);
        let id = hex::decode(&master.id).expect("an id is hexadecimal");
        URL_SAFE_NO_PAD.encode([id, sealed].concat())
    }

    /// Whose session a ticket for that message is of.
    ///
    /// # Errors
    ///
    /// [`TicketError`], `Expired` only for a ticket that is otherwise genuine.
    pub fn open_ticket(
        &self,
        text: &str,
        message: MessageId,
        now: UnixTime,
    ) -> Result<SessionToken, TicketError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| TicketError::Invalid)?;
        if bytes.len() != WHOLE {
            return Err(TicketError::Invalid);
        }
        let (id, sealed) = bytes.split_at(ID);
        let master = self.of_id(&hex::encode(id)).ok_or(TicketError::UnknownKey)?;
        let place = place(master, message);
        let content = cipher::open(&master.key(None, &place), &place, sealed).ok_or(TicketError::Invalid)?;
        let (token, expires_at) = content.split_first_chunk().ok_or(TicketError::Invalid)?;
        let expires_at = expires_at.try_into().map_err(|_| TicketError::Invalid)?;
        if now >= UnixTime(u64::from_be_bytes(expires_at)) {
            return Err(TicketError::Expired);
        }
        Ok(SessionToken::from_bytes(*token))
    }
}

/// What a ticket's key is made for, and what is sealed along with it.
fn place(master: &Master, message: MessageId) -> Vec<u8> {
    format!("lambdagram media ticket\n{message}\n{}", master.id).into()
}

#[cfg(test)]
mod tests;

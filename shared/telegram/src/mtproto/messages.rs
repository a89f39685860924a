//! Messages under a key: what one connection puts into packets and takes out of them.
//!
//! This is grammers-mtproto's `Encrypted` for one short life, with what a function needs otherwise: a request goes out
//! at once and does not wait for salts, the salt that comes is kept, an answer of 1 MiB is no panic, packed answers
//! have a limit, and the checks of <https://core.telegram.org/mtproto/security_guidelines> are made.

mod incoming;
mod seen;

use std::time::Duration;

use bytes::Bytes;
use grammers_client::tl::{Serializable, enums, types};
use grammers_crypto::{AuthKey as Key, DequeBuffer, encrypt_data_v2};
use lambdagram_domain::session::AuthKey;

use self::seen::Seen;
use super::{TelegramError, clock};

/// Bytes in front of a message's body inside the encrypted part: salt, session, identifier, number, length.
const HEADER: usize = 8 + 8 + 8 + 4 + 4;

/// Bytes in front of the encrypted part: the key's identifier and the message key.
const ENVELOPE: usize = 8 + 16;

/// Bytes behind it at most.
const PADDING: usize = 32;

/// What a packet says about requests of ours, which it names by their message identifiers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The answer: a part of the packet, which lives as long as it does.
    Answer(i64, Bytes),
    /// The request failed.
    Failure(i64, TelegramError),
    /// It was not looked at, and is to be sent again: the salt or the time was wrong, and is right now.
    Again(i64),
}

/// What came in one packet.
#[derive(Debug)]
pub(super) struct Opened {
    /// The salt in its header.
    pub(super) salt: i64,
    /// What it says.
    pub(super) events: Vec<Event>,
}

/// The state of one MTProto session: a connection has its own.
pub(super) struct Messages {
    key: Key,
    session: i64,
    salt: i64,
    refused_salt: Option<i64>,
    /// The server's time less ours, in seconds.
    time_offset: i64,
    /// Whether the server's own clock was seen in this session.
    synchronised: bool,
    last_id: i64,
    numbered: i32,
    unacknowledged: Vec<i64>,
    seen: Seen,
    /// Bytes that what is left of the packet at hand may unpack to.
    room: u64,
}

impl Messages {
    /// `session` is 64 random bits. `salt` is the last one the server named, 0 when it has named none.
    pub(super) fn new(key: &AuthKey, session: i64, salt: i64, time_offset: i64) -> Self {
        Self {
            key: Key::from_bytes(*key.expose()),
            session,
            salt,
            refused_salt: None,
            time_offset,
            synchronised: false,
            last_id: 0,
            numbered: 0,
            unacknowledged: Vec::new(),
            seen: Seen::default(),
            room: 0,
        }
    }

    pub(super) fn salt(&self) -> i64 {
        self.salt
    }

    pub(super) fn time_offset(&self) -> i64 {
        self.time_offset
    }

    /// Takes the salt of a packet that answered a request of ours.
    pub(super) fn adopt(&mut self, salt: i64) {
        if salt != 0 && Some(salt) != self.refused_salt {
            self.salt = salt;
        }
    }

    /// Makes a packet of a request; its message's identifier and the packet, with `front` bytes to spare before it.
    pub(super) fn request(&mut self, body: &[u8], now: Duration, front: usize) -> (i64, DequeBuffer<u8>) {
        self.numbered += 1;
        self.seal(body, self.numbered * 2 - 1, now, front)
    }

    /// A packet that acknowledges what came since the last one, if anything did.
    pub(super) fn acknowledgement(&mut self, now: Duration, front: usize) -> Option<DequeBuffer<u8>> {
        if self.unacknowledged.is_empty() {
            return None;
        }
        let msg_ids = std::mem::take(&mut self.unacknowledged);
        let body = enums::MsgsAck::Ack(types::MsgsAck { msg_ids }).to_bytes();
        Some(self.seal(&body, self.numbered * 2, now, front).1)
    }

    fn seal(&mut self, body: &[u8], number: i32, now: Duration, front: usize) -> (i64, DequeBuffer<u8>) {
        self.last_id = clock::message_id(now, self.time_offset, self.last_id);
        let mut packet = DequeBuffer::with_capacity(HEADER + body.len() + PADDING + front, ENVELOPE + front);
        self.salt.serialize(&mut packet);
        self.session.serialize(&mut packet);
        self.last_id.serialize(&mut packet);
        number.serialize(&mut packet);
        i32::try_from(body.len()).unwrap_or(i32::MAX).serialize(&mut packet);
        packet.extend(body);
        encrypt_data_v2(&mut packet, &self.key);
        (self.last_id, packet)
    }
}

#[cfg(test)]
mod tests;

//! The client's half of making an authorization key (<https://core.telegram.org/mtproto/auth_key>): packets in, packets out.
//!
//! Every check that page and <https://core.telegram.org/mtproto/security_guidelines> ask for is made here. Time and randomness
//! come from outside, and there is no socket, so that each lie a server may tell can be told in a test.

mod error;
mod factors;
mod sealed;

use std::fmt;
use std::time::Duration;

use grammers_client::tl::{Deserializable, Serializable, enums, functions, types};
use grammers_crypto::AuthKey as Key;
use num_bigint::BigUint;
use sha1::{Digest, Sha1};

pub use self::error::HandshakeError;
use self::factors::factors;
use super::group::{Group, SIZE};
use super::server_key::ServerKey;
use super::{clock, plain};

/// Where randomness comes from.
pub type Randomness = Box<dyn FnMut(&mut [u8]) -> Result<(), NoRandomness> + Send>;

/// The system has no randomness to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRandomness;

/// The system's generator.
pub fn system_randomness() -> Randomness {
    Box::new(|bytes| getrandom::fill(bytes).map_err(|_| NoRandomness))
}

/// Other halves sent when the server asks for them. It does when the key's hash is taken: once in 2^64.
const RETRIES: u32 = 3;

/// What both sides know at the end. `Debug` shows none of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Agreed {
    /// The authorization key.
    pub key: [u8; SIZE],
    /// The first salt.
    pub salt: i64,
    /// The server's time less ours, in seconds.
    pub time_offset: i64,
}

impl fmt::Debug for Agreed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Agreed(..)")
    }
}

/// What to do after an answer.
#[derive(Debug)]
pub enum Step {
    /// Send this packet, and give the answer to the handshake.
    Send(Handshake, Vec<u8>),
    /// The key is made.
    Done(Agreed),
}

/// A handshake that waits for an answer.
pub struct Handshake {
    randomness: Randomness,
    last_message: i64,
    nonce: [u8; 16],
    state: State,
}

impl fmt::Debug for Handshake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Handshake(..)")
    }
}

enum State {
    Product { keys: Vec<ServerKey>, dc: i32 },
    Group(Nonces),
    Verdict(Box<Halves>),
}

#[derive(Clone, Copy)]
struct Nonces {
    server: [u8; 16],
    new: [u8; 32],
}

struct Halves {
    nonces: Nonces,
    group: Group,
    server_half: BigUint,
    key: Key,
    time_offset: i64,
    retries: u32,
}

impl Handshake {
    /// Begins with a server that must have one of `keys`. `dc` is its number as the handshake wants it: 10000 more for
    /// a test server. `now` is the time since 1970.
    ///
    /// # Errors
    ///
    /// [`HandshakeError::NoRandomness`].
    pub fn start(
        keys: Vec<ServerKey>,
        dc: i32,
        now: Duration,
        mut randomness: Randomness,
    ) -> Result<(Self, Vec<u8>), HandshakeError> {
        let mut nonce = [0; 16];
        randomness(&mut nonce)?;
        let mut handshake = Self { randomness, last_message: 0, nonce, state: State::Product { keys, dc } };
        let packet = handshake.packet(now, &functions::ReqPqMulti { nonce });
        Ok((handshake, packet))
    }

    /// Takes the server's answer. An error ends the handshake, and the connection with it. Takes a few
    /// milliseconds of computing, and most of a second for a prime that was not met before.
    ///
    /// # Errors
    ///
    /// [`HandshakeError`]: the check that failed.
    pub fn receive(mut self, packet: &[u8], now: Duration) -> Result<Step, HandshakeError> {
        let body = plain::open(packet).ok_or(HandshakeError::Unreadable)?;
        match std::mem::replace(&mut self.state, State::Product { keys: Vec::new(), dc: 0 }) {
            State::Product { keys, dc } => self.take_product(&keys, dc, body, now),
            State::Group(nonces) => self.take_group(nonces, body, now),
            State::Verdict(halves) => self.take_verdict(*halves, body, now),
        }
    }

    fn take_product(
        mut self,
        keys: &[ServerKey],
        dc: i32,
        body: &[u8],
        now: Duration,
    ) -> Result<Step, HandshakeError> {
        let enums::ResPq::Pq(answer) = read(body)?;
        self.check_nonce(answer.nonce)?;
        let key = answer
            .server_public_key_fingerprints
            .iter()
            .find_map(|offered| keys.iter().find(|key| key.fingerprint() == *offered))
            .ok_or(HandshakeError::UnknownKey)?;
        let (p, q) = factors(&answer.pq).ok_or(HandshakeError::BadProduct)?;

        let mut nonces = Nonces { server: answer.server_nonce, new: [0; 32] };
        (self.randomness)(&mut nonces.new)?;
        let inner = enums::PQInnerData::Dc(types::PQInnerDataDc {
            pq: answer.pq,
            p: p.clone(),
            q: q.clone(),
            nonce: self.nonce,
            server_nonce: nonces.server,
            new_nonce: nonces.new,
            dc,
        });
        let mut padding = [0; 224];
        (self.randomness)(&mut padding)?;
        let encrypted_data = key.encrypt(&inner.to_bytes(), &padding).ok_or(HandshakeError::Unreadable)?;

        let packet = self.packet(
            now,
            &functions::ReqDhParams {
                nonce: self.nonce,
                server_nonce: nonces.server,
                p,
                q,
                public_key_fingerprint: key.fingerprint(),
                encrypted_data,
            },
        );
        self.state = State::Group(nonces);
        Ok(Step::Send(self, packet))
    }

    fn take_group(self, nonces: Nonces, body: &[u8], now: Duration) -> Result<Step, HandshakeError> {
        let answer = match read(body)? {
            enums::ServerDhParams::Ok(answer) => answer,
            enums::ServerDhParams::Fail(answer) => {
                self.check_nonces(answer.nonce, answer.server_nonce, &nonces)?;
                let hash: [u8; 20] = Sha1::digest(nonces.new).into();
                return Err(if hash.ends_with(&answer.new_nonce_hash) {
                    HandshakeError::Refused
                } else {
                    HandshakeError::WrongHash
                });
            }
        };
        self.check_nonces(answer.nonce, answer.server_nonce, &nonces)?;
        let inner = sealed::open(answer.encrypted_answer, &nonces)?;
        self.check_nonces(inner.nonce, inner.server_nonce, &nonces)?;

        let group = Group::new(&inner.dh_prime, inner.g).ok_or(HandshakeError::UnsafeGroup)?;
        let server_half = BigUint::from_bytes_be(&inner.g_a);
        if !group.accepts(&server_half) {
            return Err(HandshakeError::OutOfRange);
        }
        let ours = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        let time_offset = i64::from(inner.server_time).saturating_sub(ours);
        self.send_half(nonces, group, server_half, time_offset, 0, 0, now)
    }

    fn take_verdict(self, halves: Halves, body: &[u8], now: Duration) -> Result<Step, HandshakeError> {
        let Halves { nonces, group, server_half, key, time_offset, retries } = halves;
        let check = |nonce, server_nonce, hash: [u8; 16], number| {
            self.check_nonces(nonce, server_nonce, &nonces)?;
            if key.calc_new_nonce_hash(&nonces.new, number) == hash {
                Ok(())
            } else {
                Err(HandshakeError::WrongHash)
            }
        };
        match read(body)? {
            enums::SetClientDhParamsAnswer::DhGenOk(answer) => {
                check(answer.nonce, answer.server_nonce, answer.new_nonce_hash1, 1)?;
                let salt = std::array::from_fn(|at| nonces.new[at] ^ nonces.server[at]);
                Ok(Step::Done(Agreed { key: key.to_bytes(), salt: i64::from_le_bytes(salt), time_offset }))
            }
            enums::SetClientDhParamsAnswer::DhGenRetry(answer) => {
                check(answer.nonce, answer.server_nonce, answer.new_nonce_hash2, 2)?;
                if retries == RETRIES {
                    return Err(HandshakeError::TooManyRetries);
                }
                let retry_id = sealed::auxiliary_hash(&key);
                self.send_half(nonces, group, server_half, time_offset, retry_id, retries + 1, now)
            }
            enums::SetClientDhParamsAnswer::DhGenFail(answer) => {
                check(answer.nonce, answer.server_nonce, answer.new_nonce_hash3, 3)?;
                Err(HandshakeError::Refused)
            }
        }
    }

    /// Chooses our half and sends it. `retry_id` is 0, or the hash of the key that was refused.
    #[expect(clippy::too_many_arguments, reason = "the two callers have nothing else in common")]
    fn send_half(
        mut self,
        nonces: Nonces,
        group: Group,
        server_half: BigUint,
        time_offset: i64,
        retry_id: i64,
        retries: u32,
        now: Duration,
    ) -> Result<Step, HandshakeError> {
        let mut secret = [0; SIZE];
        (self.randomness)(&mut secret)?;
        let secret = BigUint::from_bytes_be(&secret);
        let half = group.power(&secret);
        // Once in 2^63, or when the randomness is none.
        if !group.accepts(&half) {
            return Err(HandshakeError::NoRandomness);
        }
        let inner = enums::ClientDhInnerData::Data(types::ClientDhInnerData {
            nonce: self.nonce,
            server_nonce: nonces.server,
            retry_id,
            g_b: half.to_bytes_be(),
        });
        let mut padding = [0; sealed::BLOCK];
        (self.randomness)(&mut padding)?;
        let encrypted_data = sealed::seal(&inner.to_bytes(), &padding, &nonces);
        let packet = self.packet(
            now,
            &functions::SetClientDhParams { nonce: self.nonce, server_nonce: nonces.server, encrypted_data },
        );
        let key = Key::from_bytes(group.shared(&server_half, &secret));
        self.state =
            State::Verdict(Box::new(Halves { nonces, group, server_half, key, time_offset, retries }));
        Ok(Step::Send(self, packet))
    }

    fn packet(&mut self, now: Duration, request: &impl Serializable) -> Vec<u8> {
        self.last_message = clock::message_id(now, 0, self.last_message);
        plain::seal(self.last_message, &request.to_bytes())
    }

    fn check_nonce(&self, nonce: [u8; 16]) -> Result<(), HandshakeError> {
        if nonce == self.nonce { Ok(()) } else { Err(HandshakeError::WrongNonce) }
    }

    fn check_nonces(
        &self,
        nonce: [u8; 16],
        server_nonce: [u8; 16],
        nonces: &Nonces,
    ) -> Result<(), HandshakeError> {
        self.check_nonce(nonce)?;
        if server_nonce == nonces.server { Ok(()) } else { Err(HandshakeError::WrongNonce) }
    }
}

fn read<T: Deserializable>(body: &[u8]) -> Result<T, HandshakeError> {
    T::from_bytes(body).map_err(|_| HandshakeError::Unreadable)
}

#[cfg(test)]
mod tests;

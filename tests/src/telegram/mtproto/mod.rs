//! The simulated Telegram cloud: data centres that a client of `MTProto` cannot tell from Telegram's by what they
//! speak, within this border.
//!
//! The protocol half is complete in what clients use: every TCP transport, the handshake, encryption, salts, sessions,
//! containers, packing, acknowledgements and the connection's own messages. What calls mean is another half's matter,
//! beyond [`rpc::Service`].
//!
//! From the socket inwards: [`cluster`] accepts, `transport` finds packets, `connection` opens them (`cipher`, or
//! `handshake` when there is no key yet), `messages` takes containers apart, `dispatch` answers what is of the protocol
//! itself and gives calls to the service without what `unwrap` takes off them. Answers go the same way back through
//! `outgoing`.
//!
//! Behind the services, `history` keeps messages, `files` photos and documents, `uploads` the parts of files to come,
//! and `content` what accounts hold from the start.
//!
//! What it leaves out, on purpose:
//! - HTTP and UDP, quick acknowledgements, temporary auth keys and their binding.
//! - Sequence numbers are not checked, and nothing is sent again until a client asks.
//! - `msgs_ack` is never sent: an answer acknowledges its call.

pub mod accounts;
mod authorizations;
mod cipher;
pub mod cloud;
pub mod cluster;
mod codes;
mod connection;
mod content;
mod controls;
mod dispatch;
mod errors;
mod files;
mod handshake;
mod history;
pub mod keys;
mod limits;
mod messages;
pub mod network;
mod outgoing;
pub mod people;
mod primes;
mod random;
pub mod rpc;
mod salts;
mod server_key;
pub mod service;
mod session;
mod srp;
mod store;
mod tokens;
mod transport;
mod unwrap;
mod uploads;

#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub use self::server_key::public_key_pem;

/// Bytes as an array of their own length.
///
/// # Panics
/// There are more or fewer of them; callers have counted.
fn tl_bytes<const LENGTH: usize>(bytes: &[u8]) -> [u8; LENGTH] {
    bytes.try_into().expect("the length is that of the array")
}

/// Seconds since the Unix epoch as TL has them, until 2038.
fn unix_i32(seconds: u64) -> i32 {
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

/// This machine's time since the Unix epoch. Message ids and handshakes go by it, as clients have no other.
fn machine_now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

//! How a handshake fails.

use std::fmt;

use super::NoRandomness;
use crate::mtproto::TelegramError;

/// Why there is no key. Where the server is to blame, nothing it said may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeError {
    /// A packet is not what comes next.
    Unreadable,
    /// A nonce is not the one that was agreed on.
    WrongNonce,
    /// None of the server's keys is known.
    UnknownKey,
    /// The number to factorise is not the product of two different primes, or too large.
    BadProduct,
    /// The server could not, or would not, go on.
    Refused,
    /// The hash of an answer is wrong.
    WrongHash,
    /// The prime is not safe, or the generator does not fit it.
    UnsafeGroup,
    /// The server's half gives a key that can be guessed.
    OutOfRange,
    /// The server asked for another half too often.
    TooManyRetries,
    /// There is no randomness.
    NoRandomness,
}

impl HandshakeError {
    fn reason(self) -> &'static str {
        match self {
            Self::Unreadable => "an answer of the key exchange cannot be read",
            Self::WrongNonce => "a nonce of the key exchange is wrong",
            Self::UnknownKey => "the server has none of the known keys",
            Self::BadProduct => "the number to factorise is not two primes",
            Self::Refused => "the server refused the key exchange",
            Self::WrongHash => "a hash of the key exchange is wrong",
            Self::UnsafeGroup => "the group of the key exchange is not safe",
            Self::OutOfRange => "the server's half of the key is out of range",
            Self::TooManyRetries => "the server asks for other keys without end",
            Self::NoRandomness => "the system has no randomness",
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.reason())
    }
}

impl std::error::Error for HandshakeError {}

impl From<HandshakeError> for TelegramError {
    fn from(error: HandshakeError) -> Self {
        Self::Protocol(error.reason())
    }
}

impl From<NoRandomness> for HandshakeError {
    fn from(_: NoRandomness) -> Self {
        Self::NoRandomness
    }
}

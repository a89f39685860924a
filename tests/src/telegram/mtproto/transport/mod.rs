//! The transports of `MTProto` on the server's side: how packets lie in the bytes of a connection.
//!
//! A client does not say which transport it speaks other than by its first bytes, so [`Decoder`] finds out. Quick
//! acknowledgements may be asked for and are not given; Telegram gives them when it likes, too.

mod abridged;
mod detect;
mod full;
mod intermediate;

#[cfg(test)]
mod tests;

use bytes::BytesMut;
use grammers_crypto::ObfuscatedCipher;

use self::detect::Detected;

/// Bytes of the largest packet that is read. Ours: clients send 512 KiB parts, in containers of 1 MiB at most.
const MAX_PACKET: usize = 16 * 1024 * 1024;

/// How packets are set apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// Length, sequence number and checksum.
    Full,
    /// One or four bytes of length, in words.
    Abridged,
    /// Four bytes of length.
    Intermediate,
    /// Four bytes of length, and up to 15 bytes that mean nothing after the packet.
    Padded,
}

/// Why a connection's bytes cannot be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TransportError {
    /// The first bytes belong to no transport of `MTProto`.
    #[error("the first bytes belong to no known transport")]
    Unknown,
    /// A packet has an impossible length, or one above the limit.
    #[error("a packet has an impossible length")]
    Length,
    /// The checksum of a packet is wrong.
    #[error("the checksum of a packet is wrong")]
    Checksum,
    /// A packet is out of its order.
    #[error("a packet is out of its order")]
    Sequence,
}

/// The packets in what a client sends.
#[derive(Default)]
pub(super) struct Decoder {
    /// Bytes that are not read yet, without obfuscation once it is known.
    buffer: BytesMut,
    known: Option<Known>,
}

struct Known {
    framing: Framing,
    /// The 64 bytes that an obfuscated connection begins with.
    init: Option<[u8; 64]>,
    cipher: Option<ObfuscatedCipher>,
    /// Packets so far.
    received: i32,
}

impl Decoder {
    /// Takes bytes as they came.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let from = self.buffer.len();
        self.buffer.extend_from_slice(bytes);
        if let Some(Known { cipher: Some(cipher), .. }) = &mut self.known {
            cipher.decrypt(&mut self.buffer[from..]);
        }
    }

    /// The next packet that is there as a whole.
    ///
    /// # Errors
    /// The bytes cannot be read, now or later.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, TransportError> {
        if self.known.is_none() {
            self.known = self.detect()?;
        }
        let Some(known) = &mut self.known else { return Ok(None) };
        let packet = match known.framing {
            Framing::Full => full::take(&mut self.buffer, known.received)?,
            Framing::Abridged => abridged::take(&mut self.buffer)?,
            Framing::Intermediate => intermediate::take(&mut self.buffer)?,
            Framing::Padded => intermediate::take(&mut self.buffer)?.map(intermediate::without_padding),
        };
        known.received += i32::from(packet.is_some());
        Ok(packet)
    }

    /// What writes in the client's transport, once that is known.
    pub(super) fn encoder(&self) -> Option<Encoder> {
        self.known.as_ref().map(|known| Encoder {
            framing: known.framing,
            cipher: known.init.as_ref().map(detect::cipher),
            sent: 0,
        })
    }

    fn detect(&mut self) -> Result<Option<Known>, TransportError> {
        let known = |framing| Known { framing, init: None, cipher: None, received: 0 };
        match detect::detect(&self.buffer)? {
            Detected::TooShort => Ok(None),
            Detected::Plain { framing, tag } => {
                let _ = self.buffer.split_to(tag);
                Ok(Some(known(framing)))
            }
            Detected::Obfuscated { framing, init, mut cipher } => {
                let _ = self.buffer.split_to(init.len());
                cipher.decrypt(&mut self.buffer);
                Ok(Some(Known { init: Some(*init), cipher: Some(*cipher), ..known(framing) }))
            }
        }
    }
}

/// Writes packets as a client's transport has them.
pub(super) struct Encoder {
    framing: Framing,
    cipher: Option<ObfuscatedCipher>,
    /// Packets so far.
    sent: i32,
}

impl Encoder {
    /// The bytes of a packet, whose length is a multiple of four.
    pub(super) fn packet(&mut self, payload: &[u8]) -> Vec<u8> {
        let bytes = match self.framing {
            Framing::Full => full::pack(payload, self.sent),
            Framing::Abridged => abridged::pack(payload),
            Framing::Intermediate => intermediate::pack(payload, &[]),
            Framing::Padded => intermediate::pack(payload, &intermediate::padding()),
        };
        self.sent += 1;
        self.obfuscated(bytes)
    }

    /// The bytes of a transport error. The Full transport has no packet for it: the code comes as it is.
    pub(super) fn error(&mut self, code: i32) -> Vec<u8> {
        let code = code.to_le_bytes();
        let bytes = match self.framing {
            Framing::Full => code.to_vec(),
            Framing::Abridged => abridged::pack(&code),
            Framing::Intermediate | Framing::Padded => intermediate::pack(&code, &[]),
        };
        self.obfuscated(bytes)
    }

    fn obfuscated(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        if let Some(cipher) = &mut self.cipher {
            cipher.encrypt(&mut bytes);
        }
        bytes
    }
}

/// The little-endian number at the beginning, if that much is there.
fn leading_u32(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

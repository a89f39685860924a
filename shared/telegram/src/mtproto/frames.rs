//! Packets in a stream of bytes: MTProto's full transport, with a limit on what is taken in.

use bytes::{Buf, BytesMut};
use grammers_crypto::DequeBuffer;
use grammers_mtproto::transport::{Error, Full, Transport};

use super::TelegramError;

/// Bytes of the largest packet taken in. The largest answer Telegram gives is a part of a file, 1 MiB
/// (core.telegram.org/api/files#downloading-files); several answers may come in one packet.
pub(super) const LARGEST_PACKET: usize = 8 * 1024 * 1024;

/// Bytes asked of the socket at once.
const READ: usize = 64 * 1024;

/// Bytes that a packet gets in front: length and sequence number.
pub(super) const FRONT: usize = 8;

/// One connection's packets, both ways.
pub(super) struct Frames {
    transport: Full,
    incoming: BytesMut,
}

impl Frames {
    pub(super) fn new() -> Self {
        Self { transport: Full::new(), incoming: BytesMut::new() }
    }

    /// Where to read into: what comes from the socket is appended to it. There is room for all of a packet that has
    /// begun, so that a large one is not moved while it grows.
    pub(super) fn buffer(&mut self) -> &mut BytesMut {
        let length = self.length().filter(|length| *length <= LARGEST_PACKET).unwrap_or(0);
        self.incoming.reserve(length.saturating_sub(self.incoming.len()).max(READ));
        &mut self.incoming
    }

    /// Bytes of the packet that has begun, as it says.
    fn length(&self) -> Option<usize> {
        let length = i32::from_le_bytes(*self.incoming.first_chunk()?);
        Some(usize::try_from(length).unwrap_or(0))
    }

    /// Whether a whole packet, or what is none, waits to be taken.
    pub(super) fn hold_packet(&self) -> bool {
        self.length().is_some_and(|length| self.incoming.len() >= length)
    }

    /// The next whole packet, if it is there.
    pub(super) fn next(&mut self) -> Result<Option<BytesMut>, TelegramError> {
        let Some(length) = self.length() else { return Ok(None) };
        if length > LARGEST_PACKET {
            return Err(TelegramError::Protocol("a packet is too large"));
        }
        let unpacked = match self.transport.unpack(&mut self.incoming) {
            Ok(unpacked) => unpacked,
            Err(Error::MissingBytes) => return Ok(None),
            Err(Error::BadStatus { status }) => return Err(status_error(status)),
            Err(_) => return Err(TelegramError::Protocol("a packet is not framed as it must be")),
        };
        let mut frame = self.incoming.split_to(unpacked.next_offset);
        frame.truncate(unpacked.data_range.end);
        frame.advance(unpacked.data_range.start);
        // Four bytes are no message but a status, in the transports that frame it.
        if let Ok(status) = <[u8; 4]>::try_from(&frame[..]) {
            return Err(status_error(i32::from_le_bytes(status).unsigned_abs()));
        }
        Ok(Some(frame))
    }

    /// Frames a packet whose length is divisible by four.
    pub(super) fn pack(&mut self, packet: &mut DequeBuffer<u8>) {
        self.transport.pack(packet);
    }
}

/// What a server says before it hangs up (core.telegram.org/mtproto/mtproto-transports#transport-errors).
fn status_error(status: u32) -> TelegramError {
    match status {
        404 => TelegramError::Dead("404"),
        429 => TelegramError::Flood { seconds: 1 },
        444 => TelegramError::Protocol("the data centre is another one"),
        _ => TelegramError::Protocol("the server refused the connection"),
    }
}

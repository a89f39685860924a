//! The Intermediate transport: four bytes of length. The padded one has up to 15 random bytes after each packet.

use bytes::BytesMut;

use super::super::random;
use super::{MAX_PACKET, TransportError, leading_u32};

/// Asks for a quick acknowledgement.
const QUICK_ACK: u32 = 0x8000_0000;

/// Takes a packet from the buffer.
pub(super) fn take(buffer: &mut BytesMut) -> Result<Option<Vec<u8>>, TransportError> {
    let Some(length) = leading_u32(buffer) else { return Ok(None) };
    let length = (length & !QUICK_ACK) as usize;
    if !(4..=MAX_PACKET).contains(&length) {
        return Err(TransportError::Length);
    }
    if buffer.len() < 4 + length {
        return Ok(None);
    }
    Ok(Some(buffer.split_to(4 + length)[4..].to_vec()))
}

/// A packet without the bytes that mean nothing: an open message says how long it is, an encrypted one is 24 bytes
/// and whole blocks of 16.
pub(super) fn without_padding(mut packet: Vec<u8>) -> Vec<u8> {
    let open = packet.first_chunk() == Some(&[0; 8]);
    let length = if open {
        packet.get(16..).and_then(leading_u32).map_or(packet.len(), |length| 20 + length as usize)
    } else {
        packet.len().checked_sub(24).map_or(packet.len(), |blocks| 24 + blocks / 16 * 16)
    };
    packet.truncate(length);
    packet
}

/// Up to 15 bytes that mean nothing.
pub(super) fn padding() -> Vec<u8> {
    let mut bytes = random::bytes::<16>();
    let length = usize::from(bytes[15] % 16);
    random::fill(&mut bytes);
    bytes[..length].to_vec()
}

/// The bytes of a payload and its padding.
pub(super) fn pack(payload: &[u8], padding: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len() + padding.len()).expect("packets are smaller than 2 GiB");
    let mut packet = Vec::with_capacity(payload.len() + padding.len() + 4);
    packet.extend(length.to_le_bytes());
    packet.extend(payload);
    packet.extend(padding);
    packet
}

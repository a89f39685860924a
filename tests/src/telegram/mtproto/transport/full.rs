//! The Full transport: `length sequence payload crc32`, the length that of all four.

use bytes::BytesMut;
use flate2::Crc;

use super::{MAX_PACKET, TransportError, leading_u32};

/// Bytes around a payload.
const ENVELOPE: usize = 12;

/// Takes the packet with this number from the buffer.
pub(super) fn take(buffer: &mut BytesMut, number: i32) -> Result<Option<Vec<u8>>, TransportError> {
    let Some(length) = leading_u32(buffer) else { return Ok(None) };
    let length = length as usize;
    if !(ENVELOPE..=MAX_PACKET).contains(&length) || !length.is_multiple_of(4) {
        return Err(TransportError::Length);
    }
    if buffer.len() < length {
        return Ok(None);
    }
    let packet = buffer.split_to(length);
    let (content, checksum) = packet.split_at(length - 4);
    if checksum != crc32(content) {
        return Err(TransportError::Checksum);
    }
    if content[4..8] != number.to_le_bytes() {
        return Err(TransportError::Sequence);
    }
    Ok(Some(content[8..].to_vec()))
}

/// The bytes of a payload that is sent as the packet with this number.
pub(super) fn pack(payload: &[u8], number: i32) -> Vec<u8> {
    let length = u32::try_from(payload.len() + ENVELOPE).expect("packets are smaller than 4 GiB");
    let mut packet = Vec::with_capacity(payload.len() + ENVELOPE);
    packet.extend(length.to_le_bytes());
    packet.extend(number.to_le_bytes());
    packet.extend(payload);
    packet.extend(crc32(&packet));
    packet
}

fn crc32(bytes: &[u8]) -> [u8; 4] {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum().to_le_bytes()
}

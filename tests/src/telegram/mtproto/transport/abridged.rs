//! The Abridged transport: the length in words of four bytes, in one byte or, behind `0x7f`, in three.

use bytes::BytesMut;

use super::{MAX_PACKET, TransportError, leading_u32};

/// Says that the length is in the next three bytes.
const LONG: u8 = 0x7f;

/// Asks for a quick acknowledgement.
const QUICK_ACK: u8 = 0x80;

/// Takes a packet from the buffer.
pub(super) fn take(buffer: &mut BytesMut) -> Result<Option<Vec<u8>>, TransportError> {
    let Some(first) = buffer.first().map(|first| first & !QUICK_ACK) else { return Ok(None) };
    let (head, words) = if first == LONG {
        let Some(head) = leading_u32(buffer) else { return Ok(None) };
        (4, head >> 8)
    } else {
        (1, u32::from(first))
    };
    let length = words as usize * 4;
    if !(4..=MAX_PACKET).contains(&length) {
        return Err(TransportError::Length);
    }
    if buffer.len() < head + length {
        return Ok(None);
    }
    Ok(Some(buffer.split_to(head + length)[head..].to_vec()))
}

/// The bytes of a payload.
pub(super) fn pack(payload: &[u8]) -> Vec<u8> {
    let words = u32::try_from(payload.len() / 4).expect("packets are smaller than 16 GiB");
    let mut packet = Vec::with_capacity(payload.len() + 4);
    match u8::try_from(words) {
        Ok(words) if words < LONG => packet.push(words),
        _ => packet.extend(((words << 8) | u32::from(LONG)).to_le_bytes()),
    }
    packet.extend(payload);
    packet
}

//! Messages without a key: what the handshake is made of
//! (core.telegram.org/mtproto/description#unencrypted-message).

use grammers_client::tl::{Cursor, Deserializable, Serializable};

/// Bytes before the body: no key (8), message identifier (8), length of the body (4).
const HEADER: usize = 20;

/// Puts a body into a packet.
pub(super) fn seal(message_id: i64, body: &[u8]) -> Vec<u8> {
    let mut packet = Vec::with_capacity(HEADER + body.len());
    0_i64.serialize(&mut packet);
    message_id.serialize(&mut packet);
    i32::try_from(body.len()).unwrap_or(i32::MAX).serialize(&mut packet);
    packet.extend_from_slice(body);
    packet
}

/// The body of a server's packet; `None` where it is not one without a key, or not an answer.
pub(super) fn open(packet: &[u8]) -> Option<&[u8]> {
    let mut cursor = Cursor::from_slice(packet);
    let key_id = i64::deserialize(&mut cursor).ok()?;
    let message_id = i64::deserialize(&mut cursor).ok()?;
    let length = usize::try_from(i32::deserialize(&mut cursor).ok()?).ok()?;
    // A server's answers are 1 modulo 4; its time cannot be judged before it has told its own.
    if key_id != 0 || message_id <= 0 || message_id % 4 != 1 {
        return None;
    }
    packet.get(HEADER..HEADER + length)
}

//! The encryption of `MTProto` 2.0 between the ends of a connection, for whichever end sends.
//!
//! Source: `core.telegram.org/mtproto/description`.

use grammers_crypto::aes;
use sha2::{Digest as _, Sha256};

use super::rpc::KeyId;
use super::{random, tl_bytes};

/// An auth key: 2048 bits. It belongs in no log.
pub(super) type AuthKeyBytes = [u8; 256];

/// Bytes before the encrypted part: the key's id and the message key.
const OUTER_HEADER: usize = 24;

/// Bytes before a message's body: salt, session, message id, sequence number and length.
const INNER_HEADER: usize = 32;

/// Bytes of padding that a message may have.
const PADDING: std::ops::RangeInclusive<usize> = 12..=1024;

/// Which end has encrypted.
#[derive(Clone, Copy)]
pub(super) enum Sender {
    /// The client.
    Client,
    /// The server.
    Server,
}

impl Sender {
    /// The specification's `x`.
    const fn offset(self) -> usize {
        match self {
            Self::Client => 0,
            Self::Server => 8,
        }
    }
}

/// A message without its encryption.
pub(super) struct Message {
    /// The server salt that it was sent with.
    pub(super) salt: i64,
    /// The client's session.
    pub(super) session: i64,
    /// Its id.
    pub(super) id: i64,
    /// Its sequence number.
    pub(super) sequence: i32,
    /// What it says.
    pub(super) body: Vec<u8>,
}

/// Why a message cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CipherError {
    /// Too short, or not of whole blocks.
    #[error("an encrypted message has an impossible length")]
    Length,
    /// The message key is not that of the content.
    #[error("a message key does not belong to its message")]
    MessageKey,
    /// The length inside leaves too little or too much padding, or is no multiple of four.
    #[error("a message has too little or too much padding")]
    Padding,
}

/// The id of the key that a packet is encrypted with, 0 for an open message; `None` if it is too short for one.
pub(super) fn key_id(packet: &[u8]) -> Option<KeyId> {
    packet.first_chunk().map(|id| KeyId(i64::from_le_bytes(*id)))
}

/// Decrypts a packet, whose key id is looked at already.
pub(super) fn decrypt(key: &AuthKeyBytes, sender: Sender, packet: &[u8]) -> Result<Message, CipherError> {
    let blocks = packet.len().checked_sub(OUTER_HEADER).ok_or(CipherError::Length)?;
    if blocks < INNER_HEADER + 16 || !blocks.is_multiple_of(16) {
        return Err(CipherError::Length);
    }
    let message_key: [u8; 16] = tl_bytes(&packet[8..OUTER_HEADER]);
    let (aes_key, iv) = aes_key(key, &message_key, sender);
    let mut open = packet[OUTER_HEADER..].to_vec();
    aes::ige_decrypt(&mut open, &aes_key, &iv);
    if message_key != key_of_message(key, &open, sender) {
        return Err(CipherError::MessageKey);
    }
    let length = u32::from_le_bytes(tl_bytes(&open[28..INNER_HEADER])) as usize;
    let padding = (open.len() - INNER_HEADER).checked_sub(length).ok_or(CipherError::Padding)?;
    if !PADDING.contains(&padding) || !length.is_multiple_of(4) {
        return Err(CipherError::Padding);
    }
    Ok(Message {
        salt: i64::from_le_bytes(tl_bytes(&open[..8])),
        session: i64::from_le_bytes(tl_bytes(&open[8..16])),
        id: i64::from_le_bytes(tl_bytes(&open[16..24])),
        sequence: i32::from_le_bytes(tl_bytes(&open[24..28])),
        body: open[INNER_HEADER..INNER_HEADER + length].to_vec(),
    })
}

/// Encrypts a message into a packet.
pub(super) fn encrypt(key: &AuthKeyBytes, id: KeyId, sender: Sender, message: &Message) -> Vec<u8> {
    let length = u32::try_from(message.body.len()).expect("messages are smaller than 4 GiB");
    let mut open = Vec::with_capacity(INNER_HEADER + message.body.len() + 32);
    open.extend(message.salt.to_le_bytes());
    open.extend(message.session.to_le_bytes());
    open.extend(message.id.to_le_bytes());
    open.extend(message.sequence.to_le_bytes());
    open.extend(length.to_le_bytes());
    open.extend(&message.body);
    let padding = PADDING.start() + (16 - (open.len() + PADDING.start()) % 16) % 16;
    open.extend(&random::bytes::<28>()[..padding]);
    seal(key, id, sender, open)
}

/// Encrypts what is whole, padding included.
pub(super) fn seal(key: &AuthKeyBytes, id: KeyId, sender: Sender, mut open: Vec<u8>) -> Vec<u8> {
    let message_key = key_of_message(key, &open, sender);
    let (aes_key, iv) = aes_key(key, &message_key, sender);
    aes::ige_encrypt(&mut open, &aes_key, &iv);
    let mut packet = Vec::with_capacity(OUTER_HEADER + open.len());
    packet.extend(id.0.to_le_bytes());
    packet.extend(message_key);
    packet.extend(open);
    packet
}

/// The message key: the middle of a hash over a part of the auth key and everything that is encrypted.
fn key_of_message(key: &AuthKeyBytes, open: &[u8], sender: Sender) -> [u8; 16] {
    let from = 88 + sender.offset();
    let hash = Sha256::new().chain_update(&key[from..from + 32]).chain_update(open).finalize();
    tl_bytes(&hash[8..24])
}

/// The AES key and the initialization vector of a message.
fn aes_key(key: &AuthKeyBytes, message_key: &[u8; 16], sender: Sender) -> ([u8; 32], [u8; 32]) {
    let x = sender.offset();
    let a = Sha256::new().chain_update(message_key).chain_update(&key[x..x + 36]).finalize();
    let b = Sha256::new().chain_update(&key[x + 40..x + 76]).chain_update(message_key).finalize();
    let mixed = |outer: &[u8], inner: &[u8]| {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&outer[..8]);
        bytes[8..24].copy_from_slice(&inner[8..24]);
        bytes[24..].copy_from_slice(&outer[24..]);
        bytes
    };
    (mixed(&a, &b), mixed(&b, &a))
}

#[cfg(test)]
mod tests {
    use grammers_crypto::{AuthKey, DequeBuffer, decrypt_data_v2, encrypt_data_v2};

    use super::*;

    fn key() -> (AuthKeyBytes, KeyId, AuthKey) {
        let bytes = random::bytes();
        let key = AuthKey::from_bytes(bytes);
        (bytes, super::super::keys::key_id(&bytes), key)
    }

    fn message(body: Vec<u8>) -> Message {
        Message { salt: 1, session: 2, id: 3, sequence: 4, body }
    }

    #[test]
    fn a_client_of_grammers_is_understood_and_understands() {
        let (bytes, id, theirs) = key();
        let mut packet = encrypt(&bytes, id, Sender::Server, &message(vec![7; 40]));
        let open = decrypt_data_v2(&mut packet, &theirs).unwrap();
        assert_eq!(open[32..72], [7; 40]);

        let mut buffer = DequeBuffer::with_capacity(100, 24);
        buffer.extend([1_i64.to_le_bytes(), 2_i64.to_le_bytes(), 3_i64.to_le_bytes()].concat());
        buffer.extend([4_u32.to_le_bytes(), 8_u32.to_le_bytes(), [5; 4], [6; 4]].concat());
        encrypt_data_v2(&mut buffer, &theirs);
        assert_eq!(key_id(&buffer[..]), Some(id));
        let read = decrypt(&bytes, Sender::Client, &buffer[..]).unwrap();
        assert_eq!((read.salt, read.session, read.id, read.sequence), (1, 2, 3, 4));
        assert_eq!(read.body, [5, 5, 5, 5, 6, 6, 6, 6]);
    }

    #[test]
    fn a_message_with_one_bit_changed_is_not_read() {
        let (bytes, id, _) = key();
        let packet = encrypt(&bytes, id, Sender::Client, &message(vec![7; 40]));
        for index in 8..packet.len() {
            let mut tampered = packet.clone();
            tampered[index] ^= 0x10;
            let error = decrypt(&bytes, Sender::Client, &tampered).err();
            assert_eq!(error, Some(CipherError::MessageKey), "byte {index}");
        }
        assert!(decrypt(&bytes, Sender::Server, &packet).is_err());
    }

    #[test]
    fn padding_is_12_to_1024_bytes() {
        let (bytes, id, _) = key();
        let with_padding = |padding: usize| {
            let mut open = vec![0; 32];
            open[28] = 4;
            open.extend(vec![0; 4 + padding]);
            decrypt(&bytes, Sender::Client, &seal(&bytes, id, Sender::Client, open)).err()
        };
        assert_eq!(with_padding(12), None);
        assert_eq!(with_padding(12 + 16 * 63), None);
        assert_eq!(with_padding(12 + 16 * 64), Some(CipherError::Padding));
        let mut open = vec![0; 48];
        open[28] = 8;
        let short = seal(&bytes, id, Sender::Client, open.clone());
        assert_eq!(decrypt(&bytes, Sender::Client, &short).err(), Some(CipherError::Padding));
        open[28] = 0xff;
        let long = seal(&bytes, id, Sender::Client, open);
        assert_eq!(decrypt(&bytes, Sender::Client, &long).err(), Some(CipherError::Padding));
        assert_eq!(decrypt(&bytes, Sender::Client, &[0; 40]).err(), Some(CipherError::Length));
    }
}

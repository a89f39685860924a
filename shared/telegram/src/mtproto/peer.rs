//! A server's half of the messages, for tests.

pub(super) mod server;

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use grammers_client::tl::{Deserializable, Serializable, enums, types};
use grammers_crypto::aes;
use lambdagram_domain::session::AuthKey;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// The key both sides have.
pub(super) fn auth_key() -> AuthKey {
    AuthKey::new(std::array::from_fn(|at| u8::try_from(at).unwrap()))
}

/// What a client sent.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) salt: i64,
    pub(super) session: i64,
    pub(super) id: i64,
    pub(super) number: i32,
    pub(super) body: Vec<u8>,
}

impl Received {
    /// The identifiers it acknowledges, if that is what it is.
    pub(super) fn acknowledged(&self) -> Option<Vec<i64>> {
        let enums::MsgsAck::Ack(ack) = enums::MsgsAck::from_bytes(&self.body).ok()?;
        Some(ack.msg_ids)
    }
}

/// Opens a client's packet.
pub(super) fn open(packet: &[u8]) -> Received {
    assert_eq!(packet[..8], key_id());
    let message_key: [u8; 16] = packet[8..24].try_into().unwrap();
    let (key, iv) = derive(&message_key, 0);
    let mut plaintext = packet[24..].to_vec();
    aes::ige_decrypt(&mut plaintext, &key, &iv);
    assert_eq!(message_key_of(&plaintext, 0), message_key);
    let long = |at: usize| i64::from_le_bytes(plaintext[at..at + 8].try_into().unwrap());
    let int = |at: usize| i32::from_le_bytes(plaintext[at..at + 4].try_into().unwrap());
    let end = 32 + usize::try_from(int(28)).unwrap();
    assert!((12..=1024).contains(&(plaintext.len() - end)));
    Received {
        salt: long(0),
        session: long(8),
        id: long(16),
        number: int(24),
        body: plaintext[32..end].to_vec(),
    }
}

/// Encrypts what a server says.
pub(super) fn encrypt(plaintext: &[u8]) -> Vec<u8> {
    let message_key = message_key_of(plaintext, 8);
    let (key, iv) = derive(&message_key, 8);
    let mut encrypted = plaintext.to_vec();
    aes::ige_encrypt(&mut encrypted, &key, &iv);
    [&key_id()[..], &message_key, &encrypted].concat()
}

/// A packet of one message, with the least padding there may be.
pub(super) fn seal(salt: i64, session: i64, message: &[u8]) -> Vec<u8> {
    let mut plaintext = [&salt.to_le_bytes()[..], &session.to_le_bytes(), message].concat();
    plaintext.resize((plaintext.len() + 12).next_multiple_of(16), 3);
    encrypt(&plaintext)
}

/// One message as packets and containers hold it.
pub(super) fn message(id: i64, number: i32, body: &[u8]) -> Vec<u8> {
    let length = i32::try_from(body.len()).unwrap();
    [&id.to_le_bytes()[..], &number.to_le_bytes(), &length.to_le_bytes(), body].concat()
}

/// A server's message identifier at that time; the `count` tells messages of one second apart.
pub(super) fn message_id(now: Duration, count: i64) -> i64 {
    (i64::try_from(now.as_secs()).unwrap() << 32) | (count << 2) | 1
}

pub(super) fn container(messages: &[Vec<u8>]) -> Vec<u8> {
    let count = i32::try_from(messages.len()).unwrap();
    [&0x73f1_f8dc_u32.to_le_bytes()[..], &count.to_le_bytes(), &messages.concat()].concat()
}

pub(super) fn result(request: i64, body: &[u8]) -> Vec<u8> {
    [&0xf35c_6d01_u32.to_le_bytes()[..], &request.to_le_bytes(), body].concat()
}

pub(super) fn error(request: i64, code: i32, name: &str) -> Vec<u8> {
    let error = types::RpcError { error_code: code, error_message: name.to_owned() };
    result(request, &enums::RpcError::Error(error).to_bytes())
}

pub(super) fn packed(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    let mut object = 0x3072_cfa1_u32.to_le_bytes().to_vec();
    encoder.finish().unwrap().serialize(&mut object);
    object
}

pub(super) fn bad_salt(request: i64, salt: i64) -> Vec<u8> {
    enums::BadMsgNotification::BadServerSalt(types::BadServerSalt {
        bad_msg_id: request,
        bad_msg_seqno: 1,
        error_code: 48,
        new_server_salt: salt,
    })
    .to_bytes()
}

pub(super) fn bad_message(request: i64, error_code: i32) -> Vec<u8> {
    enums::BadMsgNotification::Notification(types::BadMsgNotification {
        bad_msg_id: request,
        bad_msg_seqno: 1,
        error_code,
    })
    .to_bytes()
}

fn key_id() -> [u8; 8] {
    let hash: [u8; 20] = Sha1::digest(auth_key().expose()).into();
    hash[12..].try_into().unwrap()
}

/// `side` is 0 for what a client says, 8 for what a server does.
fn message_key_of(plaintext: &[u8], side: usize) -> [u8; 16] {
    let key = *auth_key().expose();
    let hash = Sha256::new().chain_update(&key[88 + side..120 + side]).chain_update(plaintext).finalize();
    hash[8..24].try_into().unwrap()
}

fn derive(message_key: &[u8; 16], side: usize) -> ([u8; 32], [u8; 32]) {
    let key = *auth_key().expose();
    let a: [u8; 32] =
        Sha256::new().chain_update(message_key).chain_update(&key[side..side + 36]).finalize().into();
    let b: [u8; 32] =
        Sha256::new().chain_update(&key[40 + side..76 + side]).chain_update(message_key).finalize().into();
    let mix = |outer: &[u8; 32], inner: &[u8; 32]| {
        std::array::from_fn(|at| if (8..24).contains(&at) { inner[at] } else { outer[at] })
    };
    (mix(&a, &b), mix(&b, &a))
}

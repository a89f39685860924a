//! What the handshake sends encrypted with the nonces: a hash, the content, and up to 15 bytes to fill the last block.

use grammers_client::tl::{Cursor, Deserializable, enums, types};
use grammers_crypto::{AuthKey as Key, aes, generate_key_data_from_nonce};
use sha1::{Digest, Sha1};

use super::{HandshakeError, Nonces};

/// Bytes of a block of AES.
pub(super) const BLOCK: usize = 16;

/// Bytes of the hash in front.
const HASH: usize = 20;

/// Encrypts our half.
pub(super) fn seal(content: &[u8], padding: &[u8; BLOCK], nonces: &Nonces) -> Vec<u8> {
    let mut sealed = Sha1::digest(content).to_vec();
    sealed.extend_from_slice(content);
    let missing = sealed.len().next_multiple_of(BLOCK) - sealed.len();
    sealed.extend_from_slice(&padding[..missing]);
    let (key, iv) = generate_key_data_from_nonce(&nonces.server, &nonces.new);
    aes::ige_encrypt(&mut sealed, &key, &iv);
    sealed
}

/// Opens the server's half and checks its hash.
pub(super) fn open(mut sealed: Vec<u8>, nonces: &Nonces) -> Result<types::ServerDhInnerData, HandshakeError> {
    if sealed.len() < HASH || !sealed.len().is_multiple_of(BLOCK) {
        return Err(HandshakeError::Unreadable);
    }
    let (key, iv) = generate_key_data_from_nonce(&nonces.server, &nonces.new);
    aes::ige_decrypt(&mut sealed, &key, &iv);
    let (hash, content) = sealed.split_at(HASH);
    let mut cursor = Cursor::from_slice(content);
    // Garbage that cannot be read has no hash either.
    let enums::ServerDhInnerData::Data(inner) =
        enums::ServerDhInnerData::deserialize(&mut cursor).map_err(|_| HandshakeError::WrongHash)?;
    let read = cursor.pos();
    if Sha1::digest(&content[..read])[..] != *hash || content.len() - read >= BLOCK {
        return Err(HandshakeError::WrongHash);
    }
    Ok(inner)
}

/// The higher 64 bits of the key's SHA-1, by which a refused key is named.
pub(super) fn auxiliary_hash(key: &Key) -> i64 {
    let hash: [u8; HASH] = Sha1::digest(key.to_bytes()).into();
    i64::from_le_bytes(std::array::from_fn(|at| hash[at]))
}

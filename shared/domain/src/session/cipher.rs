//! AES-256-GCM, as everything here is sealed with it: a fresh nonce of 96 random bits in front, the tag at the end.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};

/// Bytes of the nonce in front of what is sealed.
pub(super) const NONCE: usize = 12;

/// Panics when the system has no random numbers to give: nothing safe can be made then.
pub(super) fn seal(key: &[u8; 32], associated: &[u8], content: &[u8]) -> Vec<u8> {
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce).expect("the system gives random numbers");
    seal_with(nonce, key, associated, content)
}

/// A nonce must never be used twice with one key.
pub(super) fn seal_with(nonce: [u8; NONCE], key: &[u8; 32], associated: &[u8], content: &[u8]) -> Vec<u8> {
    let payload = Payload { msg: content, aad: associated };
    let sealed = Aes256Gcm::new(key.into()).encrypt(&Nonce::from(nonce), payload);
    let sealed = sealed.expect("AES-GCM seals up to 64 GB");
    [&nonce[..], &sealed].concat()
}

/// `None` when it is not what was sealed under this key with that associated data.
pub(super) fn open(key: &[u8; 32], associated: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, bytes) = sealed.split_first_chunk::<NONCE>()?;
    let payload = Payload { msg: bytes, aad: associated };
    Aes256Gcm::new(key.into()).decrypt(&Nonce::from(*nonce), payload).ok()
}

//! Which transport a connection speaks, by its first bytes.

use grammers_crypto::ObfuscatedCipher;

use super::{Framing, TransportError};

/// The first byte of an abridged connection.
const ABRIDGED: u8 = 0xef;

/// The first bytes of an intermediate connection.
const INTERMEDIATE: [u8; 4] = [0xee; 4];

/// The first bytes of a padded intermediate connection.
const PADDED: [u8; 4] = [0xdd; 4];

/// First bytes of other protocols, which an obfuscated connection never begins with.
/// Source: `core.telegram.org/mtproto/mtproto-transports`, "Transport obfuscation".
const FOREIGN: [[u8; 4]; 5] = [*b"HEAD", *b"POST", *b"GET ", *b"OPTI", [0x16, 0x03, 0x01, 0x02]];

/// What the first bytes say.
pub(super) enum Detected {
    /// Not enough yet.
    TooShort,
    /// A transport with so many bytes of a tag in front.
    Plain { framing: Framing, tag: usize },
    /// A transport behind obfuscation; the cipher is the server's, and stands after the 64 bytes.
    Obfuscated { framing: Framing, init: Box<[u8; 64]>, cipher: Box<ObfuscatedCipher> },
}

/// Looks at what a connection begins with.
pub(super) fn detect(bytes: &[u8]) -> Result<Detected, TransportError> {
    if bytes.first() == Some(&ABRIDGED) {
        return Ok(Detected::Plain { framing: Framing::Abridged, tag: 1 });
    }
    let Some(first) = bytes.first_chunk::<4>() else { return Ok(Detected::TooShort) };
    match *first {
        INTERMEDIATE => return Ok(Detected::Plain { framing: Framing::Intermediate, tag: 4 }),
        PADDED => return Ok(Detected::Plain { framing: Framing::Padded, tag: 4 }),
        first if FOREIGN.contains(&first) => return Err(TransportError::Unknown),
        _ => {}
    }
    // The second number is a Full packet's sequence number, which begins with zero. An obfuscated one is never zero.
    match bytes.get(4..8) {
        None => return Ok(Detected::TooShort),
        Some([0, 0, 0, 0]) => return Ok(Detected::Plain { framing: Framing::Full, tag: 0 }),
        Some(_) => {}
    }
    let Some(init) = bytes.first_chunk::<64>() else { return Ok(Detected::TooShort) };
    let mut cipher = cipher(init);
    let mut open = *init;
    cipher.decrypt(&mut open);
    let framing = match open[56..60] {
        [0xef, 0xef, 0xef, 0xef] => Framing::Abridged,
        [0xee, 0xee, 0xee, 0xee] => Framing::Intermediate,
        [0xdd, 0xdd, 0xdd, 0xdd] => Framing::Padded,
        _ => return Err(TransportError::Unknown),
    };
    Ok(Detected::Obfuscated { framing, init: Box::new(*init), cipher: Box::new(cipher) })
}

/// The server's cipher: grammers' is the client's, whose directions change places when the bytes are turned around.
pub(super) fn cipher(init: &[u8; 64]) -> ObfuscatedCipher {
    let mut turned = *init;
    turned.reverse();
    ObfuscatedCipher::new(&turned)
}

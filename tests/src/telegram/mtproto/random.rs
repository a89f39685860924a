//! Bytes from the system's generator.

/// Fills a buffer.
///
/// # Panics
/// The system has no generator, which leaves nothing to go on with.
pub(super) fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system has a generator of random bytes");
}

/// An array of random bytes.
pub(super) fn bytes<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    fill(&mut bytes);
    bytes
}

/// A positive number, as Telegram's ids are.
pub(super) fn id() -> i64 {
    (i64::from_be_bytes(bytes()) & i64::MAX).max(1)
}

/// So many decimal digits.
pub(super) fn digits(count: usize) -> String {
    (0..count).map(|_| char::from(b'0' + u8::try_from(id() % 10).unwrap_or_default())).collect()
}

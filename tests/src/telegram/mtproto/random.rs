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

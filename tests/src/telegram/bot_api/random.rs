//! The simulator's randomness: a seeded generator, so that a run can be repeated.

use sha2::{Digest, Sha256};

/// `SplitMix64`: small, well spread, and enough for retry jitter. Nothing secret is made of it.
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number from `low` to `high`, both included.
    pub(super) const fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// 32 bytes that depend on the seed, on what they are for, and on its number. Unlike a generator's output they do
/// not repeat when the simulator is opened again with the same seed, because the numbers are kept.
pub(super) fn named_bytes(seed: u64, purpose: &str, number: i64) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    hash.update(number.to_be_bytes());
    hash.update(purpose.as_bytes());
    hash.finalize().into()
}

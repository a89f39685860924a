//! The parts in which a range of a file is fetched.
//!
//! `upload.getFile`, asked precisely, takes an offset and a limit in whole kilobytes, and no part may lie on both sides
//! of a multiple of 1 MiB (core.telegram.org/api/files#downloading-files). So a range is widened to whole kilobytes, cut
//! at multiples of [`LARGEST_PART`], and what was not asked for is taken off again at both ends.

use crate::range::ByteRange;

/// Bytes of a part at most. Telegram allows 1 MiB; halves of it leave earlier, and fewer bytes are lost with one.
pub const LARGEST_PART: u32 = 512 * 1024;

/// Bytes that offsets and limits are multiples of.
const GRAIN: u64 = 1024;

/// Grains of a part at most.
const GRAINS: u64 = LARGEST_PART as u64 / GRAIN;

/// One part of a file: what to ask for, and what of the answer belongs to the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The first byte to ask for, counted from 0; a multiple of 1024.
    pub offset: u64,
    /// How many bytes to ask for: a multiple of 1024, from 1024 to [`LARGEST_PART`]. The answer is shorter where the
    /// file ends.
    pub limit: u32,
    /// How many bytes of the answer come before the range.
    pub skip: usize,
    /// How many bytes after those belong to the range, at least 1.
    pub take: usize,
}

/// The parts of a range, in order. All but the first and the last are of [`LARGEST_PART`].
#[derive(Clone, Debug)]
pub struct Parts {
    /// The first byte that is in no part yet.
    next: u64,
    /// The byte after the last.
    end: u64,
}

impl Parts {
    /// The parts of `range` in a file of `size` bytes. What lies beyond the file is left out.
    pub fn new(range: ByteRange, size: u64) -> Self {
        let end = range.last.saturating_add(1).min(size);
        Self { next: range.first.min(end), end }
    }
}

impl Iterator for Parts {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        if self.next >= self.end {
            return None;
        }
        let first = self.next / GRAIN;
        let border = (first / GRAINS + 1) * GRAINS;
        let last = (self.end - 1) / GRAIN;
        let (after, end) = if last < border { (last + 1, self.end) } else { (border, border * GRAIN) };
        let small = |bytes: u64| u32::try_from(bytes).expect("no part is larger than the largest");
        let part = Part {
            offset: first * GRAIN,
            limit: small((after - first) * GRAIN),
            skip: small(self.next % GRAIN) as usize,
            take: small(end - self.next) as usize,
        };
        self.next = end;
        Some(part)
    }
}

#[cfg(test)]
mod tests;

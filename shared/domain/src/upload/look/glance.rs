//! Pieces of a file that is elsewhere, as something that can be read.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read, Seek, SeekFrom};

/// Reads and seeks of one reader at most: far more than any file takes that is what it says, and few enough that one
/// made to be read in circles ends at once.
const MOST_OPERATIONS: u32 = 100_000;

/// What was seen of a file.
pub(super) struct Glimpses {
    size: u64,
    pieces: BTreeMap<u64, Vec<u8>>,
    kept: u64,
}

impl Glimpses {
    pub(super) fn new(size: u64) -> Self {
        Self { size, pieces: BTreeMap::new(), kept: 0 }
    }

    /// Bytes of the whole file.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Bytes that are here.
    pub(super) fn kept(&self) -> u64 {
        self.kept
    }

    /// The first bytes.
    pub(super) fn head(&self) -> &[u8] {
        self.at(0).unwrap_or_default()
    }

    pub(super) fn add(&mut self, offset: u64, bytes: &[u8]) {
        let end = usize::try_from(self.size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let bytes = &bytes[..bytes.len().min(end)];
        self.kept += bytes.len() as u64;
        if self.pieces.get(&offset).is_none_or(|known| known.len() < bytes.len()) {
            self.pieces.insert(offset, bytes.to_vec());
        }
    }

    /// How long the piece is that ends there.
    pub(super) fn before(&self, position: u64) -> Option<u64> {
        let (start, piece) = self.pieces.range(..position).next_back()?;
        (start + piece.len() as u64 == position).then_some(piece.len() as u64)
    }

    /// Something to read it with.
    pub(super) fn glance(&self) -> Glance<'_> {
        Glance { seen: self, position: 0, missing: None, operations: 0 }
    }

    /// What is here from that byte on, if that byte is.
    fn at(&self, position: u64) -> Option<&[u8]> {
        let (start, piece) = self.pieces.range(..=position).next_back()?;
        let rest = piece.get(usize::try_from(position - start).ok()?..)?;
        (!rest.is_empty()).then_some(rest)
    }
}

/// Reads what is here, and remembers what was wanted and is not.
pub(super) struct Glance<'a> {
    seen: &'a Glimpses,
    position: u64,
    missing: Option<u64>,
    operations: u32,
}

impl Glance<'_> {
    /// The first byte that was wanted and is not here.
    pub(super) fn missing(&self) -> Option<u64> {
        self.missing
    }

    /// Where it is.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Bytes of the whole file.
    pub(super) fn size(&self) -> u64 {
        self.seen.size
    }

    /// The next bytes, as many as `N`.
    pub(super) fn next<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn count(&mut self) -> io::Result<()> {
        self.operations += 1;
        if self.operations > MOST_OPERATIONS { Err(io::ErrorKind::InvalidData.into()) } else { Ok(()) }
    }
}

impl Read for Glance<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let here = self.fill_buf()?;
        let length = here.len().min(buffer.len());
        buffer[..length].copy_from_slice(&here[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Glance<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.count()?;
        if self.position >= self.seen.size {
            return Ok(&[]);
        }
        let here = self.seen.at(self.position);
        if here.is_none() {
            self.missing.get_or_insert(self.position);
        }
        here.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn consume(&mut self, amount: usize) {
        self.position += amount as u64;
    }
}

impl Seek for Glance<'_> {
    fn seek(&mut self, target: SeekFrom) -> io::Result<u64> {
        self.count()?;
        let position = match target {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(distance) => self.seen.size.checked_add_signed(distance),
            SeekFrom::Current(distance) => self.position.checked_add_signed(distance),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

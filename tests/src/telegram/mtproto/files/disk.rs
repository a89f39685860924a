//! Files of the data folder that hold what clients uploaded: of any size, read and written in ranges.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder of parts whose file is not whole yet.
const UPLOADS: &str = "uploads";

/// The folder of whole files.
const FILES: &str = "files";

/// Bytes that are moved at once.
const STEP: u64 = 512 * 1024;

/// The folder, which need not exist yet. Clones name the same one.
#[derive(Clone)]
pub(in super::super) struct Disk(Arc<Path>);

/// A file, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Place {
    /// The parts of an upload.
    Upload(i64),
    /// A whole file.
    File(i64),
}

impl Disk {
    pub(in super::super) fn new(folder: &Path) -> Self {
        Self(folder.into())
    }

    fn path(&self, place: Place) -> PathBuf {
        match place {
            Place::Upload(number) => self.0.join(UPLOADS).join(format!("{number:016x}")),
            Place::File(number) => self.0.join(FILES).join(format!("{number:016x}")),
        }
    }

    /// Up to `length` bytes from `offset` on; fewer at the end of the file.
    pub(in super::super) fn read(&self, place: Place, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        let file = File::open(self.path(place))?;
        read_from(&file, offset, length)
    }

    /// Writes bytes at an offset. What lies between takes no room.
    pub(in super::super) fn write(&self, place: Place, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.open(place)?.write_all_at(bytes, offset)
    }

    /// Gives the bytes of one file a second name: nothing is copied.
    pub(in super::super) fn link(&self, from: Place, to: Place) -> io::Result<()> {
        let (from, to) = (self.path(from), self.path(to));
        make_folder(&to)?;
        fs::hard_link(from, to)
    }

    /// Writes pieces of one file, given by offset and length, one after the other into another.
    pub(in super::super) fn join(
        &self,
        from: Place,
        pieces: impl Iterator<Item = (u64, u64)>,
        to: Place,
    ) -> io::Result<()> {
        let (from, to) = (File::open(self.path(from))?, self.open(to)?);
        let mut at = 0;
        for (mut offset, mut left) in pieces {
            while left > 0 {
                let step = read_from(&from, offset, left.min(STEP))?;
                if step.is_empty() {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
                to.write_all_at(&step, at)?;
                let moved = step.len() as u64;
                (offset, left, at) = (offset + moved, left - moved, at + moved);
            }
        }
        Ok(())
    }

    /// Removes a file, if it is there.
    pub(in super::super) fn remove(&self, place: Place) -> io::Result<()> {
        without_absence(fs::remove_file(self.path(place)))
    }

    /// Removes every file.
    pub(in super::super) fn clear(&self) -> io::Result<()> {
        [UPLOADS, FILES].iter().try_for_each(|name| without_absence(fs::remove_dir_all(self.0.join(name))))
    }

    fn open(&self, place: Place) -> io::Result<File> {
        let path = self.path(place);
        make_folder(&path)?;
        OpenOptions::new().write(true).create(true).truncate(false).open(path)
    }
}

fn make_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

fn without_absence(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

fn read_from(file: &File, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

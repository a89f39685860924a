//! A look at a file that is elsewhere: what it is, by a few small reads.
//!
//! Whoever has the file does the reading: [`Look::step`] asks for a range, [`Look::take`] takes it. The beginning tells
//! what the file is, and where its sides and its duration are, which may be at its end; two gigabytes of film are two or
//! three reads. All of it is somebody's input. However it is made, a look ends after [`MOST_READS`], keeps no more than
//! [`MOST_BYTES`], and at worst says that the file is a plain one.

mod audio;
mod glance;
mod matroska;
mod mp4;
mod picture;

use std::fmt;
use std::io;
use std::ops::Range;
use std::time::Duration;

use self::glance::{Glance, Glimpses};
use super::kind::{Content, Form};
use super::media_type::{type_of, type_of_bytes};
use crate::media::stored_name;

/// Reads of one look at most.
const MOST_READS: usize = 24;

/// Bytes of one look at most: tags of music have pictures in them.
const MOST_BYTES: u64 = 8 * 1024 * 1024;

/// Bytes of a read where nothing was read yet.
const FIRST_READ: u64 = 64 * 1024;

/// Bytes of a read that goes on where the one before ended, at most.
const LARGEST_READ: u64 = 1024 * 1024;

/// Bytes of a name's ending that bytes cannot tell.
const NO_ENDING: &str = "bin";

/// A look at one file. `Debug` shows how much of it was seen.
pub struct Look {
    name: Option<String>,
    claimed: Option<String>,
    seen: Glimpses,
    reads: usize,
}

/// What a look needs next.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// These bytes of the file: at least one, and none beyond its end.
    Read(Range<u64>),
    /// Nothing: this is what it is.
    Done(Content),
}

/// What a container says about a film.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Film {
    /// Width and height in pixels, as it is shown; `None` where there is no picture.
    sides: Option<(u32, u32)>,
    duration: Option<Duration>,
    /// Whether what it takes to play it comes before what is played.
    streams: bool,
}

impl Look {
    /// A look at a file of `size` bytes that its sender calls `name`, and `mime_type`.
    pub fn new(size: u64, name: Option<&str>, mime_type: Option<&str>) -> Self {
        Self {
            name: name.and_then(stored_name),
            claimed: mime_type.map(str::to_owned),
            seen: Glimpses::new(size),
            reads: 0,
        }
    }

    /// What is needed next, with all that was taken.
    pub fn step(&self) -> Step {
        match self.content() {
            Ok(content) => Step::Done(content),
            Err(missing) => Step::Read(missing),
        }
    }

    /// Takes bytes of the file, those that were asked for or more. Fewer are what there is.
    pub fn take(&mut self, offset: u64, bytes: &[u8]) {
        self.reads += 1;
        self.seen.add(offset, bytes);
    }

    /// What the file is, or what it takes to know.
    fn content(&self) -> Result<Content, Range<u64>> {
        let head = self.seen.head();
        if head.is_empty()
            && let Some(range) = self.read_at(0)
        {
            return Err(range);
        }
        let by_bytes = type_of_bytes(head);
        let (mut mime_type, mut ending) = (by_bytes.map(|found| found.0), by_bytes.map(|found| found.1));
        let form = match mime_type {
            Some("image/webp") if crate::picture::moves(head) => Form::Document,
            Some(kind) if kind.starts_with("image/") => self.picture(kind)?,
            Some("video/mp4" | "video/x-m4v" | "video/quicktime") => {
                let film = self.ask(mp4::film)?;
                if film.is_some_and(|film| film.sides.is_none()) {
                    (mime_type, ending) = (Some("audio/mp4"), Some("m4a"));
                    self.audio()?
                } else {
                    form_of(film.unwrap_or_default())
                }
            }
            Some("video/webm" | "video/x-matroska") => {
                let film = self.ask(matroska::film)?.unwrap_or_default();
                if film.sides.is_none() && film.duration.is_some() {
                    mime_type = mime_type.map(|video| match video {
                        "video/webm" => "audio/webm",
                        _ => "audio/x-matroska",
                    });
                    Form::Audio { duration: film.duration, title: None, performer: None }
                } else {
                    form_of(film)
                }
            }
            Some("audio/midi") => Form::Document,
            Some(kind) if kind.starts_with("audio/") => self.audio()?,
            _ => Form::Document,
        };
        let mime_type = type_of(mime_type, self.name.as_deref(), self.claimed.as_deref());
        let name = self.name.clone().unwrap_or_else(|| format!("file.{}", ending.unwrap_or(NO_ENDING)));
        Ok(Content { form, mime_type, name, size: self.seen.size(), plain: false })
    }

    fn picture(&self, mime_type: &str) -> Result<Form, Range<u64>> {
        let sides = self.ask(picture::sides)?;
        Ok(sides.map_or(Form::Document, |(width, height)| {
            picture::form(mime_type, width, height, self.seen.size())
        }))
    }

    fn audio(&self) -> Result<Form, Range<u64>> {
        let heard = self.ask(audio::heard)?.unwrap_or_default();
        Ok(Form::Audio { duration: heard.duration, title: heard.title, performer: heard.performer })
    }

    /// What one reader makes of the bytes that are here; `None` where they make no sense to it.
    fn ask<T>(&self, read: impl FnOnce(&mut Glance<'_>) -> io::Result<T>) -> Result<Option<T>, Range<u64>> {
        let mut glance = self.seen.glance();
        let result = read(&mut glance);
        match glance.missing().and_then(|missing| self.read_at(missing)) {
            // A reader may take what is missing for the end of the file, and make something of the rest.
            Some(range) => Err(range),
            None => Ok(result.ok()),
        }
    }

    /// The next read, if there may be one.
    fn read_at(&self, position: u64) -> Option<Range<u64>> {
        let left = MOST_BYTES.saturating_sub(self.seen.kept());
        let wanted = self.seen.before(position).map_or(FIRST_READ, |before| before.saturating_mul(2));
        let length = wanted.clamp(FIRST_READ, LARGEST_READ).min(left);
        let end = position.saturating_add(length).min(self.seen.size());
        (self.reads < MOST_READS && position < end).then_some(position..end)
    }
}

impl fmt::Debug for Look {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Look").field("reads", &self.reads).finish_non_exhaustive()
    }
}

/// A film without a picture that can be shown is a file.
fn form_of(film: Film) -> Form {
    film.sides.map_or(Form::Document, |(width, height)| Form::Video {
        width,
        height,
        duration: film.duration,
        streams: film.streams,
    })
}

/// That many of `scale` units a second.
fn duration(units: u64, scale: u32) -> Option<Duration> {
    let scale = u64::from(scale);
    let rest = units.checked_rem(scale)?;
    let nanoseconds = u128::from(rest) * 1_000_000_000 / u128::from(scale);
    let whole = Duration::new(units / scale, u32::try_from(nanoseconds).ok()?);
    (!whole.is_zero()).then_some(whole)
}

#[cfg(test)]
mod tests;

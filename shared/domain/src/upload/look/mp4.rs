//! MP4 and `QuickTime` (ISO/IEC 14496-12): boxes in boxes, each with its length and its kind.
//!
//! Only boxes that say something here are opened. Tables of samples, megabytes in a long film, are passed over.

use std::io::{self, Seek, SeekFrom};
use std::time::Duration;

use super::glance::Glance;
use super::{Film, duration};

/// The kind of track that is seen.
const VIDEO: &[u8; 4] = b"vide";

/// One box: its kind, and where its content is.
struct Bounds {
    kind: [u8; 4],
    start: u64,
    end: u64,
}

/// One track, as far as it is read.
#[derive(Default)]
struct Track {
    is_video: bool,
    sides: (u32, u32),
}

/// Reads what there is to know of a film.
///
/// # Errors
///
/// Whatever it is not here, and where it makes no sense.
pub(super) fn film(file: &mut Glance<'_>) -> io::Result<Film> {
    let (mut at, end) = (0, file.size());
    let mut media_before = false;
    while let Some(bounds) = next_box(file, &mut at, end)? {
        match &bounds.kind {
            b"moov" => {
                let described = movie(file, &bounds)?;
                return Ok(Film { streams: !media_before, ..described });
            }
            b"mdat" => media_before = true,
            _ => {}
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

fn movie(file: &mut Glance<'_>, movie: &Bounds) -> io::Result<Film> {
    let (mut found, mut scale, mut at) = (Film::default(), 0, movie.start);
    while let Some(bounds) = next_box(file, &mut at, movie.end)? {
        match &bounds.kind {
            b"mvhd" => (scale, found.duration) = movie_header(file, &bounds)?,
            b"trak" => {
                let track = track(file, &bounds)?;
                if track.is_video && track.sides.0 > 0 && track.sides.1 > 0 {
                    found.sides = found.sides.or(Some(track.sides));
                }
            }
            // A film in fragments says its length here, if anywhere.
            b"mvex" => found.duration = found.duration.or(fragments_duration(file, &bounds, scale)?),
            _ => {}
        }
    }
    Ok(found)
}

fn movie_header(file: &mut Glance<'_>, header: &Bounds) -> io::Result<(u32, Option<Duration>)> {
    file.seek(SeekFrom::Start(header.start))?;
    let [version, ..] = file.next::<4>()?;
    file.seek(SeekFrom::Current(if version == 1 { 16 } else { 8 }))?;
    let scale = u32::from_be_bytes(file.next()?);
    Ok((scale, known_duration(file, version, scale)?))
}

fn fragments_duration(file: &mut Glance<'_>, extends: &Bounds, scale: u32) -> io::Result<Option<Duration>> {
    let mut at = extends.start;
    while let Some(bounds) = next_box(file, &mut at, extends.end)? {
        if &bounds.kind == b"mehd" {
            let [version, ..] = file.next::<4>()?;
            return known_duration(file, version, scale);
        }
    }
    Ok(None)
}

/// A duration as wide as the version of its box; all bits set where it is not known.
fn known_duration(file: &mut Glance<'_>, version: u8, scale: u32) -> io::Result<Option<Duration>> {
    let units = if version == 1 {
        Some(u64::from_be_bytes(file.next()?)).filter(|units| *units < u64::MAX)
    } else {
        Some(u32::from_be_bytes(file.next()?)).filter(|units| *units < u32::MAX).map(u64::from)
    };
    Ok(units.and_then(|units| duration(units, scale)))
}

fn track(file: &mut Glance<'_>, bounds: &Bounds) -> io::Result<Track> {
    let (mut track, mut at) = (Track::default(), bounds.start);
    while let Some(bounds) = next_box(file, &mut at, bounds.end)? {
        match &bounds.kind {
            b"tkhd" => track.sides = track_sides(file)?,
            b"mdia" => track.is_video = handler(file, &bounds)?.as_ref() == Some(VIDEO),
            _ => {}
        }
    }
    Ok(track)
}

/// Width and height as they are shown: a phone that is held upright records on its side, and a matrix turns it.
fn track_sides(file: &mut Glance<'_>) -> io::Result<(u32, u32)> {
    let [version, ..] = file.next::<4>()?;
    // Times, the track's number, its duration; then what is reserved, the layer, the group and the volume.
    file.seek(SeekFrom::Current(if version == 1 { 32 } else { 20 } + 16))?;
    let mut matrix = [0; 9];
    for number in &mut matrix {
        *number = u32::from_be_bytes(file.next()?);
    }
    let [width, height] = [u32::from_be_bytes(file.next()?) >> 16, u32::from_be_bytes(file.next()?) >> 16];
    let is_turned = matrix[0] == 0 && matrix[4] == 0 && matrix[1] != 0 && matrix[3] != 0;
    Ok(if is_turned { (height, width) } else { (width, height) })
}

fn handler(file: &mut Glance<'_>, media: &Bounds) -> io::Result<Option<[u8; 4]>> {
    let mut at = media.start;
    while let Some(bounds) = next_box(file, &mut at, media.end)? {
        if &bounds.kind == b"hdlr" {
            file.seek(SeekFrom::Current(8))?;
            return file.next().map(Some);
        }
    }
    Ok(None)
}

/// Reads the head of the box at `at`, and moves on behind it; `None` at the end. The file is at its content then.
fn next_box(file: &mut Glance<'_>, at: &mut u64, end: u64) -> io::Result<Option<Bounds>> {
    // A few zeros may fill the end.
    if end.saturating_sub(*at) < 8 {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(*at))?;
    let length = u32::from_be_bytes(file.next()?);
    let kind = file.next()?;
    let length = match length {
        0 => end - *at,
        1 => u64::from_be_bytes(file.next()?),
        length => length.into(),
    };
    let (start, box_end) = (file.position(), at.checked_add(length));
    let box_end = box_end.filter(|box_end| *box_end >= start && *box_end <= end);
    let box_end = box_end.ok_or(io::ErrorKind::InvalidData)?;
    *at = box_end;
    Ok(Some(Bounds { kind, start, end: box_end }))
}

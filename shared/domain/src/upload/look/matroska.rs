//! Matroska and `WebM` (RFC 9559, in EBML, RFC 8794): elements in elements, each with its id and its length.
//!
//! What describes the file comes before the first cluster of what is played, but in files of a few old programs; those
//! go as plain files.

use std::io::{self, Seek, SeekFrom};
use std::time::Duration;

use super::Film;
use super::glance::Glance;

const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1f43_b675;
const INFO: u32 = 0x1549_a966;
const SCALE: u32 = 0x2a_d7b1;
const DURATION: u32 = 0x4489;
const TRACKS: u32 = 0x1654_ae6b;
const TRACK: u32 = 0xae;
const VIDEO: u32 = 0xe0;
const WIDTH: u32 = 0xb0;
const HEIGHT: u32 = 0xba;

/// Nanoseconds of the unit of time, if the file names none.
const USUAL_SCALE: u64 = 1_000_000;

/// One element: its id, and where its content is.
struct Element {
    id: u32,
    start: u64,
    end: u64,
}

/// Reads what there is to know of a film.
///
/// # Errors
///
/// Whatever it is not here, and where it makes no sense.
pub(super) fn film(file: &mut Glance<'_>) -> io::Result<Film> {
    let (mut at, end) = (0, file.size());
    let segment = loop {
        match next_element(file, &mut at, end)? {
            Some(element) if element.id == SEGMENT => break element,
            Some(_) => {}
            None => return Err(io::ErrorKind::InvalidData.into()),
        }
    };
    let (mut found, mut at) = (Film::default(), segment.start);
    while let Some(element) = next_element(file, &mut at, segment.end)? {
        match element.id {
            INFO => found.duration = info(file, &element)?,
            TRACKS => found.sides = tracks(file, &element)?,
            CLUSTER => break,
            _ => {}
        }
    }
    Ok(found)
}

fn info(file: &mut Glance<'_>, info: &Element) -> io::Result<Option<Duration>> {
    let (mut scale, mut units, mut at) = (USUAL_SCALE, None, info.start);
    while let Some(element) = next_element(file, &mut at, info.end)? {
        match element.id {
            SCALE => scale = number(file, &element)?,
            DURATION => units = float(file, &element)?,
            _ => {}
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a unit of time is far below 2^53 nanoseconds")]
    let seconds = units.map(|units| units * scale as f64 / 1e9);
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    Ok(duration.filter(|duration| !duration.is_zero()))
}

/// The sides of the first track that is seen.
fn tracks(file: &mut Glance<'_>, tracks: &Element) -> io::Result<Option<(u32, u32)>> {
    let mut at = tracks.start;
    while let Some(track) = next_element(file, &mut at, tracks.end)? {
        let mut within = track.start;
        while track.id == TRACK
            && let Some(element) = next_element(file, &mut within, track.end)?
        {
            if element.id == VIDEO
                && let Some(sides) = sides(file, &element)?
            {
                return Ok(Some(sides));
            }
        }
    }
    Ok(None)
}

fn sides(file: &mut Glance<'_>, video: &Element) -> io::Result<Option<(u32, u32)>> {
    let (mut width, mut height, mut at) = (0, 0, video.start);
    while let Some(element) = next_element(file, &mut at, video.end)? {
        match element.id {
            WIDTH => width = number(file, &element)?,
            HEIGHT => height = number(file, &element)?,
            _ => {}
        }
    }
    let known = |side: u64| u32::try_from(side).ok().filter(|side| *side > 0);
    Ok(known(width).zip(known(height)))
}

/// A number of up to eight bytes.
fn number(file: &mut Glance<'_>, element: &Element) -> io::Result<u64> {
    if element.end - element.start > 8 {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut number = 0;
    for _ in element.start..element.end {
        let [byte] = file.next()?;
        number = number << 8 | u64::from(byte);
    }
    Ok(number)
}

fn float(file: &mut Glance<'_>, element: &Element) -> io::Result<Option<f64>> {
    Ok(match element.end - element.start {
        4 => Some(f32::from_be_bytes(file.next()?).into()),
        8 => Some(f64::from_be_bytes(file.next()?)),
        _ => None,
    })
}

/// Reads the head of the element at `at`, and moves on behind it; `None` at the end. The file is at its content then.
fn next_element(file: &mut Glance<'_>, at: &mut u64, end: u64) -> io::Result<Option<Element>> {
    if *at >= end {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(*at))?;
    let (id, _) = vint(file, 4)?;
    let (length, width) = vint(file, 8)?;
    let start = file.position();
    if start > end {
        return Err(io::ErrorKind::InvalidData.into());
    }
    // Ids keep the bit that says how long they are, lengths do not. A length of ones alone is not known: a recording
    // that went on when this was written.
    let length = length ^ 1 << (7 * width);
    let is_known = length != (1 << (7 * width)) - 1;
    let element_end = if is_known { start.checked_add(length) } else { Some(end) };
    let element_end = element_end.filter(|element_end| *element_end <= end);
    // What is cut off is read as far as it goes.
    *at = element_end.unwrap_or(end);
    let id = u32::try_from(id).map_err(|_| io::ErrorKind::InvalidData)?;
    Ok(Some(Element { id, start, end: *at }))
}

/// A number as long as the zeros before its first bit say, with that bit; and how many bytes it has.
fn vint(file: &mut Glance<'_>, longest: u32) -> io::Result<(u64, u32)> {
    let [first] = file.next()?;
    let width = first.leading_zeros() + 1;
    if width > longest {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut number = u64::from(first);
    for _ in 1..width {
        let [byte] = file.next()?;
        number = number << 8 | u64::from(byte);
    }
    Ok((number, width))
}

//! Files of each kind, as small as they can be, and the reading of them.

use std::io::Cursor;
use std::ops::Range;

use image::{ImageFormat, Rgb, RgbImage};

use super::super::{Look, MOST_BYTES, MOST_READS, Step};
use crate::upload::Content;

/// A file of zeros, but for some pieces.
pub(super) struct Bytes {
    size: u64,
    pieces: Vec<(u64, Vec<u8>)>,
}

impl Bytes {
    pub(super) fn with(size: u64, offset: u64, piece: Vec<u8>) -> Self {
        Self { size, pieces: vec![(offset, piece)] }
    }

    pub(super) fn and(mut self, offset: u64, piece: Vec<u8>) -> Self {
        self.pieces.push((offset, piece));
        self
    }

    fn read(&self, range: &Range<u64>) -> Vec<u8> {
        let byte = |at: u64| {
            self.pieces.iter().find_map(|(offset, piece)| {
                let within = usize::try_from(at.checked_sub(*offset)?).ok()?;
                piece.get(within).copied()
            })
        };
        range.clone().map(|at| byte(at).unwrap_or(0)).collect()
    }
}

/// What a look makes of a file, and what it read.
pub(super) fn look_through(
    file: &Bytes,
    name: Option<&str>,
    mime_type: Option<&str>,
) -> (Content, Vec<Range<u64>>) {
    let (mut look, mut reads) = (Look::new(file.size, name, mime_type), Vec::new());
    loop {
        match look.step() {
            Step::Done(content) => return (content, reads),
            Step::Read(range) => {
                assert!(range.start < range.end && range.end <= file.size, "{range:?}");
                look.take(range.start, &file.read(&range));
                reads.push(range);
                assert!(reads.len() <= MOST_READS);
                assert!(reads.iter().map(|range| range.end - range.start).sum::<u64>() <= MOST_BYTES);
            }
        }
    }
}

pub(super) fn look_at(
    bytes: &[u8],
    name: Option<&str>,
    mime_type: Option<&str>,
) -> (Content, Vec<Range<u64>>) {
    look_through(&Bytes::with(bytes.len() as u64, 0, bytes.to_vec()), name, mime_type)
}

pub(super) fn picture(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::from_pixel(width, height, Rgb([9, 90, 200])).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

pub(super) fn moving_webp() -> Vec<u8> {
    let mut webp = b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0".to_vec();
    webp.extend([9, 0, 0, 9, 0, 0]);
    webp
}

/// A box of that kind.
fn boxed(kind: &[u8], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 8).unwrap();
    [&length.to_be_bytes(), kind, content].concat()
}

pub(super) fn mp4(boxes: &[&[u8]]) -> Vec<u8> {
    [&boxed(b"ftyp", b"isom\0\0\0\0"), &boxes.concat()[..]].concat()
}

/// What is played.
pub(super) fn media() -> Vec<u8> {
    boxed(b"mdat", &[7; 1_000])
}

/// The head of what is played, of that many bytes with its head.
pub(super) fn large_media(length: u64) -> Vec<u8> {
    [&[0, 0, 0, 1], &b"mdat"[..], &(length + 12).to_be_bytes()].concat()
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// A number as wide as the version of a box wants it.
fn wide(version: u8, number: u32) -> Vec<u8> {
    if version == 1 { u64::from(number).to_be_bytes().to_vec() } else { number.to_be_bytes().to_vec() }
}

fn movie_header(version: u8, duration: u32) -> Vec<u8> {
    let times = [wide(version, 1), wide(version, 2)].concat();
    let rest = [&numbers(&[1_000])[..], &wide(version, duration), &[0; 80]].concat();
    boxed(b"mvhd", &[&[version, 0, 0, 0], &times[..], &rest].concat())
}

fn track(version: u8, handler: &[u8], sides: (u32, u32), matrix: [u32; 9]) -> Vec<u8> {
    let times = [wide(version, 1), wide(version, 2)].concat();
    let track = [&numbers(&[1, 0])[..], &wide(version, 60_000), &[0; 16]].concat();
    let shown = numbers(&[&matrix[..], &[sides.0 << 16, sides.1 << 16]].concat());
    let header = boxed(b"tkhd", &[&[version, 0, 0, 7], &times[..], &track, &shown].concat());
    let handler = boxed(b"hdlr", &[&[0; 8], handler, &[0; 13]].concat());
    let media = boxed(b"mdia", &[boxed(b"mdhd", &[0; 24]), handler, boxed(b"minf", &[0; 50])].concat());
    boxed(b"trak", &[header, media].concat())
}

/// The description of a minute of film.
pub(super) fn movie(version: u8, handler: &[u8], sides: (u32, u32), matrix: [u32; 9]) -> Vec<u8> {
    let tracks = [track(version, b"soun", (0, 0), [0; 9]), track(version, handler, sides, matrix)];
    boxed(b"moov", &[movie_header(version, 60_000), tracks.concat()].concat())
}

/// The description of a film that comes in fragments.
pub(super) fn fragmented(units: Option<u32>) -> Vec<u8> {
    let length = units.map(|units| boxed(b"mehd", &numbers(&[0, units]))).unwrap_or_default();
    let extends = boxed(b"mvex", &[length, boxed(b"trex", &[0; 24])].concat());
    let track = track(0, b"vide", (64, 36), [0; 9]);
    boxed(b"moov", &[movie_header(0, 0), track, extends].concat())
}

/// An element with that id.
fn element(id: &[u8], content: &[u8]) -> Vec<u8> {
    let length = u64::try_from(content.len()).unwrap() | 1 << 56;
    [id, &length.to_be_bytes(), content].concat()
}

/// A minute of Matroska, or a recording whose length was not known when it was written.
pub(super) fn matroska(kind: &str, sides: Option<(u16, u16)>, is_finished: bool) -> Vec<u8> {
    let length = 0x80 | u8::try_from(kind.len()).unwrap();
    let head = element(&[0x1a, 0x45, 0xdf, 0xa3], &[&[0x42, 0x82, length][..], kind.as_bytes()].concat());
    let length = if is_finished { element(&[0x44, 0x89], &60_000_f64.to_be_bytes()) } else { Vec::new() };
    let scale = element(&[0x2a, 0xd7, 0xb1], &1_000_000_u32.to_be_bytes());
    let info = element(&[0x15, 0x49, 0xa9, 0x66], &[scale, length].concat());
    let video = sides.map(|(width, height)| {
        let sides =
            [element(&[0xb0], &width.to_be_bytes()), element(&[0xba], &height.to_be_bytes())].concat();
        element(&[0xae], &[element(&[0x83], &[1]), element(&[0xe0], &sides)].concat())
    });
    let sound = element(&[0xae], &element(&[0x83], &[2]));
    let tracks = [sound, video.unwrap_or_default()].concat();
    let tracks = element(&[0x16, 0x54, 0xae, 0x6b], &tracks);
    let cluster = element(&[0x1f, 0x43, 0xb6, 0x75], &[7; 500]);
    let content = [info, tracks, cluster].concat();
    let segment = [0x18, 0x53, 0x80, 0x67];
    if is_finished {
        [head, element(&segment, &content)].concat()
    } else {
        [&head, &segment[..], &[0xff], &content].concat()
    }
}

/// Seconds of silence, of 8,000 samples of one byte each.
pub(super) fn wav(seconds: u32) -> Vec<u8> {
    let data = vec![128; seconds as usize * 8_000];
    let length = u32::try_from(data.len()).unwrap();
    let mut wav = [&b"RIFF"[..], &(length + 36).to_le_bytes(), b"WAVEfmt ", &16_u32.to_le_bytes()].concat();
    wav.extend([1, 0, 1, 0]);
    wav.extend([8_000_u32.to_le_bytes(), 8_000_u32.to_le_bytes()].concat());
    wav.extend([1, 0, 8, 0]);
    [&wav, &b"data"[..], &length.to_le_bytes(), &data].concat()
}

/// A hundred frames of 26 ms, after a tag.
pub(super) fn mp3(title: &str, performer: &str) -> Vec<u8> {
    let frame = |id: &[u8; 4], text: &str| {
        let length = u32::try_from(text.len() + 1).unwrap();
        [id, &length.to_be_bytes()[..], &[0, 0, 3], text.as_bytes()].concat()
    };
    let frames = [frame(b"TIT2", title), frame(b"TPE1", performer)].concat();
    let tag = [&b"ID3\x04\0\0\0\0\0"[..], &[u8::try_from(frames.len()).unwrap()], &frames].concat();
    // MPEG 1, layer 3, 128 kbit/s, 44.1 kHz: 417 bytes.
    let sound = [&[0xff, 0xfb, 0x90, 0][..], &[0; 413]].concat().repeat(100);
    [tag, sound].concat()
}

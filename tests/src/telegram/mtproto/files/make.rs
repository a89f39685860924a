//! Photos and documents from what somebody sends, made as Telegram makes them.

use std::io::Cursor;

use image::{DynamicImage, ImageReader, Limits};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use rusqlite::Result;

use super::bytes::{Bytes, Writing};
use super::{Document, File, Form, Kind, Shape, Size};
use crate::telegram::mtproto::random;
use crate::telegram::mtproto::store::Store;

/// The largest photo, in bytes (`MAX_PHOTO_SIZE` of tdlib/td; core.telegram.org/bots/api#sending-files says 10 MB). Larger
/// pictures go as documents.
pub(in super::super) const LARGEST_PHOTO: u64 = 10 * 1024 * 1024;

/// Pixels of a photo's width and height together (tdlib/td#2544).
const LARGEST_SIDES: u32 = 10_000;

/// How many times longer a photo's long side may be (tdlib/td#2544).
const LARGEST_RATIO: u32 = 20;

/// The largest thumbnail that somebody sends with a document, in bytes and in pixels
/// (core.telegram.org/bots/api#sendvideo). Others are left aside.
const LARGEST_THUMB: u64 = 200 * 1000;
const THUMB_BOX: u32 = 320;

/// The largest video that is taken for an animation when it has no sound, in bytes. Ours: what apps send as GIFs is
/// smaller.
const LARGEST_ANIMATION: u64 = 10 * 1024 * 1024;

/// The boxes that the sizes of a photo fit in, in pixels (core.telegram.org/api/files#image-thumbnail-types).
const BOXES: [(char, u32); 4] = [('m', 320), ('x', 800), ('y', 1280), ('w', 2560)];

/// The box of the size that is stripped, in pixels.
const STRIPPED_BOX: u32 = 40;

/// The quality of the size that is stripped: its quantisation is a part of the header that all have in common.
const STRIPPED_QUALITY: u8 = 20;

/// The quality of the others, as Telegram's own apps have it.
const QUALITY: u8 = 87;

/// Bytes before the pixels of a tiny JPEG: the same for all, but for height and width.
const HEADER: usize = 623;

/// Bytes after them.
const FOOTER: usize = 2;

/// The most pixels in memory, in bytes.
const MEMORY: u64 = 256 * 1024 * 1024;

impl File {
    pub(in super::super) fn new(owner: i64, dc: i32, date: u64, kind: Kind) -> Self {
        let (id, access_hash, secret) = (random::id(), random::id(), random::id());
        Self { id, access_hash, owner, dc, date, secret, epoch: 0, kind, original: None }
    }
}

/// Why something is no photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum BadPhoto {
    /// It has too many bytes.
    TooLarge,
    /// It is too wide, too high or too narrow.
    Dimensions,
    /// It is no picture.
    Unreadable,
}

impl BadPhoto {
    /// Telegram's name for it. That of a photo of too many bytes was seen by zhukov/webogram#1011.
    pub(in super::super) const fn name(self) -> &'static str {
        match self {
            Self::TooLarge => "PHOTO_SAVE_FILE_INVALID",
            Self::Dimensions => "PHOTO_INVALID_DIMENSIONS",
            Self::Unreadable => "IMAGE_PROCESS_FAILED",
        }
    }
}

/// The sizes of a photo.
pub(in super::super) fn photo(store: &Store, bytes: &Bytes) -> Result<Result<Vec<Size>, BadPhoto>> {
    if bytes.size() > LARGEST_PHOTO {
        return Ok(Err(BadPhoto::TooLarge));
    }
    let bytes = bytes.read(store, 0, LARGEST_PHOTO)?;
    let Some((width, height)) = reader(&bytes).and_then(|reader| reader.into_dimensions().ok()) else {
        return Ok(Err(BadPhoto::Unreadable));
    };
    let (long, short) = (width.max(height), width.min(height));
    if long.saturating_add(short) > LARGEST_SIDES || long > short.saturating_mul(LARGEST_RATIO) {
        return Ok(Err(BadPhoto::Dimensions));
    }
    let Some(picture) = decode(&bytes) else { return Ok(Err(BadPhoto::Unreadable)) };
    let longest = picture.width().max(picture.height());
    let smaller = BOXES.iter().take_while(|(_, side)| *side < longest).count();
    let mut sizes = vec![stripped(store, &picture)?];
    for (letter, side) in BOXES.into_iter().take(smaller + 1) {
        let fitted = fit(&picture, side);
        let progressive = letter == 'y' || letter == 'w';
        let jpeg = encode(&fitted, QUALITY, progressive);
        let prefixes = prefixes(&jpeg);
        let bytes = keep(store, &jpeg)?;
        let shape = if progressive { Shape::Progressive { bytes, prefixes } } else { Shape::Plain(bytes) };
        sizes.push(size(letter, &fitted, shape));
    }
    Ok(Ok(sizes))
}

/// A document. One that is a picture has thumbs.
pub(in super::super) fn document(
    store: &Store,
    bytes: Bytes,
    mime_type: &str,
    name: Option<String>,
    as_file: bool,
) -> Result<Document> {
    let mime_type = mime_type.to_ascii_lowercase();
    let mut thumbs = Vec::new();
    let mut form = match mime_type.split('/').next() {
        Some("video") if !as_file => Form::Video { width: 0, height: 0, duration: 0.0, streams: true },
        Some("audio") if !as_file => Form::Music { duration: 0, title: None, performer: None },
        _ => Form::Plain,
    };
    if mime_type.starts_with("image/")
        && bytes.size() <= LARGEST_PHOTO
        && let Some(picture) = decode(&bytes.read(store, 0, LARGEST_PHOTO)?)
    {
        form = Form::Picture { width: pixels(picture.width()), height: pixels(picture.height()) };
        thumbs = thumbs_of(store, &picture)?;
    }
    Ok(Document { bytes, mime_type, name, form, thumbs })
}

/// The thumbs of a document whose sender made one; none if it cannot be used.
pub(in super::super) fn thumbs(store: &Store, bytes: &Bytes) -> Result<Vec<Size>> {
    if bytes.size() > LARGEST_THUMB {
        return Ok(Vec::new());
    }
    let picture = decode(&bytes.read(store, 0, LARGEST_THUMB)?);
    match picture.filter(|picture| picture.width().max(picture.height()) <= THUMB_BOX) {
        Some(picture) => thumbs_of(store, &picture),
        None => Ok(Vec::new()),
    }
}

/// Whether a file is a video that has pictures and no sound, as far as its tracks say so.
pub(in super::super) fn is_silent(store: &Store, bytes: &Bytes) -> Result<bool> {
    /// From the name of a track's handler box to the kind of its handler: two fields of four bytes (ISO/IEC 14496-12).
    const HANDLER: usize = 4 + 4 + 4;

    if bytes.size() > LARGEST_ANIMATION {
        return Ok(false);
    }
    let content = bytes.read(store, 0, LARGEST_ANIMATION)?;
    let boxes = content.windows(HANDLER + 4).filter(|window| window.starts_with(b"hdlr"));
    let kinds: Vec<_> = boxes.map(|window| &window[HANDLER..]).collect();
    let has = |kind: &[u8; 4]| kinds.contains(&kind.as_slice());
    Ok(has(b"vide") && !has(b"soun"))
}

fn thumbs_of(store: &Store, picture: &DynamicImage) -> Result<Vec<Size>> {
    let (letter, side) = BOXES[0];
    let fitted = fit(picture, side);
    let jpeg = keep(store, &encode(&fitted, QUALITY, false))?;
    Ok(vec![stripped(store, picture)?, size(letter, &fitted, Shape::Plain(jpeg))])
}

/// Keeps bytes that are in memory.
pub(in super::super) fn keep(store: &Store, bytes: &[u8]) -> Result<Bytes> {
    let mut writing = Writing::begin();
    writing.write(store, bytes)?;
    writing.finish(store)
}

/// How many first bytes of a progressive JPEG make a picture, the whole of it last. Telegram gives five of
/// them.
pub(in super::super) fn prefixes(jpeg: &[u8]) -> Vec<i32> {
    /// Start of scan. It cannot occur inside a scan, where 0 follows each 0xff that is none.
    const SCAN: [u8; 2] = [0xff, 0xda];

    let starts: Vec<_> = jpeg
        .windows(SCAN.len())
        .enumerate()
        .filter(|(_, bytes)| *bytes == SCAN)
        .skip(1)
        .map(|(at, _)| at)
        .collect();
    let kept = (0..4).filter_map(|number| starts.get(number * starts.len() / 4));
    let ends = kept.copied().chain([jpeg.len()]);
    ends.map(|end| i32::try_from(end).unwrap_or(i32::MAX)).collect()
}

fn reader(bytes: &[u8]) -> Option<ImageReader<Cursor<&[u8]>>> {
    ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()
}

fn decode(bytes: &[u8]) -> Option<DynamicImage> {
    let mut reader = reader(bytes)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MEMORY);
    reader.limits(limits);
    reader.decode().ok()
}

/// Smaller where it has to be, never larger.
fn fit(picture: &DynamicImage, side: u32) -> DynamicImage {
    let fits = picture.width().max(picture.height()) <= side;
    if fits { picture.clone() } else { picture.thumbnail(side, side) }
}

fn stripped(store: &Store, picture: &DynamicImage) -> Result<Size> {
    let fitted = fit(picture, STRIPPED_BOX);
    let jpeg = encode(&fitted, STRIPPED_QUALITY, false);
    let side = |pixels: u32| u8::try_from(pixels).unwrap_or(u8::MAX);
    let mut bytes = vec![1, side(fitted.height()), side(fitted.width())];
    bytes.extend(jpeg.get(HEADER..jpeg.len() - FOOTER).unwrap_or_default());
    Ok(size('i', &fitted, Shape::Stripped(keep(store, &bytes)?)))
}

fn size(letter: char, picture: &DynamicImage, shape: Shape) -> Size {
    Size { letter, width: pixels(picture.width()), height: pixels(picture.height()), shape }
}

fn pixels(side: u32) -> i32 {
    i32::try_from(side).unwrap_or(i32::MAX)
}

/// # Panics
/// The picture has more than 65,535 pixels in a row, which no size of a photo has.
fn encode(picture: &DynamicImage, quality: u8, progressive: bool) -> Vec<u8> {
    let pixels = picture.to_rgb8();
    let side = |pixels| u16::try_from(pixels).expect("sizes of photos are small");
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, quality);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.set_progressive(progressive);
    encoder
        .encode(pixels.as_raw(), side(pixels.width()), side(pixels.height()), ColorType::Rgb)
        .expect("a vector takes all that is written, and the picture has all its pixels");
    jpeg
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32) -> Vec<u8> {
        let pixels = image::RgbImage::from_fn(width, height, |x, y| {
            let part = |at: u32, of: u32| u8::try_from(at * 255 / of).unwrap();
            image::Rgb([part(x, width), part(y, height), 128])
        });
        let mut png = Cursor::new(Vec::new());
        pixels.write_to(&mut png, image::ImageFormat::Png).unwrap();
        png.into_inner()
    }

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("cloud.sqlite")).unwrap();
        (folder, store)
    }

    #[test]
    fn a_photo_has_a_size_for_every_box_that_it_fills() {
        let (_folder, store) = store();
        let made = |content: &[u8]| photo(&store, &keep(&store, content).unwrap()).unwrap();
        let sizes = made(&picture(1000, 500)).unwrap();
        let seen: Vec<_> = sizes.iter().map(|size| (size.letter, size.width, size.height)).collect();
        assert_eq!(seen, [('i', 40, 20), ('m', 320, 160), ('x', 800, 400), ('y', 1000, 500)]);
        for size in &sizes[1..] {
            let bytes = size.file().unwrap();
            let jpeg = bytes.read(&store, 0, bytes.size()).unwrap();
            let decoded = decode(&jpeg).unwrap();
            assert_eq!((pixels(decoded.width()), pixels(decoded.height())), (size.width, size.height));
        }
        let Shape::Progressive { bytes, prefixes } = &sizes[3].shape else {
            panic!("the largest is progressive")
        };
        assert!(prefixes.is_sorted() && prefixes.len() == 5, "{prefixes:?}");
        assert_eq!(u64::try_from(prefixes[4]).unwrap(), bytes.size());
        let why = |content: &[u8]| made(content).err();
        assert_eq!(why(b"no picture"), Some(BadPhoto::Unreadable));
        assert_eq!(why(&picture(1000, 500)[..2000]), Some(BadPhoto::Unreadable));
        assert_eq!(why(&picture(2020, 100)), Some(BadPhoto::Dimensions));
        assert_eq!(why(&picture(2000, 100)), None);
        assert_eq!(why(&picture(1000, 9001)), Some(BadPhoto::Dimensions));
        let zeros = vec![0; usize::try_from(LARGEST_PHOTO).unwrap() + 1];
        assert_eq!(why(&zeros), Some(BadPhoto::TooLarge));
    }

    #[test]
    fn a_video_without_a_track_of_sound_is_silent() {
        let (_folder, store) = store();
        let silent = |name: &str| is_silent(&store, &Bytes::Bundled(name.to_owned())).unwrap();
        assert!(silent("animation.mp4"));
        assert!(!silent("video-h264.mp4"));
        assert!(!silent("document.pdf"));
    }

    #[test]
    fn a_stripped_size_is_a_jpeg_again_with_what_another_has_in_common() {
        let (_folder, store) = store();
        let picture = decode(&picture(400, 300)).unwrap();
        let Size { shape: Shape::Stripped(bytes), .. } = stripped(&store, &picture).unwrap() else {
            panic!("it is stripped")
        };
        let bytes = bytes.read(&store, 0, bytes.size()).unwrap();
        assert_eq!(bytes[..3], [1, 30, 40]);
        let other = encode(&DynamicImage::new_rgb8(40, 30), STRIPPED_QUALITY, false);
        let jpeg = [&other[..HEADER], &bytes[3..], &[0xff, 0xd9]].concat();
        let (got, wanted) = (decode(&jpeg).unwrap().to_rgb8(), picture.thumbnail(40, 30).to_rgb8());
        for (got, wanted) in got.as_raw().iter().zip(wanted.as_raw()) {
            assert!(got.abs_diff(*wanted) < 48, "{got} {wanted}");
        }
    }
}

//! Files that are not what they begin as.

use image::ImageFormat;
use proptest::prelude::*;

use super::super::*;
use super::files::{self, Bytes, look_at, look_through};

/// Small files of each kind.
fn samples() -> Vec<Vec<u8>> {
    let movie = files::movie(1, b"vide", (640, 360), [0; 9]);
    vec![
        files::picture(30, 20, ImageFormat::Jpeg),
        files::picture(30, 20, ImageFormat::Png),
        files::picture(30, 20, ImageFormat::WebP),
        b"GIF89a\x05\x00\x04\x00\x00\x00\x00;".to_vec(),
        b"\0\0\0\x18ftypheic\0\0\0\0heicmif1\0\0\0\x20meta\0\0\0\0\0\0\0\x14iprp\0\0\0\x0cipco\0\0\0\0"
            .to_vec(),
        files::mp4(&[&movie, &files::media()]),
        files::mp4(&[&files::media(), &files::fragmented(Some(1))]),
        files::mp4(&[&files::movie(0, b"soun", (0, 0), [0; 9])]),
        [&b"\0\0\0\x10ftypM4A \0\0\0\0"[..], &files::movie(0, b"soun", (0, 0), [0; 9])].concat(),
        files::matroska("webm", Some((1, 1)), true),
        files::matroska("matroska", None, false),
        files::wav(1),
        files::mp3("A title", "Somebody"),
        b"fLaC\x80\0\0\x22\x10\0\x10\0\0\0\0\0\0\0\x0a\xc4\x42\xf0\0\0\xac\x440000000000000000".to_vec(),
        b"OggS\0\x02\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\x01\x13OpusHead\x01\x02\0\0\x80\xbb\0\0\0\0\0"
            .to_vec(),
        b"OggS\0\x02\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\x01\x1e\x01vorbis\0\0\0\0\x02\x44\xac\0\0"
            .to_vec(),
        b"FORM\0\0\0\x2eAIFFCOMM\0\0\0\x12\0\x01\0\0\0\x01\0\x08\x40\x0b\xfa\0\0\0\0\0\0\0".to_vec(),
        b"\xff\xf1\x50\x80\x02\x1f\xfc".repeat(9),
        b"MAC \x96\x0f\0\0\0\0\0\0\0\0\0\0".repeat(3),
        b"%PDF-1.7 and more of it".to_vec(),
        b"PK\x03\x04\x14\0\0\0\0\0[Content_Types].xml".to_vec(),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".repeat(8),
    ]
}

fn any_sample() -> impl Strategy<Value = Vec<u8>> {
    prop::sample::select(samples())
}

#[test]
fn a_file_that_is_cut_anywhere_is_still_some_file() {
    for sample in samples() {
        for length in 0..sample.len().min(2_000) {
            look_at(&sample[..length], None, None);
        }
    }
}

#[test]
fn an_element_whose_head_does_not_fit_into_the_one_around_it_is_none() {
    let whole = files::matroska("webm", Some((1, 1)), true);
    let tracks = whole.windows(4).position(|id| id == [0x16, 0x54, 0xae, 0x6b]).unwrap();
    // The last byte of the length of the tracks.
    for length in 0..64 {
        let mut cut = whole.clone();
        cut[tracks + 11] = length;
        look_at(&cut, None, None);
    }
}

#[test]
fn boxes_in_a_circle_end() {
    // Boxes without content, as many as fit.
    let movie = b"\0\0\0\x08free".repeat(2_000_000);
    let (content, _) = look_at(&files::mp4(&[&movie]), None, None);
    assert_eq!(content.form, Form::Document);
}

#[test]
fn a_tag_that_claims_gigabytes_costs_none() {
    let mut mp3 = files::mp3("A title", "Somebody");
    mp3[6..10].copy_from_slice(&[0x7f; 4]);
    let (content, reads) = look_through(&Bytes::with(3_000_000_000, 0, mp3), None, None);
    assert!(matches!(content.form, Form::Audio { .. }));
    assert!(reads.len() <= MOST_READS);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn bytes_that_go_on_otherwise_than_they_begin_are_some_file(
        sample in any_sample(),
        kept in 0_usize..64,
        rest in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let bytes = [&sample[..kept.min(sample.len())], &rest].concat();
        look_at(&bytes, None, None);
    }

    #[test]
    fn files_with_altered_bytes_are_some_file(
        sample in any_sample(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let mut bytes = sample;
        for (at, value) in changes {
            let at = at.index(bytes.len().min(600));
            bytes[at] = value;
        }
        look_at(&bytes, None, None);
    }

    #[test]
    fn a_large_file_is_never_read_whole(
        sample in any_sample(),
        size in 10_000_000_u64..4_000_000_000,
        change in (0_usize..200, any::<u8>()),
    ) {
        let mut bytes = sample;
        if let Some(byte) = bytes.get_mut(change.0) {
            *byte = change.1;
        }
        let mut look = Look::new(size, None, None);
        let mut reads = 0;
        while let Step::Read(range) = look.step() {
            let mut read = vec![0; usize::try_from(range.end - range.start).unwrap()];
            let from = usize::try_from(range.start).unwrap().min(bytes.len());
            let length = read.len().min(bytes.len() - from);
            read[..length].copy_from_slice(&bytes[from..from + length]);
            look.take(range.start, &read);
            reads += 1;
            prop_assert!(reads <= MOST_READS);
            prop_assert!(look.seen.kept() <= MOST_BYTES);
        }
    }

    #[test]
    fn any_bytes_are_some_file(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        look_at(&bytes, None, None);
    }
}

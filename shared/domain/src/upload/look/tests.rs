//! Files of each kind are told apart by a few reads, and nothing that claims to be one does harm.

mod files;
mod hostile;

use std::time::Duration;

use self::files::{Bytes, look_at, look_through};
use super::*;

const MINUTE: Option<Duration> = Some(Duration::from_mins(1));

fn form_of_bytes(bytes: &[u8]) -> Form {
    look_at(bytes, None, None).0.form
}

#[test]
fn pictures_within_the_limits_are_photos_and_others_keep_their_sides() {
    for (format, mime_type, name) in [
        (image::ImageFormat::Jpeg, "image/jpeg", "file.jpg"),
        (image::ImageFormat::Png, "image/png", "file.png"),
        (image::ImageFormat::WebP, "image/webp", "file.webp"),
    ] {
        let (content, reads) = look_at(&files::picture(30, 20, format), None, None);
        assert_eq!(content.form, Form::Photo { width: 30, height: 20 }, "{mime_type}");
        assert_eq!((content.mime_type.as_str(), content.name.as_str(), reads.len()), (mime_type, name, 1));
    }
    let narrow = files::picture(41, 2, image::ImageFormat::Png);
    assert_eq!(form_of_bytes(&narrow), Form::Picture { width: 41, height: 2, moves: false });
    let gif = b"GIF89a\x05\x00\x04\x00\x00\x00\x00;";
    assert_eq!(form_of_bytes(gif), Form::Picture { width: 5, height: 4, moves: true });
    assert_eq!(form_of_bytes(&files::moving_webp()), Form::Document);
    assert_eq!(form_of_bytes(b"\x89PNG\r\n\x1a\n and nothing of the kind"), Form::Document);
}

#[test]
fn a_photo_of_too_many_bytes_is_a_picture() {
    let photo = Bytes::with(10_000_001, 0, files::picture(30, 20, image::ImageFormat::Png));
    let (content, reads) = look_through(&photo, None, None);
    assert_eq!(content.form, Form::Picture { width: 30, height: 20, moves: false });
    assert_eq!(reads.len(), 1);
}

#[test]
fn a_film_tells_its_sides_its_duration_and_whether_it_streams() {
    let film = |width, height, streams| Form::Video { width, height, duration: MINUTE, streams };
    let upright = [0, 1 << 16, 0, u32::MAX << 16, 0, 0, 0, 0, 1 << 30];
    let plain = [1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30];
    for version in [0, 1] {
        let movie = files::movie(version, b"vide", (640, 360), plain);
        let (content, _) = look_at(&files::mp4(&[&movie, &files::media()]), Some("a.mov"), None);
        assert_eq!(content.form, film(640, 360, true));
        assert_eq!((content.mime_type.as_str(), content.name.as_str()), ("video/mp4", "a.mov"));
        assert_eq!(form_of_bytes(&files::mp4(&[&files::media(), &movie])), film(640, 360, false));
        let turned = files::movie(version, b"vide", (640, 360), upright);
        assert_eq!(form_of_bytes(&files::mp4(&[&turned])), film(360, 640, true));
    }
}

#[test]
fn a_film_of_two_gigabytes_with_its_description_at_the_end_takes_a_few_small_reads() {
    let movie = files::movie(0, b"vide", (1920, 1080), [0; 9]);
    let size = 2_000 * 1024 * 1024;
    let start = size - movie.len() as u64;
    let head = files::mp4(&[&files::large_media(start - 28)]);
    let film = Bytes::with(size, 0, head).and(start, movie);
    let (content, reads) = look_through(&film, None, None);
    assert_eq!(content.form, Form::Video { width: 1920, height: 1080, duration: MINUTE, streams: false });
    assert_eq!(reads, [0..65_536, start..size]);
}

#[test]
fn a_film_in_fragments_says_its_length_elsewhere_or_nowhere() {
    for (units, duration) in [(Some(60_000), MINUTE), (None, None)] {
        let movie = files::fragmented(units);
        let streamed = Form::Video { width: 64, height: 36, duration, streams: true };
        assert_eq!(form_of_bytes(&files::mp4(&[&movie])), streamed);
    }
}

#[test]
fn a_film_without_a_picture_is_sound() {
    let movie = files::movie(0, b"soun", (0, 0), [0; 9]);
    let (content, _) = look_at(&files::mp4(&[&movie, &files::media()]), None, None);
    assert!(matches!(content.form, Form::Audio { .. }), "{content:?}");
    assert_eq!((content.mime_type.as_str(), content.name.as_str()), ("audio/mp4", "file.m4a"));
}

#[test]
fn matroska_tells_the_same() {
    for (kind, mime_type) in [("webm", "video/webm"), ("matroska", "video/x-matroska")] {
        let (content, reads) = look_at(&files::matroska(kind, Some((320, 240)), true), None, None);
        let film = Form::Video { width: 320, height: 240, duration: MINUTE, streams: false };
        assert_eq!((content.form, content.mime_type.as_str(), reads.len()), (film, mime_type, 1));
    }
    let recording = files::matroska("webm", Some((320, 240)), false);
    let film = Form::Video { width: 320, height: 240, duration: None, streams: false };
    assert_eq!(form_of_bytes(&recording), film);
    let (content, _) = look_at(&files::matroska("webm", None, true), None, None);
    assert_eq!(content.form, Form::Audio { duration: MINUTE, title: None, performer: None });
    assert_eq!(content.mime_type, "audio/webm");
}

#[test]
fn sound_tells_its_duration_and_what_its_tags_say() {
    let (content, _) = look_at(&files::wav(2), Some("a.wav"), None);
    let plain = Form::Audio { duration: Some(Duration::from_secs(2)), title: None, performer: None };
    assert_eq!(content.form, plain);
    let (content, _) = look_at(&files::mp3("A title", "Somebody"), Some("a.mp3"), None);
    let Form::Audio { duration, title, performer } = content.form else { panic!("{content:?}") };
    assert_eq!((title.as_deref(), performer.as_deref()), (Some("A title"), Some("Somebody")));
    assert!(duration.is_some_and(|duration| (2_500..2_700).contains(&duration.as_millis())), "{duration:?}");
    assert_eq!(content.mime_type, "audio/mpeg");
}

#[test]
fn what_is_nothing_of_that_is_a_document_with_a_clean_name() {
    let (content, reads) = look_at(b"plain text", Some("../a\r\n.txt"), Some("a/b"));
    let expected = Content {
        form: Form::Document,
        mime_type: "text/plain".to_owned(),
        name: "a.txt".to_owned(),
        size: 10,
        plain: false,
    };
    assert_eq!((content, reads.len()), (expected, 1));
    let (content, _) = look_at(b"x", Some(".."), None);
    assert_eq!((content.name.as_str(), content.mime_type.as_str()), ("file.bin", "application/octet-stream"));
    let (content, reads) = look_at(b"", None, None);
    assert_eq!((content.form, content.size, reads.len()), (Form::Document, 0, 0));
}

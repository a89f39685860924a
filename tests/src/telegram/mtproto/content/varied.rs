//! The first account: something of everything that Saved Messages hold.

use rusqlite::Result;

use super::super::files::{Form, Shape, Size};
use super::super::history::{Draft, Forward, Media, Message, TELEGRAM_USER_ID, WebPage, skip};
use super::super::random;
use super::{Chat, bundle, document, landscape, noise, plain, portrait, stripped};

/// The name and the size of the file that is large, in bytes: no multiple of anything that is fetched at once.
const LARGE_FILE: (&str, u64) = ("large-file.bin", 20_000_003);

/// Where the account lives, and another data centre with an address for files, and one without.
const HOME: i32 = 2;
const OTHER: i32 = 1;
const PLAIN: i32 = 3;

const DAY_S: u64 = 86_400;

pub(super) fn fill(saved: &Chat<'_>) -> Result<()> {
    let telegram = Chat { peer: TELEGRAM_USER_ID, ..*saved };
    skip(saved.store, saved.account, 100)?;
    let origin = telegram.text(0, "New login. Dear Ada, we detected a login into your account.")?;
    saved.text(600, "Things to keep")?;
    saved.file(700, HOME, landscape(), "")?;
    saved.file(DAY_S, HOME, portrait(), "Orange above blue.\nThe second line of a caption.")?;
    videos(saved, 2 * DAY_S)?;
    telegram.file(3 * DAY_S, HOME, portrait(), "A picture that is not in Saved Messages")?;
    sounds(saved, 3 * DAY_S)?;
    let deleted = saved.file(4 * DAY_S, HOME, landscape(), "Deleted since")?;
    Message::delete(saved.store, saved.account, deleted.id)?;
    documents(saved, 4 * DAY_S)?;
    skip(saved.store, saved.account, 7)?;
    names(saved, 5 * DAY_S)?;
    album(saved, 6 * DAY_S)?;
    saved.text(6 * DAY_S + 60, "Между фотографиями и файлами")?;
    forwarded(saved, &origin, 7 * DAY_S)?;
    page(saved, 7 * DAY_S + 60)?;
    saved.file(8 * DAY_S, HOME, portrait(), "The newest photo")?;
    Ok(())
}

fn videos(saved: &Chat<'_>, at_s: u64) -> Result<()> {
    let thumbs = || vec![stripped("video", 40, 23), plain('m', 320, 180, "video-m.jpg")];
    let film = Form::Video { width: 640, height: 360, duration: 12.0, streams: true };
    let mp4 = "video/mp4";
    let video = document("video-h264.mp4", Some("test-pattern.mp4"), mp4, film.clone(), thumbs());
    saved.file(at_s, HOME, video, "Twelve seconds of a test pattern")?;
    let video = document("video-vp9.mp4", Some("test-pattern-vp9.mp4"), mp4, film, thumbs());
    saved.file(at_s + 60, HOME, video, "")?;
    let form = Form::Video { width: 480, height: 270, duration: 6.0, streams: false };
    let video = document("video.webm", Some("test-pattern.webm"), "video/webm", form, Vec::new());
    saved.file(at_s + 120, OTHER, video, "")?;
    let form = Form::Animation { width: 320, height: 240, duration: 2.0 };
    saved.file(
        at_s + 180,
        HOME,
        document("animation.mp4", Some("animation.gif.mp4"), mp4, form, thumbs()),
        "",
    )?;
    let form = Form::Round { side: 240, duration: 3.0 };
    saved.file(at_s + 240, OTHER, document("round.mp4", None, mp4, form, Vec::new()), "")?;
    saved.text(at_s + 300, "Five moving pictures")?;
    Ok(())
}

fn sounds(saved: &Chat<'_>, at_s: u64) -> Result<()> {
    // Peaks of five bits each, as many as apps draw.
    let waveform = (0..63_u8).map(|at| at.wrapping_mul(37)).collect();
    let form = Form::Voice { duration: 5, waveform };
    saved.file(at_s + 60, OTHER, document("voice.ogg", None, "audio/ogg", form, Vec::new()), "")?;
    let form = Form::Music {
        duration: 8,
        title: Some("Tone in C".to_owned()),
        performer: Some("The Oscillators".to_owned()),
    };
    let music =
        document("music.mp3", Some("The Oscillators - Tone in C.mp3"), "audio/mpeg", form, Vec::new());
    saved.file(at_s + 120, HOME, music, "A tone")?;
    Ok(())
}

fn documents(saved: &Chat<'_>, at_s: u64) -> Result<()> {
    let pdf = document("document.pdf", Some("document.pdf"), "application/pdf", Form::Plain, Vec::new());
    saved.file(at_s + 60, PLAIN, pdf, "One page")?;
    let (name, size) = LARGE_FILE;
    saved.file(at_s + 120, HOME, noise(1, size, name, "application/octet-stream"), "Twenty megabytes")?;
    let form = Form::Sticker { width: 512, height: 512, emoji: "🙂".to_owned() };
    let outline = Size { letter: 'j', width: 512, height: 512, shape: Shape::Path(bundle("sticker-j.bin")) };
    let thumbs = vec![outline, plain('m', 128, 128, "sticker-m.webp")];
    saved.file(
        at_s + 180,
        HOME,
        document("sticker.webp", Some("sticker.webp"), "image/webp", form, thumbs),
        "",
    )?;
    let form = Form::Picture { width: 1280, height: 853 };
    let thumbs = vec![stripped("landscape", 40, 27), plain('m', 320, 213, "landscape-m.jpg")];
    let picture = document("landscape-y.jpg", Some("landscape.jpg"), "image/jpeg", form, thumbs);
    saved.file(at_s + 240, HOME, picture, "A picture sent as a file")?;
    Ok(())
}

/// Names that break what is careless about them.
fn names(saved: &Chat<'_>, at_s: u64) -> Result<()> {
    let names = [
        "Отчёт за июнь.txt",
        "تقرير الشهر.txt",
        "🏖 holiday 👩‍👩‍👧.zip",
        "a \"quoted\" and 'single' name.txt",
        "first line\nsecond line.txt",
        "../../etc/passwd",
        "no extension",
        "semi;colon, comma=100%.csv",
    ];
    for (number, name) in (0..).zip(names) {
        // Each has another size, small ones among them.
        let file = noise(100 + number, 1 + number * number * 1_777, name, "application/octet-stream");
        saved.file(at_s + number * 60, if number % 3 == 0 { OTHER } else { HOME }, file, "")?;
    }
    let page = document("document.pdf", None, "application/pdf", Form::Plain, Vec::new());
    saved.file(at_s + 3600, HOME, page, "A file without a name")?;
    Ok(())
}

fn album(saved: &Chat<'_>, at_s: u64) -> Result<()> {
    let album = Some(random::id());
    saved.album(at_s, HOME, landscape(), "Three of a kind", album)?;
    saved.album(at_s, HOME, portrait(), "", album)?;
    saved.album(at_s, OTHER, landscape(), "", album)?;
    Ok(())
}

fn forwarded(saved: &Chat<'_>, origin: &Message, at_s: u64) -> Result<()> {
    let forward = Some(Forward { peer: origin.peer, message_id: origin.id, date: origin.date });
    saved.message(at_s, Draft { text: origin.text.clone(), forward, ..Draft::default() })?;
    Ok(())
}

fn page(saved: &Chat<'_>, at_s: u64) -> Result<()> {
    let photo = Some(saved.add(at_s, HOME, landscape())?);
    let page = WebPage {
        id: random::id(),
        url: "https://example.com/fractals".to_owned(),
        title: "Fractals".to_owned(),
        description: "Pictures of one formula.".to_owned(),
        photo,
    };
    let text = "To read later: https://example.com/fractals".to_owned();
    let media = Some(Media::Page(page));
    saved.message(at_s, Draft { text, media, ..Draft::default() })?;
    Ok(())
}

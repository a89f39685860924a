//! Chromium shows pictures, and plays and seeks videos, in pages of the same site and of others.

use super::{FILM_SECONDS, LARGEST_RANGE, film, seen};
use crate::account::{Browser, PHONE};
use crate::browser::{Chromium, Page, Shown, Site};
use crate::support::{TestStack, is_installed};

const PLAYER: &str = concat!(
    "<!doctype html><title>Player</title><video></video><script>",
    include_str!("player.js"),
    "</script>"
);

/// A page of the same site as the stack in [`seen`].
const SAME_SITE: &str = "page.person.test";

/// A page of another site.
const OTHER_SITE: &str = "elsewhere.test";

/// What a seek that led to a picture of its place came to: whether that was there already, and the place.
type Sought = (bool, f64);

async fn player(
    chromium: &Chromium,
    site: &Site,
    host: &str,
    owner: Option<(&TestStack, &Browser<'_>)>,
) -> Page {
    site.put("/player", "text/html; charset=utf-8", Shown { body: PLAYER.to_owned(), ..Shown::default() });
    let mut page = chromium.page().await;
    if let Some((stack, browser)) = owner {
        let cookie = browser.cookie().unwrap();
        page.set_cookie(&seen(&stack.stack.url()), "session", cookie).await.unwrap();
    }
    page.open(&site.url(host, "/player")).await.unwrap();
    page
}

async fn seek(page: &Page, to: f64) -> Sought {
    let sought: Sought = page.evaluate(&format!("return await seek({to})")).await.unwrap();
    assert!((sought.1 - to).abs() < 0.001, "at {} instead of {to}", sought.1);
    sought
}

#[tokio::test]
async fn chromium_plays_and_seeks_videos_of_all_kinds() {
    let Some(chromium) = Chromium::start().await else { return };
    let (stack, site) = (TestStack::start().await, Site::start().await);
    let browser = Browser::signed_in(&stack, PHONE).await;
    let mut page = player(&chromium, &site, SAME_SITE, Some((&stack, &browser))).await;
    for (mime_type, seconds, width) in [("video/mp4", 12.0, 640), ("video/webm", 6.0, 480)] {
        let ids = stack.saved_files(PHONE).into_iter().filter(|message| {
            message.file.as_ref().is_some_and(|file| file.mime_type == mime_type && file.kind == "video")
        });
        for id in ids.map(|message| message.id) {
            let load = format!("return await load('{}')", seen(&stack.media_url(id)));
            let (duration, wide): (f64, u32) = page.evaluate(&load).await.unwrap();
            assert!((duration - seconds).abs() < 0.2 && wide == width, "{duration} s, {wide} wide");
            let reached: f64 = page.evaluate("return await play(0.5)").await.unwrap();
            assert!((0.5..2.0).contains(&reached), "{reached}");
            seek(&page, seconds - 1.0).await;
            seek(&page, 1.0).await;
            let reached: f64 = page.evaluate("return await play(1.3)").await.unwrap();
            assert!((1.3..3.0).contains(&reached), "{reached}");
        }
    }
    assert!(page.complaints().is_empty(), "{:?}", page.complaints());
    chromium.close().await;
    stack.end_accounts().await;
}

#[tokio::test]
async fn chromium_plays_and_seeks_a_long_film_across_the_places_where_ranges_end() {
    let Some(chromium) = Chromium::start().await else { return };
    if !is_installed("FFmpeg", "ffmpeg", "-version").await {
        return;
    }
    let (stack, site, folder) = (TestStack::start().await, Site::start().await, tempfile::tempdir().unwrap());
    let browser = Browser::signed_in(&stack, PHONE).await;
    for index_first in [true, false] {
        let film = film(folder.path(), index_first).await;
        let id = stack.save_as("video/mp4", &film);
        let mut page = player(&chromium, &site, SAME_SITE, Some((&stack, &browser))).await;
        let load = format!("return await load('{}')", seen(&stack.media_url(id)));
        let (duration, _): (f64, u32) = page.evaluate(&load).await.unwrap();
        assert!((duration - FILM_SECONDS).abs() < 0.2, "{duration}");

        let (was_there, _) = seek(&page, 20.0).await;
        assert!(!was_there, "a place that is not loaded");
        seek(&page, 2.0).await;
        seek(&page, 13.5).await;
        seek(&page, 0.0).await;
        let end = FILM_SECONDS - 0.3;
        let reached: f64 = page.evaluate(&format!("return await play({end}, 4)")).await.unwrap();
        assert!(reached >= end, "{reached}");

        let url = seen(&stack.media_url(id));
        let answers = page.answers().iter().filter(|answer| answer.url == url && answer.status == 206);
        let ranges: Vec<_> = answers.map(|answer| answer.range.clone().unwrap()).collect();
        let cut = |range: &&String| {
            let (first, rest) = range.strip_prefix("bytes ").unwrap().split_once('-').unwrap();
            let (last, _) = rest.split_once('/').unwrap();
            last.parse::<u64>().unwrap() - first.parse::<u64>().unwrap() + 1 == LARGEST_RANGE
        };
        assert!(ranges.iter().filter(cut).count() >= 2, "{ranges:?}");
        assert!(page.complaints().is_empty(), "{:?}", page.complaints());
    }
    chromium.close().await;
    stack.end_accounts().await;
}

#[tokio::test]
async fn chromium_shows_pictures_and_thumbnails() {
    let Some(chromium) = Chromium::start().await else { return };
    let (stack, web) = (TestStack::start().await, Site::start().await);
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let items = browser.list("").await.body;
    let mut page = player(&chromium, &web, SAME_SITE, Some((&stack, &browser))).await;
    let (mut pictures, mut thumbnails) = (0, 0);
    for item in items.as_array().unwrap() {
        let (id, url) = (&item["id"], seen(&stack.stack.url()));
        if matches!(item["type"].as_str(), Some("photo" | "sticker")) {
            let size: (u64, u64) = page.evaluate(&shown(&format!("{url}/stream_media/{id}"))).await.unwrap();
            assert_eq!(Some(size.0), item["width"].as_u64(), "{item}");
            assert_eq!(Some(size.1), item["height"].as_u64(), "{item}");
            pictures += 1;
        }
        if item["has_thumbnail"] == true {
            for wanted in ["", "?size=s", "?size=x"] {
                let url = format!("{url}/stream_thumbnail/{id}{wanted}");
                let size: (u64, u64) = page.evaluate(&shown(&url)).await.unwrap();
                assert!((1..=1280).contains(&size.0) && (1..=1280).contains(&size.1), "{size:?} {item}");
            }
            thumbnails += 1;
        }
    }
    assert!(pictures >= 3 && thumbnails >= 3, "{pictures} pictures, {thumbnails} thumbnails");
    assert!(page.complaints().is_empty(), "{:?}", page.complaints());
    chromium.close().await;
    stack.end_accounts().await;
}

#[tokio::test]
async fn chromium_shows_files_in_pages_of_other_sites_with_a_ticket_alone() {
    let Some(chromium) = Chromium::start().await else { return };
    let (stack, site) = (TestStack::start().await, Site::start().await);
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let [video, photo] = ["video/mp4", "image/jpeg"].map(|mime_type| stack.held(mime_type));
    let (video_ticket, photo_ticket) = (browser.ticket(video).await, browser.ticket(photo).await);

    let stranger = player(&chromium, &site, OTHER_SITE, None).await;
    let (duration, _): (f64, u32) =
        stranger.evaluate(&format!("return await load('{video_ticket}')")).await.unwrap();
    let to = duration * 0.75;
    seek(&stranger, to).await;
    let until = f64::midpoint(to, duration);
    let reached: f64 = stranger.evaluate(&format!("return await play({until})")).await.unwrap();
    assert!(reached >= until, "{reached}");
    let (width, _): (u64, u64) = stranger.evaluate(&shown(&photo_ticket)).await.unwrap();
    assert!(width > 0);

    // The person whose cookie the browser has looks at a page of somebody else.
    let owner = player(&chromium, &site, OTHER_SITE, Some((&stack, &browser))).await;
    for url in ["stream_media", "stream_thumbnail"] {
        let url = seen(&format!("{}/{url}/{photo}", stack.stack.url()));
        let refused = owner.evaluate::<(u64, u64)>(&shown(&url)).await.unwrap_err();
        assert!(refused.contains("not shown"), "{refused}");
    }
    let load = format!("return await load('{}')", seen(&stack.media_url(video)));
    owner.evaluate::<(f64, u32)>(&load).await.unwrap_err();
    chromium.close().await;
    stack.end_accounts().await;
}

/// Shows a picture; how wide and how high it is.
fn shown(url: &str) -> String {
    format!(
        "const picture = new Image();
        const done = new Promise((resolve, reject) => {{
            picture.onload = resolve;
            picture.onerror = () => reject(new Error('not shown'));
        }});
        picture.src = '{url}';
        document.body.append(picture);
        await done;
        return [picture.naturalWidth, picture.naturalHeight];"
    )
}

//! The gallery and the viewer.

use super::support::{Console, Screen, end_accounts};
use crate::browser::Chromium;
use crate::saved_messages::MANY_PHONE;
use crate::support::TestStack;

/// Opens the first file whose name has this ending.
async fn open(console: &Console, ending: &str) {
    let script = format!(
        "const name = (tile) => tile.querySelector('.sign')?.textContent ?? '';
         const items = await until('a tile', () => [...document.querySelectorAll('.tile')]);
         const wanted = items.find((tile) => tile.dataset.name?.endsWith('{ending}'));
         wanted.click();
         await find('dialog[open]');"
    );
    console.run::<()>(&script).await;
}

async fn close(console: &Console) {
    console.run::<()>("document.querySelector('dialog header button').click(); await until('closed', () => !document.querySelector('dialog'))").await;
}

#[tokio::test]
async fn files_are_listed_shown_streamed_and_sought() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = TestStack::start().await;
    for screen in Screen::ALL {
        let console = Console::signed_in(&chromium, &stack, screen).await;
        console
            .run::<()>(
                "await until('thumbnails', () => document.querySelectorAll('.thumbnail.here').length >= 3)",
            )
            .await;
        console.picture("gallery").await;
        console.run::<()>("document.querySelector('.sentinel').scrollIntoView(); await until('the end', () => document.body.innerText.includes('That is all'))").await;

        open(&console, ".jpg").await;
        console
            .run::<()>(
                "await until('the picture', () => document.querySelector('.stage img')?.naturalWidth > 0)",
            )
            .await;
        console.picture("viewer-picture").await;
        close(&console).await;

        open(&console, ".mp4").await;
        console
            .run::<()>(
                "const video = await find('.stage video');
             await until('it can play', () => video.readyState >= 2);
             video.currentTime = video.duration / 2;
             await until('it has sought', () => !video.seeking && video.currentTime > 0);
             video.muted = true;
             await video.play();",
            )
            .await;
        console.picture("viewer-video").await;
        close(&console).await;

        open(&console, ".mp3").await;
        console.run::<()>("const audio = await find('.stage audio'); await until('it can play', () => audio.readyState >= 2 && audio.duration > 1)").await;
        console.picture("viewer-music").await;
        close(&console).await;

        open(&console, ".pdf").await;
        console.run::<()>("await until('the copy', () => document.querySelector('.stage iframe')?.src.startsWith('blob:'))").await;
        close(&console).await;

        open(&console, ".zip").await;
        console.says(".stage", "Download it to open it.").await;
        close(&console).await;
        console.click(".who button").await;
        console.shows("input[name=phone]").await;
        console.end();
    }
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn the_list_grows_as_one_scrolls_and_keeps_to_what_is_asked_for() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = TestStack::start().await;
    let console = Console::signed_in_as(MANY_PHONE, &chromium, &stack, Screen::Phone).await;
    assert!(console.count(".tile").await < 200);
    console
        .run::<()>(
            "await until('all files', () => {
             document.querySelector('.sentinel').scrollIntoView();
             return document.querySelectorAll('.tile').length >= 600;
         })",
        )
        .await;
    console.write(".toolbar select", "video").await;
    console.says(".loading", "No videos here.").await;
    assert_eq!(console.count(".tile").await, 0);
    console.end();
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn a_page_without_a_network_says_so_and_goes_on_with_one() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = TestStack::start().await;
    let console = Console::signed_in(&chromium, &stack, Screen::Desktop).await;
    console.page.set_offline(true).await.unwrap();
    console.says("#offline", "You are offline.").await;
    console.click(".toolbar button").await;
    console.says(".alert", "The server cannot be reached.").await;
    console.picture("offline").await;
    console.page.set_offline(false).await.unwrap();
    console
        .run::<()>(
            "[...document.querySelectorAll('button')].find((it) => it.textContent === 'Try again').click()",
        )
        .await;
    console.shows(".tile").await;
    console.run::<()>("await until('online', () => document.getElementById('offline').hidden)").await;
    console.end();
    end_accounts(chromium, stack).await;
}

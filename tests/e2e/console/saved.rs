//! The gallery and the viewer.

use super::support::{Console, Screen, end_accounts, start};
use crate::account::PHONE;
use crate::browser::Chromium;
use crate::saved_messages::MANY_PHONE;

/// Holds the list until it is let go.
const HOLD: &str = "
    const ask = window.fetch;
    window.fetch = async (address, init) => {
        if (String(address).includes('/get-saved-messages-media')) await new Promise((go) => { window.letGo = go; });
        return ask(address, init);
    };
";

#[tokio::test]
async fn files_are_listed_shown_streamed_and_sought() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    for screen in Screen::ALL {
        let console = Console::open_with(&chromium, &stack, "", screen, HOLD).await;
        console.sign_in(PHONE).await;
        console.says(".loading", "Loading…").await;
        console.shows(".place").await;
        console.picture("loading").await;
        console.run::<()>("await until('the list is held', () => window.letGo); window.letGo()").await;
        console.shows(".preview").await;
        console.hides(".place").await;
        console
            .run::<()>(
                "await until('thumbnails', () => document.querySelectorAll('.thumbnail.here').length >= 3)",
            )
            .await;
        console.picture("gallery").await;
        console.run::<()>("document.querySelector('.sentinel').scrollIntoView(); await until('the end', () => document.body.innerText.includes('That is all'))").await;

        console.open_file(".jpg").await;
        console
            .run::<()>(
                "await until('the picture', () => document.querySelector('.stage img')?.naturalWidth > 0)",
            )
            .await;
        console.picture("viewer-picture").await;
        console.close_file().await;

        console.open_file(".mp4").await;
        console.seek_media("video").await;
        console.picture("viewer-video").await;
        console.close_file().await;

        console.open_file(".mp3").await;
        console.seek_media("audio").await;
        console.picture("viewer-music").await;
        console.close_file().await;

        console.open_file(".pdf").await;
        console.run::<()>("await until('the copy', () => document.querySelector('.stage iframe')?.src.startsWith('blob:'))").await;
        // The browser's own viewer has it.
        let viewer = console.page.frame("chrome-extension://").await.unwrap();
        let shown: String = viewer.evaluate("return document.contentType").await.unwrap();
        assert_eq!(shown, "text/html");
        console.picture("viewer-document").await;
        console.close_file().await;

        console.open_file(".zip").await;
        console.says(".stage", "Download it to open it.").await;
        console.hides(".stage .loading").await;
        console.picture("viewer-other").await;
        console.close_file().await;
        console.click(".who button").await;
        console.shows("input[name=phone]").await;
        console.end();
    }
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn the_list_grows_as_one_scrolls_and_keeps_to_what_is_asked_for() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    for screen in Screen::ALL {
        let console = Console::signed_in_as(MANY_PHONE, &chromium, &stack, screen).await;
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
    }
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn a_page_without_a_network_says_so_keeps_what_it_has_and_goes_on_with_one() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    for screen in Screen::ALL {
        let console = Console::signed_in(&chromium, &stack, screen).await;
        let files = console.count(".tile").await;
        console.page.set_offline(true).await.unwrap();
        console.says("#offline", "You are offline.").await;
        console.click(".toolbar button").await;
        console.says(".alert", "The server cannot be reached.").await;
        assert_eq!(console.count(".tile").await, files);
        console.picture("offline").await;
        console.page.set_offline(false).await.unwrap();
        // It tries again by itself.
        console
            .run::<()>(
                "await until('online', () => document.getElementById('offline').hidden);
             await until('no alert', () => !document.querySelector('.alert:not([hidden])'));
             await until('listed', () => !document.querySelector('.grid[aria-busy]'));",
            )
            .await;
        assert_eq!(console.count(".tile").await, files);
        console.click(".who button").await;
        console.shows("input[name=phone]").await;
        console.end();
    }
    end_accounts(chromium, stack).await;
}

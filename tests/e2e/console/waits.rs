//! Waits that Telegram orders: each is counted down, and then it goes on.

use serde_json::json;

use super::support::{Console, Screen, end_accounts, file, start};
use crate::account::PHONE;
use crate::browser::Chromium;

/// Moves the page's clock on, almost to the end of a wait of 40 seconds.
pub(super) const LATER: &str = "const now = Date.now; Date.now = () => now() + 38_000";

/// Waits until the list is there, and nothing is said against it.
pub(super) const LISTED: &str = "
    await until('no alert', () => !document.querySelector('.alert:not([hidden])'));
    await until('listed', () => !document.querySelector('.grid[aria-busy]') && document.querySelector('.tile'));
";

#[tokio::test]
async fn a_wait_for_the_list_is_counted_down_and_a_short_one_waited_for() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    for screen in Screen::ALL {
        let console = Console::signed_in(&chromium, &stack, screen).await;
        let files = console.count(".tile").await;
        let flood = async |seconds: u32| {
            let error = format!("FLOOD_WAIT_{seconds}");
            stack.fault(json!({"method": "messages.getHistory", "error": error, "times": 1})).await;
            console.click(".toolbar button").await;
            console.says(".alert", "Please wait, then try again. (").await;
        };
        flood(40).await;
        console.says(".alert", "(0:3").await;
        assert_eq!(console.count("section > button:disabled:not([hidden])").await, 1);
        // That is said where it was asked for, and what was there stays.
        assert_eq!(console.count(".toolbar + .alert").await, 1);
        assert_eq!(console.count(".tile").await, files);
        console.picture("wait-for-list").await;
        console.run::<()>(LATER).await;
        console.click("section > button:not([hidden])").await;
        console.run::<()>(LISTED).await;

        flood(8).await;
        assert_eq!(console.count("section > button:not([hidden])").await, 0);
        console.run::<()>(LATER).await;
        // Nobody asks for it.
        console.run::<()>(LISTED).await;
        assert_eq!(console.count(".tile").await, files);

        // Whoever asks for another list waits for this one no longer, nor may the button be left behind.
        flood(40).await;
        console.click(".toolbar button").await;
        console.run::<()>(LISTED).await;
        assert_eq!(console.count("section > button:disabled").await, 0);
        console.end();
    }
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn a_wait_for_a_file_is_counted_down_and_then_it_is_shown() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    for screen in Screen::ALL {
        let console = Console::signed_in(&chromium, &stack, screen).await;
        console
            .run::<()>(
                "document.querySelector('.sentinel').scrollIntoView();
                 await until('all thumbnails', () => document.body.innerText.includes('That is all')
                     && !document.querySelector('.thumbnail:not(.here)'));",
            )
            .await;
        stack.fault(json!({"method": "upload.getFile", "error": "FLOOD_WAIT_40", "times": 2})).await;
        console.open_file(".jpg").await;
        console.says("dialog .alert", "(0:3").await;
        console.picture("wait-for-file").await;
        console.run::<()>(LATER).await;
        console
            .run::<()>(
                "await until('the picture', () => document.querySelector('.stage img')?.naturalWidth > 0)",
            )
            .await;
        console.close_file().await;

        // A video goes on where it was.
        console.open_file(".mp4").await;
        console.seek_media("video").await;
        console
            .run::<()>(
                "const ask = window.fetch;
                 window.fetch = async () => {
                     window.fetch = ask;
                     const body = {error: 'Too many requests. Please try again later.', retry_after: 40};
                     return new Response(JSON.stringify(body), {status: 429});
                 };
                 const video = document.querySelector('.stage video');
                 window.reached = video.currentTime;
                 video.dispatchEvent(new Event('error'));",
            )
            .await;
        console.says("dialog .alert", "(0:3").await;
        console.run::<()>(LATER).await;
        console
            .run::<()>(
                "await until('it is where it was', () => {
                     const video = document.querySelector('.stage video');
                     return video?.readyState >= 2 && video.currentTime >= window.reached;
                 })",
            )
            .await;
        console.close_file().await;
        console.end();
    }
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn a_wait_for_an_upload_is_counted_down_and_then_it_goes_on() {
    let Some(chromium) = Chromium::start().await else { return };
    let (stack, folder) = (start().await, tempfile::tempdir().unwrap());
    for (number, screen) in (8..).zip(Screen::ALL) {
        let path = file(folder.path(), &format!("early-{number}.bin"), 10_000, number);
        let console = Console::signed_in(&chromium, &stack, screen).await;
        let before = stack.saved_files(PHONE).len();
        stack.fault(json!({"method": "upload.saveFilePart", "error": "FLOOD_WAIT_40", "times": 1})).await;
        console.page.choose("#picker", &[&path]).await.unwrap();
        console.says(".uploads .bad", "Please wait, then try again. (0:3").await;
        assert_eq!(console.count(".uploads button[aria-label^=Try]:disabled").await, 1);
        console.picture("wait-for-upload").await;
        console.run::<()>(LATER).await;
        // Nobody has to press anything.
        console.says(".uploads", "In your Saved Messages.").await;
        assert_eq!(stack.saved_files(PHONE).len(), before + 1);
        console.end();
    }
    end_accounts(chromium, stack).await;
}

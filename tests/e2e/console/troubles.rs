//! Uploads in trouble: a network that is gone for a while, and a part that cannot be sent.

use super::support::{Console, Screen, end_accounts, file, start};
use crate::account::PHONE;
use crate::browser::Chromium;

#[tokio::test]
async fn an_upload_outlasts_a_network_that_is_gone_for_a_while() {
    let Some(chromium) = Chromium::start().await else { return };
    let (stack, folder) = (start().await, tempfile::tempdir().unwrap());
    for (number, screen) in (30..).zip(Screen::ALL) {
        let path = file(folder.path(), &format!("far-{number}.bin"), 20_000_000, number);
        let console = Console::signed_in(&chromium, &stack, screen).await;
        let before = stack.saved_files(PHONE).len();
        console.run::<()>(AWAY).await;
        console.page.choose("#picker", &[&path]).await.unwrap();
        // Parts fail, and so does the question for fresh addresses.
        console.run::<()>("await until('tries', () => window.unanswered > 0 && window.failed > 3); window.isAway = false").await;
        console.says(".uploads", "In your Saved Messages.").await;
        assert_eq!(stack.saved_files(PHONE).len(), before + 1);

        // All parts are there, and then nobody knows what becomes of them.
        let path = file(folder.path(), &format!("farther-{number}.bin"), 6_000_000, number + 10);
        console.run::<()>("window.isCut = true").await;
        console.page.choose("#picker", &[&path]).await.unwrap();
        console.says(".uploads .bad", "The server cannot be reached.").await;
        console.picture("upload-unanswered").await;
        console.run::<()>("window.isCut = false; dispatchEvent(new Event('online'))").await;
        console.shows(&format!(".tile[data-name=\"farther-{number}.bin\"]")).await;
        assert_eq!(stack.saved_files(PHONE).len(), before + 2);
        console.end();
    }
    end_accounts(chromium, stack).await;
}

/// Takes parts and questions about uploads away, as a network does; or only what follows the parts.
const AWAY: &str = "
    Object.assign(window, {isAway: true, isCut: false, failed: 0, unanswered: 0});
    const send = XMLHttpRequest.prototype.send;
    XMLHttpRequest.prototype.send = function (body) {
        if (!window.isAway) return send.call(this, body);
        window.failed += 1;
        setTimeout(() => this.onerror());
    };
    const ask = window.fetch;
    window.fetch = async (address, init) => {
        const path = new URL(address, location).pathname;
        if ((window.isAway && /^[/]uploads[/][^/]+$/.test(path)) || (window.isCut && path.endsWith('/complete'))) {
            window.unanswered += 1;
            throw new TypeError('Failed to fetch');
        }
        return ask(address, init);
    };
";

#[tokio::test]
async fn what_is_left_of_an_upload_that_failed_stops() {
    let Some(chromium) = Chromium::start().await else { return };
    let (stack, folder) = (start().await, tempfile::tempdir().unwrap());
    let path = file(folder.path(), "half.bin", 30_000_000, 40);
    let console = Console::signed_in(&chromium, &stack, Screen::Desktop).await;
    // One part fails for good, while the others are held.
    console
        .run::<()>(
            "window.aborted = 0;
             window.isHeld = true;
             let parts = 0;
             const {send, abort} = XMLHttpRequest.prototype;
             XMLHttpRequest.prototype.send = function (body) {
                 if (!window.isHeld || !(body instanceof Blob)) send.call(this, body);
                 else if ((parts += 1) === 1) setTimeout(() => this.onerror());
             };
             XMLHttpRequest.prototype.abort = function () {
                 window.aborted += 1;
                 abort.call(this);
                 this.onabort();
             };
             const ask = window.fetch;
             window.fetch = async (address, init) => {
                 const isAsked = window.isHeld && /[/]uploads[/][^/]+$/.test(address);
                 return isAsked ? new Response('{}', {status: 500}) : ask(address, init);
             };",
        )
        .await;
    console.page.choose("#picker", &[&path]).await.unwrap();
    console.shows(".uploads .bad").await;
    console
        .run::<()>("await until('the others are stopped', () => window.aborted > 0); window.isHeld = false")
        .await;
    console.click(".uploads button[aria-label^=Try]").await;
    console.shows(".tile[data-name=\"half.bin\"]").await;
    console.end();
    end_accounts(chromium, stack).await;
}

/// A policy as of an earlier start of the stack, when its bucket and its bot were at other ports.
const EARLIER: &str = "
    const policy = document.createElement('meta');
    policy.httpEquiv = 'Content-Security-Policy';
    policy.content = \"connect-src 'self'; img-src 'self' data: blob:\";
    document.head.append(policy);
";

#[tokio::test]
async fn a_page_that_is_older_than_the_stack_says_so_and_sends_nothing_in_vain() {
    let Some(chromium) = Chromium::start().await else { return };
    let (stack, folder) = (start().await, tempfile::tempdir().unwrap());
    for (number, screen) in (60..).zip(Screen::ALL) {
        let path = file(folder.path(), &format!("late-{number}.bin"), 20_000_000, number);
        let mut console = Console::signed_in(&chromium, &stack, screen).await;
        let before = stack.saved_files(PHONE).len();
        console.run::<()>(EARLIER).await;
        console.page.choose("#picker", &[&path]).await.unwrap();
        console.says(".uploads .bad", "This page cannot send files to the server any more.").await;
        console.says(".notice", "The server was started again since this page was opened.").await;
        console.picture("restarted").await;
        // The pictures of the chat are elsewhere, too, and nothing more is said of it.
        console.run::<()>("location.hash = '#camera'").await;
        console.click(".shutter").await;
        console.says(".taken .state", "In your chat").await;
        console
            .run::<()>("await until('the picture', () => document.querySelector('.chat img')?.complete)")
            .await;
        assert_eq!(console.count(".notice").await, 1);
        // With a page that is as new, it goes on.
        console.run::<()>("location.hash = '#saved'").await;
        console.click(".notice button").await;
        console.page.event("Page.loadEventFired").await.unwrap();
        console.says(".uploads", "Choose this file again to go on.").await;
        console.page.choose("#picker", &[&path]).await.unwrap();
        console.shows(&format!(".tile[data-name=\"late-{number}.bin\"]")).await;
        assert_eq!(stack.saved_files(PHONE).len(), before + 1);
    }
    end_accounts(chromium, stack).await;
}

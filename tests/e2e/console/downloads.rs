//! Downloads of files that are too large for one answer.

use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::support::{Console, Screen, end_accounts, file, start};
use crate::account::PHONE;
use crate::browser::Chromium;
use crate::support::TestStack;

/// Three ranges, the last a short one.
const BYTES: usize = 12_000_000;

/// Has the list tell of a file that is too large for one answer, saves in the browser's own store what people save where
/// they like, and lets tests decide what ranges are answered.
const LARGE: &str = "
    const ask = window.fetch;
    window.asked = [];
    window.refuse = () => undefined;
    window.fetch = async (address, init) => {
        const path = String(address);
        if (path.includes('/stream_media/') && path.endsWith('download=1')) {
            window.asked.push(init.headers.Range);
            const refused = await window.refuse(window.asked.length, init);
            if (refused) return refused;
        }
        const answer = await ask(address, init);
        if (!path.includes('/get-saved-messages-media')) return answer;
        const body = (await answer.json()).map((item) =>
            item.name.startsWith('large') ? {...item, size: item.size + 1_200_000_000} : item);
        answer.json = async () => body;
        return answer;
    };
    window.showSaveFilePicker = async ({suggestedName}) => {
        const folder = await navigator.storage.getDirectory();
        window.handle = await folder.getFileHandle(suggestedName, {create: true});
        return window.handle;
    };
";

/// The browser lets no page write to the disk.
const NO_PICKER: &str = "delete window.showSaveFilePicker; delete Window.prototype.showSaveFilePicker;";

/// The length of what was saved, and its SHA-256.
const SAVED: &str = "
    const saved = new Uint8Array(await (await window.handle.getFile()).arrayBuffer());
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', saved));
    return [saved.length, [...digest]];
";

async fn with_large_file(
    chromium: &Chromium,
    stack: &TestStack,
    path: &Path,
    screen: Screen,
    before: &str,
) -> Console {
    let console = Console::open_with(chromium, stack, "", screen, before).await;
    console.sign_in(PHONE).await;
    console.shows(".tile").await;
    let name = path.file_name().unwrap().to_str().unwrap();
    console.page.choose("#picker", &[path]).await.unwrap();
    console.shows(&format!(".tile[data-name=\"{name}\"]")).await;
    console.open_file(name).await;
    console
}

fn digest(path: &Path) -> Vec<u8> {
    Sha256::digest(std::fs::read(path).unwrap()).to_vec()
}

#[tokio::test]
async fn a_file_that_is_too_large_for_one_answer_is_saved_range_by_range() {
    let Some(chromium) = Chromium::start().await else { return };
    let (stack, folder) = (start().await, tempfile::tempdir().unwrap());
    for (number, screen) in (60..).zip(Screen::ALL) {
        let path = file(folder.path(), &format!("large-{number}.bin"), BYTES, number);
        let console = with_large_file(&chromium, &stack, &path, screen, LARGE).await;
        assert_eq!(console.count("dialog a[download]:not([hidden])").await, 0);
        // The second range is held and then comes to nothing, and at the next try it is to be waited for.
        console
            .run::<()>(
                "window.refuse = async (number) => {
                     if (number === 2) {
                         await new Promise((go) => { window.letGo = go; });
                         throw new TypeError('Failed to fetch');
                     }
                     if (number !== 3) return;
                     const body = {error: 'Too many requests. Please try again later.', retry_after: 2};
                     return new Response(JSON.stringify(body), {status: 429});
                 };",
            )
            .await;
        console.click("dialog button.save").await;
        console.says("dialog .uploads", "Saving: 48 % of 12.0 MB").await;
        console.picture("download").await;
        // It goes on, whatever else is looked at.
        console.close_file().await;
        console.run::<()>("location.hash = '#about'").await;
        console.says("h1", "Good to know").await;
        console.run::<()>("window.letGo(); location.hash = '#saved'").await;
        console.says("main .uploads .bad", "Please wait, then try again. (0:0").await;
        console.picture("download-waits").await;
        console.says("main .uploads", "Saved.").await;
        assert_eq!(console.run::<(usize, Vec<u8>)>(SAVED).await, (BYTES, digest(&path)));
        let ranges: Vec<String> = console.run("return window.asked").await;
        let (second, third) = ("bytes=5767168-", "bytes=11534336-");
        assert_eq!(ranges, ["bytes=0-", second, second, second, third]);
        console.end();
    }
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn a_download_that_is_cancelled_or_cannot_be_written_leaves_nothing() {
    let Some(chromium) = Chromium::start().await else { return };
    let (stack, folder) = (start().await, tempfile::tempdir().unwrap());
    let path = file(folder.path(), "large-70.bin", BYTES, 70);
    let console = with_large_file(&chromium, &stack, &path, Screen::Desktop, LARGE).await;
    console
        .run::<()>(
            "window.refuse = (number, {signal}) => number === 2 && new Promise((_, end) => {
                 signal.addEventListener('abort', () => { window.isEnded = true; end(signal.reason); });
             });",
        )
        .await;
    console.click("dialog button.save").await;
    console.says("dialog .uploads", "Saving: 48 %").await;
    console.click("dialog .uploads button[aria-label^=Cancel]").await;
    console.hides(".uploads li").await;
    let left: (bool, usize) =
        console.run("return [window.isEnded, (await window.handle.getFile()).size]").await;
    assert_eq!(left, (true, 0));

    // The disk is full for once; the next try begins anew.
    console
        .run::<()>(
            "window.asked.length = 0;
             window.refuse = () => undefined;
             const {write} = FileSystemWritableFileStream.prototype;
             FileSystemWritableFileStream.prototype.write = async function () {
                 FileSystemWritableFileStream.prototype.write = write;
                 throw new DOMException('Full', 'QuotaExceededError');
             };",
        )
        .await;
    console.click("dialog button.save").await;
    console.says("dialog .uploads .bad", "Your browser could not write the file.").await;
    console.picture("download-not-written").await;
    console.click("dialog .uploads button[aria-label^=Try]").await;
    console.says("dialog .uploads", "Saved.").await;
    assert_eq!(console.run::<(usize, Vec<u8>)>(SAVED).await, (BYTES, digest(&path)));

    // Whoever signs out has it ended.
    console
        .run::<()>("window.asked.length = 0; window.isEnded = false; window.refuse = (_, {signal}) => new Promise((_, end) => {
            signal.addEventListener('abort', () => { window.isEnded = true; end(signal.reason); });
        })")
        .await;
    console.click("dialog button.save").await;
    console.run::<()>("await until('it is asked for', () => window.asked.length === 1)").await;
    console.close_file().await;
    console.click(".who button").await;
    console.shows("input[name=phone]").await;
    assert!(console.run::<bool>("return window.isEnded").await);
    console.end();
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn a_browser_that_cannot_save_a_large_file_says_what_to_do() {
    let Some(chromium) = Chromium::start().await else { return };
    let (stack, folder) = (start().await, tempfile::tempdir().unwrap());
    let before = format!("{LARGE}{NO_PICKER}");
    for (number, screen) in (80..).zip(Screen::ALL) {
        let path = file(folder.path(), &format!("large-{number}.bin"), 5000, number);
        let console = with_large_file(&chromium, &stack, &path, screen, &before).await;
        console.says("dialog .too-large", "This file has 1.2 GB.").await;
        console.says("dialog .too-large", "Above 200 MB, this browser cannot save files from here").await;
        assert_eq!(console.count("dialog footer .actions > :is(a, button):not([hidden])").await, 2);
        console.picture("too-large").await;
        let way: String = console.run("return document.querySelector('.too-large a').href").await;
        let (page, operation) = way.rsplit_once('#').unwrap();
        assert!(page.ends_with("/reference.html"), "{page}");
        let described: bool = console
            .run(&format!(
                "const answer = await fetch('{page}');
                 const api = await (await fetch('/openapi.json')).json();
                 return answer.ok && Object.values(api.paths).some((path) => path.get?.operationId === '{operation}');"
            ))
            .await;
        assert!(described);
        console.end();
    }
    end_accounts(chromium, stack).await;
}

//! Uploads: small files, staged files, cancelling, and going on after a reload.

use serde_json::json;

use super::support::{Console, Screen, end_accounts, file, start};
use crate::account::PHONE;
use crate::browser::Chromium;

#[tokio::test]
async fn files_of_any_size_are_uploaded_with_a_bar_that_moves() {
    let Some(chromium) = Chromium::start().await else { return };
    let (stack, folder) = (start().await, tempfile::tempdir().unwrap());
    for (number, screen) in (0..).zip(Screen::ALL) {
        let console = Console::signed_in(&chromium, &stack, screen).await;
        console.run::<()>(
            "window.seen = [];
             new MutationObserver(() => {
                 const bar = document.querySelector('.uploads progress');
                 if (bar) window.seen.push(bar.value);
             }).observe(document.body, {subtree: true, childList: true, characterData: true, attributes: true});",
        )
        .await;
        for (name, bytes) in [("small.bin", 100_000), ("large.bin", 20_000_000)] {
            let name = format!("{number}-{name}");
            let path = file(folder.path(), &name, bytes, number * 10 + bytes as u64);
            let before = stack.saved_files(PHONE).len();
            console.page.choose("#picker", &[&path]).await.unwrap();
            console.says(".uploads", "In your Saved Messages.").await;
            console.picture(&format!("uploaded-{bytes}")).await;
            console
                .run::<()>(&format!(
                    "await until('it is listed', () => document.querySelector('.tile[data-name=\"{name}\"]'))"
                ))
                .await;
            let files = stack.saved_files(PHONE);
            assert_eq!(files.len(), before + 1);
            console.hides(".uploads li").await;
        }
        let seen: Vec<u32> = console.run("return window.seen").await;
        assert!(seen.iter().any(|value| (1..1000).contains(value)), "{seen:?}");
        console.click(".who button").await;
        console.shows("input[name=phone]").await;
        console.end();
    }
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn a_file_that_is_dropped_anywhere_is_uploaded() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    for screen in Screen::ALL {
        let console = Console::signed_in(&chromium, &stack, screen).await;
        let name = format!("dropped-{screen:?}.txt");
        console.write("input[name=caption]", "From the desk").await;
        console
            .run::<()>(&format!(
                "const dataTransfer = new DataTransfer();
                 dataTransfer.items.add(new File(['dropped on ' + innerWidth], '{name}', {{type: 'text/plain'}}));
                 const drop = (kind) => {{
                     const event = new DragEvent(kind, {{dataTransfer, bubbles: true, cancelable: true}});
                     document.querySelector('h1').dispatchEvent(event);
                     return event.defaultPrevented;
                 }};
                 drop('dragover');
                 if (!document.querySelector('.drop.over')) throw new Error('the place does not show it');
                 if (!drop('drop')) throw new Error('the browser would open it');"
            ))
            .await;
        console.shows(&format!(".tile[data-name=\"{name}\"]")).await;
        console.says(&format!(".tile[data-name=\"{name}\"]"), "From the desk").await;
        console.end();
    }
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn an_upload_is_cancelled() {
    let Some(chromium) = Chromium::start().await else { return };
    let (stack, folder) = (start().await, tempfile::tempdir().unwrap());
    let path = file(folder.path(), "unwanted.bin", 30_000_000, 3);
    let before = stack.saved_files(PHONE).len();
    for screen in Screen::ALL {
        let console = Console::signed_in(&chromium, &stack, screen).await;
        console.run::<()>(HOLD).await;
        console.page.choose("#picker", &[&path]).await.unwrap();
        console.run::<()>("await until('a part is held', () => window.held > 0)").await;
        console.picture("uploading").await;
        console.click(".uploads button[aria-label^=Cancel]").await;
        console.hides(".uploads li").await;
        console
            .run::<()>(
                "await until('it is forgotten', () => localStorage.getItem('lambdagram uploads') === '{}')",
            )
            .await;
        console.run::<()>("await until('it is deleted', () => window.deleted)").await;
        assert_eq!(stack.saved_files(PHONE).len(), before);
        console.end();
    }
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn an_upload_goes_on_after_a_reload() {
    let Some(chromium) = Chromium::start().await else { return };
    let (stack, folder) = (start().await, tempfile::tempdir().unwrap());
    for (number, screen) in (4..).zip(Screen::ALL) {
        let name = format!("long-{number}.bin");
        let path = file(folder.path(), &name, 30_000_000, number);
        let mut console = Console::signed_in(&chromium, &stack, screen).await;
        console.run::<()>(HOLD).await;
        console.page.choose("#picker", &[&path]).await.unwrap();
        console.run::<()>("await until('a part is held', () => window.held > 0)").await;
        console.page.open(&format!("{}/?again", stack.stack.url())).await.unwrap();
        console.says(".uploads", "Choose this file again to go on.").await;
        console.picture("to-go-on").await;
        console.page.choose("#picker", &[&path]).await.unwrap();
        console.says(".uploads", "In your Saved Messages.").await;
        console.shows(&format!(".tile[data-name=\"{name}\"]")).await;
        console.end();
    }
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn an_upload_that_another_page_is_at_is_left_to_it() {
    let Some(chromium) = Chromium::start().await else { return };
    let (stack, folder) = (start().await, tempfile::tempdir().unwrap());
    let path = file(folder.path(), "elsewhere.bin", 30_000_000, 50);
    let mut console = Console::signed_in(&chromium, &stack, Screen::Desktop).await;
    console.run::<()>(HOLD).await;
    console.page.choose("#picker", &[&path]).await.unwrap();
    console.run::<()>("await until('a part is held', () => window.held > 0)").await;
    let held: Vec<String> =
        console.run("return (await navigator.locks.query()).held.map(({name}) => name)").await;
    let other = format!(
        "navigator.locks.request({}, () => new Promise((go) => {{ window.leave = go; }}));",
        json!(held[0])
    );
    console.page.before_each(&other).await.unwrap();
    console.page.open(&format!("{}/?again", stack.stack.url())).await.unwrap();
    console.shows(".tile").await;
    console
        .run::<()>("await until('it waits', async () => (await navigator.locks.query()).pending.length > 0)")
        .await;
    assert_eq!(console.count(".uploads li").await, 0);
    // What the other page leaves is taken up.
    console.run::<()>("window.leave()").await;
    console.says(".uploads", "Choose this file again to go on.").await;
    console.end();
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn an_upload_that_fails_says_why_and_is_tried_again() {
    let Some(chromium) = Chromium::start().await else { return };
    let (stack, folder) = (start().await, tempfile::tempdir().unwrap());
    for (number, screen) in (6..).zip(Screen::ALL) {
        let path = file(folder.path(), &format!("refused-{number}.bin"), 10_000, number);
        let console = Console::signed_in(&chromium, &stack, screen).await;
        stack.fault(json!({"method": "upload.saveFilePart", "error": "FILE_PART_TOO_BIG", "times": 1})).await;
        console.page.choose("#picker", &[&path]).await.unwrap();
        console
            .says(".uploads .bad", "Telegram did not take the file. Please try again. (FILE_PART_TOO_BIG)")
            .await;
        console.picture("upload-failed").await;
        console.says("#said", &format!("refused-{number}.bin: Telegram did not take the file.")).await;
        console.click(".uploads button[aria-label^=Try]").await;
        console.says(".uploads", "In your Saved Messages.").await;
        console.end();
    }
    end_accounts(chromium, stack).await;
}

/// Counts requests with bodies that are on their way at once, and holds those to the bucket until they are released.
const COUNT: &str = "
    Object.assign(window, {most: 0, held: []});
    let under = 0;
    const send = XMLHttpRequest.prototype.send;
    XMLHttpRequest.prototype.send = function (body) {
        if (body instanceof Blob && window.held) return window.held.push(() => send.call(this, body));
        window.most = Math.max(window.most, under += 1);
        this.addEventListener('readystatechange', () => { if (this.readyState === 4) under -= 1; });
        send.call(this, body);
    };
";

#[tokio::test]
async fn small_files_arrive_in_the_order_in_which_they_were_chosen() {
    let Some(chromium) = Chromium::start().await else { return };
    let (stack, folder) = (start().await, tempfile::tempdir().unwrap());
    let console = Console::signed_in(&chromium, &stack, Screen::Phone).await;
    let before = stack.saved_files(PHONE).len();
    console.run::<()>(COUNT).await;
    // The first is the largest, and would be overtaken.
    let paths: Vec<_> = (0..12)
        .map(|number| {
            let bytes = if number == 0 { 3_900_000 } else { 2000 };
            file(folder.path(), &format!("one-of-{number:02}.txt"), bytes, 20 + number)
        })
        .collect();
    let paths: Vec<_> = paths.iter().map(std::path::PathBuf::as_path).collect();
    console.page.choose("#picker", &paths).await.unwrap();
    console.says(".uploads", "Waiting its turn").await;
    console.picture("many-uploads").await;
    // One that is not wanted any more keeps no other waiting.
    console.click(".uploads li:last-child button[aria-label^=Cancel]").await;
    console
        .run::<()>(
            "await until('all are there', () =>
                 document.querySelectorAll('.tile[data-name^=one-of]').length === 11 && !document.querySelector('.uploads li'));",
        )
        .await;
    assert_eq!(console.run::<u32>("return window.most").await, 1);
    let listed: Vec<String> = console
        .run("return [...document.querySelectorAll('.tile[data-name^=one-of]')].map((it) => it.dataset.name)")
        .await;
    // The newest stands first.
    let wanted: Vec<_> = (0..11).rev().map(|number| format!("one-of-{number:02}.txt")).collect();
    assert_eq!(listed, wanted);
    assert_eq!(stack.saved_files(PHONE).len(), before + 11);
    console.end();
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn large_files_go_a_few_at_a_time_and_keep_no_small_one_waiting() {
    let Some(chromium) = Chromium::start().await else { return };
    let (stack, folder) = (start().await, tempfile::tempdir().unwrap());
    let console = Console::signed_in(&chromium, &stack, Screen::Desktop).await;
    console.run::<()>(COUNT).await;
    let large = |number: u64| file(folder.path(), &format!("heavy-{number}.bin"), 4_100_000, 60 + number);
    let paths = [large(0), large(1), file(folder.path(), "little.bin", 1000, 70), large(2), large(3)];
    console.page.choose("#picker", &paths.each_ref().map(std::path::PathBuf::as_path)).await.unwrap();
    console.shows(".tile[data-name=\"little.bin\"]").await;
    console
        .run::<()>(
            "const waits = () => [...document.querySelectorAll('.uploads li')].filter((it) => it.innerText.includes('Waiting its turn'));
             await until('three are held', () => window.held.length === 3 && waits().length === 1);
             const held = window.held;
             window.held = undefined;
             held.forEach((go) => go());
             await until('all have arrived', () =>
                 document.querySelectorAll('.tile[data-name^=heavy]').length > 3 && !document.querySelector('.uploads li'));",
        )
        .await;
    let listed: Vec<String> = console
        .run("return [...document.querySelectorAll('.tile[data-name^=heavy]')].map((it) => it.dataset.name).sort()")
        .await;
    assert_eq!(listed, ["heavy-0.bin", "heavy-1.bin", "heavy-2.bin", "heavy-3.bin"]);
    console.end();
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn a_caption_that_is_too_long_is_told_of_and_can_be_changed() {
    let Some(chromium) = Chromium::start().await else { return };
    let (stack, folder) = (start().await, tempfile::tempdir().unwrap());
    for (bytes, screen) in [10_000, 4_100_000].into_iter().zip(Screen::ALL) {
        let path = file(folder.path(), &format!("told-{bytes}.bin"), bytes, 80 + bytes as u64);
        let console = Console::signed_in(&chromium, &stack, screen).await;
        console.write("input[name=caption]", &"😀".repeat(1000)).await;
        console.says(".options small", "24 characters left").await;
        console.write("input[name=caption]", &"x".repeat(2049)).await;
        console.says(".options small", "2049 characters: Telegram takes 2048 at most.").await;
        console.write("input[name=caption]", &"x".repeat(1025)).await;
        console.says(".options small.bad", "1025 characters: more than 1024 need Telegram Premium.").await;
        console.page.choose("#picker", &[&path]).await.unwrap();
        console
            .says(".uploads .bad", "The caption is too long. (It has 1025 characters; 1024 are the most.)")
            .await;
        console.picture("caption-refused").await;
        assert_eq!(console.count(".options small:not([hidden])").await, 0);
        assert_eq!(console.count(".uploads button[aria-label^=Try]:not([hidden])").await, 0);
        let kept: String = console.run("return document.querySelector('.uploads input').value").await;
        assert_eq!(kept, "x".repeat(1025));
        console.write(".uploads input", &format!("Shorter {bytes}")).await;
        console.click(".uploads button[aria-label^=Send]").await;
        console.says(".tile", &format!("Shorter {bytes}")).await;
        console.end();
    }
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn nothing_is_tried_again_that_can_never_succeed() {
    let Some(chromium) = Chromium::start().await else { return };
    let (stack, folder) = (start().await, tempfile::tempdir().unwrap());
    let path = file(folder.path(), "empty.txt", 0, 1);
    for screen in Screen::ALL {
        let console = Console::signed_in(&chromium, &stack, screen).await;
        console.page.choose("#picker", &[&path]).await.unwrap();
        console.says(".uploads .bad", "Telegram does not take this file. (The file is empty.)").await;
        console.picture("upload-hopeless").await;
        assert_eq!(console.count(".uploads button:not([hidden])").await, 1);
        console.click(".uploads button[aria-label=\"Remove empty.txt\"]").await;
        console.hides(".uploads li").await;
        console.end();
    }
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn a_file_that_is_dropped_after_signing_in_again_is_uploaded_once() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    let console = Console::signed_in(&chromium, &stack, Screen::Desktop).await;
    console.click(".who button").await;
    console.send_code(PHONE).await;
    console.write("input[name=code]", &stack.code_of(PHONE).await).await;
    console.click(".sign-in form button").await;
    console.shows(".tile").await;
    let before = stack.saved_files(PHONE).len();
    console
        .run::<()>(
            "window.sent = 0;
             const send = XMLHttpRequest.prototype.send;
             XMLHttpRequest.prototype.send = function (body) { window.sent += 1; send.call(this, body); };
             const drop = (dataTransfer) => {
                 const event = new DragEvent('drop', {dataTransfer, bubbles: true, cancelable: true});
                 document.querySelector('h1').dispatchEvent(event);
                 return event.defaultPrevented;
             };
             const file = new DataTransfer();
             file.items.add(new File(['once'], 'once.txt', {type: 'text/plain'}));
             if (!drop(file)) throw new Error('the browser would open it');
             const text = new DataTransfer();
             text.setData('text/plain', 'A caption');
             if (drop(text)) throw new Error('the field would not get it');",
        )
        .await;
    console.shows(".tile[data-name=\"once.txt\"]").await;
    assert_eq!(console.run::<u32>("return window.sent").await, 1);
    assert_eq!(stack.saved_files(PHONE).len(), before + 1);
    console.end();
    end_accounts(chromium, stack).await;
}

/// Lets the first part through and holds the others, and notes what is deleted.
const HOLD: &str = "
    window.held = 0;
    let parts = 0;
    const send = XMLHttpRequest.prototype.send;
    XMLHttpRequest.prototype.send = function (body) {
        if (body instanceof Blob && (parts += 1) > 1) window.held += 1;
        else send.call(this, body);
    };
    const ask = window.fetch;
    window.fetch = async (address, init) => {
        const answer = await ask(address, init);
        if (init?.method === 'DELETE') window.deleted = answer.status;
        return answer;
    };
";

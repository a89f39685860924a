//! The gallery and the viewer.

use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::json;

use super::support::{Console, Screen, end_accounts, file, start};
use super::waits::LISTED;
use crate::account::PHONE;
use crate::browser::Chromium;
use crate::saved_messages::MANY_PHONE;
use crate::support::picture;

/// An account of which nobody has heard yet.
const NEW_PHONE: &str = "+15557654323";

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
    let (stack, folder) = (start().await, tempfile::tempdir().unwrap());
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
        // What is new comes first, and whoever has scrolled far keeps their place.
        let (files, name) = (console.count(".tile").await, format!("new-{screen:?}.txt"));
        let path = file(folder.path(), &name, 1000, files as u64);
        console.page.choose("#picker", &[&path]).await.unwrap();
        console.shows(&format!("li:first-child .tile[data-name=\"{name}\"]")).await;
        assert!(console.count(".tile").await > files);
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

#[tokio::test]
async fn who_signs_in_next_sees_no_pictures_of_who_did_before() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    stack.account(&json!({"phone": NEW_PHONE, "first_name": "Grace"})).await;
    // Its messages have the numbers that the first account's have.
    let path = format!("/_sim/accounts/{}/saved-messages", NEW_PHONE.replace('+', "%2B"));
    for number in 0..100 {
        let text = json!({"text": format!("Note {number}")});
        assert_eq!(stack.request(Method::POST, &path).json(&text).send().await.unwrap().status(), 201);
    }
    for number in 0..40 {
        let file = Part::bytes(picture(number)).file_name(format!("{number}.png"));
        let form = Form::new().part("file", file).text("as", "photo");
        let sent = stack.request(Method::POST, &path).multipart(form).send().await.unwrap();
        assert_eq!(sent.status(), 201);
    }
    let console = Console::signed_in(&chromium, &stack, Screen::Desktop).await;
    console.run::<()>(THUMBNAILS).await;
    let first: Vec<String> = console.run(MESSAGES).await;
    console.click(".who button").await;
    console.send_code(NEW_PHONE).await;
    console.write("input[name=code]", &stack.code_of(NEW_PHONE).await).await;
    console.click(".sign-in form button").await;
    console.run::<()>(THUMBNAILS).await;
    let second: Vec<String> = console.run(MESSAGES).await;
    assert!(first.iter().any(|message| second.contains(message)), "{first:?} and {second:?}");
    let wrong: Vec<String> = console
        .run(
            "const bytes = async (cache, src) =>
                 String(new Uint8Array(await (await fetch(src, {cache})).arrayBuffer()));
             const wrong = [];
             for (const {src} of document.querySelectorAll('.thumbnail')) {
                 if (await bytes('default', src) !== await bytes('reload', src)) wrong.push(src);
             }
             return wrong;",
        )
        .await;
    assert_eq!(wrong, Vec::<String>::new());
    console.end();
    end_accounts(chromium, stack).await;
}

/// Waits for small pictures.
const THUMBNAILS: &str =
    "await until('thumbnails', () => document.querySelectorAll('.thumbnail.here').length >= 3)";

/// The messages that have small pictures.
const MESSAGES: &str =
    "return [...document.querySelectorAll('.thumbnail')].map(({src}) => new URL(src).pathname)";

/// Gives the list's first file a name that is written from right to left, and leaves the second list hanging in its middle.
const CHANGED: &str = "
    const ask = window.fetch;
    let lists = 0;
    window.fetch = async (address, init) => {
        const answer = await ask(address, init);
        if (!String(address).includes('/get-saved-messages-media')) return answer;
        lists += 1;
        const body = await answer.json();
        body[0] = {...body[0], name: 'תמונה (1).zip', caption: '', mime_type: 'application/zip'};
        answer.json = async () => body;
        if (lists === 2) {
            window.hangs = true;
            answer.json = () => new Promise((_, end) => init.signal.addEventListener('abort', () => end(init.signal.reason)));
        }
        return answer;
    };
";

#[tokio::test]
async fn a_list_that_nobody_wants_any_more_leaves_nothing_behind() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    for screen in Screen::ALL {
        let console = Console::open_with(&chromium, &stack, "", screen, CHANGED).await;
        console.sign_in(PHONE).await;
        console.shows(".tile").await;
        console.click(".toolbar button").await;
        console.run::<()>("await until('it hangs', () => window.hangs)").await;
        console.write(".toolbar select", "photo").await;
        console.run::<()>(LISTED).await;
        assert_eq!(console.count(".alert:not([hidden])").await, 0);

        let direction: String = console
            .run("return getComputedStyle(document.querySelector('.tile[data-name$=zip] .name')).direction")
            .await;
        assert_eq!(direction, "rtl");
        console.picture("right-to-left").await;
        console.end();
    }
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn back_closes_the_file_that_is_open_and_closing_it_leaves_nothing_to_go_back_through() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    for screen in Screen::ALL {
        let console = Console::open(&chromium, &stack, "#about", screen).await;
        console.says("h1", "Good to know").await;
        console.run::<()>("location.hash = '#saved'").await;
        console.sign_in(PHONE).await;
        console.shows(".tile").await;
        console.open_file(".jpg").await;
        console.run::<()>("await until('an entry', () => history.state?.isOver); history.back()").await;
        console.hides("dialog").await;
        console.shows("main[data-view=saved] .tile").await;

        // Another one at once, before the browser has gone back.
        console
            .run::<()>(
                "const tile = document.querySelector('.tile');
                 tile.click();
                 (await usable('dialog header button')).click();
                 await until('closed', () => !document.querySelector('dialog'));
                 tile.click();
                 await find('dialog[open]');
                 await until('an entry', () => history.state?.isOver);",
            )
            .await;
        console.page.press("Escape").await.unwrap();
        console.hides("dialog").await;
        console.run::<()>("await until('no entry', () => !history.state?.isOver)").await;
        // What is over the page is not there any more, forward.
        console
            .run::<()>("history.forward(); await until('turned back', () => !history.state?.isOver)")
            .await;
        assert_eq!(console.count("dialog").await, 0);

        // A page that is loaded anew has nothing over it, and nothing to go back through either.
        console.open_file(".jpg").await;
        console.run::<()>("await until('an entry', () => history.state?.isOver)").await;
        console.run::<()>("setTimeout(() => location.reload())").await;
        console.shows("body:not(.covered) .tile").await;
        console.run::<()>("await until('no entry', () => !history.state?.isOver)").await;
        console.run::<()>("history.back()").await;
        console.says("h1", "Good to know").await;
        console.end();
    }
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn each_view_begins_at_its_top_and_its_heading_is_read_out() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    for screen in Screen::ALL {
        let console = Console::signed_in(&chromium, &stack, screen).await;
        for (view, heading) in [
            ("about", "Good to know"),
            ("camera", "Camera"),
            ("commands", "Commands"),
            ("saved", "Saved Messages"),
        ] {
            console
                .run::<()>(
                    "document.body.style.minHeight = '4000px';
                     scrollTo(0, 3000);
                     await until('it is far down', () => scrollY > 1000);",
                )
                .await;
            console.click(&format!("a[data-view={view}]")).await;
            console
                .run::<()>(&format!(
                    "await until('{heading}', () => document.activeElement?.tagName === 'H1'
                         && document.activeElement.textContent === '{heading}' && scrollY === 0)"
                ))
                .await;
            console.picture(&format!("top-{view}")).await;
        }
        console.end();
    }
    end_accounts(chromium, stack).await;
}

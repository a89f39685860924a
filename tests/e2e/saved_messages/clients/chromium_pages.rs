//! Chromium opens files as pages of their own: it shows what can be shown, and nothing in them ever runs.

use std::collections::HashSet;

use http::HeaderValue;
use http::header::CONTENT_SECURITY_POLICY;
use serde_json::Value;

use super::seen;
use crate::account::{Browser, PHONE};
use crate::browser::{Chromium, Page, Shown, Site};
use crate::support::TestStack;

/// A page that marks itself when anything in it runs.
const HTML: &str = r#"<!doctype html><html><body onload="document.documentElement.setAttribute('ran', '')">
<script>document.documentElement.setAttribute('ran', '')</script></body></html>"#;

/// A picture that does.
const SVG: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="this.setAttribute('ran', '')">
<script>document.documentElement.setAttribute('ran', '')</script></svg>"#;

/// Whether it did.
const HAS_RUN: &str = "return document.documentElement.hasAttribute('ran')";

async fn page_of(chromium: &Chromium, stack: &TestStack, browser: &Browser<'_>) -> Page {
    let page = chromium.page().await;
    page.set_cookie(&seen(&stack.stack.url()), "session", browser.cookie().unwrap()).await.unwrap();
    page
}

#[tokio::test]
async fn chromium_shows_pictures_videos_sound_and_documents_opened_as_pages() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = TestStack::start().await;
    let mut browser = Browser::signed_in(&stack, PHONE).await;
    for (mime_type, script) in [
        ("image/jpeg", "return document.images[0].naturalWidth"),
        ("image/webp", "return document.images[0].naturalWidth"),
        ("video/mp4", PLAYED),
        ("video/webm", PLAYED),
        ("audio/ogg", PLAYED),
        ("audio/mpeg", PLAYED),
    ] {
        let id = stack.held(mime_type);
        for (mut page, url) in [
            (page_of(&chromium, &stack, &browser).await, stack.media_url(id)),
            (chromium.page().await, browser.ticket(id).await),
        ] {
            page.open(&seen(&url)).await.unwrap();
            let measure: f64 = page.evaluate(script).await.unwrap();
            assert!(measure > 0.0, "{mime_type}: {measure}");
            let complaints: Vec<_> =
                page.complaints().iter().filter(|text| text.contains("Policy")).collect();
            assert!(complaints.is_empty(), "{mime_type}: {complaints:?}");
            if !mime_type.starts_with("audio") {
                let colors = colors(&page.screenshot().await.unwrap());
                assert!(colors > 50, "{mime_type} is shown in {colors} colours");
            }
        }
    }
    let mut page = page_of(&chromium, &stack, &browser).await;
    page.open(&seen(&stack.media_url(stack.held("application/pdf")))).await.unwrap();
    let viewer = page.frame("chrome-extension://").await.unwrap();
    let pages: Value = viewer.evaluate(PAGES).await.unwrap();
    assert_eq!(pages, 1);
    chromium.close().await;
    stack.end_accounts().await;
}

/// How many colours a picture has.
fn colors(picture: &[u8]) -> usize {
    let picture = image::load_from_memory(picture).unwrap().into_rgb8();
    picture.pixels().map(|pixel| pixel.0).collect::<HashSet<_>>().len()
}

/// Plays what the page is made for; its length in seconds. Nothing in such a page can listen to events.
const PLAYED: &str = "const video = document.querySelector('video');
    await video.play();
    return video.error === null && video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA ? video.duration : 0";

/// How many pages the browser's own viewer of documents has found.
const PAGES: &str = "for (;;) {
        const viewer = document.querySelector('pdf-viewer')?.shadowRoot;
        const pages = viewer?.querySelector('viewer-toolbar')?.docLength;
        if (pages) return pages;
        await new Promise(requestAnimationFrame);
    }";

#[tokio::test]
async fn chromium_saves_files_that_could_run_and_takes_none_for_what_it_does_not_say() {
    let Some(chromium) = Chromium::start().await else { return };
    let (stack, site) = (TestStack::start().await, Site::start().await);
    let browser = Browser::signed_in(&stack, PHONE).await;
    let mut page = page_of(&chromium, &stack, &browser).await;
    for (mime_type, content) in
        [("text/html", HTML), ("application/xhtml+xml", HTML), ("image/svg+xml", SVG), ("text/xml", SVG)]
    {
        let url = seen(&stack.media_url(stack.save_as(mime_type, content.as_bytes())));
        assert_eq!(page.open(&url).await.unwrap_err(), "net::ERR_ABORTED", "{mime_type} is shown");
    }
    for mime_type in ["image/jpeg", "video/mp4", "audio/ogg"] {
        for content in [HTML, SVG] {
            let url = seen(&stack.media_url(stack.save_as(mime_type, content.as_bytes())));
            page.open(&url).await.unwrap();
            assert!(!page.evaluate::<bool>(HAS_RUN).await.unwrap(), "{mime_type} has run");
            assert_eq!(page.evaluate::<String>("return document.URL").await.unwrap(), url);
        }
    }

    site.put("/", "text/html", Shown { body: "<!doctype html><body>".to_owned(), ..Shown::default() });
    page.open(&site.url("page.person.test", "/")).await.unwrap();
    for mime_type in ["text/javascript", "video/mp4"] {
        let id = stack.save_as(mime_type, b"document.documentElement.setAttribute('ran', '')");
        let script = format!(
            "const script = document.createElement('script');
            const done = new Promise((resolve, reject) => {{
                script.onload = () => reject(new Error('loaded'));
                script.onerror = resolve;
            }});
            script.src = '{}';
            document.body.append(script);
            await done;
            {HAS_RUN}",
            seen(&stack.media_url(id)),
        );
        assert!(!page.evaluate::<bool>(&script).await.unwrap(), "{mime_type} has run");
    }
    chromium.close().await;
    stack.end_accounts().await;
}

#[tokio::test]
async fn chromium_would_run_nothing_under_the_policy_of_files_even_if_they_were_pages() {
    let Some(chromium) = Chromium::start().await else { return };
    let (stack, site) = (TestStack::start().await, Site::start().await);
    let browser = Browser::signed_in(&stack, PHONE).await;
    let fetched = browser.stream(stack.held("video/mp4"), &[]).await;
    let policy = HeaderValue::from_str(fetched.header("content-security-policy")).unwrap();
    let mut page = chromium.page().await;
    for (media_type, content) in [("text/html", HTML), ("image/svg+xml", SVG)] {
        let body = content.to_owned();
        site.put("/free", media_type, Shown { body: body.clone(), ..Shown::default() });
        let headers = vec![(CONTENT_SECURITY_POLICY, policy.clone())];
        site.put("/guarded", media_type, Shown { headers, body });
        for (path, runs) in [("/free", true), ("/guarded", false)] {
            page.open(&site.url("page.person.test", path)).await.unwrap();
            assert_eq!(page.evaluate::<bool>(HAS_RUN).await.unwrap(), runs, "{media_type} at {path}");
        }
    }
    chromium.close().await;
    stack.end_accounts().await;
}

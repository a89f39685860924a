//! The page on a host of its own, as its README says: other origins, other sites, and the headers that are written there.

use http::{HeaderName, HeaderValue};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::support::{Console, Screen, end_accounts, file, start_with};
use crate::account::PHONE;
use crate::browser::{Chromium, Shown, Site};
use crate::support::{TestStack, project};

/// The page's files.
const FOLDER: &str = "shared/console";

/// Another origin of the site that the API is at. For browsers both are as good as HTTPS.
const SAME_SITE: &str = "127.0.0.1";

/// Another site, as good as HTTPS likewise.
const OTHER_SITE: &str = "localhost";

/// A stack for a page that this host has, and the page's address.
async fn stack_for(site: &Site, host: &str, cookie: &str) -> (TestStack, String) {
    let address = site.url(host, "");
    let parameters = [("AllowedOrigins", address.as_str()), ("SessionCookie", cookie)];
    let stack = start_with(&parameters).await;
    put_page(site, &stack);
    (stack, address)
}

/// Puts the folder on the host, changed as its README says.
fn put_page(site: &Site, stack: &TestStack) {
    let folder = project().join(FOLDER);
    let api = stack.stack.url();
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let (_, block) = readme.split_once("```\n/*\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let headers: Vec<_> = block
        .lines()
        .map(|line| {
            let (name, value) = line.trim().split_once(": ").unwrap();
            let value = value.replace(" API", &format!(" {api}"));
            let value = value.replace(" BUCKET", &format!(" {}", stack.stack.endpoints().s3));
            (HeaderName::try_from(name.to_lowercase()).unwrap(), HeaderValue::try_from(value).unwrap())
        })
        .collect();
    let show = |path: &str, media_type: &'static str, body: String| {
        site.put(path, media_type, Shown { headers: headers.clone(), body });
    };
    show("/", "text/html", std::fs::read_to_string(folder.join("index.html")).unwrap());
    for entry in std::fs::read_dir(folder.join("assets")).unwrap() {
        let path = entry.unwrap().path();
        let media_type = match path.extension().unwrap().to_str().unwrap() {
            "js" => "text/javascript",
            "css" => "text/css",
            "svg" => "image/svg+xml",
            other => panic!("{other}"),
        };
        let mut body = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name == "config.js" {
            let here = "api: \"\",";
            assert!(body.contains(here), "{body}");
            body = body.replace(here, &format!("api: \"{api}\","));
        }
        show(&format!("/assets/{name}"), media_type, body);
    }
}

async fn use_all_of_it(host: &str, cookie: &str, screen: Screen) {
    let Some(chromium) = Chromium::start().await else { return };
    let (site, folder) = (Site::start().await, tempfile::tempdir().unwrap());
    let (stack, address) = stack_for(&site, host, cookie).await;
    let key = stack.service("admin").await.key;
    let mut console = Console::open_at(&chromium, &format!("{address}/"), screen, "").await;

    console.send_code(PHONE).await;
    assert_eq!(console.count("#simulator:not([hidden])").await, 0);
    console.write("input[name=code]", &stack.code_of(PHONE).await).await;
    console.click(".sign-in form button").await;
    console.says(".who .name", "Ada").await;
    console
        .run::<()>(
            "await until('thumbnails', () => document.querySelectorAll('.thumbnail.here').length >= 3)",
        )
        .await;
    console.picture(&format!("elsewhere-{cookie}")).await;

    console.open_file(".mp4").await;
    console.seek_media("video").await;
    // The file is saved without the cookie, which a link to another site might not bring along.
    let saved: (u16, String) = console
        .run(
            "const ask = window.fetch;
             let ticket;
             window.fetch = async (...asked) => {
                 const answer = await ask(...asked);
                 if (String(asked[0]).endsWith('/media-tickets')) ticket = (await answer.clone().json()).url;
                 return answer;
             };
             (await find('dialog a[download]')).click();
             await until('a ticket', () => ticket);
             window.fetch = ask;
             const answer = await ask(`${ticket}&download=1`, {credentials: 'omit'});
             return [answer.status, answer.headers.get('content-disposition')];",
        )
        .await;
    assert_eq!(saved.0, 200);
    assert!(saved.1.starts_with("attachment"), "{}", saved.1);
    console.close_file().await;
    console.open_file(".pdf").await;
    console
        .run::<()>(
            "await until('the copy', () => document.querySelector('.stage iframe')?.src.startsWith('blob:'))",
        )
        .await;
    console.close_file().await;

    for (name, bytes) in [("small.bin", 50_000), ("large.bin", 9_000_000)] {
        let path = file(folder.path(), name, bytes, bytes as u64);
        console.page.choose("#picker", &[&path]).await.unwrap();
        console.shows(&format!(".tile[data-name=\"{name}\"]")).await;
    }

    console.run::<()>("location.hash = '#commands'").await;
    console.write("input[name=key]", &key).await;
    console.click("form.card button").await;
    console.says(".log .badge", "done").await;
    assert_eq!(stack.chat(1).len(), 1);

    let init = utf8_percent_encode(&stack.init(77).await, NON_ALPHANUMERIC).to_string();
    let mini_app = format!("{address}/?app#tgWebAppData={init}&tgWebAppVersion=9.0&tgWebAppPlatform=ios");
    console.page.open(&mini_app).await.unwrap();
    console.click(".shutter").await;
    console.says(".taken .state", "In your chat").await;
    assert_eq!(stack.chat(77).len(), 1);

    console.page.open(&format!("{address}/?back")).await.unwrap();
    console.shows(".tile").await;
    console.click(".who button").await;
    console.shows("input[name=phone]").await;
    console.end();
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn another_origin_of_the_same_site_does_all_of_it() {
    Box::pin(use_all_of_it(SAME_SITE, "lax", Screen::Desktop)).await;
}

#[tokio::test]
async fn another_site_does_all_of_it_with_a_cookie_of_its_own() {
    Box::pin(use_all_of_it(OTHER_SITE, "partitioned", Screen::Phone)).await;
}

/// Chromium has no third-party cookies in pages that share nothing with others, as those of the tests are.
#[tokio::test]
async fn a_browser_that_keeps_cookies_of_other_sites_away_says_so() {
    let Some(chromium) = Chromium::start().await else { return };
    let site = Site::start().await;
    let (stack, address) = stack_for(&site, OTHER_SITE, "none").await;
    let console = Console::open_at(&chromium, &format!("{address}/"), Screen::Phone, "").await;
    console.send_code(PHONE).await;
    console.write("input[name=code]", &stack.code_of(PHONE).await).await;
    console.click(".sign-in form button").await;
    console.says(".alert", "Your browser keeps the server's cookie away from this page.").await;
    console.picture("no-cookie").await;
    console.end();
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn an_origin_that_is_not_listed_does_nothing() {
    let Some(chromium) = Chromium::start().await else { return };
    let site = Site::start().await;
    let stack = start_with(&[("AllowedOrigins", "https://app.example")]).await;
    put_page(&site, &stack);
    let console = Console::open_at(&chromium, &site.url(SAME_SITE, "/"), Screen::Desktop, "").await;
    console.says(".alert", "The server cannot be reached.").await;
    console.picture("origin-refused").await;
    chromium.close().await;
    stack.end_clean().await;
}

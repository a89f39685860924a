//! The Mini App's camera, in a browser and as Telegram shows it, and the simulated chat beside it.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::support::{Console, Screen, start};
use crate::browser::Chromium;
use crate::support::picture;

/// Keeps what the page tells Telegram, and answers its question.
const TELEGRAM: &str = "
    window.told = [];
    window.TelegramWebviewProxy = { postEvent: (name, data) => {
        window.told.push([name, JSON.parse(data)]);
        if (name === 'web_app_request_write_access') {
            window.Telegram.WebView.receiveEvent('write_access_requested', {status: window.allowed ?? 'allowed'});
        }
    } };
";

#[tokio::test]
async fn a_picture_that_is_taken_lands_in_the_chat_beside_it() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    for (taken, screen) in (1..).zip(Screen::ALL) {
        let console = Console::open(&chromium, &stack, "#camera", screen).await;
        console.click(".shutter").await;
        console.says(".taken .state", "In your chat").await;
        console.run::<()>("await until('the picture in the chat', () => [...document.querySelectorAll('.chat img')].at(-1)?.naturalWidth > 0)").await;
        console.picture("camera").await;
        assert_eq!(stack.chat(1).len(), taken);
        console.end();
    }
    chromium.close().await;
    stack.end_clean().await;
}

/// Waits until the whole of the last picture is seen in the chat.
const SEEN: &str = "
    const chat = await find('.chat');
    await until('the whole picture', () => {
        const last = [...chat.querySelectorAll('img')].at(-1);
        if (!(last?.naturalWidth > 0)) return false;
        const [picture, list] = [last.getBoundingClientRect(), chat.getBoundingClientRect()];
        return picture.height > 50 && picture.top >= list.top && picture.bottom <= list.bottom;
    });
";

#[tokio::test]
async fn the_chat_shows_the_whole_of_a_fresh_picture_unless_one_reads_further_up() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    let data = json!({"chat_id": 1, "text": "words ".repeat(300)});
    stack.service("admin").await.accepted(&json!({"command": "send_message", "data": data})).await;
    for screen in Screen::ALL {
        let console = Console::open(&chromium, &stack, "#camera", screen).await;
        console.says(".chat", "words").await;
        console.click(".shutter").await;
        console.run::<()>(SEEN).await;
        console.run::<()>("const chat = document.querySelector('.chat'); chat.scrollTop = 0; await until('moved', () => chat.scrollTop === 0)").await;
        let pictures = console.count(".chat img").await;
        console.click(".shutter").await;
        console
            .run::<()>(&format!(
                "const chat = document.querySelector('.chat');
                 await until('the next picture', () => chat.querySelectorAll('img').length > {pictures});
                 await until('nothing moves', () => chat.scrollTop === 0);"
            ))
            .await;
        console.end();
    }
    chromium.close().await;
    stack.end_clean().await;
}

#[tokio::test]
async fn a_phone_on_its_side_shows_finder_and_shutter() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    let console = Console::open(&chromium, &stack, "#camera", Screen::Phone).await;
    for (width, height) in [(844, 390), (667, 375)] {
        console.page.show_on(width, height, true, true).await.unwrap();
        console.shows(".shutter:not(:disabled)").await;
        console
            .run::<()>(
                "await until('all in view', () => ['.finder', '.shutter', '.shutter-row .button'].every((it) => {
                     const {left, right, top, bottom, height} = document.querySelector(it).getBoundingClientRect();
                     const bar = document.querySelector('.bar').getBoundingClientRect().bottom;
                     return height >= 44 && top >= bar && bottom <= innerHeight && left >= 0 && right <= innerWidth;
                 }))",
            )
            .await;
        console.picture(&format!("on-its-side-{width}")).await;
    }
    console.end();
    chromium.close().await;
    stack.end_clean().await;
}

#[tokio::test]
async fn a_picture_can_be_chosen_where_there_is_no_camera_or_none_is_allowed() {
    let Some(chromium) = Chromium::start().await else { return };
    let (stack, folder) = (start().await, tempfile::tempdir().unwrap());
    let path = folder.path().join("picture.png");
    std::fs::write(&path, picture(7)).unwrap();
    let none = "Object.defineProperty(navigator, 'mediaDevices', { value: undefined });";
    let denied = "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', 'NotAllowedError'); };";
    for screen in Screen::ALL {
        for (before, said, name) in [
            (none, "There is no camera here.", "no-camera"),
            (denied, "You did not allow the camera.", "denied-camera"),
        ] {
            let console = Console::open_with(&chromium, &stack, "#camera", screen, before).await;
            console.says(".finder", said).await;
            console.picture(name).await;
            console.page.choose("#picture", &[&path]).await.unwrap();
            console.says(".taken .state", "In your chat").await;
            console.end();
        }
    }
    assert_eq!(stack.chat(1).len(), 4);
    chromium.close().await;
    stack.end_clean().await;
}

#[tokio::test]
async fn a_picture_that_was_not_sent_is_sent_again_and_one_that_was_refused_says_why() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    for (number, screen) in (1..).zip(Screen::ALL) {
        let console = Console::open(&chromium, &stack, "#camera", screen).await;
        console.shows(".shutter:not(:disabled)").await;
        console.page.set_offline(true).await.unwrap();
        console.click(".shutter").await;
        console.says(".taken .bad", "The server cannot be reached.").await;
        console.picture("not-sent").await;
        console.page.set_offline(false).await.unwrap();
        console.click(".taken button").await;
        console.says(".taken .good", "In your chat").await;
        assert_eq!(stack.chat(1).len(), number);

        let fault =
            json!({"method": "sendPhoto", "error": "403:Forbidden: bot was blocked by the user", "times": 1});
        stack.fault(fault).await;
        console.click(".shutter").await;
        console.says(".alert", "You have blocked the bot. Unblock it in Telegram").await;
        console.picture("refused").await;
        console.end();
    }
    chromium.close().await;
    stack.end().await;
}

#[tokio::test]
async fn what_is_no_picture_can_only_be_removed() {
    let Some(chromium) = Chromium::start().await else { return };
    let (stack, folder) = (start().await, tempfile::tempdir().unwrap());
    let path = folder.path().join("words.png");
    std::fs::write(&path, "no picture").unwrap();
    let console = Console::open(&chromium, &stack, "#camera", Screen::Phone).await;
    console.shows(".shutter:not(:disabled)").await;
    console.page.choose("#picture", &[&path]).await.unwrap();
    console.says(".taken .bad", "That is no picture Telegram takes.").await;
    let offered =
        "return [...document.querySelectorAll('.taken button:not([hidden])')].map((it) => it.innerText)";
    assert_eq!(console.run::<Vec<String>>(offered).await, ["Remove"]);
    console.click(".taken button:not([hidden])").await;
    console.hides(".taken li").await;
    console.end();
    chromium.close().await;
    stack.end_clean().await;
}

#[tokio::test]
async fn telegram_shows_it_as_a_mini_app_on_a_phone() {
    telegram_shows_it(Screen::Phone, "#").await;
}

#[tokio::test]
async fn telegram_shows_it_as_a_mini_app_on_a_desktop() {
    telegram_shows_it(Screen::Desktop, "#camera?").await;
}

/// With an address that ends so.
async fn telegram_shows_it(screen: Screen, ending: &str) {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    let init = stack.init(77).await;
    let colours =
        json!({"bg_color": "#101820", "text_color": "#f0f0f0", "button_color": "#aa3344"}).to_string();
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let part = format!(
        "{ending}tgWebAppData={}&tgWebAppVersion=9.0&tgWebAppPlatform=ios&tgWebAppThemeParams={}",
        encoded(&init),
        encoded(&colours)
    );
    let console = Console::open_with(&chromium, &stack, &part, screen, TELEGRAM).await;
    console.shows(".finder video").await;
    let told: Vec<(String, Value)> = console.run("return window.told").await;
    let names: Vec<_> = told.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.starts_with(&["web_app_ready", "web_app_expand"]), "{names:?}");
    assert!(
        told.contains(&("web_app_setup_back_button".to_owned(), json!({"is_visible": true}))),
        "{told:?}"
    );
    let ground: String = console.run("return getComputedStyle(document.body).backgroundColor").await;
    assert_eq!(ground, "rgb(16, 24, 32)");
    assert_eq!(console.count("#simulator:not([hidden])").await, 0);
    console.click(".shutter").await;
    console.says(".taken .state", "In your chat").await;
    assert_eq!(stack.chat(77).len(), 1);
    console.picture("mini-app").await;

    stack.fault(json!({"method": "sendPhoto", "error": "403:Forbidden: bot can't initiate conversation with a user", "times": 1})).await;
    console.click(".shutter").await;
    console.says(".notice", "The bot may write to you now.").await;
    let told: Vec<(String, Value)> = console.run("return window.told").await;
    assert!(told.iter().any(|(name, _)| name == "web_app_request_write_access"), "{told:?}");

    stack.fault(json!({"method": "sendPhoto", "error": "403:Forbidden: bot can't initiate conversation with a user", "times": 1})).await;
    console.run::<()>("window.allowed = 'cancelled'").await;
    console.click(".shutter").await;
    console.says(".alert", "The bot may not write to you, so no picture can arrive.").await;

    // What Telegram tells later: other colours, less room, and that its back button was pressed.
    let changed: (String, String) = console
        .run(
            "const tell = window.Telegram.WebView.receiveEvent;
             tell('theme_changed', {theme_params: {bg_color: '#fafafa', text_color: '#101010'}});
             tell('viewport_changed', {height: 500, width: 390, is_state_stable: true, is_expanded: false});
             const {backgroundColor, minHeight} = getComputedStyle(document.body);
             return [backgroundColor, minHeight];",
        )
        .await;
    assert_eq!(changed, ("rgb(250, 250, 250)".to_owned(), "500px".to_owned()));
    console
        .run::<()>(
            "location.hash = '#camera';
             await until('shown again', () => document.querySelectorAll('.taken li').length === 0);
             window.Telegram.WebView.receiveEvent('back_button_pressed');
             await until('back', () => location.hash.includes('tgWebAppData'));
             await until('shown', () => document.querySelector('.finder video'));
             window.Telegram.WebView.receiveEvent('back_button_pressed');
             await until('closed', () => window.told.some(([name]) => name === 'web_app_close'));",
        )
        .await;
    console.end();
    chromium.close().await;
    stack.end().await;
}

#[tokio::test]
async fn an_app_that_cannot_ask_for_write_access_says_what_to_do() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    let init = utf8_percent_encode(&stack.init(77).await, NON_ALPHANUMERIC).to_string();
    let part = format!("#tgWebAppData={init}&tgWebAppVersion=6.7&tgWebAppPlatform=android");
    let silent = "window.TelegramWebviewProxy = { postEvent: () => {} };";
    let console = Console::open_with(&chromium, &stack, &part, Screen::Phone, silent).await;
    stack.fault(json!({"method": "sendPhoto", "error": "403:Forbidden: bot can't initiate conversation with a user", "times": 1})).await;
    console.click(".shutter").await;
    console.says(".alert", "The bot may not write to you, so no picture can arrive.").await;
    console.end();
    chromium.close().await;
    stack.end().await;
}

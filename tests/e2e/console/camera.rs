//! The Mini App's camera, in a browser and as Telegram shows it, and the simulated chat beside it.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::support::{Console, Screen};
use crate::browser::Chromium;
use crate::support::{TestStack, picture};

/// Keeps what the page tells Telegram, and answers its question.
const TELEGRAM: &str = "
    window.told = [];
    window.TelegramWebviewProxy = { postEvent: (name, data) => {
        window.told.push([name, JSON.parse(data)]);
        if (name === 'web_app_request_write_access') {
            window.Telegram.WebView.receiveEvent('write_access_requested', {status: 'allowed'});
        }
    } };
";

#[tokio::test]
async fn a_picture_that_is_taken_lands_in_the_chat_beside_it() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = TestStack::start().await;
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

#[tokio::test]
async fn a_picture_can_be_chosen_where_there_is_no_camera() {
    let Some(chromium) = Chromium::start().await else { return };
    let (stack, folder) = (TestStack::start().await, tempfile::tempdir().unwrap());
    let file = folder.path().join("picture.png");
    std::fs::write(&file, picture(7)).unwrap();
    let none = "Object.defineProperty(navigator, 'mediaDevices', { value: undefined });";
    let console = Console::open_with(&chromium, &stack, "#camera", Screen::Phone, none).await;
    console.says(".finder", "There is no camera here.").await;
    console.page.choose("#picture", &[&file]).await.unwrap();
    console.says(".taken .state", "In your chat").await;
    console.end();
    chromium.close().await;
    stack.end_clean().await;
}

#[tokio::test]
async fn what_one_writes_in_the_chat_is_answered_with_the_way_to_the_camera() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = TestStack::start().await;
    let console = Console::open(&chromium, &stack, "#commands", Screen::Desktop).await;
    console.write(".write input", "/start").await;
    console.click(".write button").await;
    console.says(".chat .mine", "/start").await;
    console.says(".keyboard", "Open camera").await;
    console.run::<()>("document.querySelector('.keyboard a').click()").await;
    console.shows(".finder").await;
    console.end();
    chromium.close().await;
    stack.end_clean().await;
}

#[tokio::test]
async fn telegram_shows_it_as_a_mini_app() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = TestStack::start().await;
    let init = stack.init(77).await;
    let colours =
        json!({"bg_color": "#101820", "text_color": "#f0f0f0", "button_color": "#aa3344"}).to_string();
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let part = format!(
        "#tgWebAppData={}&tgWebAppVersion=9.0&tgWebAppPlatform=ios&tgWebAppThemeParams={}",
        encoded(&init),
        encoded(&colours)
    );
    let console = Console::open_with(&chromium, &stack, &part, Screen::Phone, TELEGRAM).await;
    console.shows(".finder video").await;
    let told: Vec<(String, serde_json::Value)> = console.run("return window.told").await;
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
    let told: Vec<(String, serde_json::Value)> = console.run("return window.told").await;
    assert!(told.iter().any(|(name, _)| name == "web_app_request_write_access"), "{told:?}");
    console.end();
    chromium.close().await;
    stack.end().await;
}

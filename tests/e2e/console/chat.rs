//! The simulated chat beside the page: what one writes there, and what the bot and a service answer.

use std::future::IntoFuture as _;

use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::support::{Console, Screen, start, start_changed};
use crate::account::PHONE;
use crate::browser::Chromium;

#[tokio::test]
async fn what_one_writes_is_answered_by_the_bot_and_by_services() {
    let Some(chromium) = Chromium::start().await else { return };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let assignments = format!(
        "users: {{1: member}}\nservices:\n  one: {{url: \"http://{}/\", role: responder}}\nroutes: {{/ping: one}}\n",
        listener.local_addr().unwrap()
    );
    let service = Router::new().fallback(post(async || Json(json!({"reply": "pong"}))));
    tokio::spawn(axum::serve(listener, service).into_future());
    let stack = start_changed(|options| {
        std::fs::write(options.data_dir.join("assignments.yaml"), assignments).unwrap();
    })
    .await;
    for screen in Screen::ALL {
        let console = Console::open(&chromium, &stack, "#commands", screen).await;
        if screen == Screen::ALL[0] {
            console.says(".chat-box", "Nothing yet. Write /start").await;
        }
        console.write(".write input", "/start").await;
        console.click(".write button").await;
        console.says(".chat .mine", "/start").await;
        console.says(".keyboard", "Open camera").await;
        console.write(".write input", "/ping").await;
        console.click(".write button").await;
        console.says(".chat .theirs:last-child", "pong").await;
        console.picture("chat").await;
        console.run::<()>("document.querySelector('.keyboard a').click()").await;
        console.shows(".finder").await;
        console.end();
    }
    chromium.close().await;
    stack.end_clean().await;
}

/// What the bubbles of the chat say, once there are so many.
const SAID: &str = "
    const said = () => [...document.querySelectorAll('.chat li')].map((it) => it.innerText);
";

#[tokio::test]
async fn what_the_bot_changed_is_shown_as_it_is_now() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    let service = stack.service("admin").await;
    let does = async |command: &str, data: Value| {
        let mut data = data;
        data["chat_id"] = json!(1);
        service.accepted(&json!({"command": command, "data": data})).await;
        stack.stack.settle().await;
    };
    let file = |name: &str| json!({"type": "document", "media": format!("data:text/plain;name={name},hi")});
    let keyboard = json!({"keyboard": [["/ping"], ["Tea", {"text": "Coffee"}]]});
    let inline = json!({"inline_keyboard": [[{"text": "One", "callback_data": "1"}], [{"text": "Two", "callback_data": "2"}]]});
    does("send_message", json!({"text": "First", "reply_markup": inline})).await;
    does("send_message", json!({"text": "To be deleted"})).await;
    does("send_document", json!({"document": "data:text/plain;name=report.txt,hi"})).await;
    does("send_media_group", json!({"media": [file("a.txt"), file("b.txt")]})).await;
    does("send_message", json!({"text": "Choose", "reply_markup": keyboard})).await;
    for screen in Screen::ALL {
        let is_first = screen == Screen::ALL[0];
        let console = Console::open(&chromium, &stack, "#commands", screen).await;
        console.says(".chat", "Choose").await;
        if is_first {
            let rows = "return [...document.querySelectorAll('.inline .keys')].map((row) => row.innerText)";
            assert_eq!(console.run::<Vec<String>>(rows).await, ["One", "Two"]);
            console.run::<()>("document.querySelectorAll('.chat li')[2].stays = true").await;
            does("edit_message_text", json!({"message_id": 1, "text": "Edited"})).await;
            does("pin_chat_message", json!({"message_id": 1})).await;
            does("delete_message", json!({"message_id": 2})).await;
        }
        let script = format!("{SAID} await until('deleted', () => said().length === 5); return said()");
        let said: Vec<String> = console.run(&script).await;
        assert_eq!(said, ["Edited", "report.txt", "a.txt", "b.txt", "Choose"]);
        if is_first {
            // What did not change is the same element as before, and is not read out again.
            assert!(console.run::<bool>("return document.querySelectorAll('.chat li')[1].stays").await);
        }
        let rows: Vec<Vec<String>> = console
            .run("return [...document.querySelectorAll('.keyboard .keys')].map((row) => [...row.children].map((it) => it.innerText))")
            .await;
        assert_eq!(rows, [vec!["/ping"], vec!["Tea", "Coffee"]]);
        console.picture("chat-folded").await;
        if !is_first {
            console.run::<()>("document.querySelector('.keyboard button').click()").await;
            console.says(".chat .mine", "/ping").await;
        }
        console.end();
    }
    chromium.close().await;
    stack.end_clean().await;
}

/// Whether the field is in view and nothing lies above it, with the page at its beginning and at its end.
const IN_VIEW: &str = "
    const field = await find('.write input');
    const isSeen = () => {
        const {left, top, bottom} = field.getBoundingClientRect();
        return top >= 0 && bottom <= innerHeight && document.elementFromPoint(left + 20, (top + bottom) / 2) === field;
    };
    for (const to of [0, document.documentElement.scrollHeight]) {
        scrollTo(0, to);
        await until(`the field at ${to}`, isSeen);
    }
    scrollTo(0, 0);
";

#[tokio::test]
async fn the_field_of_the_chat_is_in_view_whatever_else_is_shown() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    let service = stack.service("admin").await;
    let keyboard = json!({"keyboard": [["/ping"], ["Tea", "Coffee"], ["More"]]});
    let data = json!({"chat_id": 1, "text": "words ".repeat(300), "reply_markup": keyboard});
    service.accepted(&json!({"command": "send_message", "data": data})).await;
    for height in [800, 720] {
        let console = Console::open(&chromium, &stack, "#camera", Screen::Desktop).await;
        console.page.show_on(1280, height, false, false).await.unwrap();
        console.shows(".keyboard button").await;
        console.run::<()>(IN_VIEW).await;
        console.run::<()>("location.hash = '#saved'").await;
        console.send_code(PHONE).await;
        console.shows(".sim-code strong").await;
        console.run::<()>(IN_VIEW).await;
        console
            .run::<()>(
                "const button = (words) => until(words,
                     () => [...document.querySelectorAll('.sign-in button')].find((it) => it.innerText === words));
                 (await button('Another number')).click();
                 (await button('Use a QR code')).click();
                 await find('.codes button');",
            )
            .await;
        console.run::<()>(IN_VIEW).await;
        console.picture(&format!("chat-beside-qr-{height}")).await;
        console.end();
    }
    chromium.close().await;
    stack.end_clean().await;
}

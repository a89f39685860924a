//! The simulated chat beside the page: what one writes there, and what the bot and a service answer.

use std::future::IntoFuture as _;

use axum::routing::post;
use axum::{Json, Router};
use serde_json::json;
use tokio::net::TcpListener;

use super::support::{Console, Screen, start_changed};
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

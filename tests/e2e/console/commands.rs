//! Commands with an API key.

use super::support::{Console, Screen, start};
use crate::browser::Chromium;

#[tokio::test]
async fn a_command_is_sent_and_its_result_shown() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    let key = stack.service("admin").await.key;
    for (sent, screen) in (1..).zip(Screen::ALL) {
        let console = Console::open(&chromium, &stack, "#commands", screen).await;
        console.write("input[name=key]", "lg_wrong").await;
        console.click("form.card button").await;
        console.says(".alert", "This key is not valid.").await;
        console.write("input[name=key]", &key).await;
        console.click("form.card button").await;
        console.says(".log .badge", "done").await;
        console.says(".chat", "Hello from the console").await;
        assert_eq!(stack.chat(1).len(), sent);
        console.run::<()>("document.querySelector('.log summary').click()").await;
        console.says(".log pre", "\"message_id\"").await;
        console.picture("command").await;

        console.write("input[name=command]", "delete_message").await;
        console.write("textarea", r#"{"chat_id": 1, "message_id": 999}"#).await;
        console.run::<()>("document.getElementById('wait').click()").await;
        console.click("form.card button").await;
        console.says(".log li:first-child .badge", "failed").await;
        console.says(".log li:first-child .bad", "message to delete not found").await;
        console.picture("command-failed").await;

        console.write("input[name=command]", "send_message").await;
        console.write("textarea", "{").await;
        console.click("form.card button").await;
        console.says(".alert", "The data is no JSON").await;
        console.write("textarea", r#"{"chat_id": 1}"#).await;
        console.click("form.card button").await;
        console.says(".alert", "text").await;
        console.end();
    }
    chromium.close().await;
    stack.end_clean().await;
}

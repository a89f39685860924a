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

#[tokio::test]
async fn every_command_that_is_suggested_works_as_it_is() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    let key = stack.service("admin").await.key;
    let console = Console::open(&chromium, &stack, "#commands", Screen::Desktop).await;
    console.write("input[name=key]", &key).await;
    let suggested: Vec<String> = console
        .run("await find('#examples option'); return [...document.querySelectorAll('#examples option')].map((it) => it.value)")
        .await;
    assert!(suggested.contains(&"send_photo".to_owned()), "{suggested:?}");
    for (before, command) in suggested.iter().enumerate() {
        console.write("input[name=command]", command).await;
        console.click("form.card button").await;
        console
            .run::<()>(&format!(
                "await until('{command} is over', () => document.querySelectorAll('.log details').length > {before})"
            ))
            .await;
        console.says(".log li:first-child .badge", "done").await;
    }
    console.shows(".chat img").await;
    console.says(".chat .theirs:last-child a", "hello.txt").await;
    console
        .run::<()>("await until('it is deleted', () => !document.querySelector('.chat').innerText.includes('Changed'))")
        .await;
    console.end();
    chromium.close().await;
    stack.end_clean().await;
}

/// Loses the answer to the first command, lets a proxy answer the second, and loses some looks at the third.
const LOST: &str = "
    const ask = window.fetch;
    let sent = 0;
    let looks = 0;
    window.fetch = async (address, init) => {
        const path = new URL(address, location).pathname;
        if (path === '/enqueue_command' && (sent += 1) === 2) return new Response('Bad Gateway', {status: 502});
        const isLost = path.startsWith('/commands/') ? (looks += 1) < 3 : path === '/enqueue_command' && sent === 1;
        const answer = isLost && path.startsWith('/commands/') ? undefined : await ask(address, init);
        if (isLost) throw new TypeError('Failed to fetch');
        return answer;
    };
";

#[tokio::test]
async fn a_command_whose_answer_is_lost_is_not_done_twice() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    let key = stack.service("admin").await.key;
    for (number, screen) in (1..).zip(Screen::ALL) {
        let console = Console::open_with(&chromium, &stack, "#commands", screen, LOST).await;
        console.write("input[name=key]", &key).await;
        let text = format!(r#"{{"chat_id": 1, "text": "Once {number}"}}"#);
        console.write("textarea", &text).await;
        console.click("form.card button").await;
        console.says(".alert", "The server cannot be reached.").await;
        console.click("form.card button").await;
        console.says(".alert", "The server does not answer right now.").await;
        console.picture("command-unanswered").await;
        console.run::<()>("document.getElementById('wait').click()").await;
        console.click("form.card button").await;
        console.says(".log .badge", "done").await;
        assert_eq!(stack.chat(1).len(), number);
        console.end();
    }
    chromium.close().await;
    stack.end_clean().await;
}

//! The page that shows the description of the API: all of it, for everybody, on both screens.

use serde_json::json;

use super::access::{AXE, FAULTS};
use super::support::{Console, Screen};
use crate::browser::Chromium;
use crate::contract::Description;
use crate::support::{TestStack, project};

#[tokio::test]
async fn the_reference_shows_every_operation_and_every_sentence() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = TestStack::start().await;
    for screen in Screen::ALL {
        let page = Console::open(&chromium, &stack, "reference", screen).await;
        page.shows("article").await;
        let operations = Description::get().operations();
        assert_eq!(page.count("article").await, operations.len());
        let text: String = page.run("return document.querySelector('main').textContent").await;
        assert!(!text.contains("[object"), "something of the page is no text");
        for operation in operations {
            assert!(
                text.contains(operation.path) && text.contains(operation.value["summary"].as_str().unwrap())
            );
        }
        for (name, example) in Description::get().root()["components"]["examples"].as_object().unwrap() {
            let sentence = json!(example["value"]["error"]).to_string();
            assert!(text.contains(&sentence), "{name}: {sentence} is not shown");
        }
        let wide: bool = page.run("return document.documentElement.scrollWidth <= innerWidth").await;
        assert!(wide, "the page is wider than {screen:?}");
        page.picture("reference").await;

        page.run::<()>(
            "document.querySelector('.contents details').open = true;
             const search = await find('#search');
             search.value = 'stream_media';
             search.dispatchEvent(new Event('input', {bubbles: true}));",
        )
        .await;
        assert_eq!(page.count("article:not([hidden])").await, 2);
        page.run::<()>(
            "for (const it of document.querySelectorAll('#streamMedia details')) it.open = true;
             document.getElementById('streamMedia').scrollIntoView();",
        )
        .await;
        page.picture("reference-operation").await;
        page.end();
    }
    chromium.close().await;
    stack.end().await;
}

#[tokio::test]
async fn a_reference_without_its_description_says_what_it_needs() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = TestStack::start().await;
    let before = "window.fetch = async () => new Response('', {status: 404});";
    let page = Console::open_with(&chromium, &stack, "reference", Screen::Phone, before).await;
    page.says("[role=alert]", "There is no openapi.json beside this page").await;
    page.end();
    chromium.close().await;
    stack.end().await;
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "a test that proves nothing says so")]
async fn axe_finds_no_serious_fault_in_the_reference() {
    let Some(chromium) = Chromium::start().await else { return };
    let Ok(axe) = std::fs::read_to_string(project().join(AXE)) else {
        println!("axe-core was not tried: it is not installed.");
        return;
    };
    let stack = TestStack::start().await;
    for screen in Screen::ALL {
        let page = Console::open(&chromium, &stack, "reference", screen).await;
        page.shows("article").await;
        // All that can be unfolded.
        page.run::<()>("for (const it of document.querySelectorAll('details')) it.open = true;").await;
        // Scripts of a test are not held to the page's policy.
        page.run::<()>(&axe).await;
        let faults: Vec<String> = page.run(&format!("{FAULTS}return faults;")).await;
        assert!(faults.is_empty(), "{screen:?}: {faults:#?}");
        page.end();
    }
    chromium.close().await;
    stack.end().await;
}

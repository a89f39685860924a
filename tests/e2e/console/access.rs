//! The page for people who see it otherwise, or not: axe-core finds no serious fault in any view.

use super::support::{Console, Screen, end_accounts};
use crate::account::PHONE;
use crate::browser::Chromium;
use crate::support::{TestStack, project};

/// Where `.ci/run` puts axe-core.
pub(super) const AXE: &str = "tests/artifacts/axe.min.js";

/// Its faults that count (github.com/dequelabs/axe-core/blob/develop/doc/API.md#results-object).
pub(super) const FAULTS: &str = "
    const found = await axe.run(document);
    return found.violations
        .filter(({impact}) => impact === 'serious' || impact === 'critical')
        .map(({id, nodes}) => `${id}: ${nodes[0].html.slice(0, 200)}`);
";

#[tokio::test]
#[expect(clippy::print_stdout, reason = "a test that proves nothing says so")]
async fn axe_finds_no_serious_fault() {
    let Some(chromium) = Chromium::start().await else { return };
    let Ok(axe) = std::fs::read_to_string(project().join(AXE)) else {
        println!("axe-core was not tried: it is not installed.");
        return;
    };
    let stack = TestStack::start().await;
    for screen in Screen::ALL {
        // Scripts of a test are not held to the page's policy.
        let console = Console::open(&chromium, &stack, "", screen).await;
        let check = async |view: &str| {
            console.run::<()>(&format!("if (!window.axe) {{ {axe}\n }}")).await;
            let faults: Vec<String> = console.run(FAULTS).await;
            assert!(faults.is_empty(), "{view} on {screen:?}: {faults:#?}");
        };
        console.shows("input[name=phone]").await;
        check("sign-in").await;
        console.send_code(PHONE).await;
        check("code").await;
        console
            .run::<()>(
                "(await find('input[name=code]')).value = (await find('.sim-code strong')).textContent;
             (await usable('.sign-in form button')).click();",
            )
            .await;
        console.shows(".tile").await;
        check("gallery").await;
        console.click(".tile").await;
        console.shows("dialog[open]").await;
        check("viewer").await;
        console.run::<()>("document.querySelector('dialog').close(); location.hash = '#camera'").await;
        console.shows(".finder").await;
        check("camera").await;
        console.run::<()>("location.hash = '#commands'").await;
        console.shows("textarea").await;
        check("commands").await;
        console.run::<()>("location.hash = '#saved'").await;
        console.shows(".tile").await;
        console.click(".who button").await;
        console.shows("input[name=phone]").await;
        console.end();
    }
    end_accounts(chromium, stack).await;
}

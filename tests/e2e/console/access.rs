//! The page for everybody: axe-core finds no fault that counts in any view or state, in light and dark, and on the smallest
//! phones nothing is cut off or too small for a finger.

use serde_json::json;

use super::support::{Console, Screen, end_accounts, file, start};
use crate::account::PHONE;
use crate::browser::Chromium;
use crate::support::project;

/// Where `.ci/run` puts axe-core.
pub(super) const AXE: &str = "tests/artifacts/axe.min.js";

/// Leaves its faults that count in `faults` (github.com/dequelabs/axe-core/blob/develop/doc/API.md#results-object).
pub(super) const FAULTS: &str = "
    const found = await axe.run(document);
    const faults = found.violations
        .filter(({impact}) => impact === 'serious' || impact === 'critical')
        .map(({id, nodes}) => `${id}: ${nodes[0].html.slice(0, 200)}`);
";

/// What does not fit the screen, and, for fingers, what is smaller than 44 px (WCAG 2.2, 2.5.5). A box to tick has its
/// label, the shutter's neighbours have theirs; links within a sentence are excepted there, too.
const FIT: &str = "
    const wide = document.documentElement.scrollWidth;
    if (wide > width) faults.push(`${wide} px wide`);
    const dialog = document.querySelector('dialog[open]');
    const targets = (dialog ?? document).querySelectorAll('a, button, select, summary, label.button, label.check, input:not([type=checkbox], .hidden-input)');
    for (const target of finger ? targets : []) {
        const box = target.getBoundingClientRect();
        if (box.width === 0 || target.matches('.skip')) continue;
        if (box.width < 44 || box.height < 43.5) faults.push(`${box.width} x ${box.height}: ${target.outerHTML.slice(0, 120)}`);
        if (box.right > width + 1 || box.left < -1) faults.push(`cut off: ${target.outerHTML.slice(0, 120)}`);
    }
    return faults;
";

/// Width and height, whether it is a phone's, and whether it is dark.
const SCREENS: [(u32, u32, bool, bool); 5] = [
    (1280, 850, false, false),
    (1280, 850, false, true),
    (390, 844, true, false),
    (390, 844, true, true),
    (320, 568, true, false),
];

struct Check<'a> {
    axe: String,
    console: &'a Console,
}

impl Check<'_> {
    async fn view(&self, name: &str) {
        // Scripts of a test are not held to the page's policy.
        self.console.run::<()>(&format!("if (!window.axe) {{ {}\n }}", self.axe)).await;
        for (width, height, phone, dark) in SCREENS {
            self.console.page.show_on(width, height, phone, dark).await.unwrap();
            let script = format!("const [width, finger] = [{width}, {phone}];{FAULTS}{FIT}");
            let faults: Vec<String> = self.console.run(&script).await;
            assert!(faults.is_empty(), "{name}, {width} px wide, dark: {dark}: {faults:#?}");
        }
    }
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "a test that proves nothing says so")]
async fn nobody_is_kept_out_of_any_view() {
    let Some(chromium) = Chromium::start().await else { return };
    let Ok(axe) = std::fs::read_to_string(project().join(AXE)) else {
        println!("axe-core was not tried: it is not installed.");
        return;
    };
    let (stack, folder) = (start().await, tempfile::tempdir().unwrap());
    let key = stack.service("admin").await.key;
    let console = Console::open(&chromium, &stack, "", Screen::Desktop).await;
    let check = Check { axe, console: &console };

    console.shows("input[name=phone]").await;
    check.view("sign-in").await;
    console.click(".sign-in button.quiet").await;
    console.shows(".qr img").await;
    check.view("QR code").await;
    console.click(".sign-in button.quiet").await;
    console.send_code(PHONE).await;
    console.write("input[name=code]", "1").await;
    console.click(".sign-in form button").await;
    console.says(".alert", "That is not the code Telegram sent.").await;
    check.view("wrong code").await;
    console.type_code().await;
    console.shows(".thumbnail.here").await;
    check.view("gallery").await;
    for ending in [".jpg", ".mp4", ".mp3", ".zip"] {
        console.open_file(ending).await;
        console.hides(".stage .loading").await;
        check.view(&format!("viewer of {ending}")).await;
        console.close_file().await;
    }

    let path = file(folder.path(), "long name of a file that needs all the space there is.bin", 1000, 1);
    stack.fault(json!({"method": "upload.saveFilePart", "error": "FILE_PART_TOO_BIG", "times": 1})).await;
    console.page.choose("#picker", &[&path]).await.unwrap();
    console.shows(".uploads .bad").await;
    check.view("failed upload").await;
    console.click(".uploads button[aria-label^=Cancel]").await;
    console.write(".toolbar select", "video_note").await;
    console.hides(".place").await;
    console.run::<()>("location.hash = '#about'").await;
    console.shows(".prose").await;
    check.view("good to know").await;

    console.run::<()>("location.hash = '#camera'").await;
    console.click(".shutter").await;
    console.says(".taken .state", "In your chat").await;
    check.view("camera").await;
    console.run::<()>("location.hash = '#commands'").await;
    console.write("input[name=key]", &key).await;
    console.click("form.card button").await;
    console.says(".log .badge", "done").await;
    console.write("input[name=command]", "delete_message").await;
    console.write("textarea", r#"{"chat_id": 1, "message_id": 999}"#).await;
    console.click("form.card button").await;
    console.says(".log .badge", "failed").await;
    console
        .run::<()>("for (const summary of document.querySelectorAll('.log summary')) summary.click()")
        .await;
    console.write(".write input", "/start").await;
    console.click(".write button").await;
    console.says(".keyboard", "Open camera").await;
    check.view("commands").await;

    console.run::<()>("location.hash = '#saved'").await;
    console.shows(".tile").await;
    console.click(".who button").await;
    console.shows("input[name=phone]").await;
    console.end();
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn a_keyboard_is_enough() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    let console = Console::open(&chromium, &stack, "", Screen::Desktop).await;
    let focused = async |selector: &str| {
        let script =
            format!("await until('focus', () => document.activeElement?.matches({}))", json!(selector));
        console.run::<()>(&script).await;
    };
    let press = async |key: &str| console.page.press(key).await.unwrap();

    focused("input[name=phone]").await;
    press("Enter").await;
    focused("input[name=code]").await;
    console.page.type_text("1").await.unwrap();
    press("Enter").await;
    console.says(".alert", "That is not the code Telegram sent.").await;
    // What is typed now takes the place of the wrong code.
    focused("input[name=code][aria-invalid]").await;
    console.page.type_text(&stack.code_of(PHONE).await).await.unwrap();
    press("Enter").await;
    console.shows(".tile").await;
    focused("h1").await;

    for _ in 0..6 {
        press("Tab").await;
    }
    focused("li:first-child .tile").await;
    let ring: String = console.run("return getComputedStyle(document.activeElement).outlineStyle").await;
    assert_eq!(ring, "solid");
    press("Enter").await;
    focused("dialog header button").await;
    let name = "return document.getElementById('viewer-title').textContent";
    let first: String = console.run(name).await;
    press("ArrowRight").await;
    let second: String = console.run(name).await;
    assert_ne!(first, second);
    press("ArrowLeft").await;
    assert_eq!(console.run::<String>(name).await, first);
    press("Escape").await;
    console.hides("dialog").await;
    focused("li:first-child .tile").await;

    console.run::<()>("location.hash = '#commands'; document.activeElement.blur()").await;
    console.shows("textarea").await;
    console.run::<()>("document.getElementById('skip').focus()").await;
    press("Enter").await;
    focused("main[data-view=commands]").await;
    press("Tab").await;
    focused("input[name=key]").await;
    console.end();
    chromium.close().await;
    stack.stack.rest().await;
    stack.end_accounts().await;
}

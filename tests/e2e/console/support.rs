//! A console that a test looks at.

use std::path::{Path, PathBuf};

use lambdagram_tests::lambda::Launcher;
use lambdagram_tests::stack::Options;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::account::PHONE;
use crate::browser::{Chromium, Page};
use crate::support::{TestStack, project};

/// What a test runs in the page to wait for something: a condition is looked at again until it holds.
const UNTIL: &str = "
    const until = async (what, condition) => {
        const end = Date.now() + 30000;
        for (;;) {
            const found = await condition();
            if (found) return found;
            if (Date.now() > end) throw new Error(`never: ${what}\\n${document.body.innerText.slice(0, 2000)}`);
            await new Promise((resolve) => setTimeout(resolve, 25));
        }
    };
    const find = (selector) => until(selector, () => document.querySelector(selector));
    const usable = (selector) => until(`${selector}, enabled`, () => document.querySelector(`${selector}:not(:disabled)`));
";

/// A screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Screen {
    Desktop,
    Phone,
}

impl Screen {
    pub(super) const ALL: [Self; 2] = [Self::Desktop, Self::Phone];

    /// A desktop is light, and a phone dark.
    async fn set(self, page: &Page) {
        let shown = match self {
            Self::Desktop => page.show_on(1280, 850, false, false),
            Self::Phone => page.show_on(390, 844, true, true),
        };
        shown.await.unwrap();
    }

    fn name(self) -> &'static str {
        match self {
            Self::Desktop => "desktop",
            Self::Phone => "phone",
        }
    }
}

/// The console in a page of its own.
pub(super) struct Console {
    pub(super) page: Page,
    screen: Screen,
}

impl Console {
    /// Opens one part of it, such as `#camera`.
    pub(super) async fn open(chromium: &Chromium, stack: &TestStack, part: &str, screen: Screen) -> Self {
        Self::open_with(chromium, stack, part, screen, "").await
    }

    /// The same, after a script of the test's own.
    pub(super) async fn open_with(
        chromium: &Chromium,
        stack: &TestStack,
        part: &str,
        screen: Screen,
        before: &str,
    ) -> Self {
        Self::open_at(chromium, &format!("{}/{part}", stack.stack.url()), screen, before).await
    }

    /// The same at any address.
    pub(super) async fn open_at(chromium: &Chromium, address: &str, screen: Screen, before: &str) -> Self {
        let mut page = chromium.page().await;
        screen.set(&page).await;
        page.before_each(before).await.unwrap();
        page.open(address).await.unwrap();
        Self { page, screen }
    }

    /// Opens it for the first account, and signs in.
    pub(super) async fn signed_in(chromium: &Chromium, stack: &TestStack, screen: Screen) -> Self {
        Self::signed_in_as(PHONE, chromium, stack, screen).await
    }

    /// The same for another account.
    pub(super) async fn signed_in_as(
        phone: &str,
        chromium: &Chromium,
        stack: &TestStack,
        screen: Screen,
    ) -> Self {
        let console = Self::open(chromium, stack, "", screen).await;
        console.sign_in(phone).await;
        console.shows(".tile").await;
        console
    }

    /// Signs in with a phone number and the code that the panel shows.
    pub(super) async fn sign_in(&self, phone: &str) {
        self.send_code(phone).await;
        self.type_code().await;
    }

    /// Types the code that the panel shows, and sends it.
    pub(super) async fn type_code(&self) {
        self.run::<()>(
            "const code = (await find('.sim-code strong')).textContent;
             (await find('input[name=code]')).value = code;
             (await usable('.sign-in form button')).click();",
        )
        .await;
    }

    /// Asks for a code.
    pub(super) async fn send_code(&self, phone: &str) {
        self.write("input[name=phone]", phone).await;
        self.click(".sign-in form button").await;
        self.shows("input[name=code]").await;
    }

    /// Runs the body of an asynchronous function that may wait; what it returns.
    pub(super) async fn run<T: DeserializeOwned>(&self, script: &str) -> T {
        match self.page.evaluate(&format!("{UNTIL}\n{script}")).await {
            Ok(value) => value,
            Err(trouble) => {
                self.picture("failed").await;
                panic!("{trouble}");
            }
        }
    }

    /// Waits until the page has what this selector finds.
    pub(super) async fn shows(&self, selector: &str) {
        self.run::<()>(&format!("await find({})", json!(selector))).await;
    }

    /// Waits until the page says this somewhere in what this selector finds.
    pub(super) async fn says(&self, selector: &str, words: &str) {
        let (selector, words) = (json!(selector), json!(words));
        let script = format!(
            "await until({words}, () => [...document.querySelectorAll({selector})].some((it) => it.innerText.includes({words})))"
        );
        self.run::<()>(&script).await;
    }

    /// The same where small screens hide it.
    pub(super) async fn says_hidden(&self, selector: &str, words: &str) {
        let (selector, words) = (json!(selector), json!(words));
        let script = format!(
            "await until({words}, () => document.querySelector({selector})?.textContent.includes({words}))"
        );
        self.run::<()>(&script).await;
    }

    /// Waits until the page has nothing that this selector finds.
    pub(super) async fn hides(&self, selector: &str) {
        let selector = json!(selector);
        self.run::<()>(&format!(
            "await until('no ' + {selector}, () => !document.querySelector({selector}))"
        ))
        .await;
    }

    pub(super) async fn click(&self, selector: &str) {
        self.run::<()>(&format!("(await usable({})).click()", json!(selector))).await;
    }

    pub(super) async fn write(&self, selector: &str, text: &str) {
        let script = format!(
            "const field = await find({});
             field.value = {};
             field.dispatchEvent(new Event('input', {{bubbles: true}}));
             field.dispatchEvent(new Event('change', {{bubbles: true}}));",
            json!(selector),
            json!(text)
        );
        self.run::<()>(&script).await;
    }

    /// How many elements this selector finds.
    pub(super) async fn count(&self, selector: &str) -> usize {
        self.run(&format!("return document.querySelectorAll({}).length", json!(selector))).await
    }

    /// Opens the first file whose name has this ending.
    pub(super) async fn open_file(&self, ending: &str) {
        let script = format!(
            "const items = await until('a tile', () => [...document.querySelectorAll('.tile')]);
             items.find((tile) => tile.dataset.name?.endsWith('{ending}')).click();
             await find('dialog[open]');"
        );
        self.run::<()>(&script).await;
    }

    /// Closes the file that is open.
    pub(super) async fn close_file(&self) {
        self.click("dialog header button").await;
        self.hides("dialog").await;
    }

    /// Goes to the middle of the video or the music that is open, and plays from there.
    pub(super) async fn seek_media(&self, element: &str) {
        let script = format!(
            "const media = await find('.stage {element}');
             await until('it can play', () => media.readyState >= 2);
             media.currentTime = media.duration / 2;
             await until('it has sought', () => !media.seeking && media.currentTime > 0);
             media.muted = true;
             const from = media.currentTime;
             await media.play();
             await until('it plays', () => media.currentTime > from);"
        );
        self.run::<()>(&script).await;
    }

    /// Keeps a picture of the page, for a person to look at.
    pub(super) async fn picture(&self, name: &str) {
        let folder = artifacts();
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{name}-{}.png", self.screen.name()));
        std::fs::write(file, self.page.screenshot().await.unwrap()).unwrap();
    }

    /// Ends the look: the page spoke to nobody but this machine, and broke no rule of its own.
    pub(super) fn end(mut self) {
        let strangers: Vec<_> = self
            .page
            .answers()
            .iter()
            .filter(|answer| {
                // Chromium's viewer of PDFs is an extension of its own.
                !["http://127.0.0.1:", "http://localhost:", "data:", "blob:", "chrome-extension:"]
                    .iter()
                    .any(|known| answer.url.starts_with(known))
            })
            .map(|answer| answer.url.clone())
            .collect();
        assert!(strangers.is_empty(), "{strangers:?}");
        // An error that the API answers is told there, too.
        let expected = ["the server responded with a status of", "net::ERR_INTERNET_DISCONNECTED"];
        let complaints = self.page.complaints().iter();
        let complaints: Vec<_> =
            complaints.filter(|said| !expected.iter().any(|known| said.contains(known))).collect();
        assert!(complaints.is_empty(), "{complaints:?}");
    }
}

/// Names a folder with built functions, which the tests here run in place of those in this program: those that are
/// deployed, for instance.
const FUNCTIONS: &str = "LAMBDAGRAM_FUNCTIONS_DIR";

/// Starts a stack.
pub(super) async fn start() -> TestStack {
    start_with(&[]).await
}

/// The same with parameters of the template.
pub(super) async fn start_with(parameters: &[(&str, &str)]) -> TestStack {
    let given = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    start_changed(|options| options.parameters = given.collect()).await
}

/// The same with other options.
#[expect(clippy::disallowed_methods, reason = "it says which functions a run of the tests is about")]
pub(super) async fn start_changed(change: impl FnOnce(&mut Options)) -> TestStack {
    TestStack::start_with(|options| {
        change(options);
        if let Some(folder) = std::env::var_os(FUNCTIONS) {
            options.launcher = Launcher::Directory(folder.into());
        }
    })
    .await
}

/// Ends a test in which people signed in.
pub(super) async fn end_accounts(chromium: Chromium, stack: TestStack) {
    chromium.close().await;
    stack.stack.rest().await;
    stack.end_accounts().await;
}

/// Where pictures go.
fn artifacts() -> PathBuf {
    project().join("tests/artifacts/console")
}

/// A file of so many bytes that no other seed gives.
pub(super) fn file(folder: &Path, name: &str, bytes: usize, seed: u64) -> PathBuf {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let content: Vec<u8> = std::iter::repeat_with(|| {
        // xorshift64, so that a part is like no other.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    })
    .take(bytes.div_ceil(8))
    .flatten()
    .take(bytes)
    .collect();
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

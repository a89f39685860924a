//! Signing in, in every way, and what the page says when it does not work.

use reqwest::Method;
use serde_json::json;

use super::support::{Console, Screen, end_accounts, start};
use super::waits::LATER;
use crate::account::PHONE;
use crate::browser::Chromium;

const OTHER_PHONES: [&str; 2] = ["+15557654321", "+15557654322"];

#[tokio::test]
async fn a_person_signs_in_with_a_code_and_out_again() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    for screen in Screen::ALL {
        let console = Console::open(&chromium, &stack, "", screen).await;
        console.says(".note", "This server gets full access to your Telegram account").await;
        console.says(".note", "has banned accounts").await;
        console.says(".note", "Settings → Devices").await;
        console.picture("sign-in").await;
        console.send_code(PHONE).await;
        console.picture("code").await;
        console.write("input[name=code]", "1").await;
        console.click(".sign-in form button").await;
        console.says(".alert", "That is not the code Telegram sent.").await;
        console.picture("wrong-code").await;
        console.type_code().await;
        console.says_hidden(".who .name", "Ada").await;
        console.shows(".tile").await;
        console.click(".who button").await;
        console.says(".notice", "You are signed out, here and at Telegram.").await;
        console.shows("input[name=phone]").await;
        console.picture("signed-out").await;

        console.run::<()>("location.hash = '#about'").await;
        console.says("main", "ten cents for each gigabyte").await;
        console.picture("good-to-know").await;
        console.end();
    }
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn an_account_with_a_password_is_asked_for_it() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    for (phone, screen) in OTHER_PHONES.into_iter().zip(Screen::ALL) {
        let account = json!({"phone": phone, "first_name": "Grace", "password": "hopper"});
        stack.request(Method::POST, "/_sim/accounts").json(&account).send().await.unwrap();
        let console = Console::open(&chromium, &stack, "", screen).await;
        console.sign_in(phone).await;
        console.write("input[name=password]", "wrong").await;
        console.click(".sign-in form button").await;
        console.says(".alert", "That is not your account's password.").await;
        console.picture("password").await;
        console.write("input[name=password]", "hopper").await;
        console.click(".sign-in form button").await;
        console.says(".loading", "There is nothing here yet.").await;
        console.picture("empty").await;
        console.end();
    }
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn a_qr_code_that_is_scanned_signs_in() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    for screen in Screen::ALL {
        let console = Console::open(&chromium, &stack, "", screen).await;
        console.click(".sign-in button.quiet").await;
        console
            .run::<()>(
                "await until('the code is drawn', () => document.querySelector('.qr img')?.naturalWidth > 100)",
            )
            .await;
        console.picture("qr-code").await;
        console.click("#simulator section:first-of-type button").await;
        console.shows(".tile").await;
        console.end();
    }
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn a_wait_that_telegram_orders_is_counted_down_to_its_end() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    for screen in Screen::ALL {
        let console = Console::open(&chromium, &stack, "", screen).await;
        stack.fault(json!({"method": "auth.sendCode", "error": "FLOOD_WAIT_40", "times": 1})).await;
        console.click(".sign-in form button").await;
        console.says(".alert", "Please wait, then try again. (").await;
        console.says(".alert", "(0:3").await;
        assert_eq!(console.count(".sign-in form button:disabled").await, 1);
        console.picture("wait").await;
        // The page's clock moves on, and the button comes back by itself.
        console.run::<()>(LATER).await;
        console.click(".sign-in form button:not(.quiet)").await;
        console.shows("input[name=code]").await;
        console.end();
    }
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn a_wait_before_another_code_ends_with_what_is_said_next() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    let console = Console::open(&chromium, &stack, "", Screen::Phone).await;
    console.send_code(PHONE).await;
    stack.fault(json!({"method": "auth.resendCode", "error": "FLOOD_WAIT_40", "times": 1})).await;
    console.run::<()>(A_MINUTE_LATER).await;
    console.click(".again").await;
    console.says(".alert", "(0:3").await;
    assert_eq!(console.count(".sign-in form button:disabled").await, 1);
    console.write("input[name=code]", "1").await;
    console.click(".sign-in form button:not(.quiet)").await;
    console.says(".alert", "That is not the code Telegram sent.").await;
    assert_eq!(console.count(".sign-in form button:disabled").await, 0);
    console.type_code().await;
    console.shows(".tile").await;
    console.end();
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn a_code_that_is_too_old_gives_way_to_another() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    for (phone, screen) in OTHER_PHONES.into_iter().zip(Screen::ALL) {
        stack.account(&json!({"phone": phone, "first_name": "Grace"})).await;
        let console = Console::open(&chromium, &stack, "", screen).await;
        console.send_code(phone).await;
        console.shows(".sim-code strong").await;
        stack.pass(600);
        console.type_code().await;
        console.says(".alert", "The code is too old. Ask for a new one.").await;
        console.picture("old-code").await;
        console.run::<()>(A_MINUTE_LATER).await;
        console.click(".again").await;
        console.says(".notice", "Telegram sent another code.").await;
        console.write("input[name=code]", &stack.code_of(phone).await).await;
        console.click(".sign-in form button").await;
        console.says(".loading", "There is nothing here yet.").await;
        console.end();
    }
    end_accounts(chromium, stack).await;
}

/// Moves the page's clock on by the time that Telegram names before it sends a code once more.
const A_MINUTE_LATER: &str = "const now = Date.now; Date.now = () => now() + 60_000";

#[tokio::test]
async fn another_code_is_offered_once_telegram_would_send_one() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    for (phone, screen) in OTHER_PHONES.into_iter().zip(Screen::ALL) {
        stack.account(&json!({"phone": phone, "first_name": "Grace"})).await;
        let mut console = Console::open(&chromium, &stack, "", screen).await;
        console.send_code(phone).await;
        console.says(".again:disabled", "Send another in 0:5").await;
        // Whoever listens is told of the seconds as little as of any other clock.
        assert_eq!(console.count(".again [aria-hidden=true]").await, 1);
        console.picture("another-code-later").await;
        console.run::<()>(A_MINUTE_LATER).await;
        console.says_hidden("#said", "Another code can be sent now.").await;
        assert_eq!(
            console.run::<String>("return document.querySelector('.again').innerText").await,
            "Send another"
        );

        // For Telegram the time has not come.
        console.click(".again").await;
        console.says(".alert", "Telegram has no other way to send this code.").await;
        console.says(".again:disabled", "Send another in 0:5").await;
        console.picture("no-other-way").await;
        // Then a new one is asked for, which again has another way.
        console.run::<()>(A_MINUTE_LATER).await;
        console.click(".again").await;
        console.says(".notice", "Telegram sent another code.").await;
        console.says("form", "Telegram sent a code to your other devices.").await;
        stack.pass(60);
        console.run::<()>(A_MINUTE_LATER).await;
        console.click(".again").await;
        console.says("form", "Telegram sent you a code by SMS.").await;
        console.says(".again:disabled", "Send another in 1:5").await;
        let asked = console.page.answers().iter().filter(|answer| answer.url.ends_with("-code")).count();
        assert_eq!(asked, 4);
        console.write("input[name=code]", &stack.code_of(phone).await).await;
        console.click(".sign-in form button").await;
        console.says(".loading", "There is nothing here yet.").await;
        console.end();
    }
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn a_banned_number_is_called_so() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    stack.account(&json!({"phone": OTHER_PHONES[0], "first_name": "Grace", "banned": true})).await;
    let console = Console::open(&chromium, &stack, "", Screen::Phone).await;
    console.write("input[name=phone]", OTHER_PHONES[0]).await;
    console.click(".sign-in form button").await;
    console.says(".alert", "Telegram has banned this number.").await;
    console.picture("banned").await;
    console.end();
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn a_page_that_was_dropped_while_one_looked_for_the_code_asks_for_it_again() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    let kept = "return sessionStorage.getItem('lambdagram code')";
    for (phone, screen) in OTHER_PHONES.into_iter().zip(Screen::ALL) {
        let account = json!({"phone": phone, "first_name": "Grace", "password": "hopper"});
        stack.account(&account).await;
        let mut console = Console::open(&chromium, &stack, "", screen).await;
        let address = format!("{}/", stack.stack.url());
        console.send_code(phone).await;
        console.page.open(&address).await.unwrap();
        console.says("form", &format!("You are signing in as {phone}.")).await;
        console.says(".again:disabled", "Send another in 0:").await;
        // Likewise for who reads what is good to know.
        console.run::<()>("location.hash = '#about'").await;
        console.says("h1", "Good to know").await;
        console.run::<()>("location.hash = '#saved'").await;
        console.type_code().await;
        console.shows("input[name=password]").await;
        console.page.open(&address).await.unwrap();
        console.write("input[name=password]", "hopper").await;
        console.click(".sign-in form button").await;
        console.says(".loading", "There is nothing here yet.").await;
        assert_eq!(console.run::<Option<String>>(kept).await, None);

        // Whoever wants another number, or comes back too late, begins anew.
        console.click(".who button").await;
        console.send_code(PHONE).await;
        console.click(".again ~ button").await;
        console.shows("input[name=phone]").await;
        assert_eq!(console.run::<Option<String>>(kept).await, None);
        console.send_code(PHONE).await;
        console
            .run::<()>(
                "const step = JSON.parse(sessionStorage.getItem('lambdagram code'));
                 step.sentAt -= 300_000;
                 sessionStorage.setItem('lambdagram code', JSON.stringify(step));",
            )
            .await;
        console.page.open(&address).await.unwrap();
        console.shows("input[name=phone]").await;
        assert_eq!(console.run::<Option<String>>(kept).await, None);
        console.end();
    }
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn what_goes_wrong_with_a_qr_code_is_told_with_room_around_it() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    for screen in Screen::ALL {
        let console = Console::open(&chromium, &stack, "", screen).await;
        stack.fault(json!({"method": "auth.exportLoginToken", "error": "FLOOD_WAIT_40", "times": 1})).await;
        console.click(".sign-in button.quiet").await;
        console.says(".alert", "(0:3").await;
        let room: f64 = console
            .run(
                "const box = (selector) => document.querySelector(selector).getBoundingClientRect();
                 return box('.sign-in .actions').top - box('.sign-in .alert').bottom;",
            )
            .await;
        assert!(room >= 8.0, "{room}");
        console.picture("qr-wait").await;
        console.run::<()>(LATER).await;
        console.shows(".qr img").await;
        console.end();
    }
    end_accounts(chromium, stack).await;
}

/// Lets something else answer in the API's place at first.
const ELSE: &str = "
    const ask = window.fetch;
    window.asked = 0;
    window.elses = [
        () => new Response('<html>502 Bad Gateway</html>', {status: 502}),
        () => new Response('<html>Please accept our terms</html>', {status: 200}),
        () => { throw new TypeError('Failed to fetch'); },
        () => { throw new TypeError('Failed to fetch'); },
    ];
    window.fetch = async (address, init) => {
        if (!String(address).endsWith('/is-authenticated')) return ask(address, init);
        window.asked += 1;
        return window.elses.length ? window.elses.shift()() : ask(address, init);
    };
";

#[tokio::test]
async fn what_something_else_answers_is_not_taken_for_the_server() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    for screen in Screen::ALL {
        let console = Console::open_with(&chromium, &stack, "", screen, ELSE).await;
        console.says(".alert", "The server does not answer right now.").await;
        console.click("main button").await;
        console.says(".alert", "Something else answered in the server's place.").await;
        console.picture("something-else").await;
        for _ in 0..2 {
            console.click("main button").await;
            console.says(".alert", "The server cannot be reached.").await;
        }
        // However often it was tried, it is asked once when there is a network again.
        console.run::<()>("dispatchEvent(new Event('online'))").await;
        console.shows("input[name=phone]").await;
        assert_eq!(console.run::<u32>("return window.asked").await, 5);
        // An address may name anything.
        console.run::<()>("location.hash = '#constructor'").await;
        console.run::<()>("await until('it is asked again', () => window.asked === 6)").await;
        console.shows("input[name=phone]").await;
        console.end();
    }
    chromium.close().await;
    stack.end().await;
}

#[tokio::test]
async fn who_was_signed_out_elsewhere_is_told_and_asked_to_sign_in_again() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    for screen in Screen::ALL {
        let console = Console::signed_in(&chromium, &stack, screen).await;
        // The file that is open goes, too.
        console.open_file(".zip").await;
        stack.end_all_logins(PHONE);
        console.click(".toolbar button").await;
        console.says(".notice", "You are signed out. Please sign in again.").await;
        console.hides("dialog").await;
        console.run::<()>("await until('focus', () => document.activeElement?.name === 'phone')").await;
        assert_eq!(console.count(".notice").await, 1);
        console.end();
    }
    end_accounts(chromium, stack).await;
}

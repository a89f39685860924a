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
        console.says(".alert", "(0:38)").await;
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
    console.click(".sign-in form button.quiet").await;
    console.says(".alert", "(0:38)").await;
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
        console.click(".sign-in form button.quiet").await;
        console.says(".notice", "Telegram sent another code.").await;
        console.write("input[name=code]", &stack.code_of(phone).await).await;
        console.click(".sign-in form button").await;
        console.says(".loading", "There is nothing here yet.").await;
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

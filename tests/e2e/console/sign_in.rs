//! Signing in, in every way, and what the page says when it does not work.

use reqwest::Method;
use serde_json::json;

use super::support::{Console, Screen, end_accounts, start};
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
        console.run::<()>("const now = Date.now; Date.now = () => now() + 38_000").await;
        console.click(".sign-in form button:not(.quiet)").await;
        console.shows("input[name=code]").await;
        console.end();
    }
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn who_was_signed_out_elsewhere_is_told_and_asked_to_sign_in_again() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = start().await;
    for screen in Screen::ALL {
        let console = Console::signed_in(&chromium, &stack, screen).await;
        stack.end_all_logins(PHONE);
        console.click(".toolbar button").await;
        console.says(".notice", "You are signed out. Please sign in again.").await;
        console.shows("input[name=phone]").await;
        console.end();
    }
    end_accounts(chromium, stack).await;
}

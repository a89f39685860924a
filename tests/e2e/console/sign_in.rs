//! Signing in, in every way, and what the page says when it does not work.

use reqwest::Method;
use serde_json::json;

use super::support::{Console, Screen, end_accounts};
use crate::account::PHONE;
use crate::browser::Chromium;
use crate::support::TestStack;

const OTHER_PHONE: &str = "+15557654321";

#[tokio::test]
async fn a_person_signs_in_with_a_code_and_out_again() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = TestStack::start().await;
    for screen in Screen::ALL {
        let console = Console::open(&chromium, &stack, "", screen).await;
        console.shows("input[name=phone]").await;
        console.picture("sign-in").await;
        console.send_code(PHONE).await;
        console.write("input[name=code]", "1").await;
        console.click(".sign-in form button").await;
        console.says(".alert", "That is not the code Telegram sent.").await;
        console.picture("wrong-code").await;
        console
            .run::<()>(
                "const code = (await find('.sim-code strong')).textContent;
             (await find('input[name=code]')).value = code;
             (await usable('.sign-in form button')).click();",
            )
            .await;
        console.says(".who .name", "Ada").await;
        console.shows(".tile").await;
        console.click(".who button").await;
        console.says(".notice", "You are signed out, here and at Telegram.").await;
        console.shows("input[name=phone]").await;
        console.end();
    }
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn an_account_with_a_password_is_asked_for_it() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = TestStack::start().await;
    let account = json!({"phone": OTHER_PHONE, "first_name": "Grace", "password": "hopper"});
    stack.request(Method::POST, "/_sim/accounts").json(&account).send().await.unwrap();
    let console = Console::open(&chromium, &stack, "", Screen::Phone).await;
    console.sign_in(OTHER_PHONE).await;
    console.write("input[name=password]", "wrong").await;
    console.click(".sign-in form button").await;
    console.says(".alert", "That is not your account's password.").await;
    console.picture("password").await;
    console.write("input[name=password]", "hopper").await;
    console.click(".sign-in form button").await;
    console.says(".loading", "There is nothing here yet.").await;
    console.picture("empty").await;
    console.end();
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn a_qr_code_that_is_scanned_signs_in() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = TestStack::start().await;
    let console = Console::open(&chromium, &stack, "", Screen::Desktop).await;
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
    end_accounts(chromium, stack).await;
}

#[tokio::test]
async fn a_wait_that_telegram_orders_is_counted_down() {
    let Some(chromium) = Chromium::start().await else { return };
    let stack = TestStack::start().await;
    stack.fault(json!({"method": "auth.sendCode", "error": "FLOOD_WAIT_40", "times": 1})).await;
    let console = Console::open(&chromium, &stack, "", Screen::Phone).await;
    console.click(".sign-in form button").await;
    console.says(".alert", "Please wait, then try again. (").await;
    console.says(".alert", "(0:38)").await;
    assert_eq!(console.count(".sign-in form button:disabled").await, 1);
    console.picture("wait").await;
    console.end();
    end_accounts(chromium, stack).await;
}

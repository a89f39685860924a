//! `local setup`, and a stack that works with a Bot API of another's: what stands for Telegram here is the simulated
//! Bot API of a second stack.

use std::path::Path;

use lambdagram_domain::secret::Secret;
use lambdagram_tests::aws::Service;
use lambdagram_tests::aws::faults::{Effect, Fault, When};
use lambdagram_tests::stack::{Options, RealBot, Telegram};
use lambdagram_tests::telegram::bot_api::DEFAULT_BOT_TOKEN;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::local::{Ended, local, run};
use crate::support::TestStack;

const WEBHOOK: &str = "https://api.example.com/telegram/webhook";
const MINI_APP: &str = "https://app.example.com/";
const SECRET: &str = "a-webhook-secret-of-its-own";

/// A certificate is not read here, only its kind is looked at.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const PRIVATE_KEY: &str = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n";

/// `local setup` for the bot of a stack's simulated Telegram.
fn setup(telegram: &TestStack, token: &str) -> Command {
    let mut command = local(&["setup", "--webhook-url", WEBHOOK, "--mini-app-url", MINI_APP]);
    let secrets = json!({"bot_token": token, "webhook_secret": SECRET, "mini_app_key": "key"});
    command.env("BOT_API_URL", telegram.stack.bot_api_url()).env("BOT_SECRETS", secrets.to_string());
    command
}

impl TestStack {
    /// What the simulated Telegram answers to the bot.
    async fn ask(&self, method: &str) -> Value {
        let url = format!("{}/bot{DEFAULT_BOT_TOKEN}/{method}", self.stack.bot_api_url());
        let answer: Value = self.http.get(url).send().await.unwrap().json().await.unwrap();
        answer["result"].clone()
    }
}

fn done() -> Ended {
    let stdout = "@lambdagram_sim_bot is set up\n".to_owned();
    Ended { code: Some(0), stdout, stderr: String::new() }
}

fn file(folder: &Path, text: &str) -> String {
    let path = folder.join("cert.pem");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn telegram_is_told_webhook_commands_and_menu() {
    let telegram = TestStack::start().await;
    assert_eq!(run(setup(&telegram, DEFAULT_BOT_TOKEN)).await, done());
    let webhook = json!({
        "url": WEBHOOK,
        "has_custom_certificate": false,
        "pending_update_count": 0,
        "max_connections": 40,
        "allowed_updates": ["message", "callback_query"],
    });
    assert_eq!(telegram.ask("getWebhookInfo").await, webhook);
    assert_eq!(
        telegram.ask("getMyCommands").await,
        json!([{"command": "start", "description": "Open the camera"}])
    );
    let button = json!({"type": "web_app", "text": "Open camera", "web_app": {"url": MINI_APP}});
    assert_eq!(telegram.ask("getChatMenuButton").await, button);
    telegram.end().await;
}

#[tokio::test]
async fn without_a_mini_app_the_menu_button_is_left_alone() {
    let telegram = TestStack::start().await;
    let before = telegram.ask("getChatMenuButton").await;
    let mut command = local(&["setup", "--webhook-url", WEBHOOK]);
    let secrets = json!({"bot_token": DEFAULT_BOT_TOKEN, "webhook_secret": SECRET, "mini_app_key": "key"});
    command.env("BOT_API_URL", telegram.stack.bot_api_url()).env("BOT_SECRETS", secrets.to_string());
    assert_eq!(run(command).await, done());
    assert_eq!(telegram.ask("getWebhookInfo").await["url"], WEBHOOK);
    assert_eq!(telegram.ask("getChatMenuButton").await, before);
    telegram.end().await;
}

#[tokio::test]
async fn a_certificate_of_ones_own_is_uploaded() {
    let telegram = TestStack::start().await;
    let folder = tempfile::tempdir().unwrap();
    let mut command = setup(&telegram, DEFAULT_BOT_TOKEN);
    command.args(["--certificate", &file(folder.path(), CERTIFICATE)]);
    assert_eq!(run(command).await, done());
    let webhook = telegram.ask("getWebhookInfo").await;
    assert_eq!((&webhook["url"], &webhook["has_custom_certificate"]), (&json!(WEBHOOK), &json!(true)));
    telegram.end().await;
}

#[tokio::test]
async fn a_file_that_must_not_leave_this_machine_does_not() {
    let telegram = TestStack::start().await;
    let before = telegram.ask("getWebhookInfo").await;
    let folder = tempfile::tempdir().unwrap();
    let both = format!("{PRIVATE_KEY}{CERTIFICATE}");
    for (text, wrong) in [
        ("no certificate", "is not a certificate in PEM"),
        (&both, "holds a private key; give the certificate alone"),
        (PRIVATE_KEY, "holds a private key; give the certificate alone"),
    ] {
        let path = file(folder.path(), text);
        let mut command = setup(&telegram, DEFAULT_BOT_TOKEN);
        command.args(["--certificate", &path]);
        assert_eq!(run(command).await, Ended::refused(&format!("{path} {wrong}")));
    }
    let mut command = setup(&telegram, DEFAULT_BOT_TOKEN);
    command.args(["--certificate", "no/such/file"]);
    assert_eq!(run(command).await, Ended::refused("no/such/file: No such file or directory (os error 2)"));
    assert_eq!(telegram.ask("getWebhookInfo").await, before);
    telegram.end().await;
}

#[tokio::test]
async fn secrets_that_do_not_fit_are_named_and_not_shown() {
    let telegram = TestStack::start().await;
    let mut missing = setup(&telegram, DEFAULT_BOT_TOKEN);
    missing.env_remove("BOT_SECRETS");
    let reason = "BOT_SECRETS is not set: the JSON object that the secret holds";
    assert_eq!(run(missing).await, Ended::refused(reason));

    let mut malformed = setup(&telegram, DEFAULT_BOT_TOKEN);
    malformed.env("BOT_SECRETS", r#"{"bot_token": "hunter2"}"#);
    let reason = "BOT_SECRETS: the secret must be a JSON object with bot_token, webhook_secret and mini_app_key, none of them empty";
    assert_eq!(run(malformed).await, Ended::refused(reason));

    let reason = "the bot does not answer: the bot token is not accepted";
    assert_eq!(run(setup(&telegram, "1:hunter2")).await, Ended::refused(reason));

    let mut unreachable = setup(&telegram, "1:hunter2");
    unreachable.env("BOT_API_URL", "http://127.0.0.1:1");
    let reason = "the bot does not answer: Telegram was not reached";
    assert_eq!(run(unreachable).await, Ended::refused(reason));

    let mut odd_url = local(&["setup", "--webhook-url", "nowhere", "--mini-app-url", MINI_APP]);
    let secrets = json!({"bot_token": DEFAULT_BOT_TOKEN, "webhook_secret": SECRET, "mini_app_key": "key"});
    odd_url.env("BOT_API_URL", telegram.stack.bot_api_url()).env("BOT_SECRETS", secrets.to_string());
    let reason = "the webhook is not set: Bad Request: invalid webhook URL specified";
    assert_eq!(run(odd_url).await, Ended::refused(reason));
    telegram.end().await;
}

/// A change to a stack's options: its Telegram is the simulated one of another stack.
fn with_telegram_of(telegram: &TestStack) -> impl FnOnce(&mut Options) {
    let url = Some(telegram.stack.bot_api_url().to_owned());
    let bot = RealBot::new(Secret::new(DEFAULT_BOT_TOKEN), url, Some(MINI_APP.to_owned()));
    move |options| options.telegram = Telegram::Real { bot: Some(bot), application: None }
}

impl TestStack {
    /// Returns once the bot has welcomed the person of that chat.
    async fn welcomed(&self, chat_id: i64) {
        while self.chat(chat_id).len() < 3 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_stack_without_a_public_address_asks_telegram_for_updates() {
    let telegram = TestStack::start().await;
    assert_ne!(telegram.ask("getWebhookInfo").await["url"], "");
    let stack = TestStack::start_with(with_telegram_of(&telegram)).await;
    assert_eq!(telegram.ask("getWebhookInfo").await["url"], "");
    assert!(stack.stack.simulated().is_none());

    telegram.write_to_bot(json!({"chat_id": 7, "text": "/start"})).await;
    telegram.welcomed(7).await;
    let button = json!({"text": "Open camera", "web_app": {"url": MINI_APP}});
    assert_eq!(telegram.chat(7)[1].params["reply_markup"]["inline_keyboard"], json!([[button]]));
    stack.stack.settle().await;
    assert_eq!(telegram.chat(7).len(), 3);

    // There are no controls of a simulated Telegram on it.
    let answer =
        stack.request(reqwest::Method::POST, "/_sim/clock").json(&json!({"advance_s": 1})).send().await;
    assert_eq!(answer.unwrap().status(), reqwest::StatusCode::NOT_FOUND);
    stack.end_clean().await;
    telegram.end().await;
}

#[tokio::test]
async fn an_update_the_webhook_does_not_take_is_asked_for_again() {
    let telegram = TestStack::start().await;
    let stack = TestStack::start_with(with_telegram_of(&telegram)).await;
    stack.stack.aws_faults().add(Fault {
        function: Some("TelegramWebhook".to_owned()),
        service: Service::Sqs,
        operation: "SendMessage".to_owned(),
        after_calls: 0,
        // A client tries three times before the function fails.
        times: 3,
        when: When::Before,
        effect: Effect::Error { status: 500, code: "InternalServerError".to_owned() },
    });
    telegram.write_to_bot(json!({"chat_id": 7, "text": "/start"})).await;
    let refused = |line: &lambdagram_tests::lambda::LogLine| line.line.contains(r#""status":500"#);
    stack.logs.wait_for(refused).await;
    assert!(telegram.chat(7).is_empty());
    // It waits before it asks again.
    while telegram.chat(7).len() < 3 {
        stack.stack.clock().advance(std::time::Duration::from_secs(1));
        telegram.ask("getMe").await;
    }
    stack.end_clean().await;
    telegram.end().await;
}

#[tokio::test]
async fn updates_that_waited_for_the_stack_are_fetched_when_it_is_back() {
    let telegram = TestStack::start().await;
    let stack = TestStack::start_with(with_telegram_of(&telegram)).await;
    telegram.write_to_bot(json!({"chat_id": 7, "text": "/start"})).await;
    telegram.welcomed(7).await;
    stack.end_clean().await;
    telegram.write_to_bot(json!({"chat_id": 8, "text": "/start"})).await;
    let stack = TestStack::start_with(with_telegram_of(&telegram)).await;
    telegram.welcomed(8).await;
    stack.end_clean().await;
    telegram.end().await;
}

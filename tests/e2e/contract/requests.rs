//! Requests that the description gives as examples get the answers that it gives for them.

use reqwest::Method;
use serde_json::{Value, json};

use super::Description;
use crate::account::{Browser, PHONE};
use crate::support::{TestStack, read};

/// What the description gives as the JSON body of a POST.
fn example(path: &str) -> Value {
    let operation = Description::get().operation("POST", path).unwrap().value;
    operation["requestBody"]["content"]["application/json"]["example"].clone()
}

/// The same with a field that only this run knows.
fn example_with(path: &str, field: &str, value: Value) -> Value {
    let mut example = example(path);
    assert!(example.get(field).is_some(), "{path} has no {field}");
    example[field] = value;
    example
}

impl Browser<'_> {
    /// Sends a body; expects this status.
    async fn gets(&mut self, status: u16, path: &str, body: &Value) -> Value {
        let answered = self.post(path, body).await;
        assert_eq!(answered.status, status, "{path} {body}: {:?}", answered.body);
        answered.body
    }
}

#[tokio::test]
async fn examples_of_a_sign_in_are_answered_as_described() {
    let stack = TestStack::start().await;
    let mut browser = stack.browser();
    assert_eq!(example("/send-code"), json!({ "phone": PHONE }));
    browser.gets(200, "/send-code", &example("/send-code")).await;
    stack.pass(60);
    browser.gets(200, "/resend-code", &example("/resend-code")).await;
    let code = json!(stack.code_of(PHONE).await);
    browser.gets(200, "/sign-in", &example_with("/sign-in", "code", code)).await;
    let told = browser.get("/is-authenticated").await;
    assert_eq!(told.body["authenticated"], true);
    let out = browser.post("/logout", &json!({})).await;
    assert_eq!(out.status, 200, "{:?}", out.body);

    let phone = "+15550000001";
    let password = &example("/check-password")["password"];
    stack.account(&json!({"phone": phone, "first_name": "Bo", "password": password})).await;
    let mut browser = stack.browser();
    browser.send_code(phone).await;
    let wanted = browser.sign_in(phone, &stack.code_of(phone).await).await;
    assert_eq!((wanted.status.as_u16(), &wanted.body["password_required"]), (401, &json!(true)));
    browser.gets(200, "/check-password", &example("/check-password")).await;

    let mut browser = stack.browser();
    let shown = browser.gets(200, "/qr-login", &json!({})).await;
    assert!(shown["url"].as_str().unwrap().starts_with("tg://login?token="));
    assert_eq!(browser.get("/qr-login").await.body["state"], "waiting");
    stack.end_accounts().await;
}

#[tokio::test]
async fn examples_of_saved_messages_are_answered_as_described() {
    let stack = TestStack::start().await;
    let mut browser = stack.browser();
    browser.send_code(PHONE).await;
    browser.sign_in(PHONE, &stack.code_of(PHONE).await).await;
    let list = browser.get("/get-saved-messages-media").await;
    let ticket = example_with("/media-tickets", "message_id", list.body[0]["id"].clone());
    browser.gets(201, "/media-tickets", &ticket).await;

    let begun = browser.gets(201, "/uploads", &example("/uploads")).await;
    let path = format!("/uploads/{}", begun["id"].as_str().unwrap());
    assert_eq!(browser.get(&path).await.status, 200);
    let cancelled = browser.request(Method::DELETE, &path);
    assert_eq!(browser.send(cancelled).await.status, 204);

    for completes in [true, false] {
        let file = format!("A small file, {completes}.").into_bytes();
        let size = json!(file.len());
        let begun = browser.gets(201, "/uploads", &example_with("/uploads", "size", size)).await;
        let id = begun["id"].as_str().unwrap();
        let put = stack.http.put(begun["parts"][0]["url"].as_str().unwrap()).body(file).send().await.unwrap();
        let etag = put.headers()["etag"].to_str().unwrap().to_owned();
        if completes {
            let mut body = example("/uploads/{id}/complete");
            body["parts"][0]["etag"] = json!(etag);
            browser.gets(202, &format!("/uploads/{id}/complete"), &body).await;
        } else {
            browser.gets(200, "/upload_file", &example_with("/upload_file", "upload_id", json!(id))).await;
        }
    }

    let operation = Description::get().operation("POST", "/upload_file").unwrap().value;
    let example = &operation["requestBody"]["content"]["multipart/form-data"]["example"];
    let text = |name: &str| example[name].as_str().unwrap().to_owned();
    let file = reqwest::multipart::Part::text(text("file")).file_name("a.txt");
    let form = reqwest::multipart::Form::new().part("file", file);
    let form = form.text("caption", text("caption")).text("as", text("as"));
    let sent = browser.request(Method::POST, "/upload_file").multipart(form);
    let sent = browser.send(sent).await;
    assert_eq!(sent.status, 200, "{:?}", sent.body);
    stack.end_accounts().await;
}

#[tokio::test]
async fn examples_of_the_bot_are_answered_as_described() {
    let stack = TestStack::start().await;
    let init = json!(stack.init(1).await);
    for (path, status) in [("/post", 202), ("/mini-app/session", 200)] {
        let body = example_with(path, "init", init.clone());
        let answer = stack.request(Method::POST, path).json(&body).send().await.unwrap();
        assert_eq!(read(answer).await.0, status, "{path}");
    }
    let update = stack.request(Method::POST, "/telegram/webhook").json(&example("/telegram/webhook"));
    let secret = stack.stack.webhook_secret().expose().to_owned();
    let answer = update.header("x-telegram-bot-api-secret-token", secret).send().await.unwrap();
    assert_eq!(read(answer).await.0, 200);

    let service = stack.service("notifier").await;
    let id = service.accepted(&example("/enqueue_command")).await;
    assert_eq!(service.report(&id).await["id"], *id);
    let operation = Description::get().operation("POST", "/enqueue_command").unwrap();
    let parameters = Description::get().parameters(operation);
    let header = |name: &str| {
        let mut parameters = parameters.iter();
        parameters.find(|it| it["name"] == name).unwrap()["example"].as_str().unwrap()
    };
    let headers = ["Prefer", "Idempotency-Key"].map(|name| (name, header(name)));
    let waited = service.enqueue_with(&example("/enqueue_command"), &headers).await;
    assert_eq!(waited.status, 200, "{:?}", waited.body);
    stack.end_clean().await;
}

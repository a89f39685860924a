//! Every event of `events/` is what its function takes: each is run as `sam local invoke -n events/env.json` runs it.

use std::collections::BTreeMap;

use bytes::Bytes;
use lambdagram_domain::api_key::ApiKey;
use lambdagram_tests::stack::read_environment_file;
use serde_json::{Value, json};

use crate::support::{TestStack, project};

impl TestStack {
    /// A stack whose functions have the variables of `events/env.json`.
    async fn start_for_events() -> Self {
        let overrides = read_environment_file(&project().join("events/env.json")).unwrap();
        Self::start_with(|options| options.overrides = overrides).await
    }

    /// What the function answers to `events/<binary>.json`.
    async fn answer_to_its_event(&self, binary: &str) -> Value {
        let function =
            self.stack.model().functions.iter().find(|function| function.binary == binary).unwrap();
        let event = std::fs::read(project().join(format!("events/{binary}.json"))).unwrap();
        let answer = self.stack.lambda().invoke(&function.logical_id, Bytes::from(event)).await;
        assert!(answer.is_success(), "{binary}: {answer:?}");
        let payload = String::from_utf8(answer.payload().to_vec()).unwrap();
        match payload.split_once("\0\0\0\0\0\0\0\0") {
            // A function that streams: the head, and then the body as it is.
            Some((head, body)) => {
                let mut answer: Value = serde_json::from_str(head).unwrap();
                answer["body"] = json!(body);
                answer
            }
            None => serde_json::from_str(&payload).unwrap(),
        }
    }
}

/// An answer of an HTTP function, as API Gateway gets it, with the request id that all events have.
fn answer(status: u16, body: &Value, more_headers: &[(&str, &str)]) -> Value {
    let mut headers = BTreeMap::from([
        ("cache-control", ["no-store"]),
        ("content-type", ["application/json"]),
        ("vary", ["Origin"]),
        ("x-request-id", ["5f9c1a52-6c0f-4b52-9b7e-0c7f3f0a2d11"]),
    ]);
    headers.extend(more_headers.iter().map(|(name, value)| (*name, [*value])));
    json!({
        "statusCode": status,
        "headers": {},
        "multiValueHeaders": headers,
        "body": body.to_string(),
        "isBase64Encoded": false,
    })
}

#[tokio::test]
async fn a_picture_is_accepted_and_sent() {
    let stack = TestStack::start_for_events().await;
    let answered = stack.answer_to_its_event("post_photo").await;
    let body: Value = serde_json::from_str(answered["body"].as_str().unwrap()).unwrap();
    let id = body["id"].as_str().unwrap();
    let expected = json!({"message": "Photo accepted.", "id": id});
    // The event comes from an address of API Gateway's own, which has the stage in its paths.
    assert_eq!(answered, answer(202, &expected, &[("location", &format!("/prod/post/{id}"))]));
    // It has an Idempotency-Key.
    assert_eq!(stack.answer_to_its_event("post_photo").await, answered);
    stack.stack.settle().await;
    assert_eq!(
        stack.chat(1).iter().map(|message| message.method.as_str()).collect::<Vec<_>>(),
        ["sendPhoto"]
    );
    stack.end_clean().await;
}

#[tokio::test]
async fn a_picture_nobody_posted_is_not_found() {
    let stack = TestStack::start_for_events().await;
    let expected = answer(404, &json!({"error": "Not found."}), &[]);
    assert_eq!(stack.answer_to_its_event("get_post").await, expected);
    stack.end_clean().await;
}

#[tokio::test]
async fn the_init_data_of_a_file_is_too_old_for_a_session() {
    // It is exchanged within ten minutes of its `auth_date`, and a file is older. Its proof is good: it has expired, and
    // is not invalid.
    let stack = TestStack::start_for_events().await;
    let expected = answer(401, &json!({"error": "Init data has expired."}), &[]);
    assert_eq!(stack.answer_to_its_event("mini_app_session").await, expected);
    stack.end_clean().await;
}

#[tokio::test]
async fn an_update_is_taken_and_answered_in_its_chat() {
    let stack = TestStack::start_for_events().await;
    assert_eq!(stack.answer_to_its_event("telegram_webhook").await, answer(200, &json!({"ok": true}), &[]));
    stack.stack.settle().await;
    assert_eq!(stack.methods_in_chat_1(), WELCOME);
    stack.end_clean().await;
}

/// The API key of the events, in a stack that has it.
async fn with_the_key_of_the_events() -> TestStack {
    let stack = TestStack::start_for_events().await;
    let event = std::fs::read(project().join("events/enqueue_command.json")).unwrap();
    let event: Value = serde_json::from_slice(&event).unwrap();
    let shown = event["headers"]["Authorization"].as_str().unwrap();
    let key = ApiKey::parse(shown.strip_prefix("Bearer ").unwrap()).unwrap();
    stack.store_key(&key, "notifier").await;
    stack
}

#[tokio::test]
async fn a_command_is_accepted_and_carried_out() {
    let stack = with_the_key_of_the_events().await;
    let answered = stack.answer_to_its_event("enqueue_command").await;
    let body: Value = serde_json::from_str(answered["body"].as_str().unwrap()).unwrap();
    let id = body["id"].as_str().unwrap();
    let expected = json!({"status": "success", "message": "Command enqueued", "id": id});
    assert_eq!(answered, answer(202, &expected, &[("location", &format!("/prod/commands/{id}"))]));
    assert_eq!(stack.answer_to_its_event("enqueue_command").await, answered);
    stack.stack.settle().await;
    assert_eq!(stack.methods_in_chat_1(), ["sendMessage"]);
    stack.end_clean().await;
}

#[tokio::test]
async fn a_command_nobody_enqueued_is_not_found() {
    let stack = with_the_key_of_the_events().await;
    let expected = answer(404, &json!({"error": "Not found."}), &[]);
    assert_eq!(stack.answer_to_its_event("get_command").await, expected);
    stack.end_clean().await;
}

#[tokio::test]
async fn a_path_without_a_function_is_not_found() {
    let stack = TestStack::start_for_events().await;
    let expected = answer(404, &json!({"error": "Not found."}), &[]);
    assert_eq!(stack.answer_to_its_event("fallback").await, expected);
    stack.end_clean().await;
}

#[tokio::test]
async fn a_job_is_done_and_nothing_of_its_batch_is_left() {
    let stack = TestStack::start_for_events().await;
    assert_eq!(stack.answer_to_its_event("bot_worker").await, json!({"batchItemFailures": []}));
    assert_eq!(stack.methods_in_chat_1(), WELCOME);
    let button = json!({"text": "Open camera", "web_app": {"url": "https://app.example.com"}});
    assert_eq!(stack.chat(1)[1].params["reply_markup"]["inline_keyboard"], json!([[button]]));
    // The same message once more, as SQS may give it: the job is done.
    assert_eq!(stack.answer_to_its_event("bot_worker").await, json!({"batchItemFailures": []}));
    assert_eq!(stack.methods_in_chat_1(), WELCOME);
    stack.end_clean().await;
}

#[tokio::test]
async fn an_upload_that_is_not_there_leaves_nothing_of_its_batch() {
    let stack = TestStack::start_for_events().await;
    assert_eq!(stack.answer_to_its_event("upload_worker").await, json!({"batchItemFailures": []}));
    stack.end_clean().await;
}

#[tokio::test]
async fn a_request_to_a_service_that_there_is_not_is_given_up_and_the_person_told() {
    let stack = TestStack::start_for_events().await;
    assert_eq!(stack.answer_to_its_event("dispatch_worker").await, json!({"batchItemFailures": []}));
    stack.stack.settle().await;
    assert_eq!(stack.chat(1)[0].params["text"], "That did not work. Please try again later.");
    assert_eq!(stack.dead_letters().len(), 1);
    stack.end().await;
}

/// Status and body of an answer of API Gateway.
fn status_and_body(answer: &Value) -> (u64, Value) {
    let body = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    (answer["statusCode"].as_u64().unwrap(), body)
}

#[tokio::test]
async fn a_code_is_sent_and_its_login_kept_in_a_cookie() {
    let stack = TestStack::start_for_events().await;
    let answered = stack.answer_to_its_event("send_code").await;
    let (status, body) = status_and_body(&answered);
    assert_eq!((status, &body["message"]), (200, &json!("Code sent successfully.")), "{body}");
    let cookie = answered["multiValueHeaders"]["set-cookie"][0].as_str().unwrap();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(pair.len(), "__Host-session=".len() + 43);
    assert_eq!(attributes, "HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=1800");
    stack.end_clean().await;
}

#[tokio::test]
async fn a_qr_code_is_made() {
    let stack = TestStack::start_for_events().await;
    let (status, body) = status_and_body(&stack.answer_to_its_event("qr_login").await);
    assert_eq!(status, 200, "{body}");
    assert!(body["url"].as_str().unwrap().starts_with("tg://login?token="));
    assert!((1..=60).contains(&body["expires_in"].as_u64().unwrap()), "{body}");
    stack.end_clean().await;
}

#[tokio::test]
async fn the_cookie_of_the_events_belongs_to_nobody() {
    let stack = TestStack::start_for_events().await;
    let expired = json!({"error": "Code has expired. Please request a new one."});
    for (binary, status, body) in [
        ("resend_code", 400, &expired),
        ("sign_in", 400, &expired),
        ("check_password", 400, &expired),
        ("is_authenticated", 200, &json!({"authenticated": false})),
        ("logout", 401, &json!({"error": "User not authenticated."})),
        ("get_saved_messages_media", 401, &json!({"error": "User not authenticated."})),
        ("stream_media", 401, &json!({"error": "User not authenticated."})),
        ("stream_thumbnail", 401, &json!({"error": "User not authenticated."})),
        ("media_tickets", 401, &json!({"error": "User not authenticated."})),
        ("upload_file", 401, &json!({"error": "User not authenticated."})),
        ("uploads", 401, &json!({"error": "User not authenticated."})),
    ] {
        let answered = stack.answer_to_its_event(binary).await;
        assert_eq!(status_and_body(&answered), (status, body.clone()), "{binary}");
    }
    stack.end_clean().await;
}

/// What the bot does in the chat of a person who writes to it.
const WELCOME: [&str; 3] = ["sendMessage", "sendMessage", "setChatMenuButton"];

impl TestStack {
    fn methods_in_chat_1(&self) -> Vec<String> {
        self.chat(1).into_iter().map(|message| message.method).collect()
    }
}

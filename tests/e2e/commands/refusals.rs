//! What is refused before anything is queued.

use lambdagram_domain::api_key::ApiKey;
use reqwest::Method;
use serde_json::{Value, json};

use super::support::{Answered, Service, message, texts};
use crate::support::TestStack;

fn invalid(details: &str) -> (u16, Value) {
    (400, json!({"error": "The command's data is invalid.", "details": details}))
}

impl TestStack {
    /// Nothing was queued, and the bot did nothing.
    async fn end_untouched(self) {
        assert_eq!(self.rows("jobstable").await, []);
        self.end_clean().await;
    }
}

#[tokio::test]
async fn whoever_shows_no_good_key_is_told_nothing_else() {
    let stack = TestStack::start().await;
    let (good, other) = (ApiKey::generate(), ApiKey::generate());
    stack.store_key(&good, "admin").await;
    let revoked = ApiKey::generate();
    stack.store_key(&revoked, "admin").await;
    let now = lambdagram_domain::time::UnixTime(stack.stack.clock().now_s());
    assert!(stack.keys().await.revoke(revoked.id(), now).await.unwrap());
    let (good, other) = (good.encode(), other.encode());
    // The id of one key and the secret of another.
    let mixed = format!("{}{}", &good[..16], &other[16..]);
    let headers = [
        None,
        Some(String::new()),
        Some("Bearer".to_owned()),
        Some("Bearer nonsense".to_owned()),
        Some(format!("Basic {good}")),
        Some(format!("Bearer {good}x")),
        Some(format!("Bearer {other}")),
        Some(format!("Bearer {mixed}")),
        Some(format!("Bearer {}", revoked.encode())),
    ];
    for header in headers {
        for (method, path) in [(Method::POST, "/enqueue_command"), (Method::GET, "/commands/1f")] {
            let request = stack.request(method, path).json(&message(7, "hi"));
            let request = match &header {
                Some(value) => request.header("authorization", value),
                None => request,
            };
            let answered = Answered::of(request).await;
            let expected = (401, json!({"error": "API key is missing or invalid."}));
            assert_eq!(answered.told(), expected, "{header:?} {path}");
        }
    }
    let shown =
        stack.request(Method::POST, "/enqueue_command").header("authorization", format!("bearer {good}"));
    Answered::of(shown.json(&message(7, "hi"))).await.accepted();
    stack.end_clean().await;
}

#[tokio::test]
async fn what_cannot_be_right_is_refused_at_once() {
    let stack = TestStack::start().await;
    let service = stack.service("admin").await;
    let send = |data: Value| json!({"command": "send_message", "data": data});
    for (body, expected) in [
        (json!({"command": "fly", "data": {}}), (400, json!({"error": "Unknown command."}))),
        // What only asks is no command.
        (json!({"command": "get_me"}), (400, json!({"error": "Unknown command."}))),
        (send(json!({"chat_id": 7})), invalid("`text` is missing.")),
        (json!({"command": "send_message"}), invalid("`chat_id` is missing.")),
        (send(json!({"chat_id": 7, "text": 5})), invalid("`text` must be a string.")),
        (send(json!({"chat_id": 7, "text": ""})), invalid("`text` must have 1 to 4096 characters.")),
        (
            send(json!({"chat_id": 7, "text": "x".repeat(4097)})),
            invalid("`text` must have 1 to 4096 characters."),
        ),
        (
            send(json!({"chat_id": 7, "text": "x", "txet": 1})),
            invalid("sendMessage has no parameter `txet`."),
        ),
        (
            json!({"command": "send_photo", "data": {"chat_id": 7, "photo": "http://a.example/p.jpg"}}),
            invalid("`photo` must be a file_id, an HTTPS URL or a data URL with a file."),
        ),
    ] {
        assert_eq!(service.enqueue(&body).await.told(), expected, "{body}");
    }
    let not_this_json = (400, json!({"error": "The body is not the JSON this endpoint takes."}));
    for body in ["[]", "{", "{}", r#"{"command":7}"#, r#"{"command":"send_message","data":[]}"#] {
        let request = service.request(Method::POST, "/enqueue_command");
        let request = request.header("content-type", "application/json").body(body);
        assert_eq!(Answered::of(request).await.told(), not_this_json, "{body}");
    }
    let form = service.request(Method::POST, "/enqueue_command").body("x");
    let told = Answered::of(form.header("content-type", "text/plain")).await.told();
    assert_eq!(told, (415, json!({"error": "Content-Type must be application/json."})));
    stack.end_untouched().await;
}

#[tokio::test]
async fn a_role_runs_what_it_lists() {
    let stack = TestStack::start().await;
    let (admin, notifier) = (stack.service("admin").await, stack.service("notifier").await);
    let gone = stack.service("a role that was taken out").await;
    let forbidden = (403, json!({"error": "The role of this API key may not run this command."}));
    let ban = json!({"command": "ban_chat_member", "data": {"chat_id": -7, "user_id": 1}});
    let never = ["set_webhook", "delete_webhook", "get_updates", "log_out", "close", "get_managed_bot_token"];
    let is_refused = async |service: &Service<'_>, body: Value| {
        assert_eq!(service.enqueue(&body).await.told(), forbidden, "{body}");
    };
    is_refused(&notifier, ban.clone()).await;
    is_refused(&gone, message(7, "hi")).await;
    for service in [&admin, &notifier] {
        for command in never {
            is_refused(service, json!({ "command": command })).await;
        }
        // Stars are spent by nobody whose role does not name it.
        is_refused(service, json!({"command": "send_gift", "data": {"user_id": 1, "gift_id": "1"}})).await;
        let mut paid = message(7, "hi");
        paid["data"]["allow_paid_broadcast"] = json!(true);
        is_refused(service, paid).await;
    }
    assert_eq!(stack.rows("jobstable").await, []);
    admin.accepted(&ban).await;
    notifier.accepted(&message(7, "hi")).await;
    stack.stack.settle().await;
    assert_eq!(texts(&stack, 7), ["hi"]);
    stack.end_clean().await;
}

#[tokio::test]
async fn a_callback_url_must_be_one_that_may_be_called() {
    let stack = TestStack::start_with_parameters(&[("OwnNetworks", "127.64.0.0/16")]).await;
    let service = stack.service("notifier").await;
    for (url, details) in [
        ("ftp://service.example/", "the URL must begin with https://"),
        ("https://user:password@service.example/", "the URL must not hold a user name or a password"),
        ("nonsense", "it is not a URL"),
        ("https://127.0.0.1/", "127.0.0.1 has no address that may be called"),
        ("https://2130706433/", "127.0.0.1 has no address that may be called"),
        ("https://[::ffff:169.254.169.254]/", "[::ffff:a9fe:a9fe] has no address that may be called"),
        ("https://10.2.0.1/", "10.2.0.1 has no address that may be called"),
    ] {
        let mut command = message(7, "hi");
        command["callback_url"] = json!(url);
        let expected = (400, json!({"error": "callback_url cannot be called.", "details": details}));
        assert_eq!(service.enqueue(&command).await.told(), expected, "{url}");
    }
    assert_eq!(stack.rows("jobstable").await, []);
    let mut command = message(7, "hi");
    command["callback_url"] = json!("http://127.64.0.1:1/");
    service.accepted(&command).await;
    // Nobody is there to be told.
    stack.end().await;
}

#[tokio::test]
async fn a_reply_to_what_nobody_asked_is_refused() {
    let stack = TestStack::start().await;
    let service = stack.service("notifier").await;
    let reply =
        json!({"command": "send_message", "data": {"chat_id": 7, "text": "hi"}, "reply_to": "dispatch-1-1"});
    let expected = (400, json!({"error": "reply_to names nothing that can be answered."}));
    assert_eq!(service.enqueue(&reply).await.told(), expected);
    stack.end_untouched().await;
}

#[tokio::test]
async fn a_key_has_its_quota_of_each_minute() {
    let stack = TestStack::start_with_parameters(&[("CommandsPerMinute", "3")]).await;
    let (service, other) = (stack.service("notifier").await, stack.service("notifier").await);
    // A minute of the stack's clock that has just begun.
    let into_the_minute = stack.stack.clock().now_s() % 60;
    stack.stack.clock().advance(std::time::Duration::from_secs(60 - into_the_minute));
    for number in 0..3 {
        service.accepted(&message(7, &number.to_string())).await;
    }
    let refused = service.enqueue(&message(7, "3")).await;
    let seconds = refused.body["retry_after"].as_u64().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    let error = "Too many requests. Please try again later.";
    assert_eq!(refused.told(), (429, json!({"error": error, "retry_after": seconds})));
    other.accepted(&message(8, "0")).await;
    stack.stack.clock().advance(std::time::Duration::from_secs(seconds));
    service.accepted(&message(7, "3")).await;
    stack.stack.settle().await;
    assert_eq!(texts(&stack, 7), ["0", "1", "2", "3"]);
    stack.end_clean().await;
}

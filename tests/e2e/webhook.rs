//! `POST /telegram/webhook`, and what the bot answers; unknown paths, methods, preflights.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{TestStack, read};

fn message(update_id: i64, text: &str) -> Value {
    let chat = json!({"id": 7, "type": "private", "first_name": "Ada"});
    let from = json!({"id": 7, "is_bot": false, "first_name": "Ada"});
    json!({"update_id": update_id, "message": {"message_id": 1, "date": 1, "chat": chat, "from": from, "text": text}})
}

impl TestStack {
    pub(crate) async fn update(&self, secret: Option<&str>, body: String) -> (StatusCode, Value) {
        let mut request =
            self.request(Method::POST, "/telegram/webhook").header("content-type", "application/json");
        if let Some(secret) = secret {
            request = request.header("x-telegram-bot-api-secret-token", secret);
        }
        let (status, _, body) = read(request.body(body).send().await.unwrap()).await;
        (status, body)
    }
}

#[tokio::test]
async fn start_is_answered_with_three_ways_into_the_mini_app() {
    let stack = TestStack::start().await;
    stack.write_to_bot(json!({"chat_id": 7, "text": "/start"})).await;
    stack.stack.settle().await;
    let button = json!({"text": "Open camera", "web_app": {"url": format!("{}/", stack.stack.url())}});
    let chat = stack.chat(7);
    let methods: Vec<_> = chat.iter().map(|message| message.method.as_str()).collect();
    assert_eq!(methods, ["sendMessage", "sendMessage", "setChatMenuButton"]);
    assert_eq!(chat[0].params["reply_markup"]["keyboard"], json!([[button]]));
    assert_eq!(chat[1].params["reply_markup"]["inline_keyboard"], json!([[button]]));
    assert_eq!(chat[2].params["menu_button"]["web_app"], button["web_app"]);
    stack.end_clean().await;
}

#[tokio::test]
async fn any_other_private_message_is_answered_the_same_way_and_groups_are_not() {
    let stack = TestStack::start().await;
    stack.write_to_bot(json!({"chat_id": 7, "text": "hello?"})).await;
    let from = json!({"id": 7, "is_bot": false, "first_name": "Ada"});
    stack.write_to_bot(json!({"chat_id": -7, "text": "/start", "from": from})).await;
    stack.stack.settle().await;
    assert_eq!((stack.chat(7).len(), stack.chat(-7).len()), (3, 0));
    stack.end_clean().await;
}

#[tokio::test]
async fn the_bot_is_set_up_at_the_start() {
    let stack = TestStack::start().await;
    let bot = format!(
        "{}/bot{}",
        stack.stack.bot_api_url(),
        lambdagram_tests::telegram::bot_api::DEFAULT_BOT_TOKEN
    );
    let ask = async |method: &str| {
        let answer = stack.http.get(format!("{bot}/{method}")).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["result"].clone()
    };
    assert_eq!(ask("getWebhookInfo").await["url"], format!("{}/telegram/webhook", stack.stack.url()));
    assert_eq!(ask("getMyCommands").await, json!([{"command": "start", "description": "Open the camera"}]));
    assert_eq!(ask("getChatMenuButton").await["type"], "web_app");
    stack.end_clean().await;
}

#[tokio::test]
async fn only_telegram_knows_the_secret() {
    let stack = TestStack::start().await;
    let refused = json!({"error": "The webhook secret is missing or wrong."});
    for secret in [None, Some(""), Some("wrong")] {
        let answer = stack.update(secret, message(1, "/start").to_string()).await;
        assert_eq!(answer, (StatusCode::UNAUTHORIZED, refused.clone()), "{secret:?}");
    }
    stack.stack.settle().await;
    assert!(stack.chat(7).is_empty());
    stack.end_clean().await;
}

#[tokio::test]
async fn what_is_no_update_is_400_and_what_is_unknown_is_taken() {
    let stack = TestStack::start().await;
    let secret = stack.stack.webhook_secret().expose().to_owned();
    let not_an_update = json!({"error": "The body is not a Telegram update."});
    for body in ["", "{", "[]", "{}", r#"{"update_id":"1"}"#] {
        let answer = stack.update(Some(&secret), body.to_owned()).await;
        assert_eq!(answer, (StatusCode::BAD_REQUEST, not_an_update.clone()), "{body}");
    }
    for body in [
        json!({"update_id": 1}),
        json!({"update_id": 2, "hologram": {"x": 1}}),
        json!({"update_id": 3, "message": 7}),
    ] {
        let answer = stack.update(Some(&secret), body.to_string()).await;
        assert_eq!(answer, (StatusCode::OK, json!({"ok": true})), "{body}");
    }
    stack.end_clean().await;
}

#[tokio::test]
async fn a_repeated_update_has_no_second_effect_for_a_day() {
    let stack = TestStack::start().await;
    let secret = stack.stack.webhook_secret().expose().to_owned();
    let again = async || stack.update(Some(&secret), message(5, "/start").to_string()).await;
    for _ in 0..3 {
        assert_eq!(again().await.0, StatusCode::OK);
    }
    stack.stack.settle().await;
    stack.stack.clock().advance(std::time::Duration::from_hours(24));
    assert_eq!(again().await.0, StatusCode::OK);
    stack.stack.settle().await;
    assert_eq!(stack.chat(7).len(), 3);
    stack.end_clean().await;
}

#[tokio::test]
async fn unknown_paths_and_methods_are_json_errors() {
    let stack = TestStack::start().await;
    let ask =
        async |method: Method, path: &str| read(stack.request(method, path).send().await.unwrap()).await;
    // At GET / is the console.
    let unknown = ["/no/such/path", "/post/a/b", "/posts", "/prod"].map(|path| (Method::GET, path));
    for (method, path) in unknown.into_iter().chain([(Method::POST, "/")]) {
        let (status, _, body) = ask(method, path).await;
        assert_eq!((status, body), (StatusCode::NOT_FOUND, json!({"error": "Not found."})), "{path}");
    }
    for (method, path, allow) in [
        (Method::GET, "/post", "POST, OPTIONS"),
        (Method::PUT, "/post", "POST, OPTIONS"),
        (Method::DELETE, "/post/1", "GET, OPTIONS"),
        (Method::OPTIONS, "/post", "POST, OPTIONS"),
        (Method::GET, "/telegram/webhook", "POST, OPTIONS"),
    ] {
        let (status, headers, body) = ask(method, path).await;
        assert_eq!(
            (status, body),
            (StatusCode::METHOD_NOT_ALLOWED, json!({"error": "Method not allowed."})),
            "{path}"
        );
        assert_eq!(headers["allow"], allow);
    }
    stack.end_clean().await;
}

#[tokio::test]
async fn listed_pages_may_read_and_others_may_not() {
    let origins = "https://a.example,https://b.example";
    let stack = TestStack::start_with_parameters(&[("AllowedOrigins", origins)]).await;
    let preflight = async |origin: &str| {
        let request = stack.request(Method::OPTIONS, "/post").header("origin", origin);
        let request = request.header("access-control-request-method", "POST");
        read(request.send().await.unwrap()).await
    };
    for origin in ["https://a.example", "https://b.example"] {
        let (status, headers, _) = preflight(origin).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
        assert_eq!(headers["access-control-allow-origin"], origin);
        assert_eq!(headers["access-control-allow-credentials"], "true");
        assert_eq!(headers["access-control-allow-methods"], "POST, OPTIONS");
        assert!(headers["access-control-allow-headers"].to_str().unwrap().contains("Idempotency-Key"));
        let answer = stack
            .request(Method::POST, "/post")
            .header("origin", origin)
            .json(&json!({}))
            .send()
            .await
            .unwrap();
        let (_, headers, _) = read(answer).await;
        assert_eq!(headers["access-control-allow-origin"], origin);
        assert_eq!(headers["vary"], "Origin");
        assert!(headers["access-control-expose-headers"].to_str().unwrap().contains("Retry-After"));
    }
    let (status, headers, _) = preflight("https://evil.example").await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert!(!headers.contains_key("access-control-allow-origin"));
    stack.end_clean().await;
}

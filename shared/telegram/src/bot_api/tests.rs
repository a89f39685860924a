use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::post;
use serde_json::json;

use super::*;

/// A server that gives one answer to everything, and the client of a bot there.
async fn bot_at(router: Router) -> BotApi {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    BotApi::new(&format!("http://{address}/"), Secret::new("1:secret-token"))
}

async fn answered(status: u16, body: impl ToString) -> Result<Bot, BotApiError> {
    let body = body.to_string();
    let answer = move || async move { (StatusCode::from_u16(status).unwrap(), body).into_response() };
    bot_at(Router::new().route("/bot1:secret-token/getMe", post(answer))).await.get_me().await
}

fn refusal(code: u16, description: &str) -> Value {
    json!({"ok": false, "error_code": code, "description": description})
}

#[tokio::test]
async fn a_result_is_read() {
    let answer =
        answered(200, json!({"ok": true, "result": {"id": 1, "is_bot": true, "username": "b"}})).await;
    assert_eq!(answer, Ok(Bot { id: 1, username: "b".to_owned() }));
}

#[tokio::test]
async fn every_answer_becomes_what_can_be_done_about_it() {
    let blocked = "Forbidden: bot was blocked by the user";
    let refused = |text: &str| BotApiError::Refused { description: text.to_owned() };
    let wait = json!({"ok": false, "error_code": 429, "description": "Too Many Requests: retry after 7", "parameters": {"retry_after": 7}});
    let migrated = json!({"ok": false, "error_code": 400, "description": "Bad Request: group chat was upgraded to a supergroup chat", "parameters": {"migrate_to_chat_id": -100_123}});
    let no_method = "Not Found: method not found";
    let bad = "Bad Request: PHOTO_INVALID_DIMENSIONS";
    for (status, body, expected) in [
        (429, wait, BotApiError::TooManyRequests { retry_after: 7 }),
        (429, refusal(429, "Too Many Requests"), BotApiError::TooManyRequests { retry_after: 1 }),
        (403, refusal(403, blocked), refused(blocked)),
        (400, refusal(400, "Bad Request: chat not found"), refused("Bad Request: chat not found")),
        (400, refusal(400, bad), BotApiError::BadRequest { description: bad.to_owned() }),
        (401, refusal(401, "Unauthorized"), BotApiError::Unauthorized),
        (404, refusal(404, "Not Found"), BotApiError::Unauthorized),
        (404, refusal(404, no_method), BotApiError::BadRequest { description: no_method.to_owned() }),
        (400, migrated, BotApiError::Migrated { chat_id: ChatId(-100_123) }),
        (500, refusal(500, "Internal Server Error"), BotApiError::ServerError { status: 500 }),
        (200, json!({"ok": true, "result": "odd"}), BotApiError::Unreadable),
    ] {
        assert_eq!(answered(status, &body).await, Err(expected), "{body}");
    }
}

#[tokio::test]
async fn the_answer_of_a_proxy_leaves_it_open_what_became_of_the_request() {
    assert_eq!(answered(502, "<html>Bad Gateway</html>").await, Err(BotApiError::Unresolved));
    let too_large = BotApiError::BadRequest { description: "Request Entity Too Large".to_owned() };
    assert_eq!(answered(413, "<html>").await, Err(too_large));
}

#[tokio::test]
async fn a_server_that_is_not_there_was_sent_nothing_and_one_that_hangs_up_may_have_done_it() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let bot = BotApi::new(&url, Secret::new("1:secret-token"));
    let hang_up = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 16];
        tokio::io::AsyncReadExt::read_exact(&mut stream, &mut request).await.unwrap();
    });
    assert_eq!(bot.get_me().await, Err(BotApiError::Unresolved));
    hang_up.await.unwrap();
    assert_eq!(bot.get_me().await, Err(BotApiError::NotSent));
}

#[tokio::test]
async fn a_server_that_never_answers_is_waited_for_as_long_as_allowed() {
    let bot = bot_at(Router::new().fallback(std::future::pending::<StatusCode>)).await;
    let answer: Result<Value, _> = bot.call("getMe", Map::new(), Vec::new(), Duration::from_millis(50)).await;
    assert_eq!(answer, Err(BotApiError::Unresolved));
}

#[tokio::test]
async fn a_file_travels_beside_its_parameters() {
    let echo = |body: String| async move { json!({"ok": true, "result": body}).to_string() };
    let bot = bot_at(Router::new().fallback(echo)).await;
    let parameters = json!({"chat_id": 7, "caption": "a\"b", "reply_markup": {"keyboard": []}});
    let file = InputFile {
        parameter: "photo".into(),
        name: "photo.jpg".to_owned(),
        content_type: "image/jpeg".into(),
        bytes: Bytes::from_static(b"bytes"),
    };
    let parameters = parameters.as_object().unwrap().clone();
    let body: String = bot.call("sendPhoto", parameters, vec![file], CALL_TIMEOUT).await.unwrap();
    for part in [
        "name=\"chat_id\"\r\n\r\n7\r\n",
        "name=\"caption\"\r\n\r\na\"b\r\n",
        "name=\"reply_markup\"\r\n\r\n{\"keyboard\":[]}\r\n",
        "name=\"photo\"; filename=\"photo.jpg\"\r\nContent-Type: image/jpeg\r\n\r\nbytes\r\n",
    ] {
        assert!(body.contains(part), "{part} in {body}");
    }
}

#[test]
fn the_token_shows_in_no_debug_output() {
    let bot = BotApi::new(TELEGRAM, Secret::new("1:secret-token"));
    assert!(!format!("{bot:?}").contains("secret-token"));
}

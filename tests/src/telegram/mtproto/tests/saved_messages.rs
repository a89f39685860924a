//! The controls of Saved Messages.

use axum::body::Body;
use axum::http::{Request, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::cloud::Running;
use crate::telegram::mtproto::accounts::{FIRST_PHONE, Phone};

const SAVED: &str = "/_sim/accounts/+15551234567/saved-messages";

const FORM: &str = "multipart/form-data; boundary=border";

/// A form of these fields: a name, what follows it in the header, and the value.
fn form(fields: &[(&str, &str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, rest, value) in fields {
        let head = format!("--border\r\ncontent-disposition: form-data; name=\"{name}\"{rest}\r\n\r\n");
        body.extend([head.as_bytes(), value, b"\r\n"].concat());
    }
    body.extend(b"--border--\r\n");
    body
}

impl Running {
    async fn save(&self, content_type: &str, body: Vec<u8>) -> (u16, Value) {
        let request = Request::post(SAVED).header(header::CONTENT_TYPE, content_type);
        let request = request.body(Body::from(body)).unwrap();
        let response = self.cloud.controls().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn file(&self, message_id: &Value) -> (u16, String, Vec<u8>) {
        let request = Request::get(format!("{SAVED}/{message_id}/file")).body(Body::empty()).unwrap();
        let response = self.cloud.controls().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let content_type = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
        (status, content_type, response.into_body().collect().await.unwrap().to_bytes().to_vec())
    }
}

#[tokio::test]
async fn what_the_controls_save_is_what_they_give_back() {
    let running = Running::start().await;
    // More than a body may be elsewhere, and more than one piece in the database.
    let content: Vec<u8> = (0..3_000_000_u32).map(|at| at.to_be_bytes()[2 + at as usize % 2]).collect();
    let file = "; filename=\"a %22b%22.bin\"\r\ncontent-type: application/x-thing";
    let body =
        form(&[("file", file, &content), ("caption", "", "Подпись".as_bytes()), ("as", "", b"document")]);
    let (status, saved) = running.save(FORM, body).await;
    assert_eq!(status, 201, "{saved}");
    let (status, content_type, bytes) = running.file(&saved["message_id"]).await;
    assert_eq!((status, content_type.as_str()), (200, "application/x-thing"));
    assert!(bytes == content);
    let phone = Phone::parse(FIRST_PHONE).unwrap();
    let newest = running.cloud.people().saved_messages(&phone).unwrap().remove(0);
    assert_eq!((json!(newest.id), newest.text.as_str()), (saved["message_id"].clone(), "Подпись"));
    assert_eq!(newest.file.unwrap().name.as_deref(), Some("a \"b\".bin"));

    let (status, text) = running.save("application/json", br#"{"text":"a note"}"#.to_vec()).await;
    assert_eq!((status, text["message_id"].as_i64().unwrap()), (201, i64::from(newest.id) + 1));
    assert_eq!(running.file(&text["message_id"]).await.0, 404);
}

#[tokio::test]
async fn the_controls_of_saved_messages_say_what_is_wrong() {
    let running = Running::start().await;
    let file = "; filename=a.txt";
    let cases = [
        (FORM, form(&[("file", file, b"")]), 400),
        (FORM, form(&[("file", file, b"x"), ("as", "", b"photo")]), 400),
        (FORM, form(&[("file", file, b"x"), ("as", "", b"video")]), 400),
        (FORM, form(&[("file", file, b"x"), ("other", "", b"")]), 400),
        (FORM, form(&[("caption", "", b"x")]), 400),
        (FORM, form(&[("file", file, b"x")])[..60].to_vec(), 400),
        ("application/json", br#"{"text":""}"#.to_vec(), 400),
        ("application/json", br#"{"words":"x"}"#.to_vec(), 422),
        ("text/plain", b"x".to_vec(), 415),
    ];
    let phone = Phone::parse(FIRST_PHONE).unwrap();
    let before = running.cloud.people().saved_messages(&phone).unwrap();
    for (content_type, body, expected) in cases {
        let (status, answer) = running.save(content_type, body).await;
        assert_eq!(status, expected, "{answer}");
        assert!(answer["error"].is_string(), "{answer}");
    }
    assert_eq!(running.cloud.people().saved_messages(&phone).unwrap(), before);
    let elsewhere = running.cloud.people().messages_elsewhere(&phone).unwrap();
    for id in [json!(elsewhere[1]), json!(0), json!(-1)] {
        assert_eq!(running.file(&id).await.0, 404);
    }
    let (status, _) = running.get("/_sim/accounts/+15550000009/saved-messages/1/file").await;
    assert_eq!(status, 404);
}

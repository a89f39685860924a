//! `POST /post`, `GET /post/{id}`, `POST /mini-app/session`: each answer of the contract.

use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{TestStack, data_url, picture, read};

const NOT_A_PHOTO: &str = "Photo must be a base64 data URL of a JPEG, PNG or WebP image.";

impl TestStack {
    async fn send(&self, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let (status, _, body) = read(self.request(method, path).json(body).send().await.unwrap()).await;
        (status, body)
    }
}

fn error(sentence: &str) -> Value {
    json!({ "error": sentence })
}

#[tokio::test]
async fn a_picture_from_the_mini_app_arrives_in_the_chat() {
    let stack = TestStack::start().await;
    let init = stack.init(1).await;
    let request =
        stack.request(Method::POST, "/post").json(&json!({"init": init, "url": data_url(&picture(7))}));
    let (status, headers, body) = read(request.send().await.unwrap()).await;
    let id = body["id"].as_str().unwrap();
    assert_eq!((status, &body), (StatusCode::ACCEPTED, &json!({"message": "Photo accepted.", "id": id})));
    assert_eq!(headers["location"], format!("/post/{id}"));

    stack.stack.settle().await;
    assert_eq!(stack.state_of(1, id).await, json!({"id": id, "state": "sent", "message_id": 1}));
    let chat = stack.chat(1);
    assert_eq!(chat.len(), 1);
    assert_eq!(chat[0].method, "sendPhoto");
    assert_eq!(stack.files(1).await, [picture(7)]);
    stack.end_clean().await;
}

#[tokio::test]
async fn a_person_may_be_proved_by_header_by_form_field_and_by_token() {
    let stack = TestStack::start().await;
    let init = stack.init(1).await;
    let (_, session) = stack.send(Method::POST, "/mini-app/session", &json!({ "init": init })).await;
    let photo = || Form::new().part("photo", Part::bytes(picture(1)).file_name("a.jpg"));
    let url = json!({ "url": data_url(&picture(1)) });
    let post = || stack.request(Method::POST, "/post");
    let token = session["token"].as_str().unwrap();
    for request in [
        post().header("authorization", format!("tma {init}")).json(&url),
        post().header("authorization", format!("Bearer {token}")).json(&url),
        post().header("authorization", format!("tma {init}")).multipart(photo()),
        post().multipart(photo().text("init", init.clone())),
        // What a header proves is not asked of the body.
        post().header("authorization", format!("TMA {init}")).json(&json!({"init": "x", "url": url["url"]})),
    ] {
        let (status, _, body) = read(request.send().await.unwrap()).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{body}");
    }
    stack.stack.settle().await;
    assert_eq!(stack.files(1).await, vec![picture(1); 5]);
    stack.end_clean().await;
}

#[tokio::test]
async fn strangers_are_told_what_is_wrong_with_their_init_data() {
    let stack = TestStack::start().await;
    let url = data_url(&picture(1));
    let init = stack.init(1).await;
    let now = stack.stack.clock().now_s();
    let old = stack.init_with(json!({"user": {"id": 1, "first_name": "A"}, "auth_date": now - 86_402})).await;
    let early = stack.init_with(json!({"user": {"id": 1, "first_name": "A"}, "auth_date": now + 400})).await;
    let changed = init.replace("Ada", "Eve");
    let twice = format!("{init}&user=%7B%22id%22%3A2%7D");
    for (init, sentence) in [
        (json!(null), "Init data is missing."),
        (json!(""), "Init data is missing."),
        (json!("x"), "Init data is invalid."),
        (json!(changed), "Init data is invalid."),
        (json!(twice), "Init data is invalid."),
        (json!(early), "Init data is invalid."),
        (json!("a".repeat(20_000)), "Init data is invalid."),
        (json!(old), "Init data has expired."),
    ] {
        let answer = stack.send(Method::POST, "/post", &json!({"init": init, "url": url})).await;
        assert_eq!(answer, (StatusCode::UNAUTHORIZED, error(sentence)), "{init}");
    }
    for header in ["", "tma", "Basic YTpi", "Bearer no.token", "tma x"] {
        let request =
            stack.request(Method::POST, "/post").header("authorization", header).json(&json!({ "url": url }));
        let (status, _, body) = read(request.send().await.unwrap()).await;
        assert_eq!((status, body), (StatusCode::UNAUTHORIZED, error("Init data is invalid.")), "{header}");
    }
    let answer = stack.send(Method::POST, "/post", &json!({ "url": url })).await;
    assert_eq!(answer, (StatusCode::UNAUTHORIZED, error("Init data is missing.")));
    assert!(stack.chat(1).is_empty());
    stack.end_clean().await;
}

#[tokio::test]
async fn what_is_no_picture_is_refused_and_changes_nothing() {
    let stack = TestStack::start().await;
    let init = stack.init(1).await;
    let mut bomb = picture(1);
    bomb[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
    for (url, details) in [
        (Value::Null, "It is not a base64 data URL."),
        (json!(""), "It is not a base64 data URL."),
        (json!("https://a.example/photo.jpg"), "It is not a base64 data URL."),
        (json!("data:image/jpeg,abc"), "It is not a base64 data URL."),
        (json!("data:image/jpeg;base64,%%%"), "It is not a base64 data URL."),
        (json!("data:image/jpeg;base64,"), "It is neither JPEG, PNG nor WebP."),
        (json!("data:image/jpeg;base64,R0lGODlhAQABAAAAACw="), "It is neither JPEG, PNG nor WebP."),
        (json!(data_url(&picture(1)[..20])), "It is damaged."),
        (json!(data_url(&bomb)), "It is damaged."),
    ] {
        let answer = stack.send(Method::POST, "/post", &json!({"init": init, "url": url})).await;
        assert_eq!(
            answer,
            (StatusCode::BAD_REQUEST, json!({"error": NOT_A_PHOTO, "details": details})),
            "{url}"
        );
    }
    assert!(stack.staged().is_empty());
    stack.end_clean().await;
}

#[tokio::test]
async fn a_request_of_another_shape_is_told_which_shape_is_taken() {
    let stack = TestStack::start().await;
    let init = stack.init(1).await;
    let post = || stack.request(Method::POST, "/post").header("authorization", format!("tma {init}"));
    let not_json = error("The body is not the JSON this endpoint takes.");
    let form = |details: &str| json!({"error": "The form cannot be read.", "details": details});
    let incomplete = form("It is not a complete multipart/form-data body.");
    let media_type = error("Content-Type must be application/json or multipart/form-data.");
    let key = error("Idempotency-Key must be a quoted string of 1 to 255 characters.");
    let photo = || Part::bytes(picture(1)).file_name("a.png");
    let url = json!({ "url": data_url(&picture(1)) });
    let multipart = "multipart/form-data; boundary=b";
    for (request, status, expected) in [
        (post().header("content-type", "application/json").body("{"), 400, &not_json),
        (post().json(&json!([])), 400, &not_json),
        (post().json(&json!({"init": 1, "url": 2})), 400, &not_json),
        (post().body("photo"), 415, &media_type),
        (post().header("content-type", "text/plain").body("photo"), 415, &media_type),
        (post().header("content-type", "multipart/form-data").body("x"), 400, &incomplete),
        (post().header("content-type", multipart).body("--b\r\ncontent-disp"), 400, &incomplete),
        (post().multipart(Form::new().text("other", "x")), 400, &form("There is no photo.")),
        (
            post().multipart(Form::new().part("photo", photo()).part("photo", photo())),
            400,
            &form("There is more than one photo."),
        ),
        (post().header("idempotency-key", "\"unfinished").json(&url), 400, &key),
        (post().header("idempotency-key", "\"\"").json(&url), 400, &key),
    ] {
        let (answered, _, body) = read(request.send().await.unwrap()).await;
        assert_eq!((answered.as_u16(), &body), (status, expected));
    }
    stack.end_clean().await;
}

#[tokio::test]
async fn a_body_that_no_function_takes_is_too_large() {
    let stack = TestStack::start().await;
    let sentence = json!({"error": "Request body is too large. Files go through POST /uploads."});
    for megabytes in [7, 11, 40] {
        let body = vec![b'a'; megabytes << 20];
        let request =
            stack.request(Method::POST, "/post").header("content-type", "application/json").body(body);
        let (status, _, body) = read(request.send().await.unwrap()).await;
        assert_eq!((status, body), (StatusCode::PAYLOAD_TOO_LARGE, sentence.clone()), "{megabytes} MB");
    }
    stack.end_clean().await;
}

#[tokio::test]
async fn a_repeat_with_the_same_key_gets_the_first_answer_and_sends_nothing_twice() {
    let stack = TestStack::start().await;
    let post = async |person: i64, key: &str, number: u32| {
        let init = stack.init(person).await;
        let body = json!({"init": init, "url": data_url(&picture(number))});
        let request = stack.request(Method::POST, "/post").header("idempotency-key", key).json(&body);
        let (status, _, body) = read(request.send().await.unwrap()).await;
        (status, body)
    };
    let first = post(1, "\"a\"", 1).await;
    assert_eq!(first.0, StatusCode::ACCEPTED);
    assert_eq!(post(1, "\"a\"", 1).await, first);
    stack.stack.settle().await;
    assert_eq!(post(1, "\"a\"", 1).await, first);
    let another = post(1, "\"a\"", 2).await;
    let sentence = error("This Idempotency-Key was used for another request.");
    assert_eq!(another, (StatusCode::UNPROCESSABLE_ENTITY, sentence));
    // A key belongs to its person.
    let other = post(2, "\"a\"", 1).await;
    assert_eq!(other.0, StatusCode::ACCEPTED);
    assert_ne!(other.1["id"], first.1["id"]);
    stack.stack.settle().await;
    assert_eq!((stack.chat(1).len(), stack.chat(2).len()), (1, 1));

    // It holds for 24 hours, and no longer than two days.
    stack.stack.clock().advance(std::time::Duration::from_hours(24));
    assert_eq!(post(1, "\"a\"", 1).await, first);
    stack.stack.clock().advance(std::time::Duration::from_hours(25));
    assert_eq!(post(1, "\"a\"", 2).await.0, StatusCode::ACCEPTED);
    stack.stack.settle().await;
    assert_eq!(stack.files(1).await, [picture(1), picture(2)]);
    stack.end_clean().await;
}

#[tokio::test]
async fn only_the_person_who_posted_a_picture_is_told_about_it() {
    let stack = TestStack::start().await;
    let id = stack.post(1, &picture(1)).await;
    let get = async |person: i64, id: &str| {
        let init = stack.init(person).await;
        let request =
            stack.request(Method::GET, &format!("/post/{id}")).header("authorization", format!("tma {init}"));
        let (status, _, body) = read(request.send().await.unwrap()).await;
        (status, body)
    };
    let not_found = (StatusCode::NOT_FOUND, error("Not found."));
    assert_eq!(get(1, &id).await.0, StatusCode::OK);
    assert_eq!(get(2, &id).await, not_found);
    for unknown in ["0", "..%2f..", "%00", "update-1000000001-1", &"a".repeat(200)] {
        assert_eq!(get(1, unknown).await, not_found, "{unknown}");
    }
    let request = stack.request(Method::GET, &format!("/post/{id}"));
    let (status, _, body) = read(request.send().await.unwrap()).await;
    assert_eq!((status, body), (StatusCode::UNAUTHORIZED, error("Init data is missing.")));
    stack.end_clean().await;
}

#[tokio::test]
async fn a_token_outlives_the_init_data_it_was_given_for() {
    let stack = TestStack::start().await;
    let init = stack.init(1).await;
    let (status, session) = stack.send(Method::POST, "/mini-app/session", &json!({ "init": init })).await;
    let token = session["token"].as_str().unwrap().to_owned();
    assert_eq!(status, StatusCode::OK);
    let user = json!({"id": 1, "first_name": "Ada"});
    assert_eq!(session, json!({"token": token, "expires_in": 43_200, "user": user}));

    let post = async || {
        let request = stack.request(Method::POST, "/post").header("authorization", format!("Bearer {token}"));
        let (status, _, body) =
            read(request.json(&json!({ "url": data_url(&picture(1)) })).send().await.unwrap()).await;
        (status, body)
    };
    stack.stack.clock().advance(std::time::Duration::from_secs(43_100));
    assert_eq!(post().await.0, StatusCode::ACCEPTED);
    stack.stack.clock().advance(std::time::Duration::from_secs(200));
    assert_eq!(post().await, (StatusCode::UNAUTHORIZED, error("Init data has expired.")));
    stack.end_clean().await;
}

#[tokio::test]
async fn only_fresh_init_data_is_exchanged() {
    let stack = TestStack::start().await;
    let now = stack.stack.clock().now_s();
    let exchange =
        async |init: Value| stack.send(Method::POST, "/mini-app/session", &json!({ "init": init })).await;
    let aged = async |seconds: u64| {
        stack.init_with(json!({"user": {"id": 1, "first_name": "Ada"}, "auth_date": now - seconds})).await
    };
    assert_eq!(exchange(json!(aged(500).await)).await.0, StatusCode::OK);
    let expired = (StatusCode::UNAUTHORIZED, error("Init data has expired."));
    assert_eq!(exchange(json!(aged(700).await)).await, expired);
    assert_eq!(exchange(json!("x")).await, (StatusCode::UNAUTHORIZED, error("Init data is invalid.")));
    assert_eq!(exchange(Value::Null).await, (StatusCode::UNAUTHORIZED, error("Init data is missing.")));
    // A token is not exchanged for a longer one.
    let (_, session) = exchange(json!(aged(0).await)).await;
    let token = session["token"].as_str().unwrap();
    let request =
        stack.request(Method::POST, "/mini-app/session").header("authorization", format!("Bearer {token}"));
    let (status, _, body) = read(request.send().await.unwrap()).await;
    assert_eq!((status, body), (StatusCode::UNAUTHORIZED, error("Init data is missing.")));
    stack.end_clean().await;
}

#[tokio::test]
async fn a_person_who_posts_too_fast_is_told_how_long_to_wait() {
    let stack = TestStack::start_with_parameters(&[("PhotosPerMinute", "3")]).await;
    // The start of a window, so that none ends in between.
    let into_window = stack.stack.clock().now_s() % 60;
    stack.stack.clock().advance(std::time::Duration::from_secs(60 - into_window));
    for number in 0..3 {
        stack.post(1, &picture(number)).await;
    }
    let init = stack.init(1).await;
    let (status, body) =
        stack.send(Method::POST, "/post", &json!({"init": init, "url": data_url(&picture(3))})).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(body["error"], "Too many requests. Please try again later.");
    let wait = body["retry_after"].as_u64().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    // Others are not held back, and after the wait neither is the first.
    stack.post(2, &picture(4)).await;
    stack.stack.clock().advance(std::time::Duration::from_secs(wait));
    stack.post(1, &picture(3)).await;
    stack.stack.settle().await;
    assert_eq!(stack.files(1).await, (0..4).map(picture).collect::<Vec<_>>());
    stack.end_clean().await;
}

#[tokio::test]
async fn telegrams_own_signature_is_enough_where_it_is_chosen() {
    let stack = TestStack::start_with_parameters(&[("InitDataCheck", "ed25519")]).await;
    let init = stack.init(1).await;
    stack.post_as(&init, &picture(1)).await;
    // The bot token's proof is not looked at, Telegram's is.
    let (rest, hash) = init.rsplit_once("hash=").unwrap();
    assert!(!rest.contains("hash=") && hash.len() == 64, "{init}");
    let forged = init.replace("Ada", "Eve");
    let (status, body) =
        stack.send(Method::POST, "/post", &json!({"init": forged, "url": data_url(&picture(1))})).await;
    assert_eq!((status, body), (StatusCode::UNAUTHORIZED, error("Init data is invalid.")));
    stack.end_clean().await;
}

#[tokio::test]
async fn metadata_and_impossible_sizes_do_not_reach_the_chat() {
    let stack = TestStack::start().await;
    let wide = image::RgbImage::from_pixel(9_000, 1_200, image::Rgb([9, 9, 9]));
    let strip = image::RgbImage::from_pixel(2_100, 100, image::Rgb([9, 9, 9]));
    let encode = |image: image::RgbImage| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
        bytes.into_inner()
    };
    let mut placed = encode(image::RgbImage::from_pixel(8, 8, image::Rgb([9, 9, 9])));
    let exif = b"\xff\xe1\x00\x1eExif\0\0 48.8584N 2.2945E ....";
    assert_eq!(exif.len(), 2 + 0x1e);
    placed.splice(2..2, exif.iter().copied());
    stack.post(1, &encode(wide)).await;
    stack.post(1, &encode(strip)).await;
    stack.post(1, &placed).await;
    stack.stack.settle().await;
    let methods: Vec<_> = stack.chat(1).into_iter().map(|message| message.method).collect();
    assert_eq!(methods, ["sendPhoto", "sendDocument", "sendPhoto"]);
    let files = stack.files(1).await;
    let sizes: Vec<_> =
        files.iter().map(|file| image::load_from_memory(file).unwrap().to_rgb8().dimensions()).collect();
    assert_eq!(sizes, [(2560, 341), (2_100, 100), (8, 8)]);
    assert!(!files[2].windows(4).any(|window| window == b"2945"));
    stack.end_clean().await;
}

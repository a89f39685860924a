//! The whole cloud over its sockets and its controls: what a login is, end to end.

use axum::body::Body;
use axum::http::{Method, Request, header};
use grammers_tl_types::{Deserializable, RemoteCall, Serializable, enums, functions, types};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::client::{Client, init};
use crate::clock::Clock;
use crate::telegram::faults::Faults;
use crate::telegram::mtproto::accounts::{FIRST_PHONE, FIRST_USER_ID};
use crate::telegram::mtproto::cloud::{Cloud, Options};
use crate::telegram::mtproto::messages::constructor;

/// A cloud and the folder it is kept in.
pub(super) struct Running {
    pub(super) cloud: Cloud,
    folder: TempDir,
    shutdown: CancellationToken,
}

impl Running {
    pub(super) async fn start() -> Self {
        Self::start_in(TempDir::new().unwrap()).await
    }

    async fn start_in(folder: TempDir) -> Self {
        let data_dir = folder.path().to_owned();
        let options = Options { data_dir, clock: Clock::default(), faults: Faults::default() };
        let shutdown = CancellationToken::new();
        let cloud = Cloud::start(options, shutdown.clone()).await.unwrap();
        Self { cloud, folder, shutdown }
    }

    async fn restart(self) -> Self {
        let Self { cloud, folder, shutdown } = self;
        shutdown.cancel();
        cloud.stopped().await;
        drop(cloud);
        Self::start_in(folder).await
    }

    fn address(&self, dc: i32, media: bool) -> std::net::SocketAddr {
        let addresses = self.cloud.cluster().addresses();
        addresses.iter().find(|address| address.dc == dc && address.media == media).unwrap().address
    }

    /// A client that has made a key with the home of the first account.
    async fn client(&self) -> Client {
        let mut client = Client::connect(self.address(2, false)).await;
        client.make_key().await.unwrap();
        client
    }

    pub(super) async fn get(&self, path: &str) -> (u16, Value) {
        self.control(Method::GET, path, Body::empty()).await
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.control(Method::POST, path, Body::from(body.to_string())).await
    }

    async fn control(&self, method: Method, path: &str, body: Body) -> (u16, Value) {
        let request = Request::builder().method(method).uri(path);
        let request = request.header(header::CONTENT_TYPE, "application/json").body(body).unwrap();
        let response = self.cloud.controls().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap())
    }

    async fn authorizations(&self) -> (u64, u64) {
        let (status, account) = self.get("/_sim/accounts/+15551234567").await;
        assert_eq!((status, &account["id"]), (200, &json!(FIRST_USER_ID)));
        (account["authorizations"].as_u64().unwrap(), account["overlaps"].as_u64().unwrap())
    }
}

async fn call<R: RemoteCall>(client: &mut Client, request: &R) -> R::Return {
    let id = client.send(init(request.to_bytes())).await;
    R::Return::from_bytes(&client.result_of(id).await).unwrap()
}

async fn error<R: RemoteCall>(client: &mut Client, request: &R) -> (i32, String) {
    let id = client.send(init(request.to_bytes())).await;
    client.error_of(id).await
}

fn me() -> functions::users::GetUsers {
    functions::users::GetUsers { id: vec![enums::InputUser::UserSelf] }
}

async fn sign_in(running: &Running, client: &mut Client) {
    let request = functions::auth::SendCode {
        phone_number: FIRST_PHONE.to_owned(),
        api_id: 12345,
        api_hash: "0123456789abcdef0123456789abcdef".to_owned(),
        settings: types::CodeSettings::from_bytes(&[0; 4]).unwrap().into(),
    };
    let enums::auth::SentCode::Code(sent) = call(client, &request).await else { panic!("a code was sent") };
    let (status, code) = running.get("/_sim/login-codes?phone=%2B15551234567").await;
    assert_eq!(status, 200);
    let sign_in = functions::auth::SignIn {
        phone_number: FIRST_PHONE.to_owned(),
        phone_code_hash: sent.phone_code_hash,
        phone_code: code["code"].as_str().map(str::to_owned),
        email_verification: None,
    };
    let answer = call(client, &sign_in).await;
    assert!(matches!(answer, enums::auth::Authorization::Authorization(_)));
}

#[tokio::test]
async fn a_login_outlives_the_process_and_a_reset_ends_it() {
    let running = Running::start().await;
    let mut client = running.client().await;
    sign_in(&running, &mut client).await;
    assert_eq!(running.authorizations().await, (1, 0));
    let running = running.restart().await;
    let mut client = client.again(running.address(2, false)).await;
    let users = call(&mut client, &me()).await;
    assert!(matches!(&users[..], [enums::User::User(user)] if user.id == FIRST_USER_ID));
    running.cloud.reset().unwrap();
    assert_eq!(running.authorizations().await, (0, 0));
    let mut client = client.again(running.address(2, false)).await;
    client.send(init(me().to_bytes())).await;
    assert_eq!(client.transport_error().await, -404);
}

#[tokio::test]
async fn two_main_connections_at_a_time_kill_the_login_and_two_for_files_do_not() {
    let running = Running::start().await;
    let mut main = running.client().await;
    sign_in(&running, &mut main).await;
    for _ in 0..2 {
        let mut media = main.again(running.address(2, true)).await;
        call(&mut media, &functions::help::GetConfig {}).await;
        call(&mut main, &me()).await;
    }
    let mut other = main.again(running.address(2, false)).await;
    assert_eq!(error(&mut other, &me()).await, (406, "AUTH_KEY_DUPLICATED".to_owned()));
    assert_eq!(error(&mut main, &me()).await, (401, "AUTH_KEY_UNREGISTERED".to_owned()));
    assert_eq!(running.authorizations().await, (0, 1));
}

#[tokio::test]
async fn who_shows_a_qr_code_is_told_that_it_was_scanned() {
    let running = Running::start().await;
    let mut client = running.client().await;
    let export = functions::auth::ExportLoginToken {
        api_id: 12345,
        api_hash: "0123456789abcdef0123456789abcdef".to_owned(),
        except_ids: Vec::new(),
    };
    let enums::auth::LoginToken::Token(token) = call(&mut client, &export).await else { panic!("a token") };
    let text = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, token.token);
    let path = "/_sim/accounts/+15551234567/accept-login";
    let url = json!({"token": format!("tg://login?token={text}")});
    assert_eq!(running.post(path, url).await, (200, json!({})));
    let again = json!({"error": "That login token was accepted already."});
    assert_eq!(running.post(path, json!({"token": text})).await, (409, again));
    let notice = client.expect(constructor(&enums::Updates::from(update()).to_bytes())).await;
    let enums::Updates::UpdateShort(told) = enums::Updates::from_bytes(&notice.body).unwrap() else {
        panic!("one update")
    };
    assert_eq!(told.update, enums::Update::LoginToken);
    let enums::auth::LoginToken::Success(_) = call(&mut client, &export).await else { panic!("a login") };
    assert_eq!(running.authorizations().await, (1, 0));
}

fn update() -> types::UpdateShort {
    types::UpdateShort { update: enums::Update::LoginToken, date: 0 }
}

#[tokio::test]
async fn accounts_are_made_as_asked() {
    let running = Running::start().await;
    let asked = json!({"phone": "+15550000001", "first_name": "Grace", "premium": true, "home_dc": 1});
    let (status, made) = running.post("/_sim/accounts", asked.clone()).await;
    assert_eq!(status, 201);
    assert!(made["id"].as_i64().unwrap() > i64::from(u32::MAX), "{made}");
    let account = json!({"id": made["id"], "authorizations": 0, "overlaps": 0});
    assert_eq!(running.get("/_sim/accounts/%2B15550000001").await, (200, account));
    let taken = json!({"error": "That number has an account."});
    assert_eq!(running.post("/_sim/accounts", asked).await, (409, taken));
}

#[tokio::test]
async fn a_control_that_makes_no_sense_says_why() {
    let running = Running::start().await;
    let no_number = "A phone number is + and 7 to 15 digits.";
    let unknown = "That number has no account.";
    let invalid = "That login token is not valid.";
    let cases = [
        ("/_sim/accounts", json!({"phone": "1", "first_name": "A"}), 400, no_number),
        (
            "/_sim/accounts",
            json!({"phone": "+15550000001", "first_name": " "}),
            400,
            "A first name has 1 to 64 characters.",
        ),
        (
            "/_sim/accounts",
            json!({"phone": "+15550000001", "first_name": "A", "home_dc": 4}),
            400,
            "There is no such data centre.",
        ),
        (
            "/_sim/accounts",
            json!({"phone": "+15550000001", "first_name": "A", "password": ""}),
            400,
            "A password is not empty.",
        ),
        ("/_sim/accounts/+15550000001/accept-login", json!({"token": "AAAA"}), 404, unknown),
        ("/_sim/accounts/+15551234567/accept-login", json!({"token": "AAAA"}), 400, invalid),
        ("/_sim/accounts/+15551234567/accept-login", json!({"token": "%"}), 400, invalid),
        ("/_sim/network", json!({"rtt_ms": 60_001}), 400, "rtt_ms must be at most 60000"),
        (
            "/_sim/network",
            json!({"rtt_ms": 1, "bytes_per_second": 0}),
            400,
            "bytes_per_second must be at least 1",
        ),
    ];
    for (path, body, status, sentence) in cases {
        assert_eq!(running.post(path, body).await, (status, json!({"error": sentence})), "{path}");
    }
    assert_eq!(running.get("/_sim/accounts/+15550000001").await, (404, json!({"error": unknown})));
    assert_eq!(running.get("/_sim/accounts/x").await, (400, json!({"error": no_number})));
    let none = json!({"error": "No code was sent to that number."});
    assert_eq!(running.get("/_sim/login-codes?phone=%2B15551234567").await, (404, none));
    assert_eq!(running.get("/_sim/login-codes").await.0, 400);
    for body in [json!({}), json!([]), json!({"phone": "+15550000001", "first_name": "A", "x": 1})] {
        assert_eq!(running.post("/_sim/accounts", body).await.0, 400);
    }
}

#[tokio::test]
async fn the_network_is_as_it_was_asked_for_until_a_reset() {
    let running = Running::start().await;
    let asked = json!({"rtt_ms": 50, "bytes_per_second": 1_000_000});
    assert_eq!(running.post("/_sim/network", asked).await, (200, json!({})));
    let settings = running.cloud.network().settings();
    assert_eq!((settings.round_trip.as_millis(), settings.bytes_per_second), (50, Some(1_000_000)));
    running.cloud.reset().unwrap();
    assert_eq!(running.cloud.network().settings(), super::super::network::NetworkSettings::default());
}

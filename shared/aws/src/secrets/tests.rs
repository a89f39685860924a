use std::sync::atomic::{AtomicU32, Ordering};

use aws_credential_types::Credentials;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Region};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::*;

/// Secrets Manager with one secret, which may be rotated.
#[derive(Clone, Default)]
struct Manager {
    current: Arc<Mutex<String>>,
    previous: Arc<Mutex<Option<String>>>,
    reads: Arc<AtomicU32>,
}

impl Manager {
    async fn start(self) -> (Client, Self) {
        let router = Router::new().route("/", post(answer)).with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let config = aws_sdk_secretsmanager::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
            .endpoint_url(endpoint)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        (Client::from_conf(config), self)
    }

    fn rotate(&self, next: &str) {
        let before = std::mem::replace(&mut *self.current.lock().unwrap(), next.to_owned());
        *self.previous.lock().unwrap() = Some(before);
    }
}

async fn answer(
    State(manager): State<Manager>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, Json<Value>) {
    assert_eq!(headers["x-amz-target"], "secretsmanager.GetSecretValue");
    let request: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(request["SecretId"], "lambdagram/bot");
    let text = if request["VersionStage"] == "AWSCURRENT" {
        manager.reads.fetch_add(1, Ordering::SeqCst);
        Some(manager.current.lock().unwrap().clone())
    } else {
        manager.previous.lock().unwrap().clone()
    };
    match text {
        Some(text) => (StatusCode::OK, Json(json!({"Name": "lambdagram/bot", "SecretString": text}))),
        None => (StatusCode::BAD_REQUEST, Json(json!({"__type": "ResourceNotFoundException"}))),
    }
}

fn secret(number: u32) -> String {
    json!({"bot_token": format!("1:{number}"), "webhook_secret": "w", "mini_app_key": "k"}).to_string()
}

async fn store_of(client: Client, now: UnixTime) -> Result<SecretStore<BotSecrets>, SecretsError> {
    let id = "lambdagram/bot".to_owned();
    let versions = Arc::new(read(&client, &id).await?);
    Ok(SecretStore {
        source: Source::Manager { client, id },
        cached: Mutex::new(Cached { versions, read_at: now }),
    })
}

fn tokens(store: &SecretStore<BotSecrets>) -> Vec<String> {
    store.versions().all().map(|version| version.bot_token.expose().to_owned()).collect()
}

#[tokio::test]
async fn after_a_rotation_both_versions_are_in_force_and_it_is_looked_up_once_a_minute() {
    let manager = Manager { current: Arc::new(Mutex::new(secret(1))), ..Manager::default() };
    let (client, manager) = manager.start().await;
    let store = store_of(client, UnixTime(1000)).await.unwrap();
    assert_eq!(tokens(&store), ["1:1"]);

    manager.rotate(&secret(2));
    assert!(!store.refresh(UnixTime(1059)).await.unwrap());
    assert_eq!(tokens(&store), ["1:1"]);
    assert!(store.refresh(UnixTime(1060)).await.unwrap());
    assert_eq!(tokens(&store), ["1:2", "1:1"]);

    for second in 1061..1100 {
        assert!(!store.refresh(UnixTime(second)).await.unwrap());
    }
    assert_eq!(manager.reads.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_previous_version_of_another_shape_is_left_aside() {
    let manager = Manager { current: Arc::new(Mutex::new("an old text".to_owned())), ..Manager::default() };
    manager.rotate(&secret(1));
    let (client, _) = manager.start().await;
    assert_eq!(tokens(&store_of(client, UnixTime(0)).await.unwrap()), ["1:1"]);
}

#[tokio::test]
async fn a_secret_that_is_not_what_it_should_be_stops_the_start() {
    let lacking = json!({"bot_token": "1:a", "webhook_secret": "w"}).to_string();
    let empty = json!({"bot_token": "", "webhook_secret": "w", "mini_app_key": "k"}).to_string();
    for text in ["1:token".to_owned(), lacking, empty] {
        let manager = Manager { current: Arc::new(Mutex::new(text)), ..Manager::default() };
        let (client, _) = manager.start().await;
        assert!(matches!(store_of(client, UnixTime(0)).await, Err(SecretsError::Malformed { .. })));
    }
}

#[test]
fn secrets_show_nothing_of_themselves() {
    let secrets: BotSecrets = secret(12345).parse().unwrap();
    assert!(!format!("{secrets:?}").contains("12345"));
}

#[test]
fn an_accounts_secrets_need_a_long_session_key_and_the_error_repeats_nothing() {
    let secret = |hash: &str, key: &str| json!({"api_hash": hash, "session_key": key}).to_string();
    let key = "k".repeat(32);
    let secrets: AccountSecrets = secret("hash12345", &key).parse().unwrap();
    assert_eq!((secrets.api_hash.expose(), secrets.session_key.expose()), ("hash12345", key.as_str()));
    let shown = format!("{secrets:?}");
    assert!(!shown.contains("12345") && !shown.contains("kkk"), "{shown}");

    let wrong = [
        secret("", &key),
        secret("hash12345", &key[1..]),
        json!({"api_hash": "hash12345"}).to_string(),
        json!({"api_hash": 12345, "session_key": key}).to_string(),
        "hash12345".to_owned(),
    ];
    for text in wrong {
        let error = text.parse::<AccountSecrets>().unwrap_err().to_string();
        let expected = "the secret must be a JSON object with api_hash, which is not empty, and session_key, \
                        of at least 32 characters";
        assert_eq!(error, expected);
    }
}

#[test]
fn the_workers_secret_is_a_key_and_the_error_repeats_nothing() {
    let key = DelegationKey::generate();
    let secret = |key: &str| json!({"delegation_key": key}).to_string();
    let secrets: UploadSecrets = secret(&key.encode()).parse().unwrap();
    assert_eq!(secrets.delegation_key.encode(), key.encode());
    assert!(!format!("{secrets:?}").contains(&key.encode()));
    for text in [secret("hunter2"), secret(""), "hunter2".to_owned(), json!({}).to_string()] {
        let error = text.parse::<UploadSecrets>().unwrap_err().to_string();
        let expected = "the secret must be a JSON object with delegation_key, as `delegation-key` prints it";
        assert_eq!(error, expected);
    }
}

#[test]
fn a_service_has_the_signing_secret_of_all_unless_it_has_its_own() {
    let of_all = SigningSecret::generate().encode();
    let own = SigningSecret::generate().encode();
    let json = json!({"signing_secret": of_all, "services": {"reports": own}}).to_string();
    let secrets: DispatchSecrets = json.parse().unwrap();
    let secret = |service| secrets.signing_secret(service).encode();
    assert_eq!(secret(None), of_all);
    assert_eq!(secret(Some("echo")), of_all);
    assert_eq!(secret(Some("reports")), own);
    assert!(!format!("{secrets:?}").contains(&own[6..]));

    let wrong = [
        json!({}),
        json!({"signing_secret": "hunter2"}),
        json!({"signing_secret": of_all, "services": {"a": "b"}}),
    ];
    for json in wrong {
        let error = json.to_string().parse::<DispatchSecrets>().unwrap_err().to_string();
        let expected = "the secret must be a JSON object with signing_secret, and perhaps services by name, each \
                        `whsec_` and 24 to 64 bytes in base64";
        assert_eq!(error, expected);
    }
}

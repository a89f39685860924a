//! A service that sends commands, and its key.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use lambdagram_aws::{ApiKeys, Connection};
use lambdagram_domain::api_key::{ApiKey, StoredKey};
use lambdagram_domain::time::UnixTime;
use lambdagram_tests::aws::{REGION, SECRET_ACCESS_KEY};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::common::ground::{BenchStack, Failure};
use crate::common::requests::send;

/// Stores a key in the table of `ours`.
pub(crate) async fn store(ours: &BenchStack, key: &ApiKey) -> Result<(), Failure> {
    let tables = &ours.stack.model().tables;
    let table = tables.iter().find(|table| table.name.contains("keystable"));
    let table = &table.ok_or("the template has no table of keys")?.name;
    let credentials = Credentials::new("bench", SECRET_ACCESS_KEY, None, None, "bench");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(&ours.stack.endpoints().dynamodb)
        .region(Region::new(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let now = UnixTime(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs());
    let stored = StoredKey::new(key, "bench".to_owned(), "notifier".to_owned(), now);
    Ok(ApiKeys::new(&Connection::new(config), table.clone()).add(&stored).await?)
}

/// A chat that nobody used before.
pub(crate) fn next_chat() -> i64 {
    static LATEST: AtomicI64 = AtomicI64::new(1_000);
    LATEST.fetch_add(1, Ordering::Relaxed)
}

/// A command that sends a text.
pub(crate) fn command(chat_id: i64, text: &str) -> Value {
    json!({"command": "send_message", "data": {"chat_id": chat_id, "text": text}})
}

/// Enqueues a command at the server at `url`.
pub(crate) fn enqueue(http: &Client, url: &str, key: &str, body: &Value) -> RequestBuilder {
    http.post(format!("{url}/enqueue_command")).bearer_auth(key).json(body)
}

/// Sends a request and reads its answer to the end; how long that took.
pub(crate) async fn timed(request: RequestBuilder) -> Result<Duration, Failure> {
    send(request).await?.success()
}

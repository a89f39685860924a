//! Services with keys, and what they send.

use lambdagram_aws::{ApiKeys, Connection};
use lambdagram_domain::api_key::{ApiKey, StoredKey};
use lambdagram_domain::time::UnixTime;
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::support::{TestStack, read};

/// A service that holds a key.
pub(crate) struct Service<'a> {
    pub(crate) stack: &'a TestStack,
    pub(crate) key: String,
}

/// What the API answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl TestStack {
    /// A service whose key has that role.
    pub(crate) async fn service(&self, role: &str) -> Service<'_> {
        let key = ApiKey::generate();
        self.store_key(&key, role).await;
        Service { stack: self, key: key.encode() }
    }

    pub(crate) async fn store_key(&self, key: &ApiKey, role: &str) {
        let now = UnixTime(self.stack.clock().now_s());
        let stored = StoredKey::new(key, "a test's".to_owned(), role.to_owned(), now);
        self.keys().await.add(&stored).await.unwrap();
    }

    /// The table of keys.
    pub(crate) async fn keys(&self) -> ApiKeys {
        let tables = &self.stack.model().tables;
        let table = tables.iter().find(|table| table.name.contains("keystable")).unwrap();
        ApiKeys::new(&Connection::new(self.dynamodb_config().await), table.name.clone())
    }
}

/// A command that sends a text.
pub(crate) fn message(chat_id: i64, text: &str) -> Value {
    json!({"command": "send_message", "data": {"chat_id": chat_id, "text": text}})
}

impl Service<'_> {
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.stack.request(method, path).bearer_auth(&self.key)
    }

    /// Enqueues a command with more headers.
    pub(crate) async fn enqueue_with(&self, body: &Value, headers: &[(&str, &str)]) -> Answered {
        let request = self.request(Method::POST, "/enqueue_command").json(body);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        Answered::of(request).await
    }

    pub(crate) async fn enqueue(&self, body: &Value) -> Answered {
        self.enqueue_with(body, &[]).await
    }

    /// Enqueues a command; expects it to be accepted, and returns its id.
    pub(crate) async fn accepted(&self, body: &Value) -> String {
        self.enqueue(body).await.accepted()
    }

    /// Enqueues a command under an idempotency key.
    pub(crate) async fn enqueue_once(&self, key: &str, body: &Value) -> Answered {
        self.enqueue_with(body, &[("idempotency-key", &format!("\"{key}\""))]).await
    }

    /// What `GET /commands/{id}` tells.
    pub(crate) async fn report(&self, id: &str) -> Value {
        let answered = Answered::of(self.request(Method::GET, &format!("/commands/{id}"))).await;
        assert_eq!(answered.status, StatusCode::OK, "{:?}", answered.body);
        answered.body
    }

    /// The state of a command.
    pub(crate) async fn state(&self, id: &str) -> String {
        self.report(id).await["state"].as_str().unwrap().to_owned()
    }
}

impl Answered {
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        let (status, headers, body) = read(request.send().await.unwrap()).await;
        Self { status, headers, body }
    }

    /// The id in the answer to an accepted command, which says nothing else.
    pub(crate) fn accepted(&self) -> String {
        let id = self.body["id"].as_str().unwrap_or_else(|| panic!("{:?}", self.body));
        let expected = json!({"status": "success", "message": "Command enqueued", "id": id});
        assert_eq!((self.status, &self.body), (StatusCode::ACCEPTED, &expected));
        assert_eq!(self.headers["location"], format!("/commands/{id}"));
        id.to_owned()
    }

    /// Status and body.
    pub(crate) fn told(self) -> (u16, Value) {
        (self.status.as_u16(), self.body)
    }
}

/// The texts that the bot sent into a chat, in order.
pub(crate) fn texts(stack: &TestStack, chat_id: i64) -> Vec<String> {
    let text = |params: &Value| params["text"].as_str().unwrap_or_default().to_owned();
    stack.chat(chat_id).iter().map(|message| text(&message.params)).collect()
}

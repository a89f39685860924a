//! Services of all kinds, and people who ask for them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use lambdagram_domain::signature::{Headers, SigningSecret, verify};
use lambdagram_domain::time::UnixTime;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::TestStack;

/// An address on which a service will be: the stack has to know it before the service can know the stack.
pub(crate) struct Address {
    listener: TcpListener,
    pub(crate) url: String,
}

/// A request to a service.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A service that answers as it is told, and remembers what it was asked.
#[derive(Clone)]
pub(crate) struct Scripted(Arc<Script>);

struct Script {
    asked: Mutex<Vec<Asked>>,
    answer: Box<Answering>,
}

/// What is answered to a request of that number.
type Answering = dyn Fn(usize, &Asked) -> Response + Send + Sync;

impl Address {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        Self { listener, url }
    }

    pub(crate) fn serve(self, router: Router) {
        tokio::spawn(async move { axum::serve(self.listener, router).await });
    }

    /// A service whose `answer` to a request depends on the request and its number, from 0.
    pub(crate) fn script(
        self,
        answer: impl Fn(usize, &Asked) -> Response + Send + Sync + 'static,
    ) -> Scripted {
        let scripted = Scripted(Arc::new(Script { asked: Mutex::default(), answer: Box::new(answer) }));
        self.serve(Router::new().fallback(post(take)).with_state(scripted.clone()));
        scripted
    }

    /// A service that answers every request with this.
    pub(crate) fn always(self, status: u16, body: &Value) -> Scripted {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.script(move |_, _| answered(status, &body))
    }
}

pub(crate) fn answered(status: u16, body: &str) -> Response {
    (StatusCode::from_u16(status).unwrap(), body.to_owned()).into_response()
}

async fn take(State(Scripted(script)): State<Scripted>, headers: HeaderMap, body: Bytes) -> Response {
    let asked = Asked { headers, body };
    let number = {
        let mut all = script.asked.lock().unwrap();
        all.push(asked.clone());
        all.len() - 1
    };
    (script.answer)(number, &asked)
}

impl Scripted {
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.0.asked.lock().unwrap().clone()
    }

    /// What was asked, as its services read it.
    pub(crate) fn bodies(&self) -> Vec<Value> {
        self.asked().iter().map(Asked::json).collect()
    }
}

impl Asked {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(crate) fn is_signed_with(&self, secret: &str, now_s: u64) -> bool {
        let headers = Headers {
            id: self.header("webhook-id"),
            timestamp: self.header("webhook-timestamp"),
            signature: self.header("webhook-signature"),
        };
        let secrets = [SigningSecret::parse(secret).unwrap()];
        verify(&secrets, headers, &self.body, UnixTime(now_s)).is_ok()
    }
}

/// Assignments in which everything goes to the service at `url`: 7 is a member, 8 has a role that may ask for nothing,
/// and everybody else is a stranger.
pub(crate) fn everything_to(url: &str, role: &str) -> String {
    format!(
        "users: {{7: member, 8: notifier}}\nservices:\n  one: {{url: \"{url}\", role: {role}}}\n\
         routes: {{/*: one, callback_query: one, message: one}}\nstrangers: answer\n"
    )
}

impl TestStack {
    /// A stack with a second document of permissions.
    pub(crate) async fn start_with_assignments(assignments: &str) -> Self {
        Self::start_with(|options| {
            std::fs::write(options.data_dir.join("assignments.yaml"), assignments).unwrap();
        })
        .await
    }

    /// What a person writes to the bot in their private chat.
    pub(crate) async fn write(&self, person: i64, text: &str) {
        self.write_to_bot(json!({"chat_id": person, "text": text})).await;
    }

    /// What a person writes in a group.
    pub(crate) async fn write_in_group(&self, person: i64, group: i64, text: &str) {
        let from = json!({"id": person, "is_bot": false, "first_name": "Ada"});
        self.write_to_bot(json!({"chat_id": group, "text": text, "from": from})).await;
    }

    /// A person presses a button under a message in their private chat.
    pub(crate) async fn press(&self, person: i64, query: &str, data: &str) {
        let from = json!({"id": person, "is_bot": false, "first_name": "Ada"});
        let message = json!({"message_id": 1, "date": 1, "chat": {"id": person, "type": "private"}});
        let query =
            json!({"id": query, "from": from, "message": message, "chat_instance": "1", "data": data});
        self.write_to_bot(json!({"callback_query": query})).await;
    }

    /// Lets the stack settle until `is_true`: for what comes from a service by itself.
    pub(crate) async fn settle_until(&self, is_true: impl Fn(&Self) -> bool) {
        let wait = async {
            while !is_true(self) {
                self.stack.settle().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), wait).await.expect("it becomes true");
    }
}

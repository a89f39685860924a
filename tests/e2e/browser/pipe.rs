//! Commands and their answers, and events between them, over the browser's two descriptors.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::{broadcast, mpsc, oneshot};

use super::PATIENCE;

/// Events of the browser itself that one may be late by.
const MOST_EVENTS: usize = 4096;

/// What went wrong, for a person who reads of a failed test.
pub(crate) type Trouble = String;

/// Something that happened, of which nobody asked.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) method: String,
    pub(super) params: Value,
}

/// The connection.
pub(super) struct Pipe {
    input: tokio::sync::Mutex<ChildStdin>,
    last_id: AtomicU64,
    waiting: Arc<Waiting>,
}

/// Who waits for what.
struct Waiting {
    answers: Mutex<HashMap<u64, oneshot::Sender<Result<Value, Trouble>>>>,
    sessions: Mutex<HashMap<String, mpsc::UnboundedSender<Event>>>,
    browser: broadcast::Sender<Event>,
}

impl Pipe {
    pub(super) fn new(input: ChildStdin, output: ChildStdout) -> Self {
        let (browser, _) = broadcast::channel(MOST_EVENTS);
        let waiting = Arc::new(Waiting { answers: Mutex::default(), sessions: Mutex::default(), browser });
        tokio::spawn(read(output, Arc::clone(&waiting)));
        Self { input: tokio::sync::Mutex::new(input), last_id: AtomicU64::new(0), waiting }
    }

    /// Sends a command to the browser, or to what a session is attached to, and waits for the answer.
    pub(super) async fn call(
        &self,
        session: Option<&str>,
        method: &str,
        params: Value,
    ) -> Result<Value, Trouble> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let mut command = json!({"id": id, "method": method, "params": params});
        if let Some(session) = session {
            command["sessionId"] = session.into();
        }
        let (sender, answer) = oneshot::channel();
        self.waiting.answers.lock().unwrap().insert(id, sender);
        let command = format!("{command}\0");
        let sent = self.input.lock().await.write_all(command.as_bytes()).await;
        sent.map_err(|error| format!("{method}: {error}"))?;
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(answer)) => answer.map_err(|error| format!("{method}: {error}")),
            Ok(Err(_)) => Err(format!("{method}: the browser has ended")),
            Err(_) => Err(format!("{method}: no answer")),
        }
    }

    /// Events of a session from now on.
    pub(super) fn events_of(&self, session: &str) -> mpsc::UnboundedReceiver<Event> {
        let (sender, events) = mpsc::unbounded_channel();
        self.waiting.sessions.lock().unwrap().insert(session.to_owned(), sender);
        events
    }

    /// Events of the browser from now on.
    pub(super) fn events(&self) -> broadcast::Receiver<Event> {
        self.waiting.browser.subscribe()
    }
}

/// Hands out what the browser writes, until it ends. Then nobody waits any more.
async fn read(output: ChildStdout, waiting: Arc<Waiting>) {
    let mut output = BufReader::new(output);
    let mut message = Vec::new();
    while output.read_until(0, &mut message).await.is_ok_and(|length| length > 0) {
        let text = message.strip_suffix(b"\0").unwrap_or(&message);
        if let Ok(message) = serde_json::from_slice(text) {
            waiting.hand_out(message);
        }
        message.clear();
    }
    waiting.answers.lock().unwrap().clear();
    waiting.sessions.lock().unwrap().clear();
}

impl Waiting {
    fn hand_out(&self, mut message: Value) {
        if let Some(id) = message["id"].as_u64() {
            let Some(sender) = self.answers.lock().unwrap().remove(&id) else { return };
            let answer = match message["error"].take() {
                Value::Null => Ok(message["result"].take()),
                error => Err(error.to_string()),
            };
            // Who asked may have given up.
            drop(sender.send(answer));
            return;
        }
        let method = message["method"].as_str().unwrap_or_default().to_owned();
        let event = Event { method, params: message["params"].take() };
        match message["sessionId"].as_str() {
            Some(session) => {
                if let Some(sender) = self.sessions.lock().unwrap().get(session) {
                    drop(sender.send(event));
                }
            }
            None => drop(self.browser.send(event)),
        }
    }
}

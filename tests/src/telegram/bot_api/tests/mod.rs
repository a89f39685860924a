//! The simulator over its own sockets, as a bot and as a test meet it.

mod changes;
mod controls;
mod delivery;
mod faults;
mod files;
mod sending;
mod settings;
mod updates;

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::post;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::{BotApi, DEFAULT_BOT_TOKEN, Options};
use crate::clock::Clock;
use crate::telegram::faults::Faults;

/// A simulator that is served until it is dropped.
struct Simulator {
    bot: BotApi,
    clock: Clock,
    http: reqwest::Client,
    url: String,
    controls_url: String,
    folder: TempDir,
    tasks: JoinSet<()>,
}

impl Simulator {
    async fn start() -> Self {
        Self::start_in(TempDir::new().unwrap(), Clock::default()).await
    }

    async fn start_in(folder: TempDir, clock: Clock) -> Self {
        let token = DEFAULT_BOT_TOKEN.to_owned();
        let (data_dir, faults) = (folder.path().to_owned(), Faults::default());
        let options = Options { data_dir, token, clock: clock.clone(), faults, seed: 7 };
        let bot = BotApi::open(options).unwrap();
        let mut tasks = JoinSet::new();
        let url = serve(&mut tasks, bot.router()).await;
        let controls_url = serve(&mut tasks, bot.controls()).await;
        bot.set_endpoint(&url);
        Self { bot, clock, http: super::delivery::client(), url, controls_url, folder, tasks }
    }

    /// Stops it and opens what it left behind.
    async fn restart(self) -> Self {
        let Self { folder, clock, tasks, bot, .. } = self;
        drop((tasks, bot));
        Self::start_in(folder, clock).await
    }

    fn deliver(&mut self) {
        let bot = self.bot.clone();
        self.tasks.spawn(async move { bot.deliver().await });
    }

    fn method_url(&self, method: &str) -> String {
        format!("{}/bot{DEFAULT_BOT_TOKEN}/{method}", self.url)
    }

    async fn call(&self, method: &str, params: Value) -> (u16, Value) {
        answer(self.http.post(self.method_url(method)).json(&params)).await
    }

    /// The result of a call that must succeed.
    async fn ok(&self, method: &str, params: Value) -> Value {
        let (status, mut body) = self.call(method, params).await;
        assert_eq!((status, &body["ok"]), (200, &json!(true)), "{body}");
        body["result"].take()
    }

    async fn assert_refused(&self, method: &str, params: Value, code: u16, description: &str) {
        assert_eq!(self.call(method, params.clone()).await, refused(code, description), "{params}");
    }

    async fn upload(&self, method: &str, form: Form) -> (u16, Value) {
        answer(self.http.post(self.method_url(method)).multipart(form)).await
    }

    async fn control(&self, path: &str, body: Value) -> (u16, Value) {
        answer(self.http.post(format!("{}{path}", self.controls_url)).json(&body)).await
    }

    /// A person writes to the bot.
    async fn write(&self, chat_id: i64, text: &str) -> i64 {
        let (status, body) =
            self.control("/_sim/bot/updates", json!({"chat_id": chat_id, "text": text})).await;
        assert_eq!(status, 201, "{body}");
        body["update_id"].as_i64().unwrap()
    }

    async fn plan(&self, fault: Value) {
        assert_eq!(self.control("/_sim/faults", fault).await, (200, json!({})));
    }

    /// Waits until delivery has brought about what the condition asks for.
    async fn until(&self, condition: impl Fn(&BotApi) -> bool) {
        let mut rounds = self.bot.next_delivery();
        while !condition(&self.bot) {
            rounds.changed().await.unwrap();
        }
    }

    /// Advances the clock to the next retry and says by how many seconds, rounded up.
    async fn advance_to_retry(&self) -> u64 {
        let mut rounds = self.bot.next_delivery();
        let due_ms = rounds.wait_for(Option::is_some).await.unwrap().unwrap();
        let wait = due_ms.saturating_sub(self.clock.now_ms());
        self.clock.advance(Duration::from_millis(wait));
        wait.div_ceil(1000)
    }
}

/// A webhook whose answers the test gives.
struct Hook {
    url: String,
    calls: mpsc::UnboundedReceiver<HookCall>,
    _tasks: JoinSet<()>,
}

struct HookCall {
    headers: HeaderMap,
    update: Value,
    reply: oneshot::Sender<Response>,
}

impl Hook {
    async fn start() -> Self {
        let (sender, calls) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        let router = Router::new().route("/hook", post(take_call)).with_state(sender);
        let url = format!("{}/hook", serve(&mut tasks, router).await);
        Self { url, calls, _tasks: tasks }
    }

    async fn next(&mut self) -> HookCall {
        self.calls.recv().await.unwrap()
    }
}

impl HookCall {
    fn update_id(&self) -> i64 {
        self.update["update_id"].as_i64().unwrap()
    }

    fn answer(self, status: u16) {
        self.answer_with(Response::builder().status(status).body("".into()).unwrap());
    }

    fn answer_with(self, response: Response) {
        self.reply.send(response).unwrap();
    }
}

async fn take_call(
    State(calls): State<mpsc::UnboundedSender<HookCall>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, StatusCode> {
    let (reply, answer) = oneshot::channel();
    let update = serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)?;
    calls.send(HookCall { headers, update, reply }).map_err(|_| StatusCode::GONE)?;
    answer.await.map_err(|_| StatusCode::GONE)
}

async fn serve(tasks: &mut JoinSet<()>, router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

fn refused(code: u16, description: &str) -> (u16, Value) {
    (code, json!({"ok": false, "error_code": code, "description": description}))
}

/// A file of a form.
fn file(name: &str, content: Vec<u8>) -> Part {
    Part::bytes(content).file_name(name.to_owned())
}

/// A grey picture.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut content = std::io::Cursor::new(Vec::new());
    image::GrayImage::new(width, height).write_to(&mut content, image::ImageFormat::Png).unwrap();
    content.into_inner()
}

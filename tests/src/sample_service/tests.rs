use std::collections::VecDeque;
use std::sync::Mutex;

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use lambdagram_domain::bot_command::BotCommand;
use lambdagram_domain::ids::{ChatId, UserId};
use lambdagram_domain::incoming::{Asks as Asked, Incoming};
use lambdagram_domain::signature::sign;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tower::ServiceExt as _;

use super::*;

/// How long a report takes here, on a clock that the test moves.
const REPORT: Duration = Duration::from_mins(3);

/// A Lambdagram with the answers that it is told to give; tells what it was asked.
struct Api {
    url: String,
    clock: Clock,
    asked: mpsc::UnboundedReceiver<Command>,
    answers: Arc<Mutex<VecDeque<Response>>>,
}

impl Api {
    async fn with(answers: Vec<Response>) -> Self {
        let (ask, asked) = mpsc::unbounded_channel();
        let answers = Arc::new(Mutex::new(VecDeque::from(answers)));
        let (given, clock) = (answers.clone(), Clock::default());
        let api_clock = clock.clone();
        let enqueue = move |headers: HeaderMap, body: Json<Value>| async move {
            ask.send(Command { at_ms: api_clock.now_ms(), headers, body: body.0 }).unwrap();
            given.lock().unwrap().pop_front().expect("another command was not expected")
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/enqueue_command", post(enqueue));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, clock, asked, answers }
    }

    /// The next command. The clock goes on until it comes, in steps so small that what does not wait for the clock
    /// comes early on it.
    async fn next(&mut self) -> Command {
        while self.asked.is_empty() {
            tokio::task::yield_now().await;
            self.clock.advance(Duration::from_millis(10));
        }
        self.asked.recv().await.unwrap()
    }
}

/// A command, and when it came.
struct Command {
    at_ms: u64,
    headers: HeaderMap,
    body: Value,
}

struct Case {
    service: Router,
    clock: Clock,
    secret: SigningSecret,
}

impl Case {
    /// A service that has an API to report to.
    fn with(api: &Api) -> Self {
        Self::of(&api.url, api.clock.clone())
    }

    /// A service whose API is never called.
    fn alone() -> Self {
        Self::of("http://127.0.0.1:1", Clock::default())
    }

    fn of(api_url: &str, clock: Clock) -> Self {
        let secret = SigningSecret::generate();
        let service = router(Options {
            secrets: vec![SigningSecret::generate(), secret.clone()],
            api_url: api_url.to_owned(),
            api_key: Secret::new("lg_key"),
            report_takes: REPORT,
            clock: clock.clone(),
        });
        Self { service, clock, secret }
    }

    /// Posts what Lambdagram would, signed by it.
    async fn dispatch(&self, id: &str, asks: Asked) -> (u16, Value) {
        let body = body_of(asks);
        let now = self.clock.now_s();
        let signature = sign(std::slice::from_ref(&self.secret), id, UnixTime(now), body.as_bytes());
        self.post(
            &[(ID_HEADER, id), (TIMESTAMP_HEADER, &now.to_string()), (SIGNATURE_HEADER, &signature)],
            body,
        )
        .await
    }

    async fn post(&self, headers: &[(&str, &str)], body: String) -> (u16, Value) {
        let request =
            headers.iter().fold(Request::post("/"), |request, (name, value)| request.header(*name, *value));
        let answer = self.service.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() })
    }
}

fn body_of(asks: Asked) -> String {
    let incoming = Incoming {
        user: UserId(7),
        chat: ChatId(-100),
        private: false,
        message_thread_id: Some(3),
        message_id: 12,
        asks,
    };
    serde_json::to_string(&incoming).unwrap()
}

fn command(name: &str, arguments: &[&str]) -> Asked {
    let arguments: Vec<_> = arguments.iter().map(|&argument| argument.to_owned()).collect();
    let rest = arguments.join(" ");
    Asked::Command(BotCommand { name: name.to_owned(), bot: None, arguments, rest })
}

#[tokio::test]
async fn ping_is_answered_at_once() {
    let case = Case::alone();
    assert_eq!(case.dispatch("d1", command("ping", &[])).await, (200, json!({"reply": "pong"})));
}

#[tokio::test]
async fn a_report_comes_later_through_the_api_and_names_its_dispatch() {
    let mut api = Api::with(vec![StatusCode::ACCEPTED.into_response()]).await;
    let case = Case::with(&api);
    let asked_at = case.clock.now_ms();
    assert_eq!(case.dispatch("d1", command("report", &["sales", "two words"])).await, (202, Value::Null));
    let Command { at_ms, headers, body } = api.next().await;
    assert!(at_ms >= asked_at + 180_000);
    assert_eq!(headers["authorization"], "Bearer lg_key");
    assert_eq!(headers["idempotency-key"], "\"d1\"");
    let text = "Report on sales, two words: all is well.";
    let expected = json!({"command": "send_message", "data": {"text": text}, "reply_to": "d1"});
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_report_that_the_api_does_not_take_is_sent_again_and_then_no_more() {
    let answers = vec![
        (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "40")]).into_response(),
        StatusCode::BAD_GATEWAY.into_response(),
        StatusCode::ACCEPTED.into_response(),
    ];
    let mut api = Api::with(answers).await;
    let case = Case::with(&api);
    let mut before = case.clock.now_ms();
    case.dispatch("d1", command("report", &[])).await;
    for waited in [180_000, 40_000, 2000] {
        let Command { at_ms, headers, body } = api.next().await;
        assert_eq!(
            (&headers["idempotency-key"], &body["reply_to"]),
            (&"\"d1\"".parse().unwrap(), &json!("d1"))
        );
        assert!(at_ms >= before + waited);
        before = at_ms;
    }
    // Another dispatch, so that there is something to wait for: a fourth try would come before it.
    api.answers.lock().unwrap().push_back(StatusCode::ACCEPTED.into_response());
    case.dispatch("d2", command("report", &[])).await;
    assert_eq!(api.next().await.body["reply_to"], "d2");
}

#[tokio::test]
async fn other_commands_buttons_and_messages_are_told_what_the_service_knows() {
    let case = Case::alone();
    let known = (200, json!({"reply": "I know /ping and /report."}));
    let pressed = Asked::CallbackQuery { id: "1".to_owned(), data: None };
    for asks in [command("stop", &[]), pressed, Asked::Message { text: Some("hello".to_owned()) }] {
        assert_eq!(case.dispatch("d1", asks).await, known);
    }
}

#[tokio::test]
async fn what_is_not_signed_by_lambdagram_lately_is_refused() {
    let case = Case::alone();
    let (body, now) = (body_of(command("ping", &[])), case.clock.now_s());
    let stranger = [SigningSecret::generate()];
    let ours = std::slice::from_ref(&case.secret);
    for (secrets, sent_at, signed, error) in [
        (&stranger[..], now, &body, "the webhook signature is invalid"),
        (ours, now, &"{}".to_owned(), "the webhook signature is invalid"),
        (ours, now - 400, &body, "the webhook timestamp is too old"),
    ] {
        let signature = sign(secrets, "d1", UnixTime(sent_at), signed.as_bytes());
        let headers =
            [(ID_HEADER, "d1"), (TIMESTAMP_HEADER, &sent_at.to_string()), (SIGNATURE_HEADER, &signature)];
        assert_eq!(case.post(&headers, body.clone()).await, (401, json!({"error": error})));
    }
    let unsigned = case.post(&[], body).await;
    assert_eq!(unsigned, (401, json!({"error": "the webhook headers are malformed"})));
}

#[tokio::test]
async fn a_signed_body_that_is_no_dispatch_is_a_bad_request() {
    let case = Case::alone();
    let now = case.clock.now_s();
    let signature = sign(std::slice::from_ref(&case.secret), "d1", UnixTime(now), b"[]");
    let headers = [(ID_HEADER, "d1"), (TIMESTAMP_HEADER, &now.to_string()), (SIGNATURE_HEADER, &signature)];
    assert_eq!(
        case.post(&headers, "[]".to_owned()).await,
        (400, json!({"error": "the body is no dispatch"}))
    );
}

//! What the functions log in a varied life, against `docs/LOGGING.md`: fields, levels, one line for a failure, and
//! nothing that must not be read.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use lambdagram_tests::aws::Service;
use lambdagram_tests::aws::faults::{Effect, Fault, When};
use lambdagram_tests::aws::sqs::Send;
use lambdagram_tests::lambda::Stream;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::metrics::{checked, is_published};
use crate::support::{TestStack, data_url, picture, project, read};

const FIRST_NAME: &str = "Zerlina";
const MESSAGE_TEXT: &str = "may I ask something in private";
const FILE_NAME: &str = "holiday-in-my-garden.png";

/// A stack after a varied life.
struct Lived {
    stack: TestStack,
    /// What people and bots would not want to find in a log.
    hidden: Vec<String>,
    /// The request ids of the answers 500.
    failed_requests: Vec<String>,
}

impl Lived {
    async fn live() -> Self {
        let stack = TestStack::start_with_parameters(&[("PhotosPerMinute", "5")]).await;
        let hidden = stack.stack.secrets().iter().map(|secret| secret.expose().to_owned()).collect();
        let mut lived = Self { stack, hidden, failed_requests: Vec::new() };
        lived.use_the_mini_app().await;
        lived.use_the_webhook().await;
        lived.deliver_with_difficulties().await;
        lived
            .hidden
            .extend([FIRST_NAME, MESSAGE_TEXT, FILE_NAME, "Welcome! Take a picture"].map(str::to_owned));
        lived.hidden.extend(["/bot1000000001", "http://", "https://"].map(str::to_owned));
        lived.hidden.extend((0..20).map(|number| base64_of(&picture(number))));
        lived
    }

    /// Init data of a person, none of which may be logged.
    async fn init(&mut self, person: i64) -> String {
        let init = self.stack.init_with(json!({"user": {"id": person, "first_name": FIRST_NAME}})).await;
        let hash = init.split('&').find_map(|field| field.strip_prefix("hash=")).unwrap();
        self.hidden.extend([init.clone(), hash.to_owned()]);
        init
    }

    async fn ask(&mut self, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let (status, headers, body) =
            read(self.stack.request(method, path).json(body).send().await.unwrap()).await;
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            let id = headers["x-request-id"].to_str().unwrap().to_owned();
            let told = json!({"error": "Internal server error.", "details": format!("Request id: {id}")});
            assert_eq!(body, told);
            self.failed_requests.push(id);
        }
        (status, body)
    }

    async fn post(&mut self, person: i64, number: u32) -> (StatusCode, Value) {
        let init = self.init(person).await;
        self.ask(Method::POST, "/post", &json!({"init": init, "url": data_url(&picture(number))})).await
    }

    /// The next calls of a service fail, as often as a client tries.
    fn fail(&self, function: &str, service: Service, operation: &str) {
        self.stack.stack.aws_faults().add(Fault {
            function: Some(function.to_owned()),
            service,
            operation: operation.to_owned(),
            after_calls: 0,
            times: 3,
            when: When::Before,
            effect: Effect::Error { status: 500, code: "InternalServerError".to_owned() },
        });
    }

    async fn use_the_mini_app(&mut self) {
        let init = self.init(1).await;
        let (_, session) = self.ask(Method::POST, "/mini-app/session", &json!({ "init": init })).await;
        let token = session["token"].as_str().unwrap().to_owned();
        let photo = Form::new().part("photo", Part::bytes(picture(1)).file_name(FILE_NAME));
        let request =
            self.stack.request(Method::POST, "/post").header("authorization", format!("Bearer {token}"));
        let (status, _, posted) = read(request.multipart(photo).send().await.unwrap()).await;
        assert_eq!(status, StatusCode::ACCEPTED);
        let id = posted["id"].as_str().unwrap().to_owned();
        assert_eq!(self.stack.state_of(1, &id).await["id"], id);
        self.hidden.push(token);

        // Wrong in every way.
        let forged = init.replace(FIRST_NAME, "Eve");
        for body in [
            json!({ "init": forged, "url": data_url(&picture(2)) }),
            json!({ "init": init, "url": "data:image/jpeg;base64,c2VjcmV0" }),
            json!({ "url": data_url(&picture(2)) }),
            json!([MESSAGE_TEXT]),
        ] {
            assert!(self.ask(Method::POST, "/post", &body).await.0.is_client_error());
        }
        assert_eq!(
            self.ask(Method::GET, &format!("/{MESSAGE_TEXT}"), &json!({})).await.0,
            StatusCode::NOT_FOUND
        );
        let mut answers = Vec::new();
        for number in 0..12 {
            answers.push(self.post(2, number).await.0);
        }
        assert!(answers.contains(&StatusCode::TOO_MANY_REQUESTS), "{answers:?}");

        self.fail("PostPhoto", Service::Sqs, "SendMessage");
        assert_eq!(self.post(3, 3).await.0, StatusCode::INTERNAL_SERVER_ERROR);
        self.fail("GetPost", Service::DynamoDb, "GetItem");
        let init = self.init(1).await;
        let request = self.stack.request(Method::GET, &format!("/post/{id}"));
        let answer = request.header("authorization", format!("tma {init}")).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        self.failed_requests.push(answer.headers()["x-request-id"].to_str().unwrap().to_owned());
        self.stack.stack.settle().await;
    }

    async fn use_the_webhook(&mut self) {
        let from = json!({"id": 4, "is_bot": false, "first_name": FIRST_NAME});
        let written = json!({"chat_id": 4, "text": MESSAGE_TEXT, "from": from});
        self.stack.write_to_bot(written.clone()).await;
        self.stack.stack.settle().await;
        self.fail("TelegramWebhook", Service::Sqs, "SendMessage");
        self.stack.write_to_bot(written).await;
        self.stack.stack.settle().await;

        let secret = self.stack.stack.webhook_secret().expose().to_owned();
        let not_asked_for = json!({"update_id": 5, "poll": {"question": MESSAGE_TEXT}}).to_string();
        for (secret, body, status) in [
            ("a-secret-of-another", &not_asked_for, StatusCode::UNAUTHORIZED),
            (&secret, &MESSAGE_TEXT.to_owned(), StatusCode::BAD_REQUEST),
            (&secret, &not_asked_for, StatusCode::OK),
        ] {
            let request = self.stack.request(Method::POST, "/telegram/webhook").body(body.clone());
            let answer = request.header("x-telegram-bot-api-secret-token", secret).send().await.unwrap();
            assert_eq!(answer.status(), status);
        }
        self.hidden.push("a-secret-of-another".to_owned());
    }

    /// Persons 10 to 16, each with a trouble of their own.
    async fn deliver_with_difficulties(&mut self) {
        let blocked = "403:Forbidden: bot was blocked by the user";
        let troubles = [
            (10, blocked, 1, "before"),
            (11, "429:60", 1, "before"),
            (12, "500:Internal Server Error", 1, "before"),
            (13, "drop", 1, "after"),
            (14, "500:Internal Server Error", 12, "before"),
            (15, "400:Bad Request: chat is closed", 2, "before"),
        ];
        for (chat_id, error, times, when) in troubles {
            let fault =
                json!({"method": "*", "error": error, "times": times, "when": when, "chat_id": chat_id});
            self.stack.fault(fault).await;
            assert_eq!(self.post(chat_id, 4).await.0, StatusCode::ACCEPTED);
        }
        self.stack.stack.settle().await;
        self.fail("BotWorker", Service::S3, "DeleteObject");
        assert_eq!(self.post(16, 5).await.0, StatusCode::ACCEPTED);
        self.stack.stack.settle().await;
        let gone = json!({"id": "0a", "chat_id": 17, "work": {"kind": "photo"}}).to_string();
        for body in [MESSAGE_TEXT, &gone] {
            self.stack
                .stack
                .sqs()
                .send(&self.stack.bot_queue(), Send::grouped(body, "17", body.len().to_string()))
                .unwrap();
        }
        self.stack.stack.settle().await;
    }

    /// The lines the functions wrote, behind their names.
    fn lines(&self) -> Vec<(String, Value)> {
        let logs = self.stack.logs.logs();
        let written = logs.into_iter().filter(|line| line.stream != Stream::Platform);
        let parsed = written.map(|line| {
            assert_eq!(line.stream, Stream::Stdout, "{line:?}");
            let object: Value =
                serde_json::from_str(&line.line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
            (line.function, object)
        });
        parsed.collect()
    }
}

fn base64_of(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[tokio::test]
async fn nothing_that_must_not_be_read_is_in_a_log() {
    let lived = Lived::live().await;
    let logs = lived.stack.logs.logs();
    assert!(logs.len() > 50, "{}", logs.len());
    for line in &logs {
        let found = lived.hidden.iter().find(|hidden| line.line.contains(*hidden));
        assert_eq!(found, None, "{line:?}");
    }
    lived.stack.end().await;
}

/// The fields that `docs/LOGGING.md` lists, and what every line has.
pub(crate) fn documented_fields() -> BTreeSet<String> {
    let text = std::fs::read_to_string(project().join("docs/LOGGING.md")).unwrap();
    let (_, section) = text.split_once("\n## Fields\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let first_cells = section.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let names = first_cells.flat_map(|cell| cell.split(", ")).map(|name| name.trim_matches('`').to_owned());
    names.chain(["timestamp", "level", "message", "target"].map(str::to_owned)).collect()
}

/// The fields of a line, as the documentation names them. One that publishes metrics has none and is looked at otherwise.
pub(crate) fn fields(line: &Value) -> BTreeSet<String> {
    if is_published(line) {
        checked(line);
        return BTreeSet::new();
    }
    let mut fields: BTreeSet<String> = line.as_object().unwrap().keys().cloned().collect();
    if fields.remove("span") {
        assert!(["request", "message"].iter().any(|name| line["span"]["name"] == *name), "{line}");
        fields.extend(line["span"].as_object().unwrap().keys().map(|name| format!("span.{name}")));
        fields.remove("span.name");
    }
    fields
}

#[tokio::test]
async fn every_line_is_an_object_of_the_fields_the_documentation_lists() {
    let lived = Lived::live().await;
    let documented = documented_fields();
    for (function, line) in lived.lines() {
        let fields = fields(&line);
        let unknown: Vec<_> = fields.difference(&documented).collect();
        assert_eq!(unknown, Vec::<&String>::new(), "{line}");
        let of_a_request = line["message"] == "Answered";
        for field in ["method", "route", "status", "duration_ms"] {
            assert_eq!(fields.contains(field), of_a_request, "{function}: {line}");
        }
    }
    lived.stack.end().await;
}

#[tokio::test]
async fn a_worker_names_the_trace_of_the_request_that_queued_its_job() {
    let lived = Lived::live().await;
    let lines = lived.lines();
    let of = |function: &str, message: &str| {
        let found = lines.iter().filter(|(of, line)| of == function && line["message"] == message);
        found.map(|(_, line)| line["span"]["trace_id"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    let (asked, ended) = (of("PostPhoto", "Answered"), of("BotWorker", "The job ended"));
    assert!(ended.len() > 5 && ended.iter().all(|trace| trace.starts_with("1-")), "{ended:?}");
    let strangers: Vec<_> = ended.difference(&asked).collect();
    let by_the_bot = of("TelegramWebhook", "Answered");
    assert!(strangers.iter().all(|trace| by_the_bot.contains(*trace)), "{strangers:?}");
    lived.stack.end().await;
}

#[tokio::test]
async fn a_failure_is_one_line_and_a_500_leads_to_it() {
    let lived = Lived::live().await;
    let lines = lived.lines();
    let mut failures = BTreeMap::new();
    for (function, line) in lines.iter().filter(|(_, line)| !is_published(line) && line["level"] != "INFO") {
        let reason = line["cause"].as_str().or(line["reason"].as_str()).unwrap_or_default();
        let key = [line["level"].as_str().unwrap(), function, line["message"].as_str().unwrap(), reason];
        *failures.entry(key.join(" | ")).or_insert(0) += 1;
    }
    let expected = [
        ("ERROR | BotWorker | A message that is no job is in the dead-letter queue | ", 1),
        ("ERROR | BotWorker | The job is in the dead-letter queue | Bad Request: chat is closed", 1),
        ("ERROR | BotWorker | The job is in the dead-letter queue | Telegram failed with status 500", 1),
        ("ERROR | BotWorker | The job is in the dead-letter queue | The picture is no longer there.", 1),
        ("ERROR | GetPost | A service failed | GetItem failed: InternalServerError", 1),
        ("ERROR | PostPhoto | A service failed | SendMessage failed: InternalServerError", 1),
        ("ERROR | TelegramWebhook | A service failed | SendMessage failed: InternalServerError", 1),
        ("WARN | BotWorker | The job is tried again later | Telegram failed with status 500", 12),
        ("WARN | BotWorker | The job is tried again later | no answer came", 1),
        (
            "WARN | BotWorker | What was staged is left to the bucket's lifecycle | DeleteObject failed: InternalServerError",
            1,
        ),
    ];
    assert_eq!(failures, expected.map(|(line, times)| (line.to_owned(), times)).into());

    assert_eq!(lived.failed_requests.len(), 2);
    for id in &lived.failed_requests {
        let found: Vec<_> = lines.iter().filter(|(_, line)| line["span"]["request_id"] == **id).collect();
        let messages: Vec<_> = found.iter().map(|(_, line)| line["message"].as_str().unwrap()).collect();
        assert_eq!(messages, ["A service failed", "Answered"], "{id}");
        assert_eq!(found[1].1["status"], 500);
    }
    lived.stack.end().await;
}

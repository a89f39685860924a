//! What the functions publish as metrics: that its form is the one CloudWatch reads, that it counts what happened, and
//! that the template's dashboard and alarms look at metrics there are.

use std::collections::{BTreeMap, BTreeSet};

use lambdagram_domain::measure::{self, COUNTERS, SAMPLES};
use lambdagram_tests::lambda::Stream;
use regex_lite::Regex;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::account::{Browser, PHONE};
use crate::support::{TestStack, picture, project};

/// The most values one metric may have in a line ("EMF specification", CloudWatch's user guide).
const MOST_VALUES: usize = 100;

/// Whether a line publishes metrics.
pub(crate) fn is_published(line: &Value) -> bool {
    line.get("_aws").is_some()
}

/// What was published, by the metric's name; with the queue behind it, where it is of one.
fn published(stack: &TestStack) -> BTreeMap<String, Vec<Value>> {
    let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in lines(stack).iter().filter(|line| is_published(line)) {
        for (name, value) in checked(line) {
            all.entry(name).or_default().extend(value);
        }
    }
    all
}

/// All lines of the functions.
fn lines(stack: &TestStack) -> Vec<Value> {
    let written = stack.logs.logs().into_iter().filter(|line| line.stream == Stream::Stdout);
    written.map(|line| serde_json::from_str(&line.line).unwrap()).collect()
}

/// The metrics of a line, which is as CloudWatch wants it and says nothing else.
pub(crate) fn checked(line: &Value) -> Vec<(String, Vec<Value>)> {
    assert!(line["_aws"]["Timestamp"].as_u64().unwrap() > 1_700_000_000_000, "{line}");
    let [directive] = &line["_aws"]["CloudWatchMetrics"].as_array().unwrap()[..] else { panic!("{line}") };
    assert_eq!(directive["Namespace"], measure::NAMESPACE);
    let [dimensions] = &directive["Dimensions"].as_array().unwrap()[..] else { panic!("{line}") };
    let dimensions: Vec<_> =
        dimensions.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(dimensions[0], measure::STACK, "{line}");
    let queue = line.get(measure::QUEUE).map(|queue| queue.as_str().unwrap());
    assert_eq!(dimensions.get(1).copied(), queue.map(|_| measure::QUEUE), "{line}");

    let metrics = directive["Metrics"].as_array().unwrap();
    assert_eq!(line.as_object().unwrap().len(), 1 + dimensions.len() + metrics.len(), "{line}");
    let named = metrics.iter().map(|metric| {
        let name = metric["Name"].as_str().unwrap();
        assert_eq!(metric["Unit"].as_str(), Some(unit_of(name)), "{line}");
        let values = match &line[name] {
            Value::Array(values) => values.clone(),
            value => vec![value.clone()],
        };
        assert!(values.iter().all(Value::is_number), "{line}");
        assert!(!values.is_empty() && values.len() <= MOST_VALUES, "{line}");
        (queue.map_or(name.to_owned(), |queue| format!("{name} of {queue}")), values)
    });
    named.collect()
}

fn unit_of(name: &str) -> &'static str {
    let counter = COUNTERS.iter().find(|counter| counter.name == name);
    let unit = counter.map(|counter| counter.unit.as_str());
    let unit = unit.or_else(|| SAMPLES.iter().any(|sample| sample.name == name).then_some("milliseconds"));
    match unit.unwrap_or_else(|| panic!("{name} is no metric")) {
        "count" => "Count",
        "bytes" => "Bytes",
        "seconds" => "Seconds",
        "milliseconds" => "Milliseconds",
        other => panic!("{other} is no unit of a metric here"),
    }
}

/// How many requests were answered with this status or one above.
fn answers(lines: &[Value], least: u64) -> usize {
    let answered = lines.iter().filter(|line| line["message"] == "Answered");
    answered.filter(|line| line["status"].as_u64().unwrap() >= least).count()
}

/// All of a counter.
fn sum(published: &BTreeMap<String, Vec<Value>>, name: &str) -> usize {
    let values = published.get(name).into_iter().flatten();
    values.map(|value| usize::try_from(value.as_u64().unwrap()).unwrap()).sum()
}

#[tokio::test]
async fn what_happened_is_what_was_counted() {
    let stack = TestStack::start().await;
    stack.fault(json!({"method": "*", "error": "429:60", "times": 1, "chat_id": 1})).await;
    stack.post(1, &picture(1)).await;
    stack.stack.settle().await;

    let mut browser = Browser::signed_in(&stack, PHONE).await;
    let content = vec![7; 300_000];
    let message_id = browser.send_file("seven.bin", &content, &[]).await;
    let path = format!("/stream_media/{message_id}");
    let streamed = browser.fetch(Method::GET, &path, &[]).await;
    assert_eq!((streamed.status, streamed.bytes == content), (200, true));
    stack.streams_over().await;
    stack.fail_files("LOCATION_INVALID", 100);
    assert_eq!(browser.fetch(Method::GET, &path, &[("range", "bytes=5-")]).await.status, 500);
    stack.stack.simulated().unwrap().faults().clear();
    stack.streams_over().await;

    stack.end_all_logins(PHONE);
    // A look at Telegram is due.
    stack.pass(61);
    browser.get("/is-authenticated").await.expect(200, &json!({"authenticated": false}));
    stack.stack.settle().await;

    let (lines, published) = (lines(&stack), published(&stack));
    let of = |name| sum(&published, name);
    assert_eq!(of("Requests"), answers(&lines, 0));
    assert_eq!(published["RequestTime"].len(), answers(&lines, 0));
    assert_eq!((of("Failures"), answers(&lines, 500)), (1, 1));
    assert_eq!(of("TelegramWait"), 60);
    assert_eq!(published["QueueAge of bot"].len(), 1);
    assert_eq!(of("BytesToTelegram"), 300_000);
    assert_eq!(of("BytesFromTelegram"), 300_000);
    assert_eq!(of("DeadSessions"), 1);
    let ended = lines.iter().find(|line| line["message"] == "Telegram has ended a session");
    assert_eq!(ended.unwrap()["cause"], "Telegram no longer knows this login: SESSION_REVOKED");
    assert_eq!(of("TelegramFailures"), 0, "connections that were closed on purpose lost nothing");
    assert!(of("TelegramCalls") > 10 && of("TelegramTime") > 0, "{published:?}");
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_wait_for_a_session_is_counted_and_so_is_one_in_vain() {
    let stack = TestStack::start().await;
    let browser = Browser::signed_in(&stack, PHONE).await;
    let cookie = browser.cookie().unwrap();
    stack.distant_telegram();
    let lists = (0..12).map(|_| async {
        let mut browser = Browser::with_cookie(&stack, cookie);
        browser.get("/get-saved-messages-media").await.status
    });
    let answered = futures_util::future::join_all(lists).await;
    let refused = answered.iter().filter(|status| **status == StatusCode::TOO_MANY_REQUESTS).count();
    let published = published(&stack);
    assert_eq!(sum(&published, "LeaseRefusals"), refused);
    assert!(sum(&published, "LeaseWait") > 0, "{published:?}");
    stack.end_accounts().await;
}

#[tokio::test]
async fn a_stack_that_wants_no_metrics_publishes_none() {
    let stack = TestStack::start_with_parameters(&[("Metrics", "off")]).await;
    stack.post(1, &picture(1)).await;
    stack.stack.settle().await;
    let lines = lines(&stack);
    assert!(lines.len() > 1 && !lines.iter().any(is_published), "{lines:?}");
    stack.end().await;
}

/// The metrics of ours that the template looks at.
fn looked_at(template: &str) -> BTreeSet<String> {
    let alarms = Regex::new(r"Namespace: Lambdagram\n +MetricName: (\w+)\n").unwrap();
    let widgets = Regex::new(r#"\["Lambdagram", "(\w+)", "Stack", "\$\{AWS::StackName\}""#).unwrap();
    let found = [alarms, widgets];
    let found = found.iter().flat_map(|pattern| pattern.captures_iter(template));
    found.map(|found| found[1].to_owned()).collect()
}

#[test]
fn the_dashboard_shows_every_metric_and_the_documentation_tells_of_each() {
    let names = COUNTERS.iter().map(|counter| counter.name).chain(SAMPLES.iter().map(|sample| sample.name));
    let names: BTreeSet<String> = names.map(str::to_owned).collect();
    let template = std::fs::read_to_string(project().join("template.yaml")).unwrap();
    assert_eq!(looked_at(&template), names);

    let logging = std::fs::read_to_string(project().join("docs/LOGGING.md")).unwrap();
    let (_, section) = logging.split_once("\n## Metrics\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let row = Regex::new(r"(?m)^\| `(\w+)` \|").unwrap();
    let told: BTreeSet<String> = row.captures_iter(section).map(|found| found[1].to_owned()).collect();
    assert_eq!(told, names);
}

#[test]
fn the_dashboard_is_json_on_a_grid_without_overlaps() {
    let template = std::fs::read_to_string(project().join("template.yaml")).unwrap();
    let (_, body) = template.split_once("DashboardBody: !Sub |\n").unwrap();
    let body: String = body.lines().take_while(|line| line.starts_with("        ")).collect();
    let body: Value = serde_json::from_str(&body).unwrap();
    let mut taken = BTreeSet::new();
    for widget in body["widgets"].as_array().unwrap() {
        let [x, y, width, height] = ["x", "y", "width", "height"].map(|side| widget[side].as_u64().unwrap());
        assert!(x + width <= 24, "{widget}");
        for place in (x..x + width).flat_map(|x| (y..y + height).map(move |y| (x, y))) {
            assert!(taken.insert(place), "{widget} lies on another");
        }
    }
}

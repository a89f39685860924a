//! Own time: what a request takes through the stack, less what the same request takes to a function that does nothing.
//!
//! What is left is the function's own: reading the event's contents, checking who calls, looking at the picture, and
//! its calls to this machine's DynamoDB, S3 and SQS. What is taken off is the rest of the way: the client, the gateway,
//! the Runtime API, thawing and freezing. Both requests are sent in turn, each after the delivery of the one before, so
//! that no worker competes for the processors.

use std::time::{Duration, Instant};

use lambdagram_tests::lambda::LogSink;
use lambdagram_tests::telegram::bot_api::BotApi;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::common::figures::{Times, ms, print};
use crate::common::ground::{BenchStack, Binaries, Failure};
use crate::ground::rate;
use crate::ground::{arrived, telegram};
use crate::requests::{Kind, Requests, next_person, timed};

/// Requests of each kind, one after another.
const REQUESTS: usize = 200;

/// Requests before those that count.
const WARM_UP: usize = 20;

/// People at once.
const PEOPLE: usize = 8;

/// Requests of each of them.
const REQUESTS_A_PERSON: usize = 25;

const KINDS: [Kind; 3] = [Kind::Json, Kind::Multipart, Kind::Webhook];

pub(crate) async fn measure(binaries: &Binaries) -> Result<(), Failure> {
    let logs = LogSink::default();
    let ours = BenchStack::ours(binaries, &logs).await?;
    let bare = BenchStack::bare(binaries, &ours).await?;
    let requests = Requests::new(ours.stack.webhook_secret())?;
    let (url, bare_url) = (ours.stack.url(), bare.stack.url());
    let delivered = telegram(&ours)?;
    println!("\nThe picture is a JPEG of {} bytes.", requests.picture_bytes());

    let mut rows = Vec::new();
    for kind in KINDS {
        in_turn(kind, &requests, &ours, &bare, WARM_UP).await?;
        let logged_before = durations(&logs, kind).count();
        let (times, bare_times) = in_turn(kind, &requests, &ours, &bare, REQUESTS).await?;
        let mut logged = Times::default();
        logged.extend(durations(&logs, kind).into_iter().skip(logged_before));
        rows.push([
            kind.name().to_owned(),
            times.both(),
            bare_times.both(),
            ms(times.median().saturating_sub(bare_times.median())),
            format!("{} / {}", logged.median().as_millis(), logged.percentile(99).as_millis()),
        ]);
    }
    let heads = ["request", "p50 / p99", "to a bare function", "own time (p50)", "`duration_ms` logged"];
    print(
        &format!("{REQUESTS} requests of each kind, each after the delivery of the one before"),
        heads,
        &rows,
    );

    let mut rows = Vec::new();
    for kind in KINDS {
        for (who, url, delivered_to) in [("ours", &url, Some(delivered)), ("bare", &bare_url, None)] {
            let init_from = &ours.stack.url();
            // Once uncounted: as many processes start as are needed.
            at_once(kind, &requests, url, init_from, delivered_to, PEOPLE, REQUESTS_A_PERSON).await?;
            let one = at_once(kind, &requests, url, init_from, delivered_to, 1, REQUESTS).await?;
            let many =
                at_once(kind, &requests, url, init_from, delivered_to, PEOPLE, REQUESTS_A_PERSON).await?;
            let shown = |(times, within): &(Times, Duration)| (times.both(), rate(times.count(), *within));
            let ((one_times, one_rate), (many_times, many_rate)) = (shown(&one), shown(&many));
            rows.push([format!("{}, {who}", kind.name()), one_times, one_rate, many_times, many_rate]);
        }
    }
    let many = format!("{PEOPLE} people at once, p50 / p99");
    let heads = ["request", "one after another, p50 / p99", "requests", many.as_str(), "requests"];
    print("As fast as answers come, while the worker delivers", heads, &rows);
    ours.stop().await;
    bare.stop().await;
    Ok(())
}

/// Sends `count` requests to both in turn, each after the delivery of the one before.
async fn in_turn(
    kind: Kind,
    requests: &Requests,
    ours: &BenchStack,
    bare: &BenchStack,
    count: usize,
) -> Result<(Times, Times), Failure> {
    let (url, bare_url) = (ours.stack.url(), bare.stack.url());
    let (mut times, mut bare_times) = (Times::default(), Times::default());
    for _ in 0..count {
        let person = next_person();
        let init = requests.init(&url, person).await?;
        times.push(timed(requests.request(kind, &url, person, &init)).await?);
        arrived(telegram(ours)?, person, 1).await?;
        bare_times.push(timed(requests.request(kind, &bare_url, person, &init)).await?);
    }
    Ok((times, bare_times))
}

/// `people` send `each` requests, everyone one after another. The times of all, and how long it took until the last
/// answer. Returns when everything is delivered.
async fn at_once(
    kind: Kind,
    requests: &Requests,
    url: &str,
    init_from: &str,
    delivered_to: Option<&BotApi>,
    people: usize,
    each: usize,
) -> Result<(Times, Duration), Failure> {
    let mut senders = Vec::new();
    for _ in 0..people {
        let mut sent = Vec::new();
        for _ in 0..each {
            let person = next_person();
            sent.push((person, requests.init(init_from, person).await?));
        }
        senders.push(sent);
    }
    let persons: Vec<i64> = senders.iter().flatten().map(|(person, _)| *person).collect();
    let started = Instant::now();
    let mut running = JoinSet::new();
    for sent in senders {
        let (requests, url) = (requests.clone(), url.to_owned());
        running.spawn(async move {
            let mut times = Times::default();
            for (person, init) in sent {
                times.push(timed(requests.request(kind, &url, person, &init)).await?);
            }
            Ok::<_, Failure>(times)
        });
    }
    let mut times = Times::default();
    while let Some(done) = running.join_next().await {
        times.extend(done??);
    }
    let taken = started.elapsed();
    if let Some(telegram) = delivered_to {
        for person in persons {
            arrived(telegram, person, 1).await?;
        }
    }
    Ok((times, taken))
}

/// What the function itself wrote into its log about requests of this kind: whole milliseconds, from the moment it has
/// the event to the moment it has the answer.
fn durations(logs: &LogSink, kind: Kind) -> Times {
    let function = if kind == Kind::Webhook { "TelegramWebhook" } else { "PostPhoto" };
    let lines = logs.logs();
    let lines = lines.iter().filter(|line| line.function == function);
    let answered = lines.filter_map(|line| serde_json::from_str::<Value>(&line.line).ok());
    let mut durations = Times::default();
    durations.extend(answered.filter_map(|line| line["duration_ms"].as_u64()).map(Duration::from_millis));
    durations
}

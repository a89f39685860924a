//! The same pictures posted to `baseline/looking_glass.py`, the camera as one server of Flask and python-telegram-bot.
//!
//! Both are called by the same code and talk to the same simulated Bot API. They do not do the same: the Python server
//! keeps what it accepted in its memory, where the functions write it to a table, a bucket and a queue first, here those
//! of the local stack, which is not what runs in the cloud. What the comparison shows is the price of that.

use std::path::Path;
use std::time::{Duration, Instant};

use lambdagram_tests::lambda::LogSink;
use lambdagram_tests::telegram::bot_api::DEFAULT_BOT_TOKEN;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::common::figures::{Times, print};
use crate::common::ground::{BenchStack, Binaries, Failure, at_rest};
use crate::common::python::{PythonServer, virtual_environment};
use crate::ground::{arrived, memory, rate, telegram};
use crate::requests::{Kind, Requests, next_person, timed};

/// Pictures posted one after another.
const REQUESTS: usize = 200;

/// Pictures before those that count.
const WARM_UP: usize = 20;

/// Chats at once.
const CHATS: usize = 20;

/// Pictures of each.
const PICTURES_A_CHAT: usize = 10;

/// How many updates python-telegram-bot works on at once when their order does not matter: its own number for that.
const ANY_ORDER: &str = "256";

/// A server that takes pictures.
struct Server<'a> {
    name: &'a str,
    url: &'a str,
    /// The processes that serve, at the moment.
    processes: Box<dyn Fn() -> Vec<u32> + 'a>,
}

impl<'a> Server<'a> {
    fn in_python(name: &'a str, server: &'a PythonServer) -> Self {
        Self { name, url: &server.url, processes: Box::new(|| server.process().into_iter().collect()) }
    }
}

pub(crate) async fn measure(binaries: &Binaries) -> Result<(), Failure> {
    let python = virtual_environment().await?;
    let ours = BenchStack::ours(binaries, &LogSink::default()).await?;
    let photos = [tempfile::tempdir()?, tempfile::tempdir()?];
    let in_order = looking_glass(&python, &ours, &photos[0], "1").await?;
    let any_order = looking_glass(&python, &ours, &photos[1], ANY_ORDER).await?;
    let (url, requests) = (ours.stack.url(), Requests::new(ours.stack.webhook_secret())?);
    let functions = Server {
        name: "functions, in the local stack",
        url: &url,
        processes: Box::new(|| {
            ours.stack.lambda().processes().iter().filter_map(|process| process.pid).collect()
        }),
    };
    let servers = [
        functions,
        Server::in_python("Python server, a chat's order kept", &in_order),
        Server::in_python("Python server, any order", &any_order),
    ];
    let rows = in_turn(&servers, &requests, &ours).await?;
    let heads =
        ["server", "`POST /post`, p50 / p99", "until in the chat, p50 / p99", "webhook, p50 / p99", "memory"];
    print(
        &format!("{REQUESTS} requests of each kind, each after the delivery of the one before"),
        heads,
        &rows,
    );

    let mut rows = Vec::new();
    for server in &servers {
        // Once uncounted: as many processes and connections as are needed.
        burst(server, &requests, &ours).await?;
        at_rest(&ours.stack).await?;
        let (times, answered, delivered) = burst(server, &requests, &ours).await?;
        at_rest(&ours.stack).await?;
        rows.push([
            server.name.to_owned(),
            times.both(),
            rate(times.count(), answered),
            rate(times.count(), delivered),
            memory(&(server.processes)())?,
        ]);
    }
    let heads = ["server", "`POST /post`, p50 / p99", "answered", "in the chats", "memory"];
    print(&format!("{CHATS} chats at once, {PICTURES_A_CHAT} pictures each"), heads, &rows);
    drop(servers);
    in_order.stop().await?;
    any_order.stop().await?;
    ours.stop().await;
    Ok(())
}

/// Posts a picture and a `/start` to each server in turn, many times.
async fn in_turn(
    servers: &[Server<'_>],
    requests: &Requests,
    ours: &BenchStack,
) -> Result<Vec<[String; 5]>, Failure> {
    let mut measured = vec![[Times::default(), Times::default(), Times::default()]; servers.len()];
    for request in 0..WARM_UP + REQUESTS {
        for (server, [post, chat, webhook]) in servers.iter().zip(&mut measured) {
            let started = Instant::now();
            let person = next_person();
            let init = requests.init(&ours.stack.url(), person).await?;
            let asked = started.elapsed();
            let posted = timed(requests.request(Kind::Json, server.url, person, &init)).await?;
            arrived(telegram(ours)?, person, 1).await?;
            let delivered = started.elapsed().saturating_sub(asked);
            let told = timed(requests.request(Kind::Webhook, server.url, person, &init)).await?;
            arrived(telegram(ours)?, person, 2).await?;
            if request >= WARM_UP {
                post.push(posted);
                chat.push(delivered);
                webhook.push(told);
            }
        }
    }
    at_rest(&ours.stack).await?;
    let rows = servers.iter().zip(&measured).map(|(server, [post, chat, webhook])| {
        Ok([server.name.to_owned(), post.both(), chat.both(), webhook.both(), memory(&(server.processes)())?])
    });
    rows.collect()
}

/// Every chat posts its pictures one after another, all chats at once: the times of the posts, how long it took until
/// the last answer, and how long until the last picture was in its chat.
async fn burst(
    server: &Server<'_>,
    requests: &Requests,
    ours: &BenchStack,
) -> Result<(Times, Duration, Duration), Failure> {
    let mut people = Vec::new();
    for _ in 0..CHATS {
        let person = next_person();
        people.push((person, requests.init(&ours.stack.url(), person).await?));
    }
    let started = Instant::now();
    let mut running = JoinSet::new();
    for (person, init) in people.clone() {
        let (requests, url) = (requests.clone(), server.url.to_owned());
        running.spawn(async move {
            let mut times = Times::default();
            for _ in 0..PICTURES_A_CHAT {
                times.push(timed(requests.request(Kind::Json, &url, person, &init)).await?);
            }
            Ok::<_, Failure>(times)
        });
    }
    let mut times = Times::default();
    while let Some(done) = running.join_next().await {
        times.extend(done??);
    }
    let answered = started.elapsed();
    for (person, _) in people {
        arrived(telegram(ours)?, person, PICTURES_A_CHAT).await?;
    }
    Ok((times, answered, started.elapsed()))
}

/// Starts `looking_glass.py`, which keeps its pictures in `photos`.
async fn looking_glass(
    python: &Path,
    ours: &BenchStack,
    photos: &TempDir,
    concurrent_updates: &str,
) -> Result<PythonServer, Failure> {
    let photos = photos.path().to_str().ok_or("a temporary folder has a name in UTF-8")?;
    let variables = [
        ("BOT_TOKEN", DEFAULT_BOT_TOKEN),
        ("BOT_API_URL", ours.stack.bot_api_url()),
        ("CONCURRENT_UPDATES", concurrent_updates),
        ("MINI_APP_URL", &format!("{}/", ours.stack.url())),
        ("PHOTO_DIR", photos),
        ("WEBHOOK_SECRET", ours.stack.webhook_secret().expose()),
    ];
    PythonServer::start(python, "looking_glass.py", &variables).await
}

//! The same commands sent to `baseline/telegram_behind_rest.py`, one server of Quart and python-telegram-bot.
//!
//! Both are called by the same code and talk to the same simulated Bot API. They do not do the same: the Python server
//! keeps what it accepted in its memory, asks for no key and tells nobody what became of a command, where the functions
//! write it to a table and a queue first, here those of the local stack, which is not what runs in the cloud.

use std::path::Path;
use std::time::{Duration, Instant};

use lambdagram_domain::api_key::ApiKey;
use lambdagram_tests::lambda::LogSink;
use lambdagram_tests::telegram::bot_api::DEFAULT_BOT_TOKEN;
use lambdagram_tests::telegram::faults::{Fault, Moment};
use reqwest::Client;
use tokio::task::JoinSet;

use crate::common::figures::{Times, print};
use crate::common::ground::{BenchStack, Binaries, Failure, at_rest};
use crate::common::python::{PythonServer, virtual_environment};
use crate::ground::{arrived, memory, rate, telegram};
use crate::service::{command, enqueue, next_chat, store, timed};

/// Commands sent one after another.
const COMMANDS: usize = 300;

/// Commands before those that count.
const WARM_UP: usize = 20;

/// Chats at once, and the commands of each.
const CHATS: usize = 50;
const COMMANDS_A_CHAT: usize = 20;

/// Seconds that Telegram asks one chat to wait in the last table.
const WAIT_S: u64 = 5;

/// A server that takes commands.
struct Server<'a> {
    name: &'a str,
    url: &'a str,
    key: &'a str,
    /// The processes that serve, at the moment.
    processes: Box<dyn Fn() -> Vec<u32> + 'a>,
}

impl<'a> Server<'a> {
    fn in_python(name: &'a str, server: &'a PythonServer) -> Self {
        let processes = Box::new(|| server.process().into_iter().collect());
        Self { name, url: &server.url, key: "none", processes }
    }
}

/// How a burst went.
struct Burst {
    enqueued: Times,
    /// Until the last command was accepted.
    answered: Duration,
    /// Until the last message was in its chat.
    delivered: Duration,
}

pub(crate) async fn measure(binaries: &Binaries) -> Result<(), Failure> {
    let python = virtual_environment().await?;
    let ours = BenchStack::ours(binaries, &LogSink::default()).await?;
    let key = ApiKey::generate();
    store(&ours, &key).await?;
    let in_order = server(&python, &ours, "1").await?;
    let any_order = server(&python, &ours, "20").await?;
    let (url, key) = (ours.stack.url(), key.encode());
    let functions = Server {
        name: "functions, in the local stack",
        url: &url,
        key: &key,
        processes: Box::new(|| {
            ours.stack.lambda().processes().iter().filter_map(|process| process.pid).collect()
        }),
    };
    let servers = [
        functions,
        Server::in_python("Python server, one worker: order kept", &in_order),
        Server::in_python("Python server, 20 workers: any order", &any_order),
    ];
    in_turn(&servers, &ours).await?;
    bursts(&servers, &ours).await?;
    waits(&servers, &ours).await?;
    drop(servers);
    in_order.stop().await?;
    any_order.stop().await?;
    ours.stop().await;
    Ok(())
}

/// Sends a command to each server in turn, many times.
async fn in_turn(servers: &[Server<'_>], ours: &BenchStack) -> Result<(), Failure> {
    let http = Client::new();
    let mut measured = vec![[Times::default(), Times::default()]; servers.len()];
    for number in 0..WARM_UP + COMMANDS {
        for (server, [enqueued, delivered]) in servers.iter().zip(&mut measured) {
            let (chat_id, started) = (next_chat(), Instant::now());
            let taken = timed(enqueue(&http, server.url, server.key, &command(chat_id, "hi"))).await?;
            arrived(telegram(ours)?, chat_id, 1).await?;
            if number >= WARM_UP {
                enqueued.push(taken);
                delivered.push(started.elapsed());
            }
        }
        at_rest(&ours.stack).await?;
    }
    let mut rows = Vec::new();
    for (server, [enqueued, delivered]) in servers.iter().zip(&measured) {
        rows.push([
            server.name.to_owned(),
            enqueued.both(),
            delivered.both(),
            memory(&(server.processes)())?,
        ]);
    }
    let heads = ["server", "`POST /enqueue_command`, p50 / p99", "until in the chat, p50 / p99", "memory"];
    print(&format!("{COMMANDS} commands, each after the delivery of the one before"), heads, &rows);
    Ok(())
}

/// Many chats at once.
async fn bursts(servers: &[Server<'_>], ours: &BenchStack) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for server in servers {
        // Once uncounted: as many processes and connections as are needed.
        burst(server, ours, CHATS, COMMANDS_A_CHAT).await?;
        at_rest(&ours.stack).await?;
        let Burst { enqueued, answered, delivered } = burst(server, ours, CHATS, COMMANDS_A_CHAT).await?;
        at_rest(&ours.stack).await?;
        let count = enqueued.count();
        rows.push([
            server.name.to_owned(),
            enqueued.both(),
            rate(count, answered),
            rate(count, delivered),
            memory(&(server.processes)())?,
        ]);
    }
    let heads = ["server", "`POST /enqueue_command`, p50 / p99", "accepted", "in the chats", "memory"];
    print(&format!("{CHATS} chats at once, {COMMANDS_A_CHAT} commands each"), heads, &rows);
    Ok(())
}

/// Every chat sends its commands one after another, all chats at once.
async fn burst(server: &Server<'_>, ours: &BenchStack, chats: usize, each: usize) -> Result<Burst, Failure> {
    let people: Vec<_> = (0..chats).map(|_| next_chat()).collect();
    let (http, started) = (Client::new(), Instant::now());
    let mut running = JoinSet::new();
    for chat_id in people.clone() {
        let (http, url, key) = (http.clone(), server.url.to_owned(), server.key.to_owned());
        running.spawn(async move {
            let mut times = Times::default();
            for number in 0..each {
                let command = command(chat_id, &number.to_string());
                times.push(timed(enqueue(&http, &url, &key, &command)).await?);
            }
            Ok::<_, Failure>(times)
        });
    }
    let mut enqueued = Times::default();
    while let Some(done) = running.join_next().await {
        enqueued.extend(done??);
    }
    let answered = started.elapsed();
    for chat_id in people {
        arrived(telegram(ours)?, chat_id, each).await?;
    }
    Ok(Burst { enqueued, answered, delivered: started.elapsed() })
}

/// One chat that Telegram asks to wait, and ten others.
async fn waits(servers: &[Server<'_>], ours: &BenchStack) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for server in servers {
        let (http, chat_id) = (Client::new(), next_chat());
        telegram(ours)?.faults().plan(Fault {
            method: "sendMessage".to_owned(),
            error: format!("429:{WAIT_S}"),
            times: 1,
            when: Moment::Before,
            chat_id: Some(chat_id),
        })?;
        let started = Instant::now();
        timed(enqueue(&http, server.url, server.key, &command(chat_id, "hi"))).await?;
        let others = burst(server, ours, 10, 5).await?.delivered;
        arrived(telegram(ours)?, chat_id, 1).await?;
        let seconds = |time: Duration| format!("{:.2} s", time.as_secs_f64());
        rows.push([server.name.to_owned(), seconds(others), seconds(started.elapsed())]);
        at_rest(&ours.stack).await?;
    }
    let heads = ["server", "50 commands of 10 others are in their chats after", "the one that waits after"];
    print(&format!("One chat is told to wait {WAIT_S} s"), heads, &rows);
    Ok(())
}

/// Starts the Python server.
async fn server(python: &Path, ours: &BenchStack, workers: &str) -> Result<PythonServer, Failure> {
    let variables =
        [("BOT_TOKEN", DEFAULT_BOT_TOKEN), ("BOT_API_URL", ours.stack.bot_api_url()), ("WORKERS", workers)];
    PythonServer::start(python, "telegram_behind_rest.py", &variables).await
}

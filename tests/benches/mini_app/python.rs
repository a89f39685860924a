//! The same pictures posted to `baseline/looking_glass.py`, the camera as one server of Flask and python-telegram-bot.
//!
//! Both are called by the same code and talk to the same simulated Bot API. They do not do the same: the Python server
//! keeps what it accepted in its memory, where the functions write it to a table, a bucket and a queue first, here those
//! of the local stack, which is not what runs in the cloud. What the comparison shows is the price of that.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use lambdagram_tests::python::Environment;
use lambdagram_tests::telegram::bot_api::DEFAULT_BOT_TOKEN;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use crate::figures::{Times, megabytes, ms, print, rate};
use crate::ground::{BenchStack, Binaries, Failure, arrived, at_rest};
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

pub(crate) async fn measure(binaries: &Binaries) -> Result<(), Failure> {
    let python = virtual_environment().await?;
    let ours = BenchStack::ours(binaries).await?;
    let in_order = LookingGlass::start(&python, &ours, "1").await?;
    let any_order = LookingGlass::start(&python, &ours, ANY_ORDER).await?;
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
        in_order.server("Python server, a chat's order kept"),
        any_order.server("Python server, any order"),
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
            format!("{} / {}", ms(times.median()), ms(times.percentile(99))),
            rate(times.count(), answered),
            rate(times.count(), delivered),
            memory(server)?,
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
            arrived(ours.telegram()?, person, 1).await?;
            let delivered = started.elapsed().saturating_sub(asked);
            let told = timed(requests.request(Kind::Webhook, server.url, person, &init)).await?;
            arrived(ours.telegram()?, person, 2).await?;
            if request >= WARM_UP {
                post.push(posted);
                chat.push(delivered);
                webhook.push(told);
            }
        }
    }
    at_rest(&ours.stack).await?;
    let both = |times: &Times| format!("{} / {}", ms(times.median()), ms(times.percentile(99)));
    let rows = servers.iter().zip(&measured).map(|(server, [post, chat, webhook])| {
        Ok([server.name.to_owned(), both(post), both(chat), both(webhook), memory(server)?])
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
        arrived(ours.telegram()?, person, PICTURES_A_CHAT).await?;
    }
    Ok((times, answered, started.elapsed()))
}

/// The resident memory of a server's processes, as Linux counts it: pages they share count for each.
fn memory(server: &Server<'_>) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    for process in (server.processes)() {
        let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes: u64 = line.unwrap_or_default().trim().trim_end_matches(" kB").parse()?;
        bytes.push(kilobytes * 1_024);
    }
    let largest = bytes.iter().max().copied().unwrap_or_default();
    Ok(match bytes.len() {
        1 => format!("{}, 1 process", megabytes(largest)),
        count => {
            format!("{}, {count} processes, {} at most", megabytes(bytes.iter().sum()), megabytes(largest))
        }
    })
}

/// A running `looking_glass.py`.
struct LookingGlass {
    url: String,
    process: Child,
    _photos: TempDir,
}

impl LookingGlass {
    async fn start(python: &Path, ours: &BenchStack, concurrent_updates: &str) -> Result<Self, Failure> {
        let photos = tempfile::tempdir()?;
        let mut process = Command::new(python)
            .arg(baseline().join("looking_glass.py"))
            .env("BOT_TOKEN", DEFAULT_BOT_TOKEN)
            .env("BOT_API_URL", ours.stack.bot_api_url())
            .env("CONCURRENT_UPDATES", concurrent_updates)
            .env("MINI_APP_URL", format!("{}/", ours.stack.url()))
            .env("PHOTO_DIR", photos.path())
            .env("WEBHOOK_SECRET", ours.stack.webhook_secret().expose())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let output = process.stdout.take().ok_or("the output is piped")?;
        let line = BufReader::new(output).lines().next_line().await?.unwrap_or_default();
        let url = line.strip_prefix("ready ").ok_or("looking_glass.py did not start")?.to_owned();
        Ok(Self { url, process, _photos: photos })
    }

    fn server<'a>(&'a self, name: &'a str) -> Server<'a> {
        Server { name, url: &self.url, processes: Box::new(|| self.process.id().into_iter().collect()) }
    }

    async fn stop(mut self) -> Result<(), Failure> {
        Ok(self.process.kill().await?)
    }
}

fn baseline() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/baseline")
}

/// Makes the virtual environment that `looking_glass.py` runs in, and returns its Python.
async fn virtual_environment() -> Result<PathBuf, Failure> {
    let environment = Environment::named("bench-venv")?;
    let python = environment.python();
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(environment.folder())).await?;
    }
    let requirements = baseline().join("requirements.txt");
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(requirements))
        .await?;
    Ok(python)
}

async fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command.env("PIP_DISABLE_PIP_VERSION_CHECK", "1").status().await?;
    if status.success() { Ok(()) } else { Err(format!("{:?}: {status}", command.as_std()).into()) }
}

//! The start of the functions of accounts, and of the server in Python.

use std::time::Instant;

use lambdagram_tests::lambda::LogSink;
use reqwest::Client;

use crate::common::cold_start::{Side, event, print_answers_at_once, row, side_of_bare, with_body};
use crate::common::figures::{Times, ms, print};
use crate::common::ground::{BenchStack, Binaries, Failure};
use crate::common::python::virtual_environment;
use crate::common::requests::send;
use crate::server;

/// Starts of the server in Python, which takes its time.
const PYTHON_RUNS: usize = 10;

pub(crate) async fn measure(binaries: &Binaries) -> Result<(), Failure> {
    let ours = BenchStack::ours(binaries, &LogSink::default()).await?;
    let bare = BenchStack::bare(binaries, &ours).await?;
    functions(&ours, &bare).await?;
    python(&ours).await?;
    ours.stop().await;
    bare.stop().await;
    Ok(())
}

/// Requests that say nothing, and sessions that are none: nobody has to be asked.
async fn functions(ours: &BenchStack, bare: &BenchStack) -> Result<(), Failure> {
    let bare = side_of_bare(&bare.stack)?;
    let mut rows = Vec::new();
    for (function, name) in [
        ("SendCode", "send_code"),
        ("SignIn", "sign_in"),
        ("CheckPassword", "check_password"),
        ("IsAuthenticated", "is_authenticated"),
        ("Logout", "logout"),
    ] {
        let refused = with_body(event(name)?, "{}");
        let event = Box::new(move || refused.clone());
        rows.push(row(name, &Side { stack: &ours.stack, function, event }, &bare).await?);
    }
    print_answers_at_once(&rows);
    Ok(())
}

/// The server in Python starts once, not for a request; it answers from what it knows, too.
async fn python(ours: &BenchStack) -> Result<(), Failure> {
    let python = virtual_environment().await?;
    let mut times = Times::default();
    // The first run reads from the disk, and writes the bytecode.
    for run in 0..=PYTHON_RUNS {
        let started = Instant::now();
        let server = server::start(&python, ours).await?;
        let asked = Client::new().get(format!("{}/is-authenticated", server.url));
        send(asked).await?.success()?;
        if run > 0 {
            times.push(started.elapsed());
        }
        server.stop().await?;
    }
    let title = format!("The server in Python, median of {PYTHON_RUNS} runs");
    print(
        &title,
        ["server", "start to first answer"],
        &[["Flask and Telethon".to_owned(), ms(times.median())]],
    );
    Ok(())
}

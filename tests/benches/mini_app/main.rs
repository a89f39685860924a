//! Measures the Mini App camera on this machine and prints tables. It asserts no time: what the figures of one run
//! were, and what they mean, is in `docs/PERFORMANCE.md`.
//!
//! ```sh
//! cargo build --profile deploy -p lambdagram-functions --bins --example bare
//! cargo bench -p lambdagram-tests --bench mini_app                          # every table
//! cargo bench -p lambdagram-tests --bench mini_app -- sizes cold-start      # some of them
//! ```
//!
//! The functions are the binaries that would be deployed. Around them is the local stack in this process, optimised,
//! with whoever calls them: all of it shares the machine's processors.

#![expect(clippy::print_stdout, reason = "the tables are what was asked for")]

mod aws_calls;
mod cold_start;
#[path = "../common/mod.rs"]
mod common;
mod ground;
mod own_time;
mod python;
mod requests;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use crate::common::ground::{Binaries, Failure, ended};
use crate::common::sizes;

/// The functions of the bot.
const FUNCTIONS: [&str; 6] =
    ["bot_worker", "fallback", "get_post", "mini_app_session", "post_photo", "telegram_webhook"];

/// Bytes one of them may have.
const LARGEST: u64 = 8_000_000;

/// Measures the Mini App camera.
#[derive(Parser)]
struct Cli {
    /// What to measure; all of it by default.
    tables: Vec<Table>,
    /// The folder with the functions' binaries; `deploy` in Cargo's target folder by default.
    #[arg(long)]
    functions_dir: Option<PathBuf>,
    /// Cargo says so to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Table {
    /// Own time of `POST /post` and of the webhook.
    OwnTime,
    /// Start to first answer, beside a function that does nothing.
    ColdStart,
    /// Sizes of the binaries.
    Sizes,
    /// The same pictures posted to a server in Python.
    Python,
}

#[tokio::main]
async fn main() -> ExitCode {
    ended(measure(Cli::parse()).await)
}

async fn measure(cli: Cli) -> Result<(), Failure> {
    let wanted = |table| cli.tables.is_empty() || cli.tables.contains(&table);
    let binaries = Binaries::find(cli.functions_dir, &FUNCTIONS)?;
    if wanted(Table::Sizes) {
        sizes::measure(&binaries, LARGEST)?;
    }
    if wanted(Table::ColdStart) {
        cold_start::measure(&binaries).await?;
    }
    if wanted(Table::OwnTime) {
        own_time::measure(&binaries).await?;
        aws_calls::measure(&binaries).await?;
    }
    if wanted(Table::Python) {
        python::measure(&binaries).await?;
    }
    Ok(())
}

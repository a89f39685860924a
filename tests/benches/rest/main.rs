//! Measures Telegram behind REST on this machine and prints tables. It asserts no time: what the figures of one run were,
//! and what they mean, is in `docs/PERFORMANCE.md`.
//!
//! ```sh
//! cargo build --profile deploy -p lambdagram-functions --bins --example bare
//! cargo bench -p lambdagram-tests --bench rest                       # every table
//! cargo bench -p lambdagram-tests --bench rest -- python keys        # some of them
//! ```
//!
//! The functions are the binaries that would be deployed. Around them is the local stack in this process, optimised,
//! with whoever calls them: all of it shares the machine's processors.

#![expect(clippy::print_stdout, reason = "the tables are what was asked for")]

mod cold_start;
#[path = "../common/mod.rs"]
mod common;
#[path = "../mini_app/ground.rs"]
mod ground;
mod keys;
mod python;
mod service;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use crate::common::ground::{Binaries, Failure, ended};
use crate::common::sizes;

/// The functions of commands.
const FUNCTIONS: [&str; 3] = ["bot_worker", "enqueue_command", "get_command"];

/// Bytes one of them may have.
const LARGEST: u64 = 8_000_000;

/// Measures Telegram behind REST.
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
    /// Sizes of the binaries.
    Sizes,
    /// Start to first answer, beside a function that does nothing.
    ColdStart,
    /// The same commands to a server in Python.
    Python,
    /// What the check of an API key tells by its time.
    Keys,
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
    if wanted(Table::Python) {
        python::measure(&binaries).await?;
    }
    if wanted(Table::Keys) {
        keys::measure(&binaries).await?;
    }
    Ok(())
}

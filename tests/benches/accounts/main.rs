//! Measures people's accounts on this machine, signing in, streaming and uploading, and prints tables. It asserts no time: what the
//! figures of one run were, and what they mean, is in `docs/PERFORMANCE.md`.
//!
//! ```sh
//! cargo build --profile deploy -p lambdagram-functions --bins --example bare
//! cargo bench -p lambdagram-tests --bench accounts                          # every table
//! cargo bench -p lambdagram-tests --bench accounts -- sizes cold-start      # some of them
//! cargo bench -p lambdagram-tests --bench accounts -- uploads --upload-bytes 2000000000
//! ```
//!
//! The functions are the binaries that would be deployed. Around them is the local stack in this process, optimised,
//! with the simulated Telegram and whoever calls: all of it shares the machine's processors.

#![expect(clippy::print_stdout, reason = "the tables are what was asked for")]

mod calls;
mod cold_start;
#[path = "../common/mod.rs"]
mod common;
mod measured;
mod people;
mod server;
mod streams;
mod uploads;
mod visitor;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use crate::common::ground::{Binaries, Failure, ended};
use crate::common::sizes;

/// The functions of a login that begins with a code, and of files.
const FUNCTIONS: [&str; 12] = [
    "check_password",
    "get_saved_messages_media",
    "is_authenticated",
    "logout",
    "media_tickets",
    "send_code",
    "sign_in",
    "stream_media",
    "stream_thumbnail",
    "upload_file",
    "upload_worker",
    "uploads",
];

/// Bytes one of them may have.
const LARGEST: u64 = 12_000_000;

/// Measures people's accounts.
#[derive(Parser)]
struct Cli {
    /// What to measure; all of it by default.
    tables: Vec<Table>,
    /// The folder with the functions' binaries; `deploy` in Cargo's target folder by default.
    #[arg(long)]
    functions_dir: Option<PathBuf>,
    /// Bytes of the file that is uploaded.
    #[arg(long, default_value_t = uploads::FILE)]
    upload_bytes: u64,
    /// Cargo says so to every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Table {
    /// Time and round trips of each call, beside a server with Telethon.
    Calls,
    /// Start to first answer, beside a function that does nothing.
    ColdStart,
    /// Sizes of the binaries.
    Sizes,
    /// Throughput, first bytes and memory of streams, beside Telethon.
    Streams,
    /// Throughput and memory of uploads, beside Telethon, and what a kill costs.
    Uploads,
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
    if wanted(Table::Streams) {
        streams::measure(&binaries).await?;
    }
    if wanted(Table::Uploads) {
        uploads::measure(&binaries, cli.upload_bytes).await?;
    }
    if wanted(Table::Calls) {
        calls::measure(&binaries).await?;
    }
    Ok(())
}

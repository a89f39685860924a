//! `cargo run --bin sample_service`: a service that bot commands are routed to.

use std::process::ExitCode;

fn main() -> ExitCode {
    lambdagram_tests::sample_service::cli::main()
}

//! `cargo run`: the local stack, and the commands beside it.

use std::process::ExitCode;

fn main() -> ExitCode {
    lambdagram_tests::cli::main()
}

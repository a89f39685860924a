//! The function `bot_worker`.

fn main() -> std::process::ExitCode {
    lambdagram_functions::bot_worker::main()
}

//! The function `telegram_webhook`.

fn main() -> std::process::ExitCode {
    lambdagram_functions::telegram_webhook::main()
}

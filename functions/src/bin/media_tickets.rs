//! The function `media_tickets`.

fn main() -> std::process::ExitCode {
    lambdagram_functions::saved_messages::media_tickets::main()
}

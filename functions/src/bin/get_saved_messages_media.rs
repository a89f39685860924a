//! The function `get_saved_messages_media`.

fn main() -> std::process::ExitCode {
    lambdagram_functions::saved_messages::list::main()
}

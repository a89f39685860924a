//! The function `stream_thumbnail`.

fn main() -> std::process::ExitCode {
    lambdagram_functions::saved_messages::stream_thumbnail::main()
}

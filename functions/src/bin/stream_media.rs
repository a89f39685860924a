//! The function `stream_media`.

fn main() -> std::process::ExitCode {
    lambdagram_functions::saved_messages::stream_media::main()
}

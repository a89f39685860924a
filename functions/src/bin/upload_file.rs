//! The function `upload_file`.

fn main() -> std::process::ExitCode {
    lambdagram_functions::saved_messages::upload_file::main()
}

//! The function `upload_worker`.

fn main() -> std::process::ExitCode {
    lambdagram_functions::upload_worker::main()
}

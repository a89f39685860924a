//! The function `send_code`.

fn main() -> std::process::ExitCode {
    lambdagram_functions::account::send_code::main()
}
